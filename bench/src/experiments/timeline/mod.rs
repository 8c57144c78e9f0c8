//! `bench timeline`: 50 ms of each stage as a picture with a lane per thread.
//!
//! [`record`] has a server write a trace under a small load, [`crate::results::trace`] reads it back, and
//! [`crate::results::timeline`] chooses the part that is shown.

pub mod record;

use crate::interrupt::Interrupt;
use crate::results::timeline::{Summary, window};
use crate::results::trace::{self, FOLDER, Trace};
use crate::results::{Host, Results, date, folder};
use crate::targets::{self, build};
use crate::workspace::STAGES;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

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
            record::record(program, &self.stage_args, &file, interrupt)?;
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
    let mut text = format!("50 ms of each: {}\n\n", record::WORDS);
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
