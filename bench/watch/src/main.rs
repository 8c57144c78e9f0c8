//! `bench watch`: learn to read where performance goes by watching it move.
//!
//! The [`engine`] runs a server and its load and makes a [`frame`] ten times a second; [`draw`] makes a screen of a frame,
//! and nothing else; the [`screen`] shows it on the terminal, and turns keys into another [`setup`], which goes back to the
//! engine. The [`tour`] is a list of setups. [`play`] plays it without a person and draws each step as [`svg`].
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod draw;
mod engine;
mod frame;
mod play;
mod screen;
mod second;
mod setup;
mod svg;
mod threads;
mod tour;

use anyhow::{Context, Result, ensure};
use bench::args::{self, misuse};
use bench::cli::program::WatchArgs;
use bench::experiments::workload::Kind;
use bench::interrupt::Interrupt;
use bench::targets::{self, ALL_STAGES, Starter, Target};
use bench::terminal;
use clap::Parser;
use engine::Engine;
use setup::Setup;
use std::process::ExitCode;
use std::slice;

fn main() -> ExitCode {
    run(&WatchArgs::parse()).unwrap_or_else(|error| {
        terminal::note(&format!("bench: {error:#}"));
        ExitCode::from(args::status(&error))
    })
}

fn run(args: &WatchArgs) -> Result<ExitCode> {
    let interrupt = Interrupt::catch()?;
    let step = args.tour.map(tour::first_of).transpose()?;
    let setup = match step {
        Some(step) => tour::STEPS[step].setup.clone(),
        None => asked(args)?,
    };
    args.check()?;
    // Of stages all: a key starts another one.
    let is_stage = matches!(setup.target, Target::Stage(_));
    let targets = if is_stage { &ALL_STAGES } else { slice::from_ref(&setup.target) };
    let stage_args = ["--idle-timeout", "never"].map(str::to_owned).to_vec();
    let starter = Starter::build(targets, stage_args, None, &interrupt)?;
    let mut code = 0;
    if !interrupt.raised() {
        let engine = Engine::new(starter, setup);
        match step.filter(|_| args.unattended) {
            Some(step) => {
                code = u8::from(!play::play(engine, step, args.svg.as_deref(), &interrupt)?)
            }
            None => screen::run(engine, step, &interrupt)?,
        }
    }
    Ok(ExitCode::from(interrupt.exit_code().unwrap_or(code)))
}

/// What the command line asks for, without a tour.
fn asked(args: &WatchArgs) -> Result<Setup> {
    let mut targets = targets::parse(slice::from_ref(&args.target))?;
    ensure!(targets.len() == 1, misuse("watch one server at a time, such as `bench watch stage3`"));
    let target = targets.pop().context("no server")?;
    ensure!(
        !args.no_load || matches!(target, Target::Url(..)),
        misuse("--no-load is for a server that runs already: name its URL")
    );
    let (busy, idle, load) = (args.connections, args.idle, !args.no_load);
    Ok(Setup { target, workload: Kind::Hello, busy, idle, load })
}
