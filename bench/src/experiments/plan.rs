//! What is to be measured, and in which order.

use super::workload::{Kind, Workload};
use crate::numbers::{self, Random, counted};
use crate::results::Part;
use crate::targets::{Connection, Pin, Target};
use std::time::Duration;

/// What a trial takes beside its window, about: start, warm-up and end.
pub const OVERHEAD: Duration = Duration::from_millis(450);

/// One measurement to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Index into the plan's targets.
    pub target: usize,
    /// What is to become of connections after a response.
    pub connection: Connection,
    /// How many clients.
    pub connections: usize,
    /// What they ask for, and which idle clients there are beside them.
    pub workload: Workload,
    /// What a stage is told of keeping connections; `None`: as its run has it.
    pub keep_alive: Option<&'static str>,
    /// Threads that a stage is told to serve with; `None`: as many as it has by default.
    pub threads: Option<usize>,
    /// Load offered in an open loop, in per cent of the plan's capacity; `None`: as the plan's rate has it.
    pub offered: Option<usize>,
}

/// How trials are made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers.
    pub targets: Vec<Target>,
    /// Connection counts.
    pub levels: Vec<usize>,
    /// Whether connections are kept.
    pub modes: Vec<Connection>,
    /// What clients ask for.
    pub workload: Workload,
    /// The window of each trial.
    pub duration: Duration,
    /// Threads of the generator.
    pub threads: usize,
    /// The CPUs of servers and generator, where they are kept apart.
    pub pin: Option<Pin>,
    /// Repeats of each trial.
    pub repeat: usize,
    /// Decides the order of the servers.
    pub seed: u64,
    /// Requests per second; `None`: a closed loop.
    pub rate: Option<f64>,
    /// What each target reached in the experiment before this one, requests per second: trials may offer a part of that.
    pub capacity: Vec<f64>,
    /// How the stages are looked into at the end.
    pub profile: Profiling,
}

/// How it is found out where a request's CPU time goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profiling {
    /// Not at all.
    #[default]
    No,
    /// By what /proc shows: user, system, run queue, asleep.
    Proc,
    /// By perf where it works, and else by /proc.
    Perf,
}

/// A plan and its trials.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// How they are made.
    pub plan: Plan,
    /// In their order.
    pub trials: Vec<Trial>,
    /// What their rows are for.
    pub part: Part,
}

impl Trial {
    /// The same for every server; the first one's.
    pub fn of(connection: Connection, connections: usize, workload: Workload) -> Self {
        let keep_alive = workload.kind.keep_alive();
        Self {
            target: 0,
            connection,
            connections,
            workload,
            keep_alive,
            threads: None,
            offered: None,
        }
    }

    /// Clients of this kind that keep their connections.
    pub fn kept(connections: usize, kind: Kind) -> Self {
        let workload = Workload { kind, ..Workload::default() };
        Self::of(Connection::KeepAlive, connections, workload)
    }

    /// Clients that ask for `hello` and keep their connections, and others beside them that are silent.
    pub fn beside(connections: usize, idle: usize) -> Self {
        let workload = Workload { idle, ..Workload::default() };
        Self::of(Connection::KeepAlive, connections, workload)
    }

    /// `keep-alive, 64 connections, work, 2 threads`.
    pub fn in_words(&self) -> String {
        let Self { connection, connections, workload, .. } = self;
        let mut text =
            format!("{}, {connections} connections, {}", connection.name(), workload.name());
        if let Some(threads) = self.threads {
            text += &format!(", {}", counted(threads, "thread"));
        }
        if let Some(load) = self.offered {
            text += &format!(", load {load} %");
        }
        text
    }
}

impl Plan {
    /// Servers over the plan's connection counts.
    pub fn ladder(self, part: Part) -> Experiment {
        let workload = self.workload;
        let each = |mode: &Connection| {
            let trial = |level: &usize| Trial::of(*mode, *level, workload);
            self.levels.iter().map(trial).collect::<Vec<_>>()
        };
        let kinds: Vec<_> = self.modes.iter().flat_map(each).collect();
        self.experiment(part, &kinds)
    }

