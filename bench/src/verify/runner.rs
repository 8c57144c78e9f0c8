//! Runs the cases: a bounded number at once, those that need the server to themselves last and one by one.

use super::case::{Case, Step};
use super::cases;
use super::every_response::RULES;
use super::judge::judge;
use super::options::{Options, matches};
use super::peer::{Peer, Problem};
use super::play::{Exchange, Way, play};
use super::report::{Outcome, Report, Verdict};
use super::template::missing;
use crate::wire::Ending;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Runs the suite against the server at `address`.
pub fn run(address: SocketAddr, options: &Options) -> Report {
    run_and_tell(address, options, &|_, _| {})
}

/// The same; after each case `tell` is told how many are done, and of how many.
pub(super) fn run_and_tell(
    address: SocketAddr,
    options: &Options,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Report {
    let start = Instant::now();
    let peer = Peer { address, options };
    let run = Run::default();
    let mut plan: Vec<_> = cases::all(options)
        .into_iter()
        .filter(|case| matches(&options.only, &case.id))
        .enumerate()
        .collect();
    // Cases that wait for a time-out first: the others pass the time.
    plan.sort_by_key(|(_, case)| (case.alone, !case.needs.contains(&"--slow")));
    let all = plan.len();
    let tell = |done| tell(done, all);
    let alone = plan.split_off(plan.iter().take_while(|(_, case)| !case.alone).count());
    run.all(plan, &peer, options.jobs, &tell);
    run.all(alone, &peer, 1, &tell);
    run.report(start)
}

#[derive(Default)]
struct Run {
    outcomes: Mutex<Vec<(usize, Outcome)>>,
    /// The first breach of each rule for every response.
    breaches: Mutex<[Option<Problem>; RULES.len()]>,
}

impl Run {
    fn all(
        &self,
        plan: Vec<(usize, Case)>,
        peer: &Peer,
        jobs: usize,
        tell: &(dyn Fn(usize) + Sync),
    ) {
        let queue = Mutex::new(VecDeque::from(plan));
        let take = || locked(&queue).pop_front();
        thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    while let Some((index, case)) = take() {
                        let verdict = self.verdict(&case, peer);
                        let mut outcomes = locked(&self.outcomes);
                        outcomes.push((index, Outcome { case, verdict }));
                        tell(outcomes.len());
                    }
                });
            }
        });
    }

    fn verdict(&self, case: &Case, peer: &Peer) -> Verdict {
        if let Some(why) = lacks(case, peer.options) {
            return Verdict::Skipped(why);
        }
        let result = match case.scenario {
            Some(scenario) => scenario(peer),
            None => Way::of(case).iter().try_for_each(|way| self.attempt(case, *way, peer)),
        };
        match result {
            Ok(()) => Verdict::Passed,
            Err(problem) => Verdict::Failed(problem),
        }
    }

    fn attempt(&self, case: &Case, way: Way, peer: &Peer) -> Result<(), Problem> {
        let exchange = play_in_time(case, way, peer)?;
        self.note_breaches(case, &exchange);
        let wrong = judge(case, &exchange);
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Problem { way: way.name(), ..Problem::on(&exchange.wire, wrong.join("; ")) })
    }

    fn note_breaches(&self, case: &Case, exchange: &Exchange) {
        for (slot, rule) in locked(&self.breaches).iter_mut().zip(RULES) {
            if slot.is_none() {
                *slot = rule.broken(case, exchange).map(|text| Problem::on(&exchange.wire, text));
            }
        }
    }

    fn report(self, start: Instant) -> Report {
        let mut outcomes = self.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcomes.sort_by_key(|(index, _)| *index);
        let mut outcomes: Vec<_> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        let breaches = self.breaches.into_inner().unwrap_or_else(PoisonError::into_inner);
        let judged = outcomes.iter().any(|outcome| !matches!(outcome.verdict, Verdict::Skipped(_)));
        for (rule, breach) in RULES.iter().zip(breaches) {
            let verdict = match breach {
                _ if !judged => Verdict::Skipped("needs responses to judge".into()),
                Some(problem) => Verdict::Failed(problem),
                None => Verdict::Passed,
            };
            outcomes.push(Outcome { case: rule.case(), verdict });
        }
        Report { outcomes, took: start.elapsed() }
    }
}

/// Why the case cannot run here: what its steps or itself need, and the server lacks.
fn lacks(case: &Case, options: &Options) -> Option<String> {
    let sent = case.steps.iter().filter_map(|step| match step {
        Step::Send(bytes) | Step::Drip(bytes, _) => Some(&bytes[..]),
        _ => None,
    });
    let mut needed = sent.chain(case.needs.iter().map(|need| need.as_bytes()));
    let route = needed.find_map(|bytes| missing(bytes, options));
    let flags = [
        ("--slow", options.slow),
        ("--concurrent", options.concurrent > 1),
        ("--requests-limit", options.requests_limit > 0),
        ("--connections-limit", options.connections_limit > 0),
    ];
    let flag = flags.into_iter().find(|(flag, is_set)| !is_set && case.needs.contains(flag));
    let route = route.map(|name| name.replace('{', "--").replace('}', " PATH"));
    let what = route.or(flag.map(|(flag, _)| flag.to_owned()));
    what.map(|what| format!("needs {what}"))
}

/// Plays a case, again if the machine was too busy for the play to show anything: a server reads on for a while
/// after its last response, and not for ever: a client that needed longer itself may be reset.
fn play_in_time(case: &Case, way: Way, peer: &Peer) -> Result<Exchange, Problem> {
    const SLOW: Duration = Duration::from_secs(1);
    for _ in 0..3 {
        let exchange = play(case, way, peer)?;
        if exchange.wire.ending != Ending::Reset || exchange.took < SLOW {
            return Ok(exchange);
        }
    }
    play(case, way, peer)
}

/// A thread that panicked has lost its own case; the others' results still stand.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
