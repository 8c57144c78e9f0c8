//! The demo application: the routes that all four stages serve.

use super::router::{Request, Router};
use crate::http::{Response, Status, Stream};
use crate::sys::clock;
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
        .get("/metrics", metrics)
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
    clock::thread_cpu_time().unwrap_or(Duration::MAX)
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
        Some(lines) => Response::stream(Count { next: 1, end: lines + 1, page: Vec::new() }),
        None => Response::new(
            Status::BAD_REQUEST,
            format!("400: /count/N takes 0 to {MAX_COUNT} lines\n"),
        ),
    }
}

/// Lines that count, made a hundred at a time: a page. The next page differs from it only in front of the
/// last two digits, and there mostly in one. To make each line from the last and copy it takes five times as
/// long: a call for eight bytes, and a wait, because a processor that loads eight bytes of which it has just
/// stored one cannot go on before that one has reached the cache.
struct Count {
    next: u64,
    end: u64,
    page: Vec<u8>,
}

const PAGE: u64 = 100;

impl Stream for Count {
    fn produce(&mut self, out: &mut Vec<u8>, room: usize) -> bool {
        let full = out.len() + room;
        while self.next < self.end && out.len() < full {
            if self.next.is_multiple_of(PAGE) && self.next + PAGE <= self.end {
                self.turn_page();
                out.extend_from_slice(&self.page);
                self.next += PAGE;
            } else {
                out.extend_from_slice(format!("{}\n", self.next).as_bytes());
                self.next += 1;
            }
        }
        self.next < self.end
    }
}

impl Count {
    fn turn_page(&mut self) {
        let width = self.page.len() / PAGE as usize;
        let is_turned = width > 0
            && self
                .page
                .chunks_exact_mut(width)
                .all(|line| increment(&mut line[..width - "00\n".len()]));
        if !is_turned {
            let lines = (self.next..self.next + PAGE).map(|number| format!("{number}\n"));
            self.page = lines.collect::<String>().into_bytes();
        }
    }
}

/// Makes a number the next one, as it is done on paper: a nine becomes a nought and carries. Mostly that is
/// one addition, where formatting it anew would be a division for each digit. Tells whether there was room
/// for the last carry.
fn increment(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'0';
    }
    false
}

/// For load balancers: 503 says "send me nothing new", while what is in flight is still answered.
fn health(request: &Request<'_>) -> Response {
    if request.draining {
        return Response::new(Status::SERVICE_UNAVAILABLE, "draining\n");
    }
    Response::text("ok\n")
}

/// Not blocking: the part of it that is read from /proc comes from the kernel's memory, in some 50 us. Who asks how a
/// server does must not wait behind what keeps it from doing well.
fn metrics(request: &Request<'_>) -> Response {
    Response::text(request.metrics().render())
        .of_type("Content-Type: text/plain; version=0.0.4\r\n")
}

/// A handler with a bug. It costs its own request a 500, and nobody else anything.
#[allow(clippy::panic)]
fn fail(_: &Request<'_>) -> Response {
    panic!("GET /panic was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_whatever_the_pieces_they_are_made_in() {
        for last in [0, 1, 99, 100, 199, 200, 1_099, 20_345, 100_300] {
            let expected: String = (1..=last).map(|number| format!("{number}\n")).collect();
            for room in [1, 700, 64 << 10] {
                let mut count = Count { next: 1, end: last + 1, page: Vec::new() };
                let mut out = Vec::new();
                while count.produce(&mut out, room) {}
                assert!(out == expected.as_bytes(), "{last} lines, {room} bytes at a time");
            }
        }
    }
}
