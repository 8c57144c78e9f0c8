//! `bench doctor`: what on this machine would falsify a run, each with its remedy.
//!
//! [`checks`] reads the kernel's settings, [`noise`] measures the null server against itself; each says what it found
//! as a [`finding`].

pub mod checks;
pub mod finding;
pub mod noise;

use crate::interrupt::Interrupt;
use crate::results::Host;
use crate::{terminal, tools};
use anyhow::Result;
use clap::Args;
use finding::{Finding, Weight};

/// The exit status when something stands in the way: unlike 1, the doctor itself is well.
pub const OBSTACLE: u8 = 3;

/// What `bench doctor` takes.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Leave out the null server against itself, which takes about ten seconds
    #[arg(long, alias = "no-race")]
    no_noise: bool,
}

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

impl DoctorArgs {
    /// Prints the findings; the exit status is 3 when one of them is an obstacle.
    ///
    /// # Errors
    /// When the null server cannot be measured, or standard output takes no more.
    pub fn run(&self, interrupt: &Interrupt) -> Result<u8> {
        let mut findings = checks::all();
        findings.extend(tools());
        let text: String = findings.iter().map(Finding::lines).collect();
        terminal::print(&format!("{}\n\n{text}", Host::here().line()))?;
        if !self.no_noise {
            let noise = noise::measure(interrupt)?;
            terminal::print(&noise.iter().map(Finding::lines).collect::<String>())?;
            findings.extend(noise);
        }
        let obstacle = findings.iter().any(|finding| finding.weight == Weight::Obstacle);
        Ok(if obstacle { OBSTACLE } else { 0 })
    }
}
