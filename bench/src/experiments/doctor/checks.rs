//! What the kernel allows: cores, descriptors, ports, queues. Each judgement is a function of the figures alone.

use super::finding::Finding;
use shared::sys::rlimit;
use std::fs;

/// The most connections of any run that has a name (`--full`), and some descriptors besides.
const DESCRIPTORS: u64 = 1200 + 64;
/// What the stages ask for as their accept queue.
const BACKLOG: u64 = 1200;

/// All of them.
pub fn all() -> Vec<Finding> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let number = |file: &str| read(file).trim().parse().ok();
    let cores = crate::tools::cores();
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let mut findings = vec![
        of_cores(cores),
        of_load(&read("/proc/loadavg"), cores),
        of_descriptors(rlimit::raise_open_files().ok()),
        of_ports(
            &read("/proc/sys/net/ipv4/ip_local_port_range"),
            number("/proc/sys/net/ipv4/tcp_tw_reuse"),
        ),
        of_backlog(number("/proc/sys/net/core/somaxconn")),
    ];
    findings.extend(of_governor(governor.trim()));
    findings
}

fn of_cores(cores: usize) -> Finding {
    match cores {
        1 => Finding::note(
            "cores",
            "1, which server and generator share",
            "stage 4 cannot be faster than stage 3 here; look at `work` and `sleep`, or use more cores",
        ),
        2..4 => Finding::note(
            "cores",
            format!("{cores}, which server and generator share"),
            "trust CPU/req and factors more than req/s",
        ),
        _ => Finding::fine("cores", cores.to_string()),
    }
}

fn of_load(loadavg: &str, cores: usize) -> Finding {
    let minute: Option<f64> =
        loadavg.split_whitespace().next().and_then(|first| first.parse().ok());
    match minute {
        None => Finding::note("load", "/proc/loadavg cannot be read", "is /proc mounted?"),
        Some(load) if load > 0.3 * cores as f64 => Finding::note(
            "load",
            format!("{load} in the last minute: something else is running, or was"),
            "wait, or end it; `top` tells what it is",
        ),
        Some(load) => Finding::fine("load", format!("{load} in the last minute")),
    }
}

fn of_descriptors(limit: Option<u64>) -> Finding {
    match limit {
        None => Finding::note("open files", "the limit cannot be read", "see `ulimit -Hn`"),
        Some(limit) if limit < DESCRIPTORS => Finding::obstacle(
            "open files",
            format!("{limit} a process, and 1200 connections need {DESCRIPTORS}"),
            "as root: ulimit -Hn 65536, then start the shell again; or fewer connections (-c)",
        ),
        Some(limit) => Finding::fine("open files", format!("{limit} a process")),
    }
}

/// With one request per connection, each leaves its port in TIME_WAIT for a minute; on loopback the kernel
/// may use it again sooner if `tcp_tw_reuse` is 1 or 2.
fn of_ports(range: &str, reuse: Option<u64>) -> Finding {
    let mut bounds = range.split_whitespace().filter_map(|bound| bound.parse::<u64>().ok());
    let ports = bounds.next().zip(bounds.next()).map(|(low, high)| high.saturating_sub(low) + 1);
    match (ports, reuse) {
        (None, _) => Finding::note("ports", "their range cannot be read", "is /proc mounted?"),
        (Some(ports), _) if ports < 4096 => Finding::obstacle(
            "ports",
            format!("{ports}: fewer than some runs have connections"),
            "as root: sysctl -w net.ipv4.ip_local_port_range='32768 60999'",
        ),
        (Some(ports), Some(0)) => Finding::obstacle(
            "ports",
            format!("{ports}, each unusable for a minute after one request in close mode"),
            "as root: sysctl -w net.ipv4.tcp_tw_reuse=2",
        ),
        (Some(ports), reuse) => {
            let reuse = reuse.map_or("unknown".to_owned(), |reuse| reuse.to_string());
            Finding::fine("ports", format!("{ports}, tcp_tw_reuse {reuse}"))
        }
    }
}

fn of_backlog(most: Option<u64>) -> Finding {
    match most {
        None => Finding::note("accept queue", "somaxconn cannot be read", "is /proc mounted?"),
        Some(most) if most < BACKLOG => Finding::note(
            "accept queue",
            format!(
                "somaxconn {most}: with more connections than that, some wait a second to connect"
            ),
            "as root: sysctl -w net.core.somaxconn=4096",
        ),
        Some(most) => Finding::fine("accept queue", format!("somaxconn {most}")),
    }
}

/// Virtual machines have none.
fn of_governor(governor: &str) -> Option<Finding> {
    match governor {
        "" => None,
        "powersave" | "schedutil" | "ondemand" | "conservative" => Some(Finding::note(
            "clock",
            format!("governor {governor}: the clock follows the load, and figures with it"),
            "as root: cpupower frequency-set -g performance",
        )),
        other => Some(Finding::fine("clock", format!("governor {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::doctor::finding::Weight::{Fine, Note, Obstacle};

    #[test]
    fn each_figure_is_judged_and_what_is_wrong_has_a_remedy() {
        let range = "32768\t60999\n";
        for (finding, weight) in [
            (of_cores(1), Note),
            (of_cores(2), Note),
            (of_cores(8), Fine),
            (of_load("0.10 1 1 1/99 7", 2), Fine),
            (of_load("1.90 1 1 1/99 7", 2), Note),
            (of_load("", 2), Note),
            (of_descriptors(Some(1024)), Obstacle),
            (of_descriptors(Some(4096)), Fine),
            (of_descriptors(None), Note),
            (of_ports(range, Some(2)), Fine),
            (of_ports(range, Some(0)), Obstacle),
            (of_ports("1 100", Some(2)), Obstacle),
            (of_ports("", None), Note),
            (of_backlog(Some(128)), Note),
            (of_backlog(Some(4096)), Fine),
        ] {
            assert_eq!(finding.weight, weight, "{finding:?}");
            assert_eq!(finding.remedy.is_empty(), weight == Fine, "{finding:?}");
        }
        assert!(of_ports(range, Some(2)).found.starts_with("28232,"));
        assert!(of_governor("").is_none() && of_governor("powersave").is_some());
    }
}
