//! What one second has shown, as figures, queues and a verdict, with the minute before it.

use crate::frame::{Figure, Queue};
use crate::setup::{SLEEP, Setup};
use crate::threads::{Threads, own_cpu};
use bench::evidence::verdict::{Cause, Seen, Verdict, verdict};
use bench::evidence::{Evidence, parse};
use bench::experiments::trial;
use bench::load::Outcome;
use bench::numbers::{as_micros, grouped, micros, time};
use bench::targets::Target;
use bench::tools;
use std::collections::VecDeque;
use std::fs;
use std::time::{Duration, Instant};

/// So many seconds are kept.
const MINUTE: usize = 60;
const FIGURES: [&str; 5] = ["req/s", "p50", "p99", "CPU/req", "switches"];
/// User and kernel time are told apart by ticks of 10 ms: fewer are a guess.
const TICKS: u64 = 20;

/// What is kept from one second to the next.
pub(crate) struct Seconds {
    history: [VecDeque<f64>; FIGURES.len()],
    ticks: Vec<[u64; 2]>,
    own: (Instant, u64),
}

/// What goes onto the screen.
pub(crate) struct Second {
    pub(crate) verdict: Verdict,
    pub(crate) clients: Option<[u64; 2]>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) cores: Vec<f64>,
    pub(crate) own: f64,
}

impl Seconds {
    pub(crate) fn new() -> Self {
        Self { history: Default::default(), ticks: ticks(), own: (Instant::now(), own_cpu()) }
    }

    /// Adds a second. `part`: what the clients saw, where the load is ours.
    pub(crate) fn add(
        &mut self,
        setup: &Setup,
        part: Option<&Outcome>,
        evidence: &Evidence,
        threads: &Threads,
    ) -> Second {
        let figures = part.map_or(Vec::new(), |part| self.figures(part, evidence));
        let clients = part.map(|part| [part.tally.served, setup.busy as u64]);
        let (cores, own) = (self.cores(), self.own());
        let queues = queues(setup, part, evidence, threads);
        Second { verdict: judge(setup, part, evidence), clients, figures, queues, cores, own }
    }

    fn figures(&mut self, part: &Outcome, evidence: &Evidence) -> Vec<Figure> {
        let tally = &part.tally;
        let [p50, p99] = [0.5, 0.99].map(|quantile| tally.percentile(quantile));
        let cpu = evidence.cpu_per(tally.requests).map(as_micros);
        let used = evidence.server.as_ref();
        let switches = used.and_then(|used| Some(used.voluntary? + used.involuntary?));
        let switches = switches.map(|all| all as f64 / tally.requests.max(1) as f64);
        let split = used.and_then(|used| used.kernel).filter(|(_, ticks)| *ticks >= TICKS);
        let split = cpu.zip(split).map_or(String::new(), |(cpu, (kernel, _))| {
            format!(" user {:.1} kernel {:.1}", cpu * (1.0 - kernel), cpu * kernel)
        });
        let latency = |time_of: Option<Duration>| time_of.map_or("-".to_owned(), time);
        let rps = Some(part.rps());
        let now = [rps, p50.map(as_micros), p99.map(as_micros), cpu, switches];
        let texts = [
            grouped(part.rps()),
            latency(p50),
            latency(p99),
            micros(cpu) + &split,
            switches.map_or("-".to_owned(), |each| format!("{each:.2} per request")),
        ];
        let named = FIGURES.iter().zip(texts).zip(&mut self.history).zip(now);
        let figure =
            |(((name, text), history), now): (((&&str, _), &mut VecDeque<f64>), Option<f64>)| {
                history.push_back(now.unwrap_or(0.0));
                history.drain(..history.len().saturating_sub(MINUTE));
                Figure { name: (*name).to_owned(), text, minute: history.iter().copied().collect() }
            };
        named.map(figure).collect()
    }

    /// How busy each core was.
    fn cores(&mut self) -> Vec<f64> {
        let now = ticks();
        let share = |(after, before): (&[u64; 2], &[u64; 2])| {
            let [busy, all] = [0, 1].map(|at| after[at].saturating_sub(before[at]));
            busy as f64 / all.max(1) as f64
        };
        let shares = now.iter().zip(&self.ticks).map(share).collect();
        self.ticks = now;
        shares
    }

    fn own(&mut self) -> f64 {
        let now = (Instant::now(), own_cpu());
        let (since, before) = std::mem::replace(&mut self.own, now);
        now.1.saturating_sub(before) as f64
            / 1e9
            / (now.0 - since).as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Before the kernel hands connections over, before the workers of stage 2, and before the pool of stage 4. The last two
/// are what the server has accepted or read and no thread works on: no file of the kernel's counts them.
fn queues(
    setup: &Setup,
    part: Option<&Outcome>,
    evidence: &Evidence,
    threads: &Threads,
) -> Vec<Queue> {
    let stage = match setup.target {
        Target::Stage(index) => index + 1,
        _ => 0,
    };
    let queue = |name: &str, length, limit| Queue { name: name.to_owned(), length, limit };
    let accept = queue("accept queue", 0, None);
    let own = evidence.sockets.and_then(|sockets| match stage {
        2 => {
            let taken = sockets.accepted.saturating_sub(threads.at_work("worker"));
            Some(queue("queue of the pool", taken.min(64), Some(64)))
        }
        4 => {
            let read = part?.tally.unanswered.count.saturating_sub(sockets.unread);
            let waits = read.saturating_sub(threads.at_work("blocking"));
            let waits = if setup.workload == SLEEP { waits } else { 0 };
            Some(queue("queue of the pool", waits, Some(1024)))
        }
        _ => None,
    });
    [Some(accept), own].into_iter().flatten().collect()
}

/// What the rules say of the second.
fn judge(setup: &Setup, part: Option<&Outcome>, evidence: &Evidence) -> Verdict {
    let Some(part) = part else { return from_outside(evidence) };
    let mut seen = trial::seen(part, setup.busy, setup.idle);
    // A part has no tenths.
    seen.slowest_tenth = None;
    verdict(&seen, evidence, None)
}

/// Without clients of our own only the server's CPU says something.
fn from_outside(evidence: &Evidence) -> Verdict {
    let mut verdict = verdict(&Seen::default(), evidence, None);
    let of_cpu = [Cause::SingleThread, Cause::Machine, Cause::OtherPrograms];
    if !of_cpu.contains(&verdict.cause) {
        verdict.cause = Cause::Unknown;
        verdict.sentence = "no thread and no core is at its limit; what the clients wait for cannot be seen from here".to_owned();
    }
    verdict
}

/// Busy ticks and all ticks of each CPU that this process may use.
fn ticks() -> Vec<[u64; 2]> {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let of = |cpu: usize| {
        let busy = parse::cpus(&stat, &[cpu])?;
        let line = stat.lines().find_map(|line| line.strip_prefix(&format!("cpu{cpu} ")))?;
        let all =
            line.split_whitespace().take(8).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Some([busy.processes + busy.interrupts, all])
    };
    tools::cpus("self").unwrap_or_default().into_iter().filter_map(of).collect()
}
