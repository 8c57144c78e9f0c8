//! The command line of `bench`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use bench::verify;
use clap::Parser;

/// Load generator, black-box checks and the race of the four stages
#[derive(Debug, Parser)]
#[command(name = "bench")]
enum Command {
    Verify(verify::Args),
}

fn main() -> ExitCode {
    let Command::Verify(args) = Command::parse();
    verify::main(&args).unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::from(2)
    })
}
