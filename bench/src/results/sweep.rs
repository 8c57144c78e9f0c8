//! Latency over offered load: one curve for each server, its knee, and what queueing theory says of it.

use super::Results;
use super::group::Group;
use super::sample::{Part, Sample};
use crate::numbers::median;

/// A thread that works less than this share of the busiest one does something else than to serve.
const SERVES: f64 = 0.1;
/// A server that leaves no more than this share of what was due unsent keeps up.
const KEEPS_UP: f64 = 0.01;

/// The points of one server.
#[derive(Debug)]
pub struct Curve<'a> {
    /// Its name.
    pub target: &'a str,
    /// What it reached in a closed loop: a load of 100 %.
    pub closed: Point<'a>,
    /// By rising load; at least one.
    pub points: Vec<Point<'a>>,
    /// What it would be in theory; `None` where that is unknown.
    pub theory: Option<Theory>,
}

/// M/M/1, the textbook's queue: requests come at random moments and wait for a server that is busy with each for a random
/// time. Of several threads on several cores, each has a queue of its own. The theory knows nothing of sockets, of cores that
/// have to wake up, or of a generator that runs on the same cores: how far a measurement lies from it is what those cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theory {
    /// How long a server is busy with a request on average, in seconds: the closed loop's CPU time per request.
    pub service: f64,
    /// How many queues the requests are spread over.
    pub queues: usize,
}

impl Theory {
    /// The response time in seconds that a share of `quantile` of the requests stays below, where so many come in a second;
    /// `None` where more come than can be served. In theory response times are exponential, with a mean of
    /// service ÷ (1 - utilisation).
    pub fn percentile(&self, rate: f64, quantile: f64) -> Option<f64> {
        let utilisation = rate * self.service / self.queues as f64;
        let mean = self.service / (1.0 - utilisation);
        (utilisation < 1.0).then(|| -mean * (1.0 - quantile).ln())
    }
}

/// All repeats at one load. Each figure is its own median: at a rate that is kept, no repeat is the middle one in all.
#[derive(Debug)]
pub struct Point<'a>(pub Group<'a>);

/// The curves of all servers that were measured over offered load.
pub fn curves(results: &Results) -> Vec<Curve<'_>> {
    let mut trials = results.trials(Part::Sweep);
    // A closed loop offers no load of its own, and so comes first.
    trials.sort_by_key(|trial| trial.median().offered);
    let of = |target: &'_ String| {
        let own = trials.iter().filter(|trial| trial.median().target == *target);
        let mut points: Vec<_> = own.cloned().map(Point).collect();
        let is_curve = points.len() > 1 && points[0].0.median().offered.is_none();
        let closed = is_curve.then(|| points.remove(0))?;
        let (target, theory) = (closed.0.median().target.as_str(), closed.theory());
        Some(Curve { target, closed, points, theory })
    };
    results.config.targets.iter().filter_map(of).collect()
}

impl Point<'_> {
    /// The median of a figure, by the name that [`Sample::figure`] has for it.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.of(|sample| sample.figure(name))
    }

    /// The median of a figure.
    pub fn of(&self, figure: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let mut figures: Vec<_> = self.0.samples.iter().filter_map(|one| figure(one)).collect();
        median(&mut figures, f64::total_cmp)
    }

    /// Offered load in per cent; 0 in a closed loop.
    pub fn offered(&self) -> usize {
        self.0.median().offered.unwrap_or_default()
    }

    /// What the verdict names, or that there is nothing to name: the server keeps up, and no rule speaks.
    pub fn cause(&self) -> &str {
        let sample = self.0.median();
        let due = sample.noted("target_rps").map(|rate| rate * sample.load.seconds);
        let unsent = sample.noted("unsent").unwrap_or_default();
        let keeps_up = due.is_some_and(|due| unsent <= KEEPS_UP * due);
        if sample.cause() == "unknown" && keeps_up { "keeps up" } else { sample.cause() }
    }

    /// Kleinrock's power of this load: throughput ÷ mean response time.
    fn power(&self) -> f64 {
        let mean = self.figure("mean").filter(|mean| *mean > 0.0);
        mean.map_or(0.0, |mean| self.figure("rps").unwrap_or_default() / mean)
    }

    /// A queue for each core that the threads which serve can use.
    fn theory(&self) -> Option<Theory> {
        let service = self.figure("cpu")? / 1e6;
        let sample = self.0.median();
        let threads = sample.observed("threads")?.as_array()?.iter();
        let cpu: Vec<_> = threads.filter_map(|thread| thread.get("cpu")?.as_f64()).collect();
        let busiest = cpu.iter().copied().fold(0.0, f64::max);
        let serving = cpu.iter().filter(|cpu| **cpu > SERVES * busiest).count();
        let cores = sample.noted("cores")? as usize;
        (serving > 0).then(|| Theory { service, queues: serving.min(cores.max(1)) })
    }
}

impl Curve<'_> {
    /// The knee: the load with the most power (Kleinrock). Above it latency grows faster than throughput does; of M/M/1 it
    /// is half of the capacity.
    pub fn knee(&self) -> Option<&Point<'_>> {
        self.points.iter().max_by(|one, other| one.power().total_cmp(&other.power()))
    }

    /// Response time in µs that a share of `quantile` stays below at the load of `point`, in theory.
    pub fn predicted(&self, point: &Point<'_>, quantile: f64) -> Option<f64> {
        let rate = point.figure("evidence.target_rps")?;
        Some(self.theory?.percentile(rate, quantile)? * 1e6)
    }
}
