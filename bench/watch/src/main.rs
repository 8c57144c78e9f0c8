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
use bench::cli::program::WatchArgs;
use bench::experiments::workload::Kind;
use bench::interrupt::Interrupt;
use bench::targets::{self, Starter, Target};
use bench::terminal;
use bench::workspace::STAGES;
use clap::Parser;
use engine::Engine;
use setup::Setup;
use std::process::ExitCode;

fn main() -> ExitCode {
    run(&WatchArgs::parse()).unwrap_or_else(|error| {
        terminal::note(&format!("bench: {error:#}"));
        ExitCode::FAILURE
    })
}

fn run(args: &WatchArgs) -> Result<ExitCode> {
    args.check()?;
    let interrupt = Interrupt::catch()?;
    let step = args.tour.map(tour::first_of).transpose()?;
    let setup = match step {
        Some(step) => tour::STEPS[step].setup.clone(),
        None => asked(args)?,
    };
    // All of them, or none: a key starts another one.
    let count = if matches!(setup.target, Target::Stage(_)) { STAGES.len() } else { 0 };
    let stages: Vec<_> = (0..count).map(Target::Stage).collect();
    let stage_args = ["--idle-timeout", "never"].map(str::to_owned).to_vec();
    let starter = Starter::build(&stages, stage_args, None, &interrupt)?;
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
    let mut targets = targets::parse(std::slice::from_ref(&args.target))?;
    ensure!(targets.len() == 1, "watch one server at a time, such as `bench watch stage3`");
    let target = targets.pop().context("no server")?;
    ensure!(
        target != Target::NullServer,
        "the null server is watched by its URL: `bench baseline`, and then `bench watch http://127.0.0.1:8080/`"
    );
    ensure!(
        !args.no_load || matches!(target, Target::Url(..)),
        "--no-load is for a server that runs already: name its URL"
    );
    let (busy, idle, load) = (args.connections, args.idle, !args.no_load);
    Ok(Setup { target, workload: Kind::Hello, busy, idle, load })
}
