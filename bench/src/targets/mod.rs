//! What can be measured: the four stages, the null server, servers of other people that are installed, any URL.
//!
//! [`build`] has cargo build the stages, [`server`] holds a server as a child process, [`null_server`] is one of our
//! own, and [`peers`] is the table of the others. [`Starter`] starts a [`Target`] as a fresh process.

pub mod build;
pub mod null_server;
pub mod peers;
pub mod server;

use crate::interrupt::Interrupt;
use crate::load::{Expect, Url};
use crate::tools;
use crate::workspace::{NULL_SERVER, STAGES};
use anyhow::{Context, Result, bail, ensure};
use peers::{PEERS, Peer, PeerServer};
use server::Server;
use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

/// One server to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of [`STAGES`], by its index.
    Stage(usize),
    /// See [`null_server`].
    NullServer,
    /// A server of other people, when it is installed.
    Peer(&'static Peer),
    /// A server that runs already: its name and its URL, which may be the same.
    Url(String, String),
}

/// What becomes of a connection after a response. The clients ask for it, and servers that would decide otherwise are
/// told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One request each.
    Close,
    /// As many requests as the window has room for.
    KeepAlive,
}

impl Connection {
    /// With `--close`, or without.
    pub fn closing(close: bool) -> Self {
        if close { Self::Close } else { Self::KeepAlive }
    }

    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::KeepAlive => "keep-alive",
        }
    }
}

/// Reads the list of targets: names, short names (`stage1`, `1`), `all`, URLs. Empty: everything there is.
///
/// # Errors
/// A name that is none of these, with the names that are.
pub fn parse(names: &[String]) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    if names.is_empty() || names.iter().any(|name| name == "all") {
        targets.extend((0..STAGES.len()).map(Target::Stage));
        targets.push(Target::NullServer);
        targets.extend(PEERS[0].find().map(|_| Target::Peer(&PEERS[0])));
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
        let number = name.strip_prefix("stage").unwrap_or(name);
        let stage = (1..=STAGES.len())
            .find(|stage| number == stage.to_string() || name == STAGES[*stage - 1]);
        if let Some(stage) = stage {
            return Ok(Self::Stage(stage - 1));
        }
        if let Some(peer) = Peer::named(name) {
            return Ok(Self::Peer(peer));
        }
        match name {
            // `floor`: what the null server was called, and is called in results.json.
            "null-server" | "baseline" | "floor" => Ok(Self::NullServer),
            url if url.contains("://") => {
                Url::parse(url).map(|_| Self::Url(url.to_owned(), url.to_owned()))
            }
            _ => {
                let (stages, peers) = (STAGES.join(", "), PEERS.each_ref().map(|peer| peer.name));
                let peers = peers.join(", ");
                bail!("`{name}` is none of all, {stages}, null-server, {peers}, http://...")
            }
        }
    }

    /// As `results.json` names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Stage(index) => STAGES[*index],
            Self::NullServer => NULL_SERVER,
            Self::Peer(peer) => peer.name,
            Self::Url(name, _) => name,
        }
    }

    /// What its `GET /` answers with.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Url(..) => Expect::Same,
            _ => Expect::Body(b"Hello, World!".to_vec()),
        }
    }
}

/// Reads `NAME=URL`.
///
/// # Errors
/// Another form, or a URL that cannot be loaded.
pub fn named(text: &str) -> Result<Target> {
    let parts = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, url) = parts.with_context(|| format!("`{text}` is not NAME=URL"))?;
    Url::parse(url)?;
    Ok(Target::Url(name.to_owned(), url.to_owned()))
}

/// `targets` and `further` ones. Rows are told apart by the name alone.
///
/// # Errors
/// Two of the same name.
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
}

/// A target that runs. Dropping it kills what was started for it.
pub enum Running {
    /// A stage or the null server.
    Server(Server),
    /// A peer and its folder.
    Peer(PeerServer),
    /// Nothing that could be stopped: a URL.
    Elsewhere(String),
}

