//! `bench verify`: black-box conformance of any HTTP/1.1 server, in any language.
//!
//! A case is one rule: exact bytes to send and what must come back (`case`, listed in `cases`
//! a file to a group). A plain message is sent three ways (whole, split at
//! its critical spot, byte by byte) and must mean the same each time (`play`, over `wire`, which
//! reads what comes, strictly); `judge` compares; `every_response` holds the rules for every response.
//!
//! Three weights. MUST and SHOULD are the RFCs' own words, for a status or for where a message ends.
//! Robustness is what they leave open and an open internet does not: bounds, refusals where leniency
//! is an attack, responses that can still be read. As a server may always close, no MUST hinges on a
//! connection that stays open.
//!
//! The suite is checked against servers that it was not written for. Failures of MUST / SHOULD /
//! robustness:
//!
//! | server | failed |
//! |---|---|
//! | nginx 1.22.1, with `peers/nginx-verify.conf` and `--slow` | 20 of 204 / 45 of 135 / 68 of 196 |
//! | lighttpd 1.4.69, files only | 8 of 108 / 39 of 97 / 34 of 112 |
//! | h2o 2.2.5, files only | 35 of 108 / 29 of 97 / 50 of 112 |
//!
//! Each case that nginx fails is explained in `bench/tests/verify_nginx.rs`, and held so there. Many
//! cases are one omission seen from several sides: twelve of nginx's are the characters of Host that
//! it does not look at.

mod case;
mod cases;
mod every_response;
mod judge;
mod options;
mod peer;
mod play;
mod report;
mod runner;
mod template;
#[cfg(test)]
mod tests;

use crate::load::Url;
use crate::terminal::{LiveLine, print};
use anyhow::{Context, Result, anyhow, bail, ensure};
use peer::Peer;
use std::net::SocketAddr;

pub use case::{Case, Level};
pub use options::Options;
pub use peer::Problem;
pub use report::{Outcome, Report, Verdict};
pub use runner::run;

/// Check a server's HTTP/1.1 from the outside
///
/// Exit status: 0 when no MUST fails, 1 when one does, 2 when the suite could not run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the server is: HOST:PORT or http://HOST:PORT
    #[arg(value_name = "ADDR", required_unless_present = "list")]
    address: Option<String>,
    #[command(flatten)]
    options: Options,
    /// List the cases instead of running them
    #[arg(long)]
    list: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The subcommand, and its exit status.
///
/// # Errors
/// When the address cannot be understood or no HTTP server listens there: the suite did not run.
pub fn main(args: &Args) -> Result<u8> {
    if args.list {
        return print(&list(&args.options)).map(|()| 0);
    }
    let address = resolve(args.address.as_deref().unwrap_or_default())?;
    std::net::TcpStream::connect_timeout(&address, args.options.timeout)
        .with_context(|| format!("nothing listens on {address}: start the server first"))?;
    // Each of 500 cases would wait for such a server, and say no more than this.
    Peer { address, options: &args.options }.speaks_http().map_err(
        |Problem { text, received, .. }| {
            anyhow!(
                "{address}: {text} within {:?} (--timeout), but \"{received}\"",
                args.options.timeout
            )
        },
    )?;
    let line = LiveLine::start();
    let tell = |done, all| line.say(&format!("  {done} of {all} cases"));
    let report = runner::run_and_tell(address, &args.options, &tell);
    drop(line);
    if report.outcomes.iter().all(|outcome| outcome.case.group() == "answers") {
        bail!("no case matches {:?}: see --list", args.options.only);
    }
    print(&if args.json { format!("{}\n", report.json()) } else { format!("{report}\n") })?;
    Ok(u8::from(report.failed(Level::Must) > 0))
}

/// The ids of the cases that `options` choose.
pub fn ids(options: &Options) -> Vec<String> {
    let ids = cases::all(options).into_iter().map(|case| case.id);
    ids.filter(|id| options::matches(&options.only, id)).collect()
}

fn list(options: &Options) -> String {
    let mut text = String::new();
    let rules = every_response::RULES.iter().map(every_response::Rule::case);
    let all = cases::all(options).into_iter().chain(rules);
    for case in all.filter(|case| options::matches(&options.only, &case.id)) {
        let Case { id, level, section, rule, .. } = &case;
        text += &format!("{id:<40} {:<10} {section:<18} {rule}\n", level.name());
    }
    text
}

fn resolve(text: &str) -> Result<SocketAddr> {
    let url = Url::parse(text).with_context(|| format!("{text:?} is no HOST:PORT"))?;
    ensure!(url.target == "/", "{text:?}: paths have flags of their own, such as --get");
    Ok(url.address)
}
