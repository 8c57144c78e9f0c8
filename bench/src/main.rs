//! The command line of `bench`.
#![forbid(unsafe_code)]

use anyhow::Result;
use bench::explain::ExplainArgs;
use bench::idle::IdleArgs;
use bench::interrupt::Interrupt;
use bench::load::output::LoadArgs;
use bench::matrix::MatrixArgs;
use bench::rate::RateArgs;
use bench::run::RunArgs;
use bench::{args, floor, load, verify};
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::process::ExitCode;

/// Races the four servers, and puts load on any other
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
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
    /// Run every workload against every stage: one table of what each is made for
    Matrix(MatrixArgs),
    /// Requests per second over the number of silent connections
    Idle(IdleArgs),
    /// The same constant rate for every server, timed from the plan
    Rate(RateArgs),
    /// Why is a server as fast as it is? The long answer
    Explain(ExplainArgs),
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
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Run(cli.run));
    // Neither needs to hear of signals: a conformance run is simply ended by them.
    if let Command::Verify(verify) = &command {
        return Ok(verify::main(verify).unwrap_or_else(|error| {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }));
    }
    // The floor is a child process that is killed: signals keep their usual effect on it.
    if let Command::Floor { listen, threads, close } = command {
        floor::run(listen, threads.unwrap_or_else(load::default_threads), close)?;
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::catch()?;
    match command {
        Command::Run(run) => run.run(&interrupt)?,
        Command::Load(load) => load.run(&interrupt)?,
        Command::Matrix(matrix) => matrix.run(&interrupt)?,
        Command::Idle(idle) => idle.run(&interrupt)?,
        Command::Rate(rate) => rate.run(&interrupt)?,
        Command::Explain(explain) => explain.run(&interrupt)?,
        Command::Floor { .. } | Command::Verify(_) => {}
    }
    Ok(interrupt.exit_code().map_or(ExitCode::SUCCESS, ExitCode::from))
}
