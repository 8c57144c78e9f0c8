//! `bench book`: its flags, and the start of its program.

use super::program;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

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
        program::start("bench-book")
    }
}
