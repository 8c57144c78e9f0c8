//! Starts targets, each as a fresh process.

use super::build::URING_LOOP;
use super::server::Server;
use super::{Connection, Pin, StageFlags, Target, build};
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::tools;
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
        let (mut stages, mut examples) = (Vec::new(), Vec::new());
        for target in targets {
            match target {
                Target::Stage(_) => stages.push(target.name()),
                Target::Example(_) => examples.push(target.name()),
                Target::UringLoop(_) => examples.push(URING_LOOP),
                Target::NullServer | Target::Peer(_) | Target::Url(..) => {}
            }
        }
        let mut programs = build::release(&stages, interrupt)?;
        programs.extend(build::examples(&examples, None, interrupt)?);
        Ok(Self { programs, stage_args, pin })
    }

    /// What is passed on to the stages.
    pub fn stage_args(&self) -> &[String] {
        &self.stage_args
    }

    /// Starts `target` on a free port and waits until it listens; a stage is told what `flags` say.
    ///
    /// # Errors
    /// When it does not listen; the error has its own words.
    pub fn start(
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
        let mut args = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        let program = match target {
            Target::Stage(index) => {
                args.extend(self.told(*index, connection, flags));
                self.program(target.name())?
            }
            Target::Example(_) => self.program(target.name())?,
            Target::UringLoop(step) => {
                // With as many loops as the null server has, and like it without parsing.
                let (step, threads) = (step + 1, tools::cores());
                args.push("--null".to_owned());
                args.extend([format!("--step={step}"), format!("--threads={threads}")]);
                self.program(URING_LOOP)?
            }
            Target::NullServer => {
                args.insert(0, "baseline".to_owned());
                args.extend((connection == Connection::Close).then(|| "--close".to_owned()));
                // This program, or the one beside it that has started this one.
                let own = env::current_exe().context("cannot find the program of bench itself")?;
                own.with_file_name("bench")
            }
            Target::Peer(peer) => return peer.start(tools::cores()).map(Running::Server),
            Target::Url(_, url) => return Ok(Running::Elsewhere(url.clone())),
        };
        Server::start(&program, &args).map(Running::Server)
    }

    fn program(&self, name: &str) -> Result<PathBuf> {
        let program = self.programs.get(name).cloned();
        program.with_context(|| format!("cargo built no program for {name}"))
    }

    /// The arguments of a stage.
    fn told(&self, stage: usize, connection: Connection, mut flags: StageFlags) -> Vec<String> {
        // The blocking stages part with a client early unless told not to: the ladder would compare policies. What
        // keeping every connection costs them shows in the column of clients served.
        if connection == Connection::KeepAlive && stage < 2 {
            flags.keep_alive.get_or_insert("always");
        }
        [flags.arguments(&self.stage_args), self.stage_args.clone()].concat()
    }
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

    /// The process, for a tool that looks into it.
    ///
    /// # Errors
    /// When it was not started here.
    pub fn own_pid(&self) -> Result<u32> {
        self.pid().context("there is no process of ours to look into")
    }
}
