//! Starts targets, each as a fresh process.

use super::build::URING_LOOP;
use super::server::Server;
use super::{Connection, Pin, StageFlags, Target, build};
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::tools;
use crate::workspace::STAGES;
use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

/// Starts targets, a fresh process each time.
pub struct Starter {
    programs: HashMap<String, PathBuf>,
    /// Passed on to the stages as they are.
    stage_args: Vec<String>,
    pin: Option<Pin>,
}

/// A target that runs. Dropping it kills what was started for it.
pub enum Running {
    /// A process of ours.
    Server(Server),
    /// Nothing that could be stopped: a URL.
    Elsewhere(String),
}

impl Starter {
    /// Builds the stages and small programs among `targets`, which will run on the CPUs that `pin` says.
    ///
    /// # Errors
    /// When the build fails.
    pub fn build(
        targets: &[Target],
        stage_args: Vec<String>,
        pin: Option<Pin>,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let names = |is: fn(&&Target) -> bool| targets.iter().filter(is).map(Target::name);
        let stages: Vec<_> = names(|target| matches!(target, Target::Stage(_))).collect();
        let examples: Vec<_> = names(|target| matches!(target, Target::Example(_))).collect();
        let mut programs = build::release(&stages, interrupt)?;
        programs.extend(build::examples(&examples, interrupt)?);
        if targets.iter().any(|target| matches!(target, Target::UringLoop(_))) {
            programs.insert(URING_LOOP.to_owned(), build::uring_loop(None, interrupt)?);
        }
        Ok(Self { programs, stage_args, pin })
    }

    /// What is passed on to the stages.
    pub fn stage_args(&self) -> &[String] {
        &self.stage_args
    }

    /// Starts `target` on a free port and waits until it listens.
    ///
    /// # Errors
    /// When it does not listen; the error has its own words.
    pub fn start(&self, target: &Target, connection: Connection) -> Result<Running> {
        self.start_with(target, connection, StageFlags::default())
    }

    /// The same; a stage is told what `flags` say.
    ///
    /// # Errors
    /// As [`Starter::start`].
    pub fn start_with(
        &self,
        target: &Target,
        connection: Connection,
        flags: StageFlags,
    ) -> Result<Running> {
        let start = || self.start_here(target, connection, flags);
        self.pin.as_ref().map_or_else(start, |pin| pin.on_servers(start))
    }

    fn start_here(
        &self,
        target: &Target,
        connection: Connection,
        flags: StageFlags,
    ) -> Result<Running> {
        match target {
            Target::Stage(index) => {
                self.start_stage(*index, connection, flags).map(Running::Server)
            }
            Target::Example(_) => {
                let program = self.program(target.name())?;
                Server::start(program, &["--listen", "127.0.0.1:0"]).map(Running::Server)
            }
            Target::UringLoop(step) => self.start_uring_loop(step + 1).map(Running::Server),
            Target::NullServer => start_null_server(connection).map(Running::Server),
            Target::Peer(peer) => peer.start(tools::cores()).map(Running::Server),
            Target::Url(_, url) => Ok(Running::Elsewhere(url.clone())),
        }
    }

    fn program(&self, name: &str) -> Result<&PathBuf> {
        self.programs.get(name).with_context(|| format!("cargo built no program for {name}"))
    }

    fn start_stage(
        &self,
        index: usize,
        connection: Connection,
        mut flags: StageFlags,
    ) -> Result<Server> {
        let program = self.program(STAGES[index])?;
        let mut args = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        // The blocking stages part with a client early unless told not to: the ladder would compare policies. What
        // keeping every connection costs them shows in the column of clients served.
        if connection == Connection::KeepAlive && index < 2 {
            flags.keep_alive.get_or_insert("always");
        }
        args.extend(flags.arguments(&self.stage_args));
        args.extend(self.stage_args.iter().cloned());
        Server::start(program, &args)
    }

    /// With as many loops as the null server has, and like it without parsing.
    fn start_uring_loop(&self, step: usize) -> Result<Server> {
        let (step, threads) = (step.to_string(), tools::cores().to_string());
        let args = ["--listen", "127.0.0.1:0", "--null", "--step", &step, "--threads", &threads];
        Server::start(self.program(URING_LOOP)?, &args)
    }
}

fn start_null_server(connection: Connection) -> Result<Server> {
    let program = env::current_exe().context("cannot find the program of bench itself")?;
    let mut args = vec!["baseline", "--listen", "127.0.0.1:0"];
    args.extend((connection == Connection::Close).then_some("--close"));
    Server::start(&program, &args)
}

impl Running {
    /// What to ask for.
    ///
    /// # Errors
    /// When its address cannot be looked up.
    pub fn url(&self) -> Result<Url> {
        match self {
            Self::Server(server) => Url::parse(&format!("http://{}/", server.address())),
            Self::Elsewhere(url) => Url::parse(url),
        }
    }

    /// The server's own words as an error, if the server has died: figures of a dead server mean nothing.
    ///
    /// # Errors
    /// That it has died.
    pub fn check(&mut self) -> Result<()> {
        match self {
            Self::Server(server) => server.check(),
            Self::Elsewhere(_) => Ok(()),
        }
    }

    /// Asks it to end, and tells what it wrote to standard error by then.
    ///
    /// # Errors
    /// When it was not started here, or does not end.
    pub fn end(self) -> Result<String> {
        match self {
            Self::Server(server) => server.last_words(),
            Self::Elsewhere(url) => bail!("{url} was not started here"),
        }
    }

    /// The process that was started, if one was.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Server(server) => Some(server.pid()),
            Self::Elsewhere(_) => None,
        }
    }
}
