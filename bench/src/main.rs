//! The command line of `bench`.
#![forbid(unsafe_code)]
// They panic when nobody reads: see bench::terminal::print.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use anyhow::{Error, Result};
use bench::experiments::doctor::DoctorArgs;
use bench::experiments::explain::ExplainArgs;
use bench::experiments::idle::IdleArgs;
use bench::experiments::matrix::MatrixArgs;
use bench::experiments::rate::RateArgs;
use bench::experiments::run::RunArgs;
use bench::experiments::timeline::TimelineArgs;
use bench::interrupt::Interrupt;
use bench::load::command::LoadArgs;
use bench::report::page::ReportArgs;
use bench::resilience::command::Check;
use bench::results::claims::command::ClaimsArgs;
use bench::results::compare::CompareArgs;
use bench::results::fit::FitArgs;
use bench::targets::null_server;
use bench::{args, load, terminal, verify};
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::process::ExitCode;

/// What a script needs to know.
const EXIT: &str = "Exit status:
  0    done
  1    failed; one line on standard error says why, and what to do
  2    the command line was not understood
       (verify has its own three: see bench verify --help)
  3    a claim did not hold (claims), or something must be mended first (doctor)
  130  interrupted (143 by SIGTERM): what was measured is printed and written, marked as interrupted

Results go to standard output, progress and errors to standard error. Nothing is coloured.";

/// Races the four servers, and puts load on any other
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXIT)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Without a subcommand: run.
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Build and race the stages, beside the floor and nginx
    Run(RunArgs),
    /// Put load on a URL and measure
    Load(LoadArgs),
    Verify(verify::Args),
    /// Make tables and pictures from a run's folder
    Report(ReportArgs),
    /// Say of two runs what differs, and what is only noise
    Compare(CompareArgs),
    /// Hold the book's claims against a run
    Claims(ClaimsArgs),
    /// Say what on this machine would falsify a run, and how noisy it is
    Doctor(DoctorArgs),
    /// Run every workload against every stage: one table of what each is made for
    Matrix(MatrixArgs),
    /// Requests per second over the number of silent connections
    Idle(IdleArgs),
    /// The same constant rate for every server, timed from the plan
    Rate(RateArgs),
    /// Draw 50 ms of each stage, a lane for each thread
    Timeline(TimelineArgs),
    /// Why is a server as fast as it is? The long answer
    Explain(ExplainArgs),
    /// Fit a scalability law to requests per second of 1, 2, 4 ... loops
    Fit(FitArgs),
    #[command(flatten)]
    Check(Check),
    /// Answer every read with the same bytes: the kernel's own price
    Floor {
        /// Where to listen; port 0 picks a free one
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Event loops, each a thread [default: one per core]
        #[arg(long, value_parser = args::count)]
        threads: Option<usize>,
        /// Close each connection after its first answer
        #[arg(long)]
        close: bool,
    },
}

fn main() -> ExitCode {
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(answer) => tell(&answer),
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

fn run(cli: Cli) -> Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Run(cli.run));
    // It does not need to hear of signals: a conformance run is simply ended by them.
    if let Command::Verify(verify) = &command {
        return Ok(verify::main(verify).unwrap_or_else(|error| failed(&error, 2)));
    }
    // The floor is a child process that is killed: signals keep their usual effect on it.
    if let Command::Floor { listen, threads, close } = command {
        null_server::run(listen, threads.unwrap_or_else(load::default_threads), close)?;
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::catch()?;
    let mut code = 0;
    match command {
        Command::Run(run) => run.run(&interrupt)?,
        Command::Load(load) => load.run(&interrupt)?,
        Command::Report(report) => report.run()?,
        Command::Compare(compare) => compare.run()?,
        Command::Doctor(doctor) => code = doctor.run(&interrupt)?,
        Command::Claims(claims) => code = claims.run(&interrupt)?,
        Command::Matrix(matrix) => matrix.run(&interrupt)?,
        Command::Idle(idle) => idle.run(&interrupt)?,
        Command::Rate(rate) => rate.run(&interrupt)?,
        Command::Timeline(timeline) => timeline.run(&interrupt)?,
        Command::Explain(explain) => explain.run(&interrupt)?,
        Command::Fit(fit) => fit.run()?,
        Command::Check(check) => check.run(&interrupt)?,
        Command::Floor { .. } | Command::Verify(_) => {}
    }
    Ok(ExitCode::from(interrupt.exit_code().unwrap_or(code)))
}
