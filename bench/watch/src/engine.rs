//! The thread behind the screen: it keeps a server and its load running as the last [`Setup`] says, looks at them, and
//! sends a [`Frame`] ten times a second.

use crate::frame::{Frame, Sentence};
use crate::second::Seconds;
use crate::setup::Setup;
use crate::threads::Threads;
use anyhow::{Context, Result, anyhow};
use bench::evidence::machine::{self, Listening};
use bench::evidence::verdict::Verdict;
use bench::evidence::{Watch, process};
use bench::interrupt::Interrupt;
use bench::load::Load;
use bench::targets::{Connection, Running, Starter};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// The thread, seen from the screen. Dropping `setups` ends it, and with it the server and the load.
pub(crate) struct Engine {
    pub(crate) setups: Sender<Setup>,
    pub(crate) frames: Receiver<Frame>,
    thread: JoinHandle<Result<()>>,
}

impl Engine {
    /// Starts the server and the load.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(starter: Starter, setup: Setup) -> Result<Self> {
        let ((setups, orders), (tell, frames)) = (mpsc::channel(), mpsc::channel());
        // The kernel kills a server when the thread that started it ends: this one lives as long as the screen.
        let run = move || Scene::new(starter, setup, tell)?.run(&orders);
        let thread = thread::Builder::new().name("engine".to_owned()).spawn(run)?;
        Ok(Self { setups, frames, thread })
    }

    /// Whether it has ended by itself, by an error.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends the load and the server.
    ///
    /// # Errors
    /// What kept them from going on.
    pub(crate) fn finish(self) -> Result<()> {
        drop(self.setups);
        self.thread.join().map_err(|_| anyhow!("the thread that looks at the server panicked"))?
    }
}

/// A server, its load, and the samplers of both.
struct Scene {
    starter: Starter,
    setup: Setup,
    frames: Sender<Frame>,
    // Dropped in this order: the load before the server.
    load: Option<Load>,
    running: Running,
    watch: Watch,
    threads: Threads,
    seconds: Seconds,
    started: Instant,
    since: Instant,
    /// How many connections may wait to be accepted.
    limit: Option<u64>,
    frame: Frame,
}

impl Scene {
    fn new(starter: Starter, setup: Setup, frames: Sender<Frame>) -> Result<Self> {
        let running = starter.start(&setup.target, Connection::KeepAlive)?;
        let now = Instant::now();
        let watch = Watch::start(pids(&running)?, running.url()?.address, Listening::now());
        let (threads, seconds) = (Threads::default(), Seconds::new());
        let frame = Frame::default();
        let mut scene = Self {
            starter,
            setup,
            frames,
            load: None,
            running,
            watch,
            threads,
            seconds,
            started: now,
            since: now,
            limit: None,
            frame,
        };
        scene.begin()?;
        Ok(scene)
    }

    fn run(mut self, orders: &Receiver<Setup>) -> Result<()> {
        let mut next = Instant::now();
        loop {
            match orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
                // Of several keys that were pressed meanwhile, what they add up to.
                Ok(setup) => self.change(orders.try_iter().last().unwrap_or(setup))?,
                Err(RecvTimeoutError::Timeout) => {
                    // A frame that is late is not made up for.
                    next = (next + FRAME).max(Instant::now());
                    self.running.check()?;
                    if self.since.elapsed() >= SECOND {
                        self.second()?;
                    }
                    self.show();
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Another server, or the same under another load.
    fn change(&mut self, setup: Setup) -> Result<()> {
        self.load = None;
        if setup.target != self.setup.target {
            self.running = self.starter.start(&setup.target, Connection::KeepAlive)?;
        }
        self.setup = setup;
        self.begin()
    }

    /// Begins the load, and looks anew.
    fn begin(&mut self) -> Result<()> {
        self.frame.title = self.setup.title();
        let text = "a new load begins: its clients connect".to_owned();
        self.say(Sentence { text, ..Sentence::default() });
        self.show();
        let (listening, url) = (Listening::now(), self.running.url()?);
        let address = url.address;
        if self.setup.load {
            let load = Load::start(&self.setup.options(url))?;
            load.warm_up(&Interrupt::default())?;
            load.open();
            self.load = Some(load);
        }
        self.limit = machine::accept_queue(address).ok().flatten().map(|[_, limit]| limit);
        self.watch = Watch::start(pids(&self.running)?, address, listening);
        self.since = Instant::now();
        Ok(())
    }

    /// A second is over: its figures and its verdict.
    fn second(&mut self) -> Result<()> {
        let window = self.since.elapsed();
        self.since = Instant::now();
        let part = self.load.as_ref().map(|load| load.part(window));
        let evidence = self.watch.turn();
        self.threads.update(&evidence);
        let second = self.seconds.add(&self.setup, part.as_ref(), &evidence, &self.threads);
        let since = self.started.elapsed().as_secs();
        let Verdict { cause, sentence, doubts, .. } = second.verdict;
        let (cause, text) = (cause.short().to_owned(), sentence);
        (self.frame.clients, self.frame.figures) = (second.clients, second.figures);
        (self.frame.queues, self.frame.cores) = (second.queues, second.cores);
        self.frame.own = second.own;
        self.say(Sentence { since, cause, text, doubts });
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

    fn show(&mut self) {
        let latest = self.watch.latest();
        self.frame.at = self.started.elapsed().as_secs();
        self.frame.groups = self.threads.groups(&latest.threads);
        if let Some(queue) = self.frame.queues.first_mut() {
            queue.length = latest.queue.unwrap_or_default();
            queue.limit = self.limit;
        }
        // A screen that is gone has dropped the setups as well, which ends this.
        let _ = self.frames.send(self.frame.clone());
    }
}

/// The server's processes: the child, or for a URL those that listen there.
fn pids(running: &Running) -> Result<Vec<u32>> {
    match running.pid() {
        Some(pid) => Ok(vec![pid]),
        None => {
            process::listening_on(running.url()?.address).context("the server cannot be looked at")
        }
    }
}