    /// Requests per second that a trial offers; `None`: a closed loop.
    pub fn rate_of(&self, trial: Trial) -> Option<f64> {
        let part =
            |percent| Some(self.capacity.get(trial.target).copied()? * percent as f64 / 100.0);
        trial.offered.map_or(self.rate, part)
    }

    /// Each kind of trial with every server that has its route. Servers alternate within a kind, and their order is
    /// reversed in every other repeat: what drifts in the course of a run (heat, neighbours) strikes all alike.
    pub fn experiment(self, part: Part, kinds: &[Trial]) -> Experiment {
        let mut trials = Vec::new();
        // Asked for twice (`-c 50,50`), a trial would count as two repeats.
        let kinds = numbers::distinct(kinds.iter().copied());
        for repeat in 0..self.repeat {
            let order = self.order(repeat);
            for kind in &kinds {
                let able = order.iter().filter(|target| has(&self.targets[**target], kind));
                trials.extend(able.map(|target| Trial { target: *target, ..*kind }));
            }
        }
        Experiment { plan: self, trials, part }
    }

    /// The servers in the order of one repeat: as the seed has it, and the reverse of that every other time.
    fn order(&self, repeat: usize) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.targets.len()).collect();
        let mut random = Random::new(self.seed);
        for index in (1..order.len()).rev() {
            order.swap(index, random.below(index + 1));
        }
        if repeat % 2 == 1 {
            order.reverse();
        }
        order
    }
}

/// The others have one response to everything, with which they would win every comparison.
fn has(target: &Target, kind: &Trial) -> bool {
    kind.workload.kind.path().is_none() || matches!(target, Target::Stage(_) | Target::Url(..))
}

impl Experiment {
    /// How long it takes, about.
    pub fn time(&self) -> Duration {
        self.trial_time() * self.trials.len() as u32
    }

    /// A target that is to be offered a part of what it reached, which is nothing.
    pub fn without_capacity(&self) -> Option<&str> {
        let Plan { targets, capacity, .. } = &self.plan;
        let is_offered = |trial: &&Trial| trial.offered.is_some();
        let mut offered = self.trials.iter().filter(is_offered).map(|trial| trial.target);
        let has_none = |target: &usize| capacity.get(*target).is_none_or(|rps| *rps <= 0.0);
        offered.find(has_none).map(|target| targets[target].label())
    }

    /// How long each of its trials takes, about.
    pub fn trial_time(&self) -> Duration {
        self.plan.duration + OVERHEAD
    }
}

/// What is going to happen, and for how long (`further`: beside the trials): a user should not have to guess whether it
/// hangs.
pub fn announcement(experiments: &[Experiment], further: Duration) -> String {
    let Some(Experiment { plan, .. }) = experiments.first() else { return String::new() };
    let names: Vec<_> = plan.targets.iter().map(Target::label).collect();
    let trials = experiments.iter().map(|experiment| experiment.trials.len()).sum();
    let trials_take = experiments.iter().map(Experiment::time).sum::<Duration>();
    let seconds = (trials_take + further).as_secs_f64();
    let time = match seconds {
        ..100.0 => counted(seconds.ceil() as usize, "second"),
        _ => counted((seconds / 60.0).round() as usize, "minute"),
    };
    let rate = plan.rate.map_or(String::new(), |rate| format!(" at {rate} requests per second"));
    let pin = plan.pin.as_ref().map_or(String::new(), |pin| format!(", {}", pin.in_words()));
    format!(
        "{}: {} of {} at most{rate}, {} generator threads{pin}, seed {}; this takes about {time}",
        names.join(", "),
        counted(trials, "trial"),
        numbers::time(plan.duration),
        plan.threads,
        plan.seed
    )
}
