//! A server for random requests: quick routes of each kind, and a client that reads everything.

use crate::common;
use crate::response::{self, ParsedResponse};
use shared::app::router::{Request, Router};
use shared::http::limits::MAX_OUTPUT;
use shared::http::{Action, Limits, Protocol, Response, StepCx, Stream};
use shared::server::context::{ThreadContext, ThreadService};
use std::cell::RefCell;
use std::time::Duration;

struct Lines(u8);

impl Stream for Lines {
    fn produce(&mut self, out: &mut Vec<u8>, _: usize) -> bool {
        out.extend_from_slice(b"line\n");
        self.0 -= 1;
        self.0 > 0
    }
}

fn router() -> Router {
    let hello = |_: &Request<'_>| Response::text("hello");
    Router::new()
        .get("/", hello)
        .get("/hello/{name}", hello)
        .post("/echo", |request| Response::bytes(request.body.to_vec()))
        .get_blocking("/slow", hello)
        .get("/later", |_| Response::text("hello").after(Duration::from_secs(9)))
        .get("/stream", |_| Response::stream(Lines(3)))
}

pub(crate) struct Server(RefCell<ThreadContext>);

impl Server {
    pub(crate) fn new(limits: Limits) -> Self {
        Self(RefCell::new(common::thread(router(), limits)))
    }

    /// Sends `input`, cut at `cuts`, then ends it, and returns all responses. Those at the places
    /// `heads` have no body.
    pub(crate) fn responses(
        &self,
        input: &[u8],
        cuts: &[usize],
        heads: &[usize],
    ) -> Vec<ParsedResponse> {
        let thread = &mut *self.0.borrow_mut();
        let mut protocol = Protocol::new(&thread.server.args.limits, thread.clock.now());
        let (mut all, mut from) = (Vec::new(), 0);
        for &to in cuts {
            let piece = &input[from..to];
            if !run(thread, &mut protocol, &mut all, |protocol, cx| protocol.receive(piece, cx)) {
                return response::read(&all, heads);
            }
            from = to;
        }
        run(thread, &mut protocol, &mut all, |protocol, cx| protocol.end_of_input(cx));
        response::read(&all, heads)
    }
}

/// Steps until the connection waits; `false` if it is closed.
fn run(
    thread: &mut ThreadContext,
    protocol: &mut Protocol,
    all: &mut Vec<u8>,
    first: impl FnOnce(&mut Protocol, &mut StepCx<'_, ThreadService<'_>>) -> Action,
) -> bool {
    let mut out = Vec::new();
    let now = thread.clock.now();
    thread.begin_tick(now);
    let mut action = first(protocol, &mut step(thread, &mut out));
    loop {
        assert!(out.len() <= MAX_OUTPUT + (80 << 10), "{} bytes of output", out.len());
        all.append(&mut out);
        action = match action {
            Action::Read => return true,
            Action::Wait => protocol.on_deadline(&mut step(thread, &mut out)),
            Action::Write | Action::Yield => protocol.resume(&mut step(thread, &mut out)),
            Action::Run => {
                let request = protocol.take_blocking().unwrap();
                let result = thread.respond_task(request).run(&mut thread.stats);
                result.complete(protocol, &mut step(thread, &mut out))
            }
            Action::Close => return false,
            Action::Linger => {
                protocol.linger(&thread.server.args.limits, now, None);
                Action::Read
            }
        };
    }
}

/// No time for a second request: each of a pipeline waits for its turn.
fn step<'a>(thread: &'a mut ThreadContext, out: &'a mut Vec<u8>) -> StepCx<'a, ThreadService<'a>> {
    StepCx { time_slice: Duration::ZERO, ..thread.step(out) }
}
