//! `bench claims`: every claim with its verdict.

use super::{Claim, Verdict, built_in, judge};
use crate::experiments::run::RunArgs;
use crate::interrupt::Interrupt;
use crate::report::tables;
use crate::results::{Results, folder};
use crate::terminal;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// The exit status when a claim did not hold: unlike 1, nothing went wrong.
pub const DID_NOT_HOLD: u8 = 3;

/// What `bench claims` takes.
#[derive(Args, Debug)]
pub struct ClaimsArgs {
    /// A run's folder [default: the last run]
    dir: Option<PathBuf>,
    /// Make a short run first (--quick, three of each), and judge by it
    #[arg(long, conflicts_with = "dir")]
    fresh: bool,
}

impl ClaimsArgs {
    /// Prints the list; the exit status is 3 when a claim did not hold.
    pub fn run(self, interrupt: &Interrupt) -> Result<u8> {
        if self.fresh {
            RunArgs::short().run(interrupt)?;
        }
        let results = folder::read(&self.dir.map_or_else(folder::latest, Ok)?)?;
        let claims = built_in()?;
        let verdicts = all(&claims, &results);
        let mut text = format!("{}\n\n", tables::origin(&results));
        for (claim, verdict) in &verdicts {
            text += &format!("{}: {}\n", verdict.name().to_uppercase(), claim.text);
            text += &format!("  {} ({})\n", verdict.why(), claim.id);
        }
        let count =
            |name: &str| verdicts.iter().filter(|(_, verdict)| verdict.name() == name).count();
        let names = ["held", "did not hold", "cannot be tested here"];
        let sums: Vec<_> = names.iter().map(|name| format!("{} {name}", count(name))).collect();
        terminal::print(&format!("{text}\n{}.\n", sums.join(", ")))?;
        Ok(if count("did not hold") > 0 { DID_NOT_HOLD } else { 0 })
    }
}

/// Each claim with what `results` say to it.
pub fn all<'a>(claims: &'a [Claim], results: &Results) -> Vec<(&'a Claim, Verdict)> {
    claims.iter().map(|claim| (claim, judge(claim, results))).collect()
}
