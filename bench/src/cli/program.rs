//! Commands with a package of their own: what it needs would make the first build of `bench` longer.

use crate::args;
use crate::interrupt::Interrupt;
use crate::targets::build;
use anyhow::{Context, Result, ensure};
use clap::{Args, Parser};
use std::env;
use std::io::{IsTerminal, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// What `bench book` takes.
#[derive(Args, Debug)]
pub struct BookArgs {
    /// A run's folder, to stand beside the book's [default: all in target/bench, newest first]
    pub run: Option<PathBuf>,
    /// Where the pages go [default: target/book]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl BookArgs {
    pub(super) fn run(&self) -> Result<u8> {
        start("bench-book")
    }
}

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
        start("bench-watch")
    }
}

/// Builds the program of `package`, and becomes it: the terminal, its signals and the exit status are the program's.
fn start(package: &str) -> Result<u8> {
    let programs = build::release(&[package], &Interrupt::default())?;
    let program = programs.get(package).with_context(|| format!("cargo built no {package}"))?;
    // It reads the same flags again: what stands behind the command.
    let error = Command::new(program).args(env::args_os().skip(2)).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
