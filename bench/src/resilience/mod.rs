//! What a server must survive, tried on the running program: no request is lost when it ends, no client suffers from
//! another, and everything is given back afterwards.
//!
//! `bench check` offers these checks, and the tests of each stage call them with their own program. Nothing
//! here measures: a check passes or fails, and never for being slow. The error of a check names what went wrong.

pub mod attack;
pub mod client;
pub mod command;
pub mod descriptors;
pub mod hostile;
pub mod keepalive;
pub mod process_usage;
pub mod replace;
pub mod rolling_restart;
pub mod shutdown;
pub mod soak;
pub mod well_behaved;

use crate::interrupt::Interrupt;
use crate::targets::server::Server;
use crate::targets::{self, build};
use crate::workspace::STAGES;
use crate::{terminal, tools};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long a check may wait on a machine that has much else to do. Far beyond what any of them needs: it ends a
/// test that would otherwise hang.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Waits for a state.
///
/// # Errors
/// When `is_so` fails, or is still false after [`TIMEOUT`]; the error names `what`.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let is_so = tools::poll(TIMEOUT, || Ok(is_so()?.then_some(())))?;
    is_so.with_context(|| format!("not within {TIMEOUT:?}: {what}"))
}

/// Prints a line of results.
fn say(line: &str) -> Result<()> {
    terminal::print(&format!("{line}\n"))
}

/// A server program, and how to start it.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The program's path.
    pub program: &'a str,
    /// Given at every start.
    pub flags: &'a [&'a str],
    /// Connections that it serves at once.
    pub at_once: usize,
}

impl<'a> Stage<'a> {
    /// `flags` are given at every start; `at_once`: connections that it serves at once.
    pub const fn new(program: &'a str, at_once: usize, flags: &'a [&'a str]) -> Self {
        Self { program, flags, at_once }
    }

    /// Starts it on a free port.
    ///
    /// # Errors
    /// When it does not announce itself: see [`Server::start`].
    pub fn start(&self, more: &[&str]) -> Result<Server> {
        self.start_on("127.0.0.1:0", more)
    }

    /// Starts it on `address`.
    ///
    /// # Errors
    /// When it does not announce itself: see [`Server::start`].
    pub fn start_on(&self, address: &str, more: &[&str]) -> Result<Server> {
        let listen = ["--listen", address];
        Server::start(Path::new(self.program), &[&listen, self.flags, more].concat())
    }

    /// The program under another limit, in the words of prlimit(1), of util-linux; not started yet.
    pub fn limited(&self, limit: &str, args: &[&str]) -> Command {
        let mut command = Command::new("prlimit");
        command.arg(limit).arg(self.program).args(["--listen", "127.0.0.1:0"]);
        command.args(self.flags).args(args);
        command
    }
}

/// Sets a soft limit of a server that runs, in the words of prlimit(1).
///
/// # Errors
/// When prlimit is missing, or refuses.
pub fn set_limit(server: &Server, limit: &str) -> Result<()> {
    let pid = server.pid().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, limit]).status();
    ensure!(status.context("prlimit, of util-linux, is needed")?.success(), "prlimit failed");
    Ok(())
}

/// Builds the `chosen` stages, or `all` that a check is for, and has each tried. The blocking ones get these flags.
///
/// # Errors
/// When a program cannot be built, and those of `attempt`, under the stage's name.
pub fn on_each(
    chosen: &[String],
    all: &[usize],
    blocking: &[&str],
    interrupt: &Interrupt,
    mut attempt: impl FnMut(&str, &Stage) -> Result<()>,
) -> Result<()> {
    let chosen = targets::stages(chosen, all)?;
    let names: Vec<_> = chosen.iter().map(|index| STAGES[*index]).collect();
    let programs = build::release(&names, interrupt)?;
    for (index, name) in chosen.into_iter().zip(names) {
        let program = programs.get(name).context("cargo built no program")?;
        let program = program.to_str().context("the program's path is not UTF-8")?;
        let flags = if index < 2 { blocking } else { &[] };
        let stage = Stage::new(program, [1, 64, 256, 256][index], flags);
        attempt(name, &stage).with_context(|| name.to_owned())?;
    }
    Ok(())
}
