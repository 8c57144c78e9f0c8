//! What one second has shown: figures with the minute before them, queues, cores and a verdict.

use crate::frame::{Figure, Frame, Queue};
use crate::setup::Setup;
use crate::threads::{Threads, own_cpu};
use bench::evidence::Evidence;
use bench::evidence::verdict::{Cause, Seen, Verdict, verdict};
use bench::experiments::server::TICKS;
use bench::experiments::trial;
use bench::experiments::workload::Kind;
use bench::load::Outcome;
use bench::numbers::{as_micros, grouped, micros, time};
use bench::proc;
use bench::targets::Target;
use bench::tools;
use shared::sys::process::ticks_per_second;
use std::fs;
use std::time::{Duration, Instant};

/// So many seconds are kept.
const MINUTE: usize = 60;

/// What its end is held against: busy ticks of each core, and this program's own CPU time.
pub(crate) struct Second {
    ticks: Vec<u64>,
    own: u64,
    since: Instant,
}

impl Second {
    /// A second begins.
    pub(crate) fn begin() -> Self {
        Self { ticks: ticks(), own: own_cpu(), since: Instant::now() }
    }

    /// How long ago that was.
    pub(crate) fn length(&self) -> Duration {
        self.since.elapsed()
    }

    /// How busy each core was, and this program.
    pub(crate) fn end(self, frame: &mut Frame) {
        let seconds = self.length().as_secs_f64().max(f64::MIN_POSITIVE);
        let possible = ticks_per_second().unwrap_or(100) as f64 * seconds;
        let share =
            |(after, before): (u64, u64)| (after.saturating_sub(before) as f64 / possible).min(1.0);
        frame.cores = ticks().into_iter().zip(self.ticks).map(share).collect();
        frame.own = own_cpu().saturating_sub(self.own) as f64 / 1e9 / seconds;
    }
}

/// Adds a second to the figures. Without clients of our own they are those of the server's process.
pub(crate) fn figures(figures: &mut Vec<Figure>, part: Option<&Outcome>, evidence: &Evidence) {
    let now = part.map_or_else(|| of_process(evidence), |part| of_requests(part, evidence));
    figures.resize_with(now.len(), Figure::default);
    for (figure, (name, now, text)) in figures.iter_mut().zip(now) {
        (figure.name, figure.text) = (name.to_owned(), text);
        figure.minute.push(now.unwrap_or(0.0));
        figure.minute.drain(..figure.minute.len().saturating_sub(MINUTE));
    }
}

