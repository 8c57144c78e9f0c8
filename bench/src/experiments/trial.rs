//! One trial: a fresh server, a load on it, and what both have used.

use super::plan::{Plan, Trial};
use crate::evidence::machine::Listening;
use crate::evidence::sampler::PERIOD;
use crate::evidence::verdict::{Ceiling, Seen, Verdict, verdict};
use crate::evidence::{Evidence, Watch, process};
use crate::interrupt::Interrupt;
use crate::load::{Arrivals, Expect, Load, Options, Outcome, Second};
use crate::numbers::median;
use crate::targets::server::Server;
use crate::targets::{Connection, StageFlags, Starter, Target};
use anyhow::Result;
use std::time::Duration;

/// How long the first responses are waited for. Clients that a server leaves waiting would use up any bound.
const WARM_UP: Duration = Duration::from_millis(300);
/// How much longer for each silent client beyond [`MANY`]: they too connect and have a response before the window opens.
const EACH: Duration = Duration::from_micros(500);
const MANY: usize = 1000;

/// What a user takes to connect, at most: only then it begins to think, and asks when it has thought.
const CONNECT: Duration = Duration::from_micros(100);

/// A trial that was made.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// What was to be measured.
    pub trial: Trial,
    /// What the clients saw.
    pub outcome: Outcome,
    /// What the kernel said about the server meanwhile.
    pub evidence: Evidence,
    /// How often its level had been measured before, and was disturbed.
    pub repeated: usize,
    /// Whether the level was disturbed this time too.
    pub doubtful: bool,
}

impl Measurement {
    /// CPU of the server per correct response, where its processes can be seen.
    pub fn server_cpu(&self) -> Option<Duration> {
        self.evidence.cpu_per(self.outcome.tally.requests)
    }

    /// Whether what has nothing to do with server or client took CPU time from them.
    pub fn is_disturbed(&self) -> bool {
        !self.verdict(None).disturbed_by.is_empty()
    }

    /// What the clients saw, in short.
    pub fn seen(&self) -> Seen {
        let Trial { connections, workload, .. } = self.trial;
        seen(&self.outcome, connections, workload.idle)
    }

    /// Its bottleneck. `ceiling`: what the generator reached against the null server.
    pub fn verdict(&self, ceiling: Option<Ceiling>) -> Verdict {
        verdict(&self.seen(), &self.evidence, ceiling)
    }
}

impl Trial {
    /// Starts the server, measures it, and kills it: a drain would only wait for clients that are gone.
    ///
    /// # Errors
    /// When the server cannot be started, dies, or takes no connection.
    pub fn measure(
        self,
        plan: &Plan,
        starter: &Starter,
        interrupt: &Interrupt,
    ) -> Result<Measurement> {
        let target = &plan.targets[self.target];
        let (mut server, mut options) = self.start(target, starter, plan.duration)?;
        (options.threads, options.rate) = (plan.threads, plan.rate_of(self));
        if self.offered.is_some() {
            options.arrivals = Arrivals::Poisson;
        }
        self.observe(server.as_mut(), &options, interrupt)
    }

    /// Puts this trial's load on a server, for the first time.
    ///
    /// # Errors
    /// When the server dies, or takes no connection.
    pub fn observe(
        self,
        server: Option<&mut Server>,
        options: &Options,
        interrupt: &Interrupt,
    ) -> Result<Measurement> {
        let observed = observe(server.as_deref(), options, interrupt);
        // Why a server died says more than what its clients saw of that.
        server.map_or(Ok(()), Server::check)?;
        let (outcome, evidence) = observed?;
        Ok(Measurement { trial: self, outcome, evidence, repeated: 0, doubtful: false })
    }

    /// Starts a server, and says what load this trial puts on it for so long.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        self,
        target: &Target,
        starter: &Starter,
        duration: Duration,
    ) -> Result<(Option<Server>, Options)> {
        let flags = StageFlags { keep_alive: self.keep_alive, threads: self.threads };
        let (server, url) = starter.start(target, self.connection, flags)?;
        let mut options = Options::get(url, self.connections, duration);
        options.warm_up = WARM_UP + EACH * self.workload.idle.saturating_sub(MANY) as u32;
        options.close = self.connection == Connection::Close;
        options.expect = target.expect();
        options.silent = self.workload.idle;
        if let Some(path) = self.workload.kind.path() {
            path.clone_into(&mut options.url.target);
            // `/work` tells how far it counted, which differs.
            options.expect = Expect::Any;
        }
        if let Some(think) = self.workload.kind.think() {
            options.think = Some(think);
            options.warm_up += think.mean * 3 / 2 + CONNECT * self.connections as u32;
            options.whole_warm_up = true;
        }
        Ok((server, options))
    }
}

