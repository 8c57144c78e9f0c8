//! The commands and their arguments.

use super::judge::{ClaimsArgs, CompareArgs, ReportArgs};
use super::program::{BookArgs, WatchArgs};
use crate::experiments::aa::AaArgs;
use crate::experiments::common::Common;
use crate::experiments::explain::ExplainArgs;
use crate::experiments::idle::IdleArgs;
use crate::experiments::rate::RateArgs;
use crate::experiments::run::RunArgs;
use crate::experiments::timeline::TimelineArgs;
use crate::experiments::uring::UringArgs;
use crate::load::command::LoadArgs;
use crate::resilience::command::Check;
use crate::results::fit::FitArgs;
use crate::{args, verify};
use clap::{Parser, Subcommand};
use std::net::SocketAddr;

/// Benchmarks the four servers, and puts load on any other
#[derive(Parser)]
#[command(name = "bench", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Without a subcommand: run.
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Build and measure the stages, beside the null server and nginx
    Run(RunArgs),
    /// Put load on a URL, measure, and name the bottleneck
    Load(LoadArgs),
    /// Latency over offered load with its knee; with -R the same constant rate for every server
    Rate(RateArgs),
    /// A stage over its number of threads: what another core adds
    Scale(Common),
    /// Requests per second over the number of silent connections
    Idle(IdleArgs),
    /// Every workload with every stage: one table of what each is made for
    Matrix(Common),
    /// Stage 1 with the article's cost of a request, beside its figures: a calibration
    Plateau(Common),
    /// Why is a server as fast as it is? The long answer
    Explain(ExplainArgs),
    /// See the bottleneck move: threads, queues and clients, live; keys change the load
    Watch(WatchArgs),
    /// Draw 50 ms of each stage, a lane for each thread
    Timeline(TimelineArgs),
    /// What io_uring gains in four steps, beside the null server and stage 4
    Uring(UringArgs),
    /// Write the book as HTML pages, with your own figures beside the recorded ones
    Book(BookArgs),
    /// Run the null server: every read gets the same bytes, the lower bound of these calls
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
    /// Print what a run showed, and make its tables and pictures again
    Report(ReportArgs),
    /// Say of two runs what differs, and what is only noise
    Compare(CompareArgs),
    /// Hold the book's claims against a run
    Claims(ClaimsArgs),
    /// Does a server differ from itself here, and is 5 % more CPU found? Takes four minutes
    Aa(AaArgs),
    /// Say what on this machine would falsify a run, and what would mend it
    Doctor,
    Verify(verify::Args),
    /// Try what a server must survive: a drain, hostile clients, no descriptors, and more
    Check {
        #[command(subcommand)]
        check: Check,
    },
    /// The checks by themselves, as they were called before: they go on working, and are not listed.
    #[command(flatten)]
    Unlisted(Check),
}
