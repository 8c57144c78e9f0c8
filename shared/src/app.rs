//! The demo application: the routes that all four stages serve.

use crate::http::{Request, Response, Status, Stream};
use crate::router::Router;
use crate::sys::process;
use std::time::Duration;

const MAX_WORK: u64 = 1_000_000;
const MAX_SLEEP: u64 = 60_000;
const MAX_COUNT: u64 = 100_000_000;

/// All routes.
pub fn router() -> Router {
    Router::new()
        .get("/", hello)
        .get("/hello/{name}", greet)
        .post("/echo", echo)
        .get("/work/{micros}", work)
        .get_blocking("/sleep/{millis}", sleep)
        .get("/delay/{millis}", delay)
        .get("/count/{n}", count)
        .get("/healthz", health)
        .get_blocking("/metrics", metrics)
        .get("/panic", fail)
}

/// The ladder's workload: 13 bytes.
fn hello(_: &Request<'_>) -> Response {
    Response::text("Hello, World!")
}

fn greet(request: &Request<'_>) -> Response {
    Response::text(format!("Hello, {}!", String::from_utf8_lossy(request.parameter("name"))))
}

fn echo(request: &Request<'_>) -> Response {
    Response::bytes(request.body.to_vec())
}

/// Computes for so many microseconds of CPU time: a handler that needs its core, and longer if it has to share it.
fn work(request: &Request<'_>) -> Response {
    let Some(micros) = request.number("micros").filter(|micros| *micros <= MAX_WORK) else {
        return Response::new(
            Status::BAD_REQUEST,
            format!("400: /work/N takes 0 to {MAX_WORK} microseconds\n"),
        );
    };
    let (start, time) = (thread_cpu_time(), Duration::from_micros(micros));
    let mut rounds = 0_u64;
    while thread_cpu_time().saturating_sub(start) < time {
        rounds += 1;
    }
    Response::text(format!("{rounds} rounds in {micros} microseconds\n"))
}

/// The time that this thread has computed; time that it waited for a core does not count.
fn thread_cpu_time() -> Duration {
    process::thread_cpu_time().unwrap_or(Duration::MAX)
}

/// Sleeps for so many milliseconds: a handler that waits for a slow backend.
fn sleep(request: &Request<'_>) -> Response {
    let Some(millis) = request.number("millis").filter(|millis| *millis <= MAX_SLEEP) else {
        return Response::new(
            Status::BAD_REQUEST,
            format!("400: /sleep/N takes 0 to {MAX_SLEEP} milliseconds\n"),
        );
    };
    std::thread::sleep(Duration::from_millis(millis));
    Response::text(format!("slept {millis} milliseconds\n"))
}

/// The same wait without a thread that sleeps: the connection has a deadline, as it has for so much else.
fn delay(request: &Request<'_>) -> Response {
    let Some(millis) = request.number("millis").filter(|millis| *millis <= MAX_SLEEP) else {
        return Response::new(
            Status::BAD_REQUEST,
            format!("400: /delay/N takes 0 to {MAX_SLEEP} milliseconds\n"),
        );
    };
    Response::text(format!("{millis} milliseconds later\n")).after(Duration::from_millis(millis))
}

/// So many numbered lines, each made when the client has taken those before it.
fn count(request: &Request<'_>) -> Response {
    match request.number("n").filter(|lines| *lines <= MAX_COUNT) {
        Some(lines) => Response::stream(Count { line: b"1\n".to_vec(), left: lines }),
        None => Response::new(
            Status::BAD_REQUEST,
            format!("400: /count/N takes 0 to {MAX_COUNT} lines\n"),
        ),
    }
}

struct Count {
    /// The next line, ready to be copied.
    line: Vec<u8>,
    left: u64,
}

impl Stream for Count {
    fn produce(&mut self, out: &mut Vec<u8>, room: usize) -> bool {
        let full = out.len() + room;
        while self.left > 0 && out.len() < full {
            out.extend_from_slice(&self.line);
            increment(&mut self.line);
            self.left -= 1;
        }
        self.left > 0
    }
}

/// Makes a line the next one, as it is done on paper: a nine becomes a nought and carries. Mostly that is
/// one addition, where formatting each number anew would be a division for each digit.
fn increment(line: &mut Vec<u8>) {
    for digit in line.iter_mut().rev().skip("\n".len()) {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    line.insert(0, b'1');
}

/// For load balancers: 503 says "send me nothing new", while what is in flight is still answered.
fn health(request: &Request<'_>) -> Response {
    if request.draining {
        return Response::new(Status::SERVICE_UNAVAILABLE, "draining\n");
    }
    Response::text("ok\n")
}

/// Blocking, because a part of it is read from /proc.
fn metrics(request: &Request<'_>) -> Response {
    Response::text(request.metrics().render())
        .of_type("Content-Type: text/plain; version=0.0.4\r\n")
}

/// A handler with a bug. It costs its own request a 500, and nobody else anything.
#[allow(clippy::panic)]
fn fail(_: &Request<'_>) -> Response {
    panic!("GET /panic was asked for")
}
