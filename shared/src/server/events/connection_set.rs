//! All connections of one event loop, and the steps of its tick.

mod closing;
mod reading;
mod writing;

use super::super::clock::Clock;
use super::super::connection::Connection;
use super::super::context::{ServerContext, ThreadContext, ThreadService};
use super::super::task::{BlockingTask, TaskResult};
use super::table::{Table, Token};
use crate::http::{Action, Protocol, StepCx};
use crate::sys::{Epoll, Interest, Socket};
use crate::telemetry::ThreadStats;
use crate::telemetry::trace::{InstantEvent, Span};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

/// The token of the loops' common call for places: no connection's.
pub(super) const PLACES: Token = Token::MAX - 16;

/// What is read from one socket in one tick; epoll tells of the rest again.
const MAX_READ: usize = 64 << 10;

/// Input of one tick that may pile up before it is processed: small, so that it stays in the core's cache.
const MAX_TICK_INPUT: usize = 2 * MAX_READ;

/// Output of one tick that may pile up before it is written.
const MAX_TICK_OUTPUT: usize = 1 << 20;

/// The write budget: bytes of long responses that are made and sent in one tick, all connections together. For so long
/// a small response may have to wait for them. A connection that finds none left continues in the next tick.
const WRITE_BUDGET: usize = 64 << 10;

/// So many bytes of a file take about as long as one that is made: the kernel sends them from where they
/// are, and no program touches them on the way.
const FILE_BYTES_PER_BYTE: usize = 16;

/// The connections of one loop. No two loops share any.
///
/// Invariants:
/// - Every connection is watched by epoll under its token, and counted in the [`ConnectionLimit`].
/// - `earliest` is not later than any connection's deadline, unless that comes before `next_look`: then no later than that.
/// - Between two ticks nothing is made and not written or kept with its connection.
/// - A connection stands in the write queue at most once.
///
/// [`ConnectionLimit`]: super::super::accept::ConnectionLimit
///
/// Stage 3 without its deadlines, its long responses, its blocking handlers and its end:
///
/// ```
/// # use shared::app::{App, demo};
/// # use shared::server::accept::ConnectionLimit;
/// # use shared::server::config::Args;
/// # use shared::server::context::ServerContext;
/// use shared::server::events::{Acceptor, ConnectionSet};
/// # use shared::server::shutdown::Drain;
/// use shared::sys::{Epoll, Events, Listener};
/// # use shared::telemetry::Telemetry;
/// # use std::io::{Read, Write};
/// # use std::rc::Rc;
/// # use std::sync::Arc;
/// # use std::time::Instant;
/// # fn main() -> anyhow::Result<()> {
/// # let (args, telemetry) = (Arc::<Args>::default(), Arc::new(Telemetry::counters_only()));
/// # let app = App::new(demo::router(), None, Arc::clone(telemetry.metrics()));
/// # let (connections, drain) = (ConnectionLimit::new(64)?, Drain::new(&args.drain)?);
/// # let context = ServerContext { args, app, connections, drain, telemetry };
/// const LISTENER: u64 = u64::MAX;
/// let (epoll, mut events) = (Rc::new(Epoll::new()?), Events::with_capacity(16));
/// let listener = Listener::bind("127.0.0.1:0".parse()?)?;
/// let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
/// client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
///
/// let mut acceptor = Acceptor::new(listener, &epoll, LISTENER, &context)?;
/// let mut connections = ConnectionSet::new(Rc::clone(&epoll), &context);
/// let mut was_accepted = false;
/// while !(was_accepted && connections.is_empty()) {
///     epoll.wait(&mut events, None)?;
///     let now = Instant::now();
///     connections.begin_tick(now);
///     for event in events.iter() {
///         if event.token == LISTENER {
///             acceptor.accept_batch(&mut connections, events.len(), now)?;
///             was_accepted = true;
///         } else {
///             connections.on_event(event);
///         }
///     }
///     connections.process_requests();
///     connections.flush();
///     connections.end_tick();
/// }
/// let mut response = String::new();
/// client.read_to_string(&mut response)?;
/// assert!(response.ends_with("Hello, World!"));
/// # Ok(())
/// # }
/// ```
pub struct ConnectionSet {
    epoll: Rc<Epoll>,
    thread: ThreadContext,
    table: Table<Connection>,
    /// How many there have been since memory was given back.
    most: usize,
    /// What was read in this tick, one behind the other, and from which connection: a connection with nothing
    /// unfinished needs no buffer of its own.
    input: Box<[u8]>,
    filled: usize,
    inputs: Vec<(Token, Range<usize>)>,
    /// The responses of this tick, one behind the other, and whose they are.
    output: Vec<u8>,
    responses: Vec<(Token, Range<usize>, Action)>,
    /// Blocking tasks that the loop has not taken yet.
    tasks: VecDeque<(Token, BlockingTask)>,
    /// Connections whose next requests are here already, and had to leave the loop to others.
    yielded: Vec<Token>,
    /// How many of them went on in this tick.
    pub(super) resumed: usize,
    /// Connections whose long responses go on when it is their turn again; their sockets would take more.
    write_queue: VecDeque<Token>,
    /// What is left of [`WRITE_BUDGET`] in this tick.
    write_budget: usize,
    /// When to look for clients that are late: none is before this, unless the last look was just before.
    earliest: Option<Instant>,
    /// When to look again for clients that are late.
    next_look: Instant,
    /// The number of the loop, for the limit of connections.
    number: usize,
}

