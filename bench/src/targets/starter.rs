//! Starts targets, each as a fresh process.

use super::build::URING_LOOP;
use super::server::Server;
use super::{Connection, Pin, StageFlags, Target, build};
use crate::interrupt::Interrupt;
use crate::load::Url;
use crate::tools;
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

/// Why a tool cannot look into a server that was not started here.
pub const NOT_OURS: &str = "there is no process of ours to look into";

/// Starts targets, a fresh process each time.
pub struct Starter {
    programs: HashMap<String, PathBuf>,
    /// Passed on to the stages as they are.
    stage_args: Vec<String>,
    pin: Option<Pin>,
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

    /// Starts `target` on a free port and waits until it listens; a stage is told what `flags` say. The server, unless
    /// it runs already as a URL does, and what to ask for.
    ///
    /// # Errors
    /// When it does not listen; the error has its own words. Or when the address of a URL cannot be looked up.
    pub fn start(
        &self,
        target: &Target,
        connection: Connection,
        flags: StageFlags,
    ) -> Result<(Option<Server>, Url)> {
        let start = || self.start_here(target, connection, flags);
        self.pin.as_ref().map_or_else(start, |pin| pin.on_servers(start))
    }

    fn start_here(
        &self,
        target: &Target,
        connection: Connection,
        flags: StageFlags,
    ) -> Result<(Option<Server>, Url)> {
        let mut args = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        let here = |server: Server| {
            let url = server.url()?;
            Ok((Some(server), url))
        };
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
            Target::Peer(peer) => return peer.start(tools::cores()).and_then(here),
            Target::Url(_, url) => return Ok((None, Url::parse(url)?)),
        };
        Server::start(&program, &args).and_then(here)
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
