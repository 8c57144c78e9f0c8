//! What can be raced: the four stages, the floor, nginx and other servers that are installed, and any URL.

use crate::interrupt::Interrupt;
use crate::load::{self, Expect, Url};
use crate::targets::nginx::Nginx;
use crate::targets::peers::Peer;
use crate::targets::server::Server;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

pub mod build;
pub mod nginx;
pub mod null_server;
pub mod peers;
pub mod server;

/// The stages, lowest rung first. Program and package have the same name.
pub const STAGES: [&str; 4] =
    ["stage1-blocking", "stage2-threadpool", "stage3-epoll", "stage4-epoll-threads"];

/// One server to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of [`STAGES`], by its index.
    Stage(usize),
    /// The null responder, see [`crate::targets::null_server`].
    Floor,
    /// nginx, when it is installed.
    Nginx,
    /// h2o or lighttpd, when it is installed.
    Peer(Peer),
    /// A server that somebody else started.
    Url(String),
    /// The same, with a name for the tables.
    Named(String, String),
}

/// What becomes of a connection after an answer. The clients ask for it, and servers that would decide
/// otherwise are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One request each.
    Close,
    /// As many requests as the window has room for.
    KeepAlive,
}

impl Connection {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::KeepAlive => "keep-alive",
        }
    }
}

/// Reads the list of targets: names, short names (`stage1`, `1`), `all`, URLs. Empty: everything there is.
pub fn parse(names: &[String]) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    if names.is_empty() || names.iter().any(|name| name == "all") {
        targets.extend((0..STAGES.len()).map(Target::Stage));
        targets.push(Target::Floor);
        targets.extend(nginx::find().map(|_| Target::Nginx));
    }
    for name in names.iter().filter(|name| *name != "all") {
        let target = Target::parse(name)?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

impl Target {
    fn parse(name: &str) -> Result<Self> {
        let stage = |(index, full): (usize, &&str)| {
            let number = (index + 1).to_string();
            let names = [number.clone(), format!("stage{number}"), (*full).to_owned()];
            names.iter().any(|known| known == name).then_some(Self::Stage(index))
        };
        match name {
            "floor" => Ok(Self::Floor),
            "nginx" => Ok(Self::Nginx),
            "h2o" => Ok(Self::Peer(Peer::H2o)),
            "lighttpd" => Ok(Self::Peer(Peer::Lighttpd)),
            url if url.contains("://") => Url::parse(url).map(|_| Self::Url(url.to_owned())),
            _ => STAGES.iter().enumerate().find_map(stage).with_context(|| {
                format!(
                    "`{name}` is none of all, {}, floor, nginx, h2o, lighttpd, http://...",
                    STAGES.join(", ")
                )
            }),
        }
    }

    /// As tables name it.
    pub fn name(&self) -> &str {
        match self {
            Self::Stage(index) => STAGES[*index],
            Self::Floor => "floor",
            Self::Nginx => "nginx",
            Self::Peer(peer) => peer.name(),
            Self::Url(url) => url,
            Self::Named(name, _) => name,
        }
    }

    /// What its `GET /` answers with.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Url(_) | Self::Named(..) => Expect::Same,
            _ => Expect::Body(b"Hello, World!".to_vec()),
        }
    }
}

/// Reads `NAME=URL`.
pub fn named(text: &str) -> Result<Target> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, url) = parts.with_context(|| format!("`{text}` is not NAME=URL"))?;
    Url::parse(url)?;
    Ok(Target::Named(name.to_owned(), url.to_owned()))
}

/// `targets` and `further` ones. Rows are told apart by the name alone.
pub fn distinct(mut targets: Vec<Target>, further: &[Target]) -> Result<Vec<Target>> {
    for target in further {
        let name = target.name();
        let is_new = targets.iter().all(|other| other.name() != name);
        ensure!(
            is_new,
            "two servers are called `{name}`; give one of them another name: --also NAME=URL"
        );
        targets.push(target.clone());
    }
    Ok(targets)
}

/// Starts targets, a fresh process each time.
pub struct Starter {
    programs: HashMap<String, PathBuf>,
    /// Passed on to the stages as they are.
    stage_args: Vec<String>,
    /// Whether wrk is asked as well, on the same server.
    pub second_opinion: bool,
}

/// A target that runs. Dropping it kills what was started for it.
pub enum Running {
    /// A stage or the floor.
    Server(Server),
    /// nginx and its folder.
    Nginx(Nginx),
    /// h2o or lighttpd and its folder.
    Peer(peers::Running),
    /// Nothing that could be stopped.
    Elsewhere(String),
}