/// The measurement with the median of requests per second: of those that nothing disturbed, where there are any.
pub fn typical<'a>(all: impl Iterator<Item = &'a Measurement>) -> Option<&'a Measurement> {
    let (mut calm, mut disturbed): (Vec<_>, Vec<_>) = all.partition(|one| !one.doubtful);
    let rows = if calm.is_empty() { &mut disturbed } else { &mut calm };
    median(rows, |a, b| a.outcome.rps().total_cmp(&b.outcome.rps()))
}

/// What `open` clients saw, beside `silent` ones, as the rules look at it.
pub fn seen(outcome: &Outcome, open: usize, silent: usize) -> Seen {
    let tally = &outcome.tally;
    let seconds = outcome.window.as_secs_f64().max(f64::MIN_POSITIVE);
    let cores = |cpu: Duration| cpu.as_secs_f64() / seconds;
    let errors = tally.errors.by_name().map(|(name, count)| (name.to_owned(), count)).into_iter();
    Seen {
        open: open as u64,
        connected: tally.opened,
        served: tally.served,
        silent: silent as u64,
        requests: tally.requests,
        rps: outcome.rps(),
        mean: tally.mean().as_secs_f64(),
        first_byte: Some(tally.first_byte.mean() / 1e9),
        p50: tally.percentile(0.5),
        p99: tally.percentile(0.99),
        errors: errors.filter(|(_, count)| *count > 0).collect(),
        in_flight: tally.unanswered.count,
        think: outcome.think.map(|think| think.as_secs_f64()),
        rate: outcome.rate,
        generator_lag: tally.pacing.generator_lag().as_secs_f64(),
        unsent: tally.pacing.unsent,
        client_cores: cores(tally.cpu.iter().sum()),
        client_busiest: cores(tally.cpu.iter().max().copied().unwrap_or_default()),
        slowest_tenth: tally.slowest_tenth(),
    }
}

/// Puts a load on a server, and looks at it meanwhile: at `server`, or at what else listens at the URL's address.
///
/// # Errors
/// When no connection comes about, or the generator's threads cannot be started.
pub fn observe(
    server: Option<&Server>,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<(Outcome, Evidence)> {
    let started = server.map(Server::pid);
    let find = || process::serving(started, options.url.address).unwrap_or_default();
    watch(find, options, interrupt, &mut |_, _| {})
}

/// The same for a server whose processes `find` finds, after the warm-up: it may have been started just before. Of none, the
/// machine alone is looked at. `tell` is as in [`Load::measure_and_tell`].
///
/// # Errors
/// As [`observe`].
pub fn watch(
    find: impl FnOnce() -> Vec<u32>,
    options: &Options,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(Duration, Second),
) -> Result<(Outcome, Evidence)> {
    let listening = Listening::now(options.url.address);
    let load = Load::start(options, interrupt)?;
    load.warm_up(interrupt)?;
    let pids = find();
    load.open();
    let mut watch = Watch::start(pids, options.url.address, listening, PERIOD);
    load.measure_and_tell(interrupt, tell);
    // The generator's connections are still open: what the server does when they end is no part of the window.
    let evidence = watch.turn();
    Ok((load.finish(interrupt)?, evidence))
}

/// Puts a load on a server and names its bottleneck. Other programs change what that is, and not always so
/// that it shows, and they may keep the looks at the server from being taken: while the verdict is not as
/// expected, it tries again, `tries` times in all.
///
/// # Errors
/// As [`observe`].
pub fn judge(
    server: Option<&Server>,
    options: &Options,
    mut tries: usize,
    is_expected: impl Fn(&Verdict) -> bool,
) -> Result<Verdict> {
    let interrupt = Interrupt::default();
    loop {
        let (outcome, evidence) = observe(server, options, &interrupt)?;
        let seen = seen(&outcome, options.connections, options.silent + options.slow);
        let verdict = verdict(&seen, &evidence, None);
        tries = tries.saturating_sub(1);
        if tries == 0 || is_expected(&verdict) {
            return Ok(verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Url;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread;

    #[test]
    fn a_server_is_looked_for_when_it_has_responded() {
        static RESPONDED: AtomicBool = AtomicBool::new(false);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
                RESPONDED.store(true, Relaxed);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let mut options = Options::get(url, 1, Duration::from_millis(100));
        options.warm_up = Duration::from_secs(10);
        let find = || {
            assert!(RESPONDED.load(Relaxed), "looked for before it was there");
            Vec::new()
        };
        watch(find, &options, &Interrupt::default(), &mut |_, _| {}).unwrap();
    }
}
