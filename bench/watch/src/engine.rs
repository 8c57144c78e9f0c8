//! What is behind the screen: a server and its load run as the last [`Setup`] says, and every tick looks at them and
//! brings the [`Frame`] up to date.

use crate::frame::{Frame, Sentence};
use crate::second::{self, Second};
use crate::setup::Setup;
use crate::threads::Threads;
use anyhow::{Context, Result, ensure};
use bench::evidence::machine::{self, Listening};
use bench::evidence::verdict::Verdict;
use bench::evidence::{Watch, process};
use bench::interrupt::Interrupt;
use bench::load::Load;
use bench::targets::server::Server;
use bench::targets::{Connection, StageFlags, Starter};
use std::time::{Duration, Instant};

/// From one tick to the next.
pub(crate) const FRAME: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// A server under a load, and what is known of them. The thread that starts it has to live as long: with the thread, the
/// kernel ends the server.
pub(crate) struct Engine {
    pub(crate) setup: Setup,
    pub(crate) frame: Frame,
    starter: Starter,
    started: Instant,
    threads: Threads,
    second: Second,
    live: Option<Live>,
}

/// What runs. Dropped in this order: the load before the server.
struct Live {
    load: Option<Load>,
    /// None: it ran before.
    server: Option<Server>,
    watch: Watch,
    /// How many connections may wait to be accepted.
    limit: Option<u64>,
}

impl Engine {
    /// The first tick starts the server and the load.
    pub(crate) fn new(starter: Starter, setup: Setup) -> Self {
        let (frame, started) = (Frame::default(), Instant::now());
        let (threads, second) = (Threads::default(), Second::begin());
        let mut engine = Self { setup, frame, starter, started, threads, second, live: None };
        engine.change(engine.setup.clone());
        engine
    }

    /// Ends the load and the server; the next tick starts others.
    pub(crate) fn change(&mut self, setup: Setup) {
        self.live = None;
        self.frame.title = setup.title();
        self.setup = setup;
        let text = "a new load begins: its clients connect".to_owned();
        self.say(Sentence { text, ..Sentence::default() });
    }

    /// Looks at the server.
    ///
    /// # Errors
    /// The server or the load could not be started, or has ended.
    pub(crate) fn tick(&mut self) -> Result<()> {
        let Some(mut live) = self.live.take() else { return self.begin() };
        live.server.as_mut().map_or(Ok(()), Server::check)?;
        if self.second.length() >= SECOND {
            self.end_second(&mut live)?;
        }
        self.frame.at = self.started.elapsed().as_secs();
        let latest = live.watch.latest();
        self.frame.groups = self.threads.groups(&latest.threads);
        if let Some(queue) = self.frame.queues.first_mut() {
            (queue.length, queue.limit) = (latest.queue.unwrap_or_default(), live.limit);
        }
        self.live = Some(live);
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        let (target, flags) = (&self.setup.target, StageFlags::default());
        let (server, url) = self.starter.start(target, Connection::KeepAlive, flags)?;
        let address = url.address;
        // Before any load: a server that cannot be looked at is left alone.
        let started = server.as_ref().map(Server::pid);
        let pids = process::serving(started, address).context("the server cannot be looked at")?;
        let listening = Listening::now(address);
        let options = self.setup.load.then(|| self.setup.options(url));
        let never = Interrupt::default();
        let load = options.map(|options| Load::start(&options, &never)).transpose()?;
        if let Some(load) = &load {
            load.warm_up(&never)?;
            load.open();
        }
        let limit = machine::accept_queue(address).ok().flatten().map(|[_, limit]| limit);
        let watch = Watch::start(pids, address, listening, FRAME);
        self.second = Second::begin();
        self.live = Some(Live { load, server, watch, limit });
        Ok(())
    }

    /// A second is over: its figures and its verdict.
    fn end_second(&mut self, Live { load, watch, .. }: &mut Live) -> Result<()> {
        let part = load.as_ref().map(|load| load.part(self.second.length()));
        let (part, evidence) = (part.as_ref(), watch.turn());
        ensure!(evidence.server.is_some(), "{}: the server has ended", self.setup.target.label());
        std::mem::replace(&mut self.second, Second::begin()).end(&mut self.frame);
        self.threads.update(&evidence);
        self.frame.clients = part.map(|part| [part.tally.served, self.setup.busy as u64]);
        second::figures(&mut self.frame.figures, part, &evidence);
        self.frame.queues = second::queues(&self.setup, part, &evidence, &self.threads);
        let Verdict { cause, sentence, doubts, .. } = second::judge(&self.setup, part, &evidence);
        let (since, cause) = (self.started.elapsed().as_secs(), cause.short().to_owned());
        self.say(Sentence { since, cause, text: sentence, doubts });
        Ok(())
    }

    /// The sentence of now. Where it names another cause than the last one that named any, that one stays to be seen.
    fn say(&mut self, mut sentence: Sentence) {
        let last = std::mem::take(&mut self.frame.now);
        if last.cause == sentence.cause {
            sentence.since = last.since;
        } else if !last.cause.is_empty() {
            self.frame.before = Some(last);
        }
        self.frame.now = sentence;
    }
}