impl Starter {
    /// Builds the stages among `targets`.
    pub fn build(
        targets: &[Target],
        stage_args: Vec<String>,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let stages: Vec<_> = targets
            .iter()
            .filter(|target| matches!(target, Target::Stage(_)))
            .map(Target::name)
            .collect();
        let programs = build::release(&stages, interrupt)?;
        Ok(Self { programs, stage_args, second_opinion: false })
    }

    /// Starts `target` on a free port and waits until it listens.
    pub fn start(&self, target: &Target, connection: Connection) -> Result<Running> {
        match target {
            Target::Stage(index) => self.start_stage(*index, connection).map(Running::Server),
            Target::Floor => start_floor(connection).map(Running::Server),
            Target::Nginx => Nginx::start(load::default_threads()).map(Running::Nginx),
            Target::Peer(peer) => {
                peers::Running::start(*peer, load::default_threads()).map(Running::Peer)
            }
            Target::Url(url) | Target::Named(_, url) => Ok(Running::Elsewhere(url.clone())),
        }
    }

    fn start_stage(&self, index: usize, connection: Connection) -> Result<Server> {
        let name = STAGES[index];
        let Some(program) = self.programs.get(name) else {
            bail!("cargo built no program for {name}");
        };
        let mut args = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        let chosen = self.stage_args.iter().any(|arg| arg.starts_with("--keep-alive"));
        // The blocking stages part with a client early unless told not to: the ladder would compare
        // policies. What it costs them to keep everybody shows in the column of clients served.
        if connection == Connection::KeepAlive && index < 2 && !chosen {
            args.extend(["--keep-alive".to_owned(), "always".to_owned()]);
        }
        args.extend(self.stage_args.iter().cloned());
        Server::start(program, &args)
    }
}

fn start_floor(connection: Connection) -> Result<Server> {
    let program = env::current_exe().context("cannot find the program of bench itself")?;
    let mut args = vec!["floor", "--listen", "127.0.0.1:0"];
    if connection == Connection::Close {
        args.push("--close");
    }
    Server::start(&program, &args)
}

impl Running {
    /// What to ask for.
    pub fn url(&self) -> Result<Url> {
        match self {
            Self::Server(server) => Url::parse(&format!("http://{}/", server.address())),
            Self::Nginx(nginx) => Url::parse(&format!("http://{}/", nginx.server.address())),
            Self::Peer(peer) => Url::parse(&format!("http://{}/", peer.server.address())),
            Self::Elsewhere(url) => Url::parse(url),
        }
    }

    /// An error in its own words if it has died: its figures would be those of a dead server.
    pub fn check(&mut self) -> Result<()> {
        match self {
            Self::Server(server) => server.check(),
            Self::Nginx(nginx) => nginx.server.check(),
            Self::Peer(peer) => peer.server.check(),
            Self::Elsewhere(_) => Ok(()),
        }
    }

    /// The process that was started, if one was.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Server(server) => Some(server.pid()),
            Self::Nginx(nginx) => Some(nginx.server.pid()),
            Self::Peer(peer) => Some(peer.server.pid()),
            Self::Elsewhere(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn stages_have_three_names() {
        for name in ["3", "stage3", "stage3-epoll"] {
            assert_eq!(parse(&names(&[name])).unwrap(), [Target::Stage(2)]);
        }
        assert!(parse(&names(&["stage5"])).is_err() && parse(&names(&["https://x/"])).is_err());
    }

    #[test]
    fn a_name_for_a_url() {
        let hyper = named("hyper=http://127.0.0.1:3000/").unwrap();
        assert_eq!(hyper.name(), "hyper");
        assert!(named("http://127.0.0.1/").is_err() && named("=x").is_err());
        let two = distinct(vec![Target::Floor], std::slice::from_ref(&hyper)).unwrap();
        assert_eq!(two, [Target::Floor, hyper.clone()]);
        assert!(distinct(two, &[hyper]).unwrap_err().to_string().contains("another name"));
    }

    #[test]
    fn all_is_the_default_and_nothing_comes_twice() {
        let all = parse(&[]).unwrap();
        assert_eq!(parse(&names(&["all", "2", "floor"])).unwrap(), all);
        assert_eq!(all[..5].iter().map(Target::name).collect::<Vec<_>>()[..4], STAGES);
        assert_eq!(all[4], Target::Floor);
    }
}
