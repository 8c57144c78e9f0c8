//! The command line of `bench`: it reads what was asked for, has it done, and prints what came of it.

mod help;
mod judge;

use crate::experiments::common::Common;
use crate::experiments::doctor::DoctorArgs;
use crate::experiments::explain::ExplainArgs;
use crate::experiments::idle::IdleArgs;
use crate::experiments::matrix;
use crate::experiments::rate::RateArgs;
use crate::experiments::record::Finished;
use crate::experiments::run::RunArgs;
use crate::experiments::timeline::TimelineArgs;
use crate::fleet::FleetArgs;
use crate::interrupt::Interrupt;
use crate::load::command::LoadArgs;
use crate::promise::command::Promise;
use crate::report::{blocks, chart, page};
use crate::results::fit::FitArgs;
use crate::results::{folder, trace};
use crate::targets::null_server;
use crate::{args, terminal, tools, verify};
use anyhow::{Context, Error, Result, bail};
use clap::{FromArgMatches, Parser, Subcommand};
use judge::{ClaimsArgs, CompareArgs, ReportArgs};
use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

/// Benchmarks the four servers, and puts load on any other
#[derive(Parser)]
#[command(name = "bench", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a subcommand: run.
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Build and measure the stages, beside the null server and nginx
    Run(RunArgs),
    /// Put load on a URL and measure
    Load(LoadArgs),
    /// The same constant rate for every server, timed from when each request was due
    Rate(RateArgs),
    /// Requests per second over the number of silent connections
    Idle(IdleArgs),
    /// Every workload with every stage: one table of what each is made for
    Matrix(Common),
    /// Why is a server as fast as it is? The long answer
    Explain(ExplainArgs),
    /// Draw 50 ms of each stage, a lane for each thread
    Timeline(TimelineArgs),
    /// Run the null server: every read gets the same bytes, the lower bound of these system calls
    #[command(alias = "floor")]
    Baseline {
        /// Where to listen; port 0 picks a free one
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Event loops, each a thread [default: one per core]
        #[arg(long, value_parser = args::count)]
        threads: Option<usize>,
        /// Close each connection after its first response
        #[arg(long)]
        close: bool,
    },
    /// Fit a scalability law to requests per second of 1, 2, 4 ... loops
    Fit(FitArgs),
    /// Make tables and pictures from a run's folder
    Report(ReportArgs),
    /// Say of two runs what differs, and what is only noise
    Compare(CompareArgs),
    /// Hold the book's claims against a run
    Claims(ClaimsArgs),
    /// Say what on this machine would falsify a run, and how noisy it is
    Doctor(DoctorArgs),
    Verify(verify::Args),
    /// Try what a server must survive: drain, replace, starve, keepalive, hostile, soak, rolling-restart
    Check {
        #[command(subcommand)]
        check: Check,
    },
    /// The checks by themselves, as they were called before: they go on working, and are not listed.
    #[command(flatten)]
    Unlisted(Check),
}

/// What a server must survive.
#[derive(Subcommand)]
enum Check {
    #[command(flatten)]
    Promise(Promise),
    /// Replace three servers behind HAProxy, one by one, while clients are at work
    #[command(name = "rolling-restart", alias = "fleet")]
    RollingRestart(FleetArgs),
}

/// Reads the command line, and does what it says.
pub fn main() -> ExitCode {
    let result = match help::misspelt(env::args().nth(1)) {
        Some(what) => Err(what),
        None => {
            match help::command().try_get_matches().and_then(|found| Cli::from_arg_matches(&found))
            {
                Ok(cli) => run(cli.command.unwrap_or(Command::Run(cli.run))),
                Err(answer) => tell(&answer),
            }
        }
    };
    result.unwrap_or_else(|error| failed(&error, 1))
}

/// Prints what clap answers instead of a command line: the help that was asked for, or what was wrong.
fn tell(answer: &clap::Error) -> Result<ExitCode> {
    let text = answer.render().to_string();
    if answer.use_stderr() {
        terminal::note(text.trim_end());
    } else {
        terminal::print(&text)?;
    }
    Ok(ExitCode::from(u8::try_from(answer.exit_code())?))
}

fn failed(error: &Error, code: u8) -> ExitCode {
    terminal::note(&format!("bench: {error:#}"));
    ExitCode::from(code)
}

fn run(command: Command) -> Result<ExitCode> {
    // These two keep the usual effect of signals: a conformance run is simply ended by them, and the null server is a
    // child process that is killed.
    if let Command::Verify(verify) = &command {
        return Ok(verify::main(verify).unwrap_or_else(|error| failed(&error, 2)));
    }
    if let Command::Baseline { listen, threads, close } = command {
        null_server::run(listen, threads.unwrap_or_else(tools::cores), close)?;
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::catch()?;
    let code = dispatch(command, &interrupt)?;
    Ok(ExitCode::from(interrupt.exit_code().unwrap_or(code)))
}

/// Does it, and says the exit status.
fn dispatch(command: Command, interrupt: &Interrupt) -> Result<u8> {
    match command {
        Command::Run(run) => finished(&run.run(interrupt)?)?,
        Command::Load(load) => load.run(interrupt)?,
        Command::Rate(rate) => finished(&rate.run(interrupt)?)?,
        Command::Idle(idle) => finished(&idle.run(interrupt)?)?,
        Command::Matrix(common) => finished(&matrix::run(&common, interrupt)?)?,
        Command::Explain(explain) => {
            let (text, run) = explain.run(interrupt)?;
            terminal::print(&text)?;
            written(&run.folder)?;
        }
        Command::Timeline(timeline) => match timeline.run(interrupt)? {
            Some((folder, text)) => drawn(&folder, &text)?,
            None => terminal::print("INTERRUPTED: nothing is drawn.\n")?,
        },
        Command::Fit(fit) => terminal::print(&fit.text())?,
        Command::Report(report) => report.run()?,
        Command::Compare(compare) => compare.run()?,
        Command::Claims(claims) => return claims.run(interrupt),
        Command::Doctor(doctor) => return doctor.run(interrupt),
        Command::Check { check } | Command::Unlisted(check) => match check {
            Check::Promise(promise) => promise.run(interrupt)?,
            Check::RollingRestart(fleet) => fleet.run(interrupt)?,
        },
        Command::Baseline { .. } | Command::Verify(_) => {}
    }
    Ok(0)
}

/// Prints what a run measured, and makes its page. A server that failed is an error then.
fn finished(run: &Finished) -> Result<()> {
    terminal::print(&blocks::terminal(&run.results))?;
    written(&run.folder)?;
    run.check()
}

fn written(folder: &Path) -> Result<()> {
    let page = page::write(folder)?;
    terminal::print(&format!("\nResults: {}\nPage:    {}\n", folder.display(), page.display()))
}

/// Draws the traces in `folder`, and says where the picture is.
fn drawn(folder: &Path, text: &str) -> Result<()> {
    let Some(chart) = chart::timeline::of_folder(folder) else { bail!("nothing was recorded") };
    let picture = folder.join("charts").join(format!("{}.svg", chart.name));
    folder::file(&picture, &chart.file()).context("the picture of the timeline")?;
    let traces = folder.join(trace::FOLDER);
    terminal::print(&format!(
        "{text}\nPicture: {}\nTraces:  {}/*.json, for ui.perfetto.dev\n",
        picture.display(),
        traces.display()
    ))
}
