//! What the engines are lent: the context that all threads of a server share, and each thread's own.

use super::accept::ConnectionLimit;
use super::clock::Clock;
use super::config::{Args, KeepAlive};
use super::deadlines::TIME_SLICE;
use super::shutdown::Drain;
use super::task::BlockingTask;
use crate::app::{App, Resource};
use crate::http::{
    BlocksOn, DateLine, OwnedRequest, Request, RequestHead, Response, ResponseSummary, Service,
    StepCx,
};
use crate::telemetry::trace::{InstantEvent, Span};
use crate::telemetry::{Telemetry, ThreadStats};
use std::sync::Arc;
use std::time::Instant;

/// What all threads of a server have in common. What changes in it, such as the number of connections, is atomic or has a
/// lock of its own.
#[derive(Clone)]
pub struct ServerContext {
    /// What the server was told on its command line.
    pub args: Arc<Args>,
    /// The application.
    pub app: Arc<App>,
    /// How many connections there may be.
    pub connections: Arc<ConnectionLimit>,
    /// Whether the server is about to end.
    pub drain: Arc<Drain>,
    /// Where each thread gets its statistics from.
    pub telemetry: Arc<Telemetry>,
}

/// What one thread that serves has for itself, beside what all share.
pub struct ThreadContext {
    /// What all share.
    pub server: ServerContext,
    /// The thread's clock: one look at it for all that happens at once.
    pub clock: Clock,
    /// The thread's statistics.
    pub stats: ThreadStats,
}

impl ThreadContext {
    /// A context for the calling thread.
    pub fn new(server: &ServerContext) -> Self {
        let stats = server.telemetry.thread_stats();
        Self { server: server.clone(), clock: Clock::default(), stats }
    }

    /// The thread has woken up at `now`: responses to what it reads take from then on.
    #[inline]
    pub fn begin_tick(&mut self, now: Instant) {
        self.clock.set(now);
        self.stats.since = now;
    }

    /// The thread goes on after something that has taken time: looks at the clock again, before any client is said to
    /// be late.
    pub fn resume_tick(&mut self) {
        self.stats.since = self.clock.read();
    }

    /// The responses to what the thread woke up for are written: how long they took.
    #[inline]
    pub fn record_latencies(&mut self) {
        self.stats.record_latencies(|| self.clock.read());
    }

    /// What a connection is lent for one step, whose output is appended to `out`.
    #[inline]
    pub fn step<'a>(&'a mut self, out: &'a mut Vec<u8>) -> StepCx<'a, ThreadService<'a>> {
        let Self { server, clock, stats } = self;
        StepCx {
            since: stats.since,
            service: ThreadService { app: &server.app, clock, stats },
            limits: &server.args.limits,
            time_slice: TIME_SLICE,
            keep_alive: server.args.keep_alive != KeepAlive::Never,
            has_backlog: false,
            draining: server.drain.has_begun(),
            out,
            pending: 0,
        }
    }

    /// The task of responding to a request of the connection that the thread serves now.
    pub fn respond_task(&self, request: Box<OwnedRequest>) -> BlockingTask {
        BlockingTask::respond(&self.server.app, request, self.stats.current())
    }

    /// What [`ThreadContext::step`] lends, without a step: to note the end of a response.
    pub fn service(&mut self) -> ThreadService<'_> {
        ThreadService { app: &self.server.app, clock: &mut self.clock, stats: &mut self.stats }
    }
}

/// The application, the clock and the statistics, as the protocol sees them.
pub struct ThreadService<'a> {
    app: &'a App,
    clock: &'a mut Clock,
    stats: &'a mut ThreadStats,
}

impl Service for ThreadService<'_> {
    type Resource<'r>
        = Resource<'r>
    where
        Self: 'r;

    #[inline(always)]
    fn find<'r>(&self, head: RequestHead<'r>, is_whole: bool) -> Result<Resource<'r>, Response>
    where
        Self: 'r,
    {
        self.app.find(head, is_whole.then(|| self.clock.now()))
    }

    #[inline]
    fn blocks_on(resource: &Resource<'_>) -> Option<BlocksOn> {
        resource.blocks_on()
    }

    #[inline(always)]
    fn respond(&mut self, resource: Resource<'_>, request: &Request<'_>) -> Response {
        self.stats.begin(Span::Handler);
        let response = self.app.respond(resource, request);
        self.stats.end(Span::Handler);
        self.clock.catch_up();
        response
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn date_line(&self) -> &DateLine {
        self.clock.date()
    }

    fn on_head(&mut self) {
        self.stats.instant(InstantEvent::Parsed);
    }

    fn on_long_response(&mut self, summary: &ResponseSummary) -> u64 {
        self.stats.on_long_response(summary)
    }

    #[inline(always)]
    fn on_response(&mut self, summary: &ResponseSummary) {
        self.stats.on_response(summary, self.clock.now(), self.clock.date());
    }

    fn keeps_request_line(&self) -> bool {
        self.stats.is_logging()
    }
}