impl Starter {
    /// Builds the stages among `targets`.
    pub fn build(
        targets: &[Target],
        stage_args: Vec<String>,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let stages = targets.iter().filter(|target| matches!(target, Target::Stage(_)));
        let stages: Vec<_> = stages.map(Target::name).collect();
        Ok(Self { programs: build::release(&stages, interrupt)?, stage_args })
    }

    /// Starts `target` on a free port and waits until it listens.
    pub fn start(&self, target: &Target, connection: Connection) -> Result<Running> {
        match target {
            Target::Stage(index) => self.start_stage(*index, connection).map(Running::Server),
            Target::NullServer => start_null_server(connection).map(Running::Server),
            Target::Peer(peer) => peer.start(tools::cores()).map(Running::Peer),
            Target::Url(_, url) => Ok(Running::Elsewhere(url.clone())),
        }
    }

    fn start_stage(&self, index: usize, connection: Connection) -> Result<Server> {
        let name = STAGES[index];
        let program = self
            .programs
            .get(name)
            .with_context(|| format!("cargo built no program for {name}"))?;
        let mut args = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        let chosen = self.stage_args.iter().any(|arg| arg.starts_with("--keep-alive"));
        // The blocking stages part with a client early unless told not to: the ladder would compare policies. What
        // keeping every connection costs them shows in the column of clients served.
        if connection == Connection::KeepAlive && index < 2 && !chosen {
            args.extend(["--keep-alive".to_owned(), "always".to_owned()]);
        }
        args.extend(self.stage_args.iter().cloned());
        Server::start(program, &args)
    }
}

fn start_null_server(connection: Connection) -> Result<Server> {
    let program = env::current_exe().context("cannot find the program of bench itself")?;
    let mut args = vec!["baseline", "--listen", "127.0.0.1:0"];
    args.extend((connection == Connection::Close).then_some("--close"));
    Server::start(&program, &args)
}

impl Running {
    fn server(&self) -> Option<&Server> {
        match self {
            Self::Server(server) => Some(server),
            Self::Peer(peer) => Some(&peer.server),
            Self::Elsewhere(_) => None,
        }
    }

    /// What to ask for.
    pub fn url(&self) -> Result<Url> {
        match (self, self.server()) {
            (_, Some(server)) => Url::parse(&format!("http://{}/", server.address())),
            (Self::Elsewhere(url), _) => Url::parse(url),
            _ => bail!("a server without an address"),
        }
    }

    /// The server's own words as an error, if it has died: its figures would be those of a dead server.
    pub fn check(&mut self) -> Result<()> {
        match self {
            Self::Server(server) => server.check(),
            Self::Peer(peer) => peer.server.check(),
            Self::Elsewhere(_) => Ok(()),
        }
    }

    /// The process that was started, if one was.
    pub fn pid(&self) -> Option<u32> {
        self.server().map(Server::pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn stages_and_the_null_server_have_three_names() {
        for name in ["3", "stage3", "stage3-epoll"] {
            assert_eq!(parse(&names(&[name])).unwrap(), [Target::Stage(2)]);
        }
        for name in ["floor", "baseline", "null-server"] {
            assert_eq!(parse(&names(&[name])).unwrap(), [Target::NullServer]);
        }
        assert!(parse(&names(&["stage5"])).is_err() && parse(&names(&["https://x/"])).is_err());
    }

    #[test]
    fn a_name_for_a_url() {
        let hyper = named("hyper=http://127.0.0.1:3000/").unwrap();
        assert_eq!(hyper.name(), "hyper");
        assert!(named("http://127.0.0.1/").is_err() && named("=x").is_err());
        let two = distinct(vec![Target::NullServer], std::slice::from_ref(&hyper)).unwrap();
        assert_eq!(two, [Target::NullServer, hyper.clone()]);
        assert!(distinct(two, &[hyper]).unwrap_err().to_string().contains("another name"));
    }

    #[test]
    fn all_is_the_default_and_nothing_comes_twice() {
        let all = parse(&[]).unwrap();
        assert_eq!(parse(&names(&["all", "2", "floor"])).unwrap(), all);
        assert_eq!(all[..4], [0, 1, 2, 3].map(Target::Stage));
        assert_eq!(all[4], Target::NullServer);
    }
}
