//! Which CPUs servers and the load generator run on. Where there are enough, they are kept apart: a server that shares its
//! CPUs with its clients is measured together with them.
//!
//! A process inherits the CPUs of the thread that starts it: the main thread moves to the servers' CPUs, starts a server, and
//! goes on with the generator's, which the generator's threads inherit in turn.

use super::Target;
use crate::{args, tools};
use anyhow::{Context, Result, ensure};
use shared::sys::sched;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;

/// With fewer CPUs, server and generator share them: on two, each would have one, and stage 4 a single loop.
const ENOUGH: usize = 4;

/// What the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pinning {
    /// Apart where there are at least four CPUs.
    #[default]
    Auto,
    /// All on all CPUs.
    None,
    /// As told.
    To(Pin),
}

/// CPUs by their numbers, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Of the servers that are started.
    pub server: Vec<usize>,
    /// Of everything else: the generator, and the tools that look on.
    pub generator: Vec<usize>,
}

impl Pinning {
    /// Reads `auto`, `none`, or `SERVER:GENERATOR` with two lists such as `0-3:4-7`.
    ///
    /// # Errors
    /// Another form, or a CPU that this process may not use.
    pub fn parse(text: &str) -> Result<Self> {
        Self::among(&tools::cpus("self").unwrap_or_default(), text)
    }

    fn among(allowed: &[usize], text: &str) -> Result<Self> {
        let lists = match text {
            "auto" => return Ok(Self::Auto),
            "none" => return Ok(Self::None),
            lists => lists.split_once(':'),
        };
        let form =
            || format!("`{text}` is none of auto, none, or SERVER:GENERATOR, such as 0-3:4-7");
        let (server, generator) = lists.with_context(form)?;
        let (server, generator) = (args::cpus(server)?, args::cpus(generator)?);
        for cpu in server.iter().chain(&generator) {
            ensure!(
                allowed.contains(cpu),
                "CPU {cpu} is none of those that this process may use: {}",
                list(allowed)
            );
        }
        Ok(Self::To(Pin { server, generator }))
    }

    /// The CPUs for these servers; `None`: all run on all. A server that runs already cannot be moved from here.
    pub fn of(&self, targets: &[Target]) -> Option<Pin> {
        let are_ours = targets.iter().any(|target| !matches!(target, Target::Url(..)));
        match self {
            // A control group may give less time than there are CPUs.
            Self::Auto if are_ours && tools::cores() >= ENOUGH => {
                halves(&tools::cpus("self")?, first_sibling)
            }
            Self::To(pin) => Some(pin.clone()),
            _ => None,
        }
    }
}

/// Half of the cores each, and the odd core for the server. CPUs that share a core (hyper-threads) stay together.
fn halves(cpus: &[usize], core_of: impl Fn(usize) -> usize) -> Option<Pin> {
    let mut cores: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for cpu in cpus {
        cores.entry(core_of(*cpu)).or_default().push(*cpu);
    }
    let cores: Vec<_> = cores.into_values().collect();
    let (server, generator) = cores.split_at(cores.len().div_ceil(2));
    let [server, generator] = [server, generator].map(|half| {
        let mut cpus = half.concat();
        cpus.sort_unstable();
        cpus
    });
    (cpus.len() >= ENOUGH && !generator.is_empty()).then_some(Pin { server, generator })
}

/// The first CPU of the core that a CPU belongs to; the CPU itself where the kernel does not say.
fn first_sibling(cpu: usize) -> usize {
    let file = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
    let siblings = fs::read_to_string(file).ok().and_then(|list| args::cpus(list.trim()).ok());
    siblings.and_then(|siblings| siblings.first().copied()).unwrap_or(cpu)
}

impl Pin {
    /// For people.
    pub fn in_words(&self) -> String {
        format!(
            "servers on CPUs {} and the generator on {}",
            list(&self.server),
            list(&self.generator)
        )
    }

