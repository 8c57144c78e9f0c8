//! What the kernel allows, and who else is at work: cores, descriptors, ports, queues. Each judgement is a function of the
//! figures alone.

use crate::evidence::host::Machine;
use crate::evidence::profile::ALLOW;
use crate::tools;
use shared::sys::rlimit;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// The most connections of any run that has a name (`--full`), and some descriptors besides.
const DESCRIPTORS: u64 = 1200 + 64;
/// What the stages ask for as their accept queue.
const BACKLOG: u64 = 1200;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Fine,
    /// Worth knowing when figures are read.
    Note,
    /// Runs fail or mean little until it is mended.
    Obstacle,
}

/// What is there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// In a word or two.
    pub name: &'static str,
    /// What is there.
    pub found: String,
    /// What to do about it; empty when nothing needs to be done.
    pub remedy: String,
}

impl Finding {
    /// Something as it should be.
    pub fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, name, found: found.into(), remedy: String::new() }
    }

    /// Something worth knowing.
    pub fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Note, name, found: found.into(), remedy: remedy.into() }
    }

    /// Something that is as it should be, or is worth knowing and has a remedy.
    fn judged(name: &'static str, found: String, is_fine: bool, remedy: &str) -> Self {
        if is_fine { Self::fine(name, found) } else { Self::note(name, found, remedy) }
    }

    /// The same, in the way.
    fn obstacle(self) -> Self {
        Self { weight: Weight::Obstacle, ..self }
    }

    /// One line, and one for the remedy.
    pub fn lines(&self) -> String {
        let weight = match self.weight {
            Weight::Fine => "ok",
            Weight::Note => "note",
            Weight::Obstacle => "FIX",
        };
        let remedy = match self.remedy.as_str() {
            "" => String::new(),
            remedy => format!("{:19}-> {remedy}\n", ""),
        };
        format!("{weight:<5}{:<14}{}\n{remedy}", self.name, self.found)
    }
}

/// All of them. `machine`: what was done in a second in which this program rested.
pub fn all(machine: Option<Machine>) -> Vec<Finding> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let number = |file: &str| read(file).trim().parse().ok();
    let cores = tools::cores();
    let range = read("/proc/sys/net/ipv4/ip_local_port_range");
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let mut findings = vec![
        of_cores(cores),
        of_others(machine.map(|machine| machine.processes)),
        of_steal(machine.map(|machine| machine.stolen / cores as f64)),
        of_descriptors(rlimit::raise_open_files().ok()),
        of_ports(&range, number("/proc/sys/net/ipv4/tcp_tw_reuse")),
        of_backlog(number("/proc/sys/net/core/somaxconn")),
    ];
    findings.extend(of_governor(governor.trim()));
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let sysctl = |name| number(&format!("/proc/sys/kernel/{name}"));
    findings.push(of_profiles(is_root, sysctl("perf_event_paranoid"), sysctl("kptr_restrict")));
    findings
}

fn unreadable(name: &'static str) -> Finding {
    Finding::note(name, "the kernel does not tell", "is /proc mounted?")
}

fn of_cores(cores: usize) -> Finding {
    let found = format!("{cores}, which server and generator share");
    let remedy = match cores {
        1 => {
            "stage 4 cannot be faster than stage 3 here; look at `work` and `sleep`, or use more cores"
        }
        2..4 => "trust CPU/req and factors more than req/s",
        _ => return Finding::fine("cores", cores.to_string()),
    };
    Finding::note("cores", found, remedy)
}

fn of_others(busy: Option<f64>) -> Finding {
    let Some(cores) = busy else { return unreadable("others") };
    let found = format!("other programs keep {cores:.2} cores busy");
    Finding::judged("others", found, cores <= 0.1, "wait, or end them; `top` tells which they are")
}

/// `share`: of the CPU time, given to other guests of the machine's host.
fn of_steal(share: Option<f64>) -> Finding {
    let Some(share) = share else { return unreadable("stolen time") };
    let found = format!("{:.1} % of the CPU went to other guests of the host", 100.0 * share);
    let remedy = "another time or another machine; trust CPU/req more than req/s";
    Finding::judged("stolen time", found, share <= 0.01, remedy)
}

fn of_descriptors(limit: Option<u64>) -> Finding {
    let Some(limit) = limit else { return unreadable("open files") };
    let found = format!("{limit} a process");
    if limit < DESCRIPTORS {
        let found = format!("{found}, and 1200 connections need {DESCRIPTORS}");
        let remedy =
            "as root: ulimit -Hn 65536, then start the shell again; or fewer connections (-c)";
        return Finding::note("open files", found, remedy).obstacle();
    }
    Finding::fine("open files", found)
}

