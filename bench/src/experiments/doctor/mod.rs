//! `bench doctor`: what on this machine would falsify a run, each with its remedy.
//!
//! [`checks`] reads the kernel's settings, [`noise`] races the floor against itself.

pub mod checks;
pub mod noise;

use crate::interrupt::Interrupt;
use crate::results::Host;
use crate::terminal;
use anyhow::Result;
use clap::Args;

/// The exit status when something stands in the way: unlike 1, the doctor itself is well.
pub const OBSTACLE: u8 = 3;

/// What `bench doctor` takes.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Leave out the race of the floor against itself, which takes about ten seconds
    #[arg(long)]
    no_race: bool,
}

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

/// One thing that was looked at.
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
    fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, name, found: found.into(), remedy: String::new() }
    }

    fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Note, name, found: found.into(), remedy: remedy.into() }
    }

    fn obstacle(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Obstacle, name, found: found.into(), remedy: remedy.into() }
    }

    /// One line, and one for the remedy.
    fn lines(&self) -> String {
        let weight = match self.weight {
            Weight::Fine => "ok",
            Weight::Note => "note",
            Weight::Obstacle => "FIX",
        };
        let mut text = format!("{weight:<5}{:<14}{}\n", self.name, self.found);
        if !self.remedy.is_empty() {
            text += &format!("{:19}-> {}\n", "", self.remedy);
        }
        text
    }
}

/// Name, what it is for, and Debian's package.
const TOOLS: [(&str, &str, &str); 7] = [
    ("nginx", "a server to stand beside", "nginx-light"),
    ("wrk", "a second opinion on req/s", "wrk"),
    ("strace", "system calls per request", "strace"),
    ("perf", "which kernel functions cost", "linux-perf"),
    ("haproxy", "a balancer for `bench fleet`", "haproxy"),
    ("h2o", "another server to stand beside", "h2o"),
    ("lighttpd", "another server to stand beside", "lighttpd"),
];

/// One finding for each.
fn tools() -> Vec<Finding> {
    let of = |(name, purpose, package): (&'static str, &str, &str)| match crate::tools::find(name) {
        Some(path) => Finding::fine(name, format!("{} ({purpose})", path.display())),
        None => Finding::note(
            name,
            format!("not installed ({purpose})"),
            format!("on Debian or Ubuntu: apt-get install {package}"),
        ),
    };
    TOOLS.into_iter().map(of).collect()
}

impl DoctorArgs {
    /// Prints the findings; the exit status is 3 when one of them is an obstacle.
    pub fn run(self, interrupt: &Interrupt) -> Result<u8> {
        let mut findings = checks::all();
        findings.extend(tools());
        let text: String = findings.iter().map(Finding::lines).collect();
        terminal::print(&format!("{}\n\n{text}", Host::here().line()))?;
        if !self.no_race {
            let race = noise::race(interrupt)?;
            terminal::print(&race.iter().map(Finding::lines).collect::<String>())?;
            findings.extend(race);
        }
        let obstacle = findings.iter().any(|finding| finding.weight == Weight::Obstacle);
        Ok(if obstacle { OBSTACLE } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_remedy_another() {
        assert_eq!(Finding::fine("cores", "8").lines(), "ok   cores         8\n");
        let text = Finding::obstacle("ports", "none", "open some").lines();
        assert_eq!(text, "FIX  ports         none\n                   -> open some\n");
    }
}