/// A figure of this second: its name, its value where there is one, and the value in words.
type Now = (&'static str, Option<f64>, String);

/// What the clients saw, and what a request cost the server.
fn of_requests(part: &Outcome, evidence: &Evidence) -> Vec<Now> {
    let tally = &part.tally;
    let [p50, p99] = [0.5, 0.99].map(|quantile| tally.percentile(quantile));
    let latency = |time_of: Option<Duration>| time_of.map_or("-".to_owned(), time);
    let cpu = evidence.cpu_per(tally.requests).map(as_micros);
    let switches = switches(evidence).map(|all| all / tally.requests as f64);
    let switches = switches.filter(|each| each.is_finite());
    let each = switches.map_or("-".to_owned(), |each| format!("{each:.2} per request"));
    vec![
        ("req/s", Some(part.rps()), grouped(part.rps())),
        ("p50", p50.map(as_micros), latency(p50)),
        ("p99", p99.map(as_micros), latency(p99)),
        ("CPU/req", cpu, micros(cpu) + &split(cpu, evidence, 1)),
        ("switches", switches, each),
    ]
}

/// What the server used in the second. Its clients may be of any program.
fn of_process(evidence: &Evidence) -> Vec<Now> {
    let per_second = |all: f64| all / evidence.seconds.max(f64::MIN_POSITIVE);
    let cpu = evidence.server.as_ref().map(|used| per_second(used.cpu));
    let used = cpu.map_or("-".to_owned(), |cpu| format!("{cpu:.2} cores"));
    let switches = switches(evidence).map(per_second);
    let each = switches.map_or("-".to_owned(), |each| format!("{} per second", grouped(each)));
    vec![("CPU", cpu, used + &split(cpu, evidence, 2)), ("switches", switches, each)]
}

fn switches(evidence: &Evidence) -> Option<f64> {
    let used = evidence.server.as_ref()?;
    Some((used.voluntary? + used.involuntary?) as f64)
}

/// The parts of `cpu` in user and in kernel mode; empty where they are a guess.
fn split(cpu: Option<f64>, evidence: &Evidence, decimals: usize) -> String {
    let kernel = evidence.server.as_ref().and_then(|used| used.kernel);
    let split = cpu.zip(kernel.filter(|(_, ticks)| *ticks >= TICKS[0]));
    split.map_or(String::new(), |(cpu, (kernel, _))| {
        let [user, kernel] = [cpu * (1.0 - kernel), cpu * kernel];
        format!(" user {user:.decimals$} kernel {kernel:.decimals$}")
    })
}

/// Before the kernel hands connections over, before the workers of stage 2, and before the pool of stage 4. The last two
/// are what the server has accepted or read and no thread works on: no file of the kernel's counts them.
pub(crate) fn queues(
    setup: &Setup,
    part: Option<&Outcome>,
    evidence: &Evidence,
    threads: &Threads,
) -> Vec<Queue> {
    let queue = |name: &str, length, limit| Queue { name: name.to_owned(), length, limit };
    let pool = |length, limit| queue("queue of the pool", length, Some(limit));
    let own = evidence.sockets.and_then(|sockets| match setup.target {
        Target::Stage(1) => {
            Some(pool(sockets.accepted.saturating_sub(threads.at_work("worker")).min(64), 64))
        }
        Target::Stage(3) if setup.workload == Kind::Sleep => {
            let read = part?.tally.unanswered.count.saturating_sub(sockets.unread);
            Some(pool(read.saturating_sub(threads.at_work("blocking")), 1024))
        }
        Target::Stage(3) => Some(pool(0, 1024)),
        _ => None,
    });
    [Some(queue("accept queue", 0, None)), own].into_iter().flatten().collect()
}

/// What the rules say of the second. Without clients of our own only the server's CPU says something.
pub(crate) fn judge(setup: &Setup, part: Option<&Outcome>, evidence: &Evidence) -> Verdict {
    if let Some(part) = part {
        // A part has no tenths.
        let seen = Seen { slowest_tenth: None, ..trial::seen(part, setup.busy, setup.idle) };
        return verdict(&seen, evidence, None);
    }
    let mut verdict = verdict(&Seen::default(), evidence, None);
    let of_cpu = [Cause::SingleThread, Cause::Machine, Cause::OtherPrograms];
    if !of_cpu.contains(&verdict.cause) {
        verdict.cause = Cause::Unknown;
        verdict.sentence = "no thread and no core is at its limit; what the clients wait for cannot be seen from here".to_owned();
    }
    verdict
}

/// Busy ticks of each CPU that this process may use.
fn ticks() -> Vec<u64> {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let busy = |cpu: usize| proc::cpus(&stat, &[cpu]).map(|it| it.processes + it.interrupts);
    tools::cpus("self").unwrap_or_default().into_iter().filter_map(busy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench::evidence::tree::Use;

    #[test]
    fn without_a_request_nothing_is_told_per_request() {
        let used = Use { voluntary: Some(3), involuntary: Some(0), ..Use::default() };
        let evidence = Evidence { server: Some(used), ..Evidence::default() };
        for (name, now, text) in of_requests(&Outcome::default(), &evidence).into_iter().skip(1) {
            assert_eq!((now, text.as_str()), (None, "-"), "{name}");
        }
    }
}
