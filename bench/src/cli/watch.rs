//! `bench watch`: its flags, and the start of its program.

use super::program;
use crate::args;
use anyhow::{Result, ensure};
use clap::Parser;
use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;

/// What `bench watch` takes.
#[derive(Parser, Debug)]
#[command(name = "bench watch")]
pub struct WatchArgs {
    /// A stage, a peer such as nginx, or the URL of a server on this machine
    #[arg(default_value = "stage1")]
    pub target: String,
    /// Busy clients at the beginning
    #[arg(short, long, default_value = "50", value_parser = args::count)]
    pub connections: usize,
    /// Idle clients at first: they have sent one request
    #[arg(long, value_name = "N", default_value = "0")]
    pub idle: usize,
    /// Only look at a server that others put load on
    #[arg(long)]
    pub no_load: bool,
    /// The book's story in steps, from chapter 6 (or 9, 11, 12, 13)
    #[arg(long, value_name = "CHAPTER", num_args = 0..=1, default_missing_value = "6", conflicts_with = "no_load")]
    pub tour: Option<u8>,
    /// The tour as lines, without a screen; 1 if a cause was not named
    #[arg(long, requires = "tour", conflicts_with = "no_load")]
    pub unattended: bool,
    /// Draw each step of an unattended tour into this folder
    #[arg(long, value_name = "FOLDER", requires = "unattended", conflicts_with = "no_load")]
    pub svg: Option<PathBuf>,
}

impl WatchArgs {
    /// Whether there is a terminal where one is needed.
    ///
    /// # Errors
    /// That there is none, and what to do instead.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.unattended || (stdin().is_terminal() && stdout().is_terminal()),
            "watch needs a terminal; without one, `bench load` and `bench explain` name the bottleneck as well"
        );
        Ok(())
    }

    pub(super) fn run(&self) -> Result<u8> {
        self.check()?;
        program::start("bench-watch")
    }
}
