//! A server for random requests: quick routes of each kind, and a client that reads everything.

use crate::answer::{self, Answer};
use shared::clock::Clock;
use shared::http::{Connection, Next, Request, Response, Stream, Turn};
use shared::limits::{Limits, MAX_OUTPUT};
use shared::meter::Meter;
use shared::router::Router;
use shared::service::Service;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

pub(crate) struct Server {
    service: Arc<Service>,
    now: Instant,
    meter: RefCell<Meter>,
}

impl Server {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let service = Service::new(router(), limits, None);
        let meter = RefCell::new(Meter::new(&service.metrics));
        Self { service, now, meter }
    }

    /// Sends `input`, cut at `cuts`, then ends it, and returns all answers. Those at the places
    /// `heads` have no body.
    pub(crate) fn answers(&self, input: &[u8], cuts: &[usize], heads: &[usize]) -> Vec<Answer> {
        let mut connection = Connection::new(&self.service, self.now);
        let (mut all, mut from) = (Vec::new(), 0);
        for &to in cuts {
            let piece = &input[from..to];
            let open = self
                .run(&mut connection, &mut all, |connection, turn| connection.receive(piece, turn));
            if !open {
                return answer::read(&all, heads);
            }
            from = to;
        }
        self.run(&mut connection, &mut all, Connection::end_of_input);
        answer::read(&all, heads)
    }

    /// Steps until the connection waits; `false` if it is closed.
    fn run(
        &self,
        connection: &mut Connection,
        all: &mut Vec<u8>,
        first: impl FnOnce(&mut Connection, &mut Turn<'_>) -> Next,
    ) -> bool {
        let (mut out, mut meter) = (Vec::new(), self.meter.borrow_mut());
        let (clock, meter) = (&mut Clock::stopped(self.now), &mut *meter);
        let mut next = first(connection, &mut self.turn(clock, &mut out, meter));
        loop {
            assert!(out.len() <= MAX_OUTPUT + (80 << 10), "{} bytes of output", out.len());
            all.append(&mut out);
            next = match next {
                Next::Read => return true,
                Next::Wait => connection.expire(&mut self.turn(clock, &mut out, meter)),
                Next::Write | Next::Yield => {
                    connection.resume(&mut self.turn(clock, &mut out, meter))
                }
                Next::Run(job) => {
                    let response = job.run(meter);
                    connection.complete(response, &mut self.turn(clock, &mut out, meter))
                }
                Next::Close => return false,
                Next::Linger => {
                    connection.linger(self.now, None);
                    Next::Read
                }
            };
        }
    }

    fn turn<'a>(
        &'a self,
        clock: &'a mut Clock,
        out: &'a mut Vec<u8>,
        meter: &'a mut Meter,
    ) -> Turn<'a> {
        let (service, since) = (&self.service, clock.now());
        let (keep_alive, has_backlog, draining, pending) = (true, false, false, 0);
        // No time for a second request: each of a pipeline waits for its turn.
        let slice = Duration::ZERO;
        Turn {
            service,
            clock,
            since,
            slice,
            keep_alive,
            has_backlog,
            draining,
            out,
            pending,
            meter,
        }
    }
}