/// With one request per connection, each leaves its port in TIME_WAIT for a minute; on loopback the kernel
/// may use it again sooner if `tcp_tw_reuse` is 1 or 2.
fn of_ports(range: &str, reuse: Option<u64>) -> Finding {
    let mut bounds = range.split_whitespace().filter_map(|bound| bound.parse::<u64>().ok());
    let ports = bounds.next().zip(bounds.next()).map(|(low, high)| high.saturating_sub(low) + 1);
    let (found, remedy) = match (ports, reuse) {
        (None, _) => return unreadable("ports"),
        (Some(ports), _) if ports < 4096 => {
            let remedy = "as root: sysctl -w net.ipv4.ip_local_port_range='32768 60999'";
            (format!("{ports}: fewer than some runs have connections"), remedy)
        }
        (Some(ports), Some(0)) => {
            let found =
                format!("{ports}, each unusable for a minute after one request in close mode");
            (found, "as root: sysctl -w net.ipv4.tcp_tw_reuse=2")
        }
        (Some(ports), reuse) => {
            let reuse = reuse.map_or("unknown".to_owned(), |reuse| reuse.to_string());
            return Finding::fine("ports", format!("{ports}, tcp_tw_reuse {reuse}"));
        }
    };
    Finding::note("ports", found, remedy).obstacle()
}

fn of_backlog(most: Option<u64>) -> Finding {
    let Some(most) = most else { return unreadable("accept queue") };
    let found = format!("somaxconn {most}");
    if most < BACKLOG {
        let found =
            format!("{found}: with more connections than that, some wait a second to connect");
        return Finding::note("accept queue", found, "as root: sysctl -w net.core.somaxconn=4096");
    }
    Finding::fine("accept queue", found)
}

/// Whether perf may sample all CPUs and name the kernel's functions; root may, but for `kptr_restrict` 2.
fn of_profiles(is_root: bool, paranoid: Option<u64>, restrict: Option<u64>) -> Finding {
    // The kernel may have a paranoid of -1 too, which is no number here: that allows all.
    let may_sample = is_root || paranoid.is_none_or(|level| level == 0);
    let may_name = restrict.is_none_or(|level| level == 0 || (is_root && level == 1));
    let found = match may_sample && may_name {
        true => "perf may sample all CPUs and name the kernel's functions",
        false => {
            "perf may not sample all CPUs and name the kernel's functions: a run shows no layers, or distorted ones"
        }
    };
    let remedy = format!("as root: {ALLOW}");
    Finding::judged("profiles", found.to_owned(), may_sample && may_name, &remedy)
}

/// Virtual machines have none.
fn of_governor(governor: &str) -> Option<Finding> {
    let found = format!("governor {governor}");
    match governor {
        "" => None,
        "powersave" | "schedutil" | "ondemand" | "conservative" => Some(Finding::note(
            "clock",
            format!("{found}: the clock follows the load, and figures with it"),
            "as root: cpupower frequency-set -g performance",
        )),
        _ => Some(Finding::fine("clock", found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Weight::{Fine, Note, Obstacle};

    #[test]
    fn each_figure_is_judged_and_what_is_wrong_has_a_remedy() {
        let range = "32768\t60999\n";
        for (finding, weight) in [
            (of_cores(1), Note),
            (of_cores(2), Note),
            (of_cores(8), Fine),
            (of_others(Some(0.05)), Fine),
            (of_others(Some(0.9)), Note),
            (of_others(None), Note),
            (of_steal(Some(0.0)), Fine),
            (of_steal(Some(0.05)), Note),
            (of_descriptors(Some(1024)), Obstacle),
            (of_descriptors(Some(4096)), Fine),
            (of_descriptors(None), Note),
            (of_ports(range, Some(2)), Fine),
            (of_ports(range, Some(0)), Obstacle),
            (of_ports("1 100", Some(2)), Obstacle),
            (of_ports("", None), Note),
            (of_backlog(Some(128)), Note),
            (of_backlog(Some(4096)), Fine),
            (of_profiles(false, Some(2), Some(0)), Note),
            (of_profiles(false, Some(1), Some(0)), Note),
            (of_profiles(false, Some(0), Some(1)), Note),
            (of_profiles(false, Some(0), Some(0)), Fine),
            (of_profiles(false, None, Some(0)), Fine),
            (of_profiles(true, Some(2), Some(1)), Fine),
        ] {
            assert_eq!(finding.weight, weight, "{finding:?}");
            assert_eq!(finding.remedy.is_empty(), weight == Fine, "{finding:?}");
        }
        assert!(of_ports(range, Some(2)).found.starts_with("28232,"));
        assert!(of_governor("").is_none() && of_governor("powersave").is_some());
    }

    #[test]
    fn a_finding_is_a_line_and_its_remedy_another() {
        assert_eq!(Finding::fine("cores", "8").lines(), "ok   cores         8\n");
        let text = Finding::note("ports", "none", "open some").obstacle().lines();
        assert_eq!(text, "FIX  ports         none\n                   -> open some\n");
    }
}