impl ConnectionSet {
    /// No connections yet.
    pub fn new(epoll: Rc<Epoll>, context: &ServerContext) -> Self {
        let mut thread = ThreadContext::new(context);
        thread.stats.begin(Span::Wait);
        let now = thread.clock.now();
        let number = context.connections.add_loop(now);
        Self {
            epoll,
            thread,
            table: Table::new(),
            most: 0,
            input: vec![0; MAX_TICK_INPUT].into_boxed_slice(),
            filled: 0,
            inputs: Vec::new(),
            output: Vec::new(),
            responses: Vec::new(),
            tasks: VecDeque::new(),
            yielded: Vec::new(),
            resumed: 0,
            write_queue: VecDeque::new(),
            write_budget: WRITE_BUDGET,
            earliest: None,
            next_look: now,
            number,
        }
    }

    /// The same with a clock of the caller's own.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.thread.clock = clock;
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The statistics of the loop's thread, for what the stage itself does that takes time.
    pub fn stats(&mut self) -> &mut ThreadStats {
        &mut self.thread.stats
    }

    /// A tick begins: the loop has woken up at `now`.
    #[inline]
    pub fn begin_tick(&mut self, now: Instant) {
        self.thread.stats.end(Span::Wait);
        self.thread.begin_tick(now);
        self.write_budget = WRITE_BUDGET;
        self.resumed = self.yielded.len();
    }

    /// A tick ends: the loop goes to sleep. Tells what time it is by now.
    #[inline]
    pub fn end_tick(&mut self) -> Instant {
        self.thread.record_latencies();
        self.thread.stats.begin(Span::Wait);
        self.thread.clock.now()
    }

    /// Takes in a new connection, for which a place under the limit was acquired.
    pub fn insert(&mut self, socket: Socket) {
        self.thread.stats.counters.accepted.add(1);
        let connection = Connection::new(socket, &self.thread);
        self.note_deadline(connection.deadline_in(&self.thread.server));
        let token = self.table.insert(connection);
        self.most = self.most.max(self.len());
        self.thread.stats.set_current(token);
        self.thread.stats.instant(InstantEvent::Accepted);
        let Some(connection) = self.table.get_mut(token) else {
            return;
        };
        if self.epoll.add(&connection.socket, Interest::READ, token).is_err() {
            self.remove(token);
        }
    }

    /// A blocking task, for a client that is still there: run it wherever seems best, and
    /// [`ConnectionSet::complete`] it. One in a tick, where the loop itself runs it.
    #[inline]
    pub fn take_task(&mut self) -> Option<(u64, BlockingTask)> {
        if self.tasks.is_empty() {
            None
        } else {
            BlockingTask::take_next(&mut self.tasks, |(_, task)| task)
        }
    }

    /// All of them, to be run elsewhere. What their clients ask for next is for another tick: where tasks are declined at
    /// once, a client that pipelines would keep all others out.
    #[inline]
    pub fn take_tasks(&mut self) -> VecDeque<(u64, BlockingTask)> {
        std::mem::take(&mut self.tasks)
    }

    /// A task is done. The connection that it was for may be gone.
    pub fn complete(&mut self, token: u64, result: TaskResult) {
        self.act(token, |protocol, cx| result.complete(protocol, cx));
    }

    /// A handler has held the loop up: what it delayed is written down, and the clock is looked at before any client is
    /// said to be late.
    pub fn resume_tick(&mut self) {
        self.thread.record_latencies();
        self.thread.resume_tick();
    }

    /// Lets a connection do one thing, its output appended to that of the tick.
    #[inline]
    fn step(
        &mut self,
        token: Token,
        does: impl FnOnce(&mut Protocol, &[u8], &mut StepCx<'_, ThreadService<'_>>) -> Action,
    ) -> Option<Action> {
        let connection = self.table.get_mut(token)?;
        self.thread.stats.set_peer(connection.peer());
        let mut cx = self.thread.step(&mut self.output);
        cx.pending = connection.pending();
        Some(does(&mut connection.protocol, &self.input, &mut cx))
    }

    /// Lets a connection do one thing, and writes what comes of it at once.
    #[inline(never)]
    fn act(
        &mut self,
        token: Token,
        does: impl FnOnce(&mut Protocol, &mut StepCx<'_, ThreadService<'_>>) -> Action,
    ) {
        let start = self.output.len();
        if let Some(action) = self.step(token, |protocol, _, cx| does(protocol, cx)) {
            self.perform(token, start..self.output.len(), action);
        }
        self.output.truncate(start);
    }
}

/// The loop has ended: it waits no more.
impl Drop for ConnectionSet {
    fn drop(&mut self) {
        self.thread.stats.end(Span::Wait);
    }
}
