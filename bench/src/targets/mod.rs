//! What can be measured: the four stages, the null server, servers of other people that are installed, any URL.
//!
//! `pin` keeps servers and generator apart, [`build`] has cargo build the stages, [`server`] holds a server as a child
//! process, [`null_server`] is one of our own, and [`peers`] is the table of the others. [`Starter`] starts a [`Target`] as a
//! fresh process.

pub mod build;
pub mod null_server;
pub mod peers;
mod pin;
pub mod server;
mod starter;

pub use pin::{Pin, Pinning};
pub use starter::{NOT_OURS, Starter};

use crate::args::misuse;
use crate::load::{Expect, Url};
use crate::workspace::{EXAMPLES, NULL_SERVER, STAGES, URING_STEPS, label};
use anyhow::{Context, Result, ensure};
use peers::{PEERS, Peer};

/// One server to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of [`STAGES`], by its index.
    Stage(usize),
    /// One of [`EXAMPLES`], by its index.
    Example(usize),
    /// See [`null_server`].
    NullServer,
    /// The example `uring_loop` without parsing, by the index of its step in [`URING_STEPS`].
    UringLoop(usize),
    /// A server of other people, when it is installed.
    Peer(&'static Peer),
    /// A server that runs already: its name and its URL, which may be the same.
    Url(String, String),
}

/// The four stages.
pub const ALL_STAGES: [Target; 4] =
    [Target::Stage(0), Target::Stage(1), Target::Stage(2), Target::Stage(3)];

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

/// What a stage is told for one trial, unless the user has told all stages otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageFlags {
    /// `--keep-alive`: `fair`, `always`, `never`.
    pub keep_alive: Option<&'static str>,
    /// `--threads`.
    pub threads: Option<usize>,
}

impl StageFlags {
    /// As arguments, but for flags that are among `chosen`.
    fn arguments(self, chosen: &[String]) -> Vec<String> {
        let threads = self.threads.map(|count| count.to_string());
        let flags = [("--keep-alive", self.keep_alive.map(str::to_owned)), ("--threads", threads)];
        let is_free = |name: &str| !chosen.iter().any(|arg| arg.starts_with(name));
        let argument = |(name, value): (&str, Option<String>)| {
            value.filter(|_| is_free(name)).map(|value| format!("{name}={value}"))
        };
        flags.into_iter().filter_map(argument).collect()
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

/// The stages among `names`, by their indices in [`STAGES`]; of no name, `others`.
///
/// # Errors
/// A name that stands for no stage.
pub fn stages(names: &[String], others: &[usize]) -> Result<Vec<usize>> {
    if names.is_empty() {
        return Ok(others.to_vec());
    }
    let mut targets = parse(names)?;
    targets
        .retain(|target| matches!(target, Target::Stage(_)) || names.iter().all(|it| it != "all"));
    let index = |target: Target| match target {
        Target::Stage(index) => Ok(index),
        other => {
            Err(misuse(format!("{} is no stage; name stages: stage1 to stage4", other.label())))
        }
    };
    targets.into_iter().map(index).collect()
}

impl Target {
    fn parse(name: &str) -> Result<Self> {
        let number = name.strip_prefix("stage").unwrap_or(name);
        let stage = (1..=STAGES.len())
            .find(|stage| number == stage.to_string() || name == STAGES[*stage - 1]);
        if let Some(stage) = stage {
            return Ok(Self::Stage(stage - 1));
        }
        if let Some(example) = EXAMPLES.iter().position(|example| *example == name) {
            return Ok(Self::Example(example));
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
                let (examples, peers) = (EXAMPLES.join(", "), peers.join(", "));
                Err(misuse(format!(
                    "`{name}` is none of all, {stages}, null-server, {examples}, {peers}, http://..."
                )))
            }
        }
    }

    /// As `results.json` names it.
    pub fn name(&self) -> &str {
        match self {
            Self::Stage(index) => STAGES[*index],
            Self::Example(index) => EXAMPLES[*index],
            Self::NullServer => NULL_SERVER,
            Self::UringLoop(step) => URING_STEPS[*step],
            Self::Peer(peer) => peer.name,
            Self::Url(name, _) => name,
        }
    }

    /// As people read it.
    pub fn label(&self) -> &str {
        label(self.name())
    }

    /// What a correct response to its `GET /` is.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Url(..) => Expect::Same,
            _ => Expect::Body(b"Hello, World!".to_vec()),
        }
    }
}

/// Reads `NAME=URL`. The name goes into tables, files and terminals, which take line breaks and the like for their own.
///
/// # Errors
/// Another form, or a URL that cannot be loaded.
pub fn named(text: &str) -> Result<Target> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_control);
    let parts = text.split_once('=').filter(|(name, _)| is_name(name));
    let (name, url) =
        parts.with_context(|| format!("`{}` is not NAME=URL in one line", text.escape_debug()))?;
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
            misuse(format!(
                "two servers are called `{name}`; give one of them another name: --also NAME=URL"
            ))
        );
        targets.push(target.clone());
    }
    Ok(targets)
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
    fn where_only_stages_will_do_others_are_refused() {
        let stages = |list: &[&str]| stages(&names(list), &[1, 2]);
        assert_eq!(stages(&[]).unwrap(), [1, 2]);
        assert_eq!(stages(&["stage3", "1"]).unwrap(), [2, 0]);
        assert_eq!(stages(&["all"]).unwrap(), [0, 1, 2, 3]);
        assert!(stages(&["1", "floor"]).unwrap_err().to_string().contains("name stages"));
    }

    #[test]
    fn what_the_user_chose_stands() {
        let flags = StageFlags { keep_alive: Some("never"), threads: Some(9) };
        assert_eq!(flags.arguments(&[]), ["--keep-alive=never", "--threads=9"]);
        assert_eq!(flags.arguments(&names(&["--threads", "2"])), ["--keep-alive=never"]);
    }

    #[test]
    fn a_name_for_a_url() {
        let hyper = named("hyper=http://127.0.0.1:3000/").unwrap();
        assert_eq!(hyper.name(), "hyper");
        assert!(named("http://127.0.0.1/").is_err() && named("=x").is_err());
        assert!(named("a\nb=http://127.0.0.1/").is_err() && named("\x1b[31m=127.0.0.1").is_err());
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