    /// Has what `start` starts run on the servers' CPUs, and what comes after it on the generator's.
    ///
    /// # Errors
    /// Those of `start`, or that the CPUs are not there any more.
    pub fn on_servers<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        let go = |cpus: &[usize]| {
            sched::set_affinity(cpus)
                .with_context(|| format!("cannot run on CPUs {}; choose others: --pin", list(cpus)))
        };
        go(&self.server)?;
        let started = start();
        go(&self.generator)?;
        started
    }
}

/// `0-3:4-7`.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", list(&self.server), list(&self.generator))
    }
}

/// `0-3,8` of rising numbers.
fn list(cpus: &[usize]) -> String {
    let ranges = cpus.chunk_by(|one, next| one + 1 == *next);
    let range = |range: &[usize]| match range {
        [one] => one.to_string(),
        _ => format!("{}-{}", range[0], range[range.len() - 1]),
    };
    ranges.map(range).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_made_up_machines() {
        let alone = |cpus: &[usize]| halves(cpus, |cpu| cpu).map(|pin| pin.to_string());
        assert_eq!((alone(&[0]), alone(&[0, 1]), alone(&[0, 1, 2])), (None, None, None));
        assert_eq!(alone(&[0, 1, 2, 3]).unwrap(), "0-1:2-3");
        assert_eq!(alone(&(0..16).collect::<Vec<_>>()).unwrap(), "0-7:8-15");
        assert_eq!(alone(&[1, 3, 4, 9, 10]).unwrap(), "1,3-4:9-10");
        let threads = |cpus: &[usize], cores: usize| {
            halves(cpus, |cpu| cpu % cores).map(|pin| pin.to_string())
        };
        assert_eq!(threads(&[0, 1, 2, 3], 2).unwrap(), "0,2:1,3", "two cores of two threads");
        assert_eq!(threads(&(0..16).collect::<Vec<_>>(), 8).unwrap(), "0-3,8-11:4-7,12-15");
        assert_eq!(threads(&[0, 1, 2, 3], 1), None, "one core cannot be halved");
    }

    #[test]
    fn what_is_told_must_be_there() {
        let parse = |text: &str| Pinning::among(&[0, 1, 2, 3, 8], text);
        let told = Pin { server: vec![0, 1, 8], generator: vec![2, 3] };
        assert_eq!(parse("0-1,8:2-3").unwrap(), Pinning::To(told.clone()));
        assert_eq!(
            (parse("auto").unwrap(), parse("none").unwrap()),
            (Pinning::Auto, Pinning::None)
        );
        assert_eq!(told.to_string(), "0-1,8:2-3");
        let why = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(why("0:4"), "CPU 4 is none of those that this process may use: 0-3,8");
        for text in ["", "0", "0-3", ":", "0:", "3-1:0", "x:1", "0:1:2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_left_where_it_is_and_fewer_than_four_are_shared() {
        let url = Target::Url("x".to_owned(), "http://127.0.0.1/".to_owned());
        assert_eq!(Pinning::Auto.of(&[url]), None);
        assert_eq!(Pinning::None.of(&[Target::NullServer]), None);
        let pinned = Pinning::Auto.of(&[Target::NullServer]).is_some();
        assert!(!pinned || tools::cores() >= ENOUGH);
    }

    #[test]
    fn what_is_started_is_on_the_servers_cpus_and_the_rest_on_the_generators() {
        // A thread of its own: the other tests keep all CPUs.
        let moved = std::thread::spawn(|| {
            let all = tools::cpus("thread-self").unwrap();
            let pin = Pin { server: vec![all[0]], generator: vec![all[all.len() - 1]] };
            let there = pin.on_servers(|| {
                let grep = ["Cpus_allowed_list", "/proc/self/status"];
                Ok(std::process::Command::new("grep").args(grep).output()?.stdout)
            });
            let there = String::from_utf8(there.unwrap()).unwrap();
            assert!(there.trim().ends_with(&format!("\t{}", pin.server[0])), "{there}");
            assert_eq!(tools::cpus("thread-self").unwrap(), pin.generator);
        });
        moved.join().unwrap();
    }
}
