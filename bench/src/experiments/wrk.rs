//! A second opinion: wrk, on the same server, right afterwards.

use crate::load::Options;
use crate::tools;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What wrk says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opinion {
    /// Requests per second.
    pub rps: f64,
    /// Half of its responses took longer. Its higher percentiles are not comparable: it invents samples.
    pub p50: Duration,
}

/// Runs it with the threads, connections and duration of `options`; whole seconds, as it has no others.
///
/// # Errors
/// When wrk is not installed, or prints something else.
pub fn ask(options: &Options) -> Result<Opinion> {
    let program = tools::require("wrk")?;
    let threads = options.threads.min(options.connections).to_string();
    let seconds = options.duration.as_secs().max(1).to_string();
    let mut command = Command::new(program);
    let connections = options.connections.to_string();
    command.args(["--latency", "-t", &threads, "-c", &connections, "-d", &seconds]);
    if options.close {
        command.args(["-H", "Connection: close"]);
    }
    command.arg(format!("http://{}{}", options.url.host, options.url.target));
    let output = command.stdin(Stdio::null()).output().context("cannot start wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    match parse(&text) {
        Some(opinion) => Ok(opinion),
        None => bail!("wrk: {}{}", text.trim(), String::from_utf8_lossy(&output.stderr).trim()),
    }
}

fn parse(text: &str) -> Option<Opinion> {
    let behind = |name: &str| {
        let rest = text.lines().find_map(|line| line.trim().strip_prefix(name))?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let p50 = crate::args::duration(&behind("50%")?).ok()?;
    Some(Opinion { rps: behind("Requests/sec:")?.parse().ok()?, p50 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints() {
        let text = "Running 1s test @ http://127.0.0.1:1/\n  2 threads and 64 connections\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   562.08us    1.01ms  16.51ms   94.04%\n  Latency Distribution\n     50%  349.00us\n     75%  581.00us\n  120893 requests in 1.10s, 17.07MB read\nRequests/sec: 109871.53\nTransfer/sec:     15.51MB\n";
        let expected = Opinion { rps: 109_871.53, p50: Duration::from_micros(349) };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse("unable to connect to 127.0.0.1:1 Connection refused"), None);
    }
}
