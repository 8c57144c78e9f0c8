//! The command line of `bench`: it reads what was asked for, has it done, and prints what came of it.

mod commands;
mod guard_rails;
mod help;
mod judge;
mod load;
mod output;
pub mod program;

use crate::args;
use crate::experiments::{doctor, matrix, plateau, scale};
use crate::interrupt::Interrupt;
use crate::resilience::command::Check;
use crate::targets::null_server;
use crate::{terminal, tools, verify};
use anyhow::{Error, Result};
use clap::FromArgMatches;
use commands::{Cli, Command};
use output::{drawn, finished, written};
use std::env;
use std::process::ExitCode;
use std::sync::Arc;

/// Reads the command line, and does what it says.
pub fn main() -> ExitCode {
    let read = || help::command().try_get_matches().and_then(|found| Cli::from_arg_matches(&found));
    let result = match help::misspelt(env::args_os().nth(1)) {
        Some(what) => Err(what),
        None => read().map_or_else(tell, |cli| run(cli.command.unwrap_or(Command::Run(cli.run)))),
    };
    ExitCode::from(result.unwrap_or_else(|error| failed(&error, args::status(&error))))
}

/// Prints what clap answers instead of a command line: the help that was asked for, or what was wrong.
fn tell(answer: clap::Error) -> Result<u8> {
    let (is_error, code) = (answer.use_stderr(), u8::try_from(answer.exit_code())?);
    let text = help::answer(answer);
    if is_error {
        terminal::note(text.trim_end());
    } else {
        terminal::print(&text)?;
    }
    Ok(code)
}

/// Says what went wrong, and gives the exit status for it.
fn failed(error: &Error, code: u8) -> u8 {
    terminal::note(&format!("bench: {error:#}"));
    code
}

fn run(command: Command) -> Result<u8> {
    // These keep the usual effect of signals: a conformance run is simply ended by them, the null server is a child process
    // that is killed, and the programs of watch and book take the place of this one.
    let interrupt = match command {
        Command::Verify(_) | Command::Baseline { .. } | Command::Watch(_) | Command::Book(_) => {
            Arc::default()
        }
        _ => Interrupt::catch()?,
    };
    let code = dispatch(command, &interrupt)?;
    Ok(interrupt.exit_code().unwrap_or(code))
}

/// The exit status of a conformance run: a suite that could not run at all is none that failed.
fn verified(args: &verify::Args) -> u8 {
    verify::main(args).unwrap_or_else(|error| failed(&error, 2))
}

/// Does it, and says the exit status.
fn dispatch(command: Command, interrupt: &Interrupt) -> Result<u8> {
    match command {
        Command::Run(run) => finished(run.run(interrupt)?)?,
        Command::Load(args) => return load::run(&args, interrupt),
        Command::Rate(rate) => finished(rate.run(interrupt)?)?,
        Command::Scale(common) => finished(scale::run(&common, interrupt)?)?,
        Command::Idle(idle) => finished(idle.run(interrupt)?)?,
        Command::Matrix(common) => finished(matrix::run(&common, interrupt)?)?,
        Command::Plateau(common) => finished(plateau::run(&common, interrupt)?)?,
        Command::Explain(explain) => {
            let (text, run) = explain.run(interrupt)?;
            terminal::print(&text)?;
            written(run.folder)?;
        }
        Command::Timeline(timeline) => match timeline.run(interrupt)? {
            Some((folder, text)) => drawn(&folder, &text)?,
            None => terminal::print("INTERRUPTED: nothing is drawn.\n")?,
        },
        Command::Uring(uring) => finished(uring.run(interrupt)?)?,
        Command::Fit(fit) => terminal::print(&fit.text())?,
        Command::Report(report) => report.run()?,
        Command::Compare(compare) => return compare.run(),
        Command::Claims(claims) => return claims.run(),
        Command::Aa(aa) => return Ok(if aa.run(interrupt)? { 0 } else { judge::DID_NOT_HOLD }),
        Command::Doctor => return doctor::run(interrupt),
        Command::Check { check } | Command::Unlisted(check) => match check {
            Check::Hostile { stages, time, seed, guard_rails: true, .. } => {
                finished(guard_rails::run(&stages, time, seed, interrupt)?)?;
            }
            check => check.run(interrupt)?,
        },
        Command::Verify(verify) => return Ok(verified(&verify)),
        Command::Baseline { listen, threads, close } => {
            null_server::run(listen, threads.unwrap_or_else(tools::cores), close)?;
        }
        Command::Watch(watch) => return watch.run(),
        Command::Book(book) => return book.run(),
    }
    Ok(0)
}
