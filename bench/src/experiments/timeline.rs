//! `bench timeline`: 50 ms of each stage as a picture with a lane per thread.
//!
//! A server writes a trace under a small load; [`crate::results::trace`] reads it back, and [`crate::results::timeline`]
//! chooses the part that is shown.

use crate::interrupt::Interrupt;
use crate::load::{Expect, Load, Options, Url};
use crate::results::timeline::{Summary, WARM_UP, WINDOW, window};
use crate::results::trace::{self, FOLDER, Trace};
use crate::results::{Host, Results, date, folder};
use crate::targets::server::Server;
use crate::targets::{self, build};
use crate::workspace::STAGES;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Clients of a kind, each with a connection: how many, what they request, and how often a second all of them together.
type Clients = (usize, &'static str, f64);

/// The same clients for every stage. Those of a kind take turns; the four that have a handler sleep are
/// kinds of their own, and send together.
const LOAD: [Clients; 6] = [
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (1, "/sleep/5", 25.0),
    (2, "/work/500", 300.0),
    (4, "/", 600.0),
];

/// The load in words.
const WORDS: &str = "four clients request /sleep/5 together, every 40 ms; beside them 300 times a second /work/500, and 600 times /";

/// Microseconds from one time that handlers sleep to the next.
const PERIOD: f64 = 40_000.0;

/// What `bench timeline` takes.
#[derive(Args, Debug)]
pub struct TimelineArgs {
    /// stage1 to stage4 [default: the four stages]
    stages: Vec<String>,
    /// For the picture and the traces
    /// [default: target/bench/DATE-MACHINE]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passed on to the stages, such as: -- --threads 8
    #[arg(last = true)]
    stage_args: Vec<String>,
}

impl TimelineArgs {
    /// Builds, has each stage write a trace, and says in a line per stage what happened; the folder, if not interrupted.
    ///
    /// # Errors
    /// When a stage cannot be started, or the folder holds traces already.
    pub fn run(self, interrupt: &Interrupt) -> Result<Option<(PathBuf, String)>> {
        let stages = targets::stages(&self.stages, &[0, 1, 2, 3])?;
        let stages: Vec<_> = stages.into_iter().map(|index| STAGES[index]).collect();
        let folder = self.out.unwrap_or_else(fresh);
        let traces = prepare(&folder)?;
        let programs = build::release(&stages, interrupt)?;
        for stage in stages.into_iter().take_while(|_| !interrupt.raised()) {
            let program = programs.get(stage).with_context(|| format!("cargo built no {stage}"))?;
            let file = traces.join(format!("{stage}.json"));
            record(program, &self.stage_args, &file, interrupt)?;
            if !interrupt.raised() {
                shorten(&file).with_context(|| file.display().to_string())?;
            }
        }
        if interrupt.raised() {
            return Ok(None);
        }
        let text = summary(&folder)?;
        Ok(Some((folder, text)))
    }
}

/// Takes away what came after the part that is shown: the server's end is no part of its picture.
fn shorten(file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).context("the trace is gone")?;
    let end = window(&Trace::parse(&text)?).end;
    fs::write(file, trace::cut(&text, end)).context("cannot write the trace")
}

/// What was recorded in `folder`.
fn summary(folder: &Path) -> Result<String> {
    let mut text = format!("50 ms of each: {}\n\n", WORDS);
    for (stage, trace) in &trace::read(folder)? {
        let summary = Summary::of(trace, &window(trace));
        ensure!(
            summary.requests > 0,
            "{stage} answered no request; is the machine very busy? try again"
        );
        text += &format!("{stage:<22}{}\n", summary.line());
    }
    Ok(text)
}

/// A folder of its own, named like that of a run.
fn fresh() -> PathBuf {
    folder::fresh(&Results { began: date::now(), host: Host::here(), ..Results::default() })
}

/// Makes the folder, and says at once if that cannot be. Traces that are there are not overwritten.
fn prepare(folder: &Path) -> Result<PathBuf> {
    let traces = folder.join(FOLDER);
    ensure!(
        !traces.exists(),
        "there are traces in {} already; choose another folder (--out DIR), or remove them",
        folder.display()
    );
    folder::make(&traces)?;
    // The servers open their files themselves, wherever they run.
    traces.canonicalize().context("the folder changes meanwhile")
}

/// Starts `program`, puts the load on it until the window is over, and ends it: then the trace is whole.
///
/// # Errors
/// When the server cannot be started or loaded, or does not end.
pub fn record(program: &Path, args: &[String], trace: &Path, interrupt: &Interrupt) -> Result<()> {
    let mut command = vec![OsString::from("--listen"), "127.0.0.1:0".into()];
    command.extend(["--trace".into(), trace.as_os_str().to_owned()]);
    command.extend(args.iter().map(OsString::from));
    let mut server = Server::start(program, &command)?;
    let loads = LOAD.map(|clients| start(clients, &server, interrupt));
    let loads = loads.into_iter().collect::<Result<Vec<_>>>()?;
    // Half of the window again, for a machine that is late with everything.
    interrupt.wait(Duration::from_secs_f64((WARM_UP + PERIOD + WINDOW * 1.5) / 1e6));
    server.check()?;
    drop(loads);
    server.terminate().context("ending the server, which then writes the rest of its trace")?;
    Ok(())
}

fn start((count, path, rate): Clients, server: &Server, interrupt: &Interrupt) -> Result<Load> {
    let url = Url::parse(&format!("http://{}{path}", server.address()))?;
    // It is ended by hand.
    let mut options = Options::get(url, count, Duration::from_secs(3600));
    options.threads = 1;
    options.rate = Some(rate);
    // How far it counted in half a millisecond is part of the response.
    options.expect = Expect::Any;
    Load::start(&options, interrupt)
}
