//! `bench doctor`: what on this machine would falsify a run, each with its remedy.
//!
//! [`checks`] reads the kernel's settings and who else is at work, and says what it found.

pub mod checks;

use crate::evidence::host::Times;
use crate::interrupt::Interrupt;
use crate::results::Host;
use crate::{terminal, tools};
use anyhow::Result;
use checks::{Finding, Weight};
use std::time::Duration;

/// How long the machine is watched.
const WATCHED: Duration = Duration::from_secs(1);

/// The exit status when something stands in the way: unlike 1, the doctor itself is well.
pub const OBSTACLE: u8 = 3;

/// Programs that make a run tell more. None is needed.
fn tools() -> Vec<Finding> {
    let of = |(name, purpose, package): (&'static str, &str, &str)| match tools::find(name) {
        Some(path) => Finding::fine(name, format!("{} ({purpose})", path.display())),
        None => Finding::note(
            name,
            format!("not installed ({purpose})"),
            format!("on Debian or Ubuntu: apt-get install {package}"),
        ),
    };
    tools::PROGRAMS.into_iter().map(of).collect()
}

/// Prints the findings; the exit status is 3 when one of them is an obstacle.
///
/// # Errors
/// When standard output takes no more.
pub fn run(interrupt: &Interrupt) -> Result<u8> {
    let before = Times::now(&[]);
    interrupt.wait(WATCHED);
    let machine = before.zip(Times::now(&[])).map(|(before, after)| after.since(&before));
    let findings = [checks::all(machine), tools()].concat();
    let text: String = findings.iter().map(Finding::lines).collect();
    terminal::print(&format!("{}\n\n{text}", Host::here().line()))?;
    let obstacle = findings.iter().any(|finding| finding.weight == Weight::Obstacle);
    Ok(if obstacle { OBSTACLE } else { 0 })
}
