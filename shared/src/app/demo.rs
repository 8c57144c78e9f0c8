//! The demo application: the routes that all four stages serve. A first reading may skip what follows [`router`].

use super::router::{Request, Router};
use crate::http::{Body, Response, Status, Stream};
use crate::sys::clock;
use std::hint::black_box;
use std::time::Duration;

/// Microseconds, milliseconds and lines.
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

/// The workload of the ladder's hello view: 13 bytes.
fn hello(_: &Request<'_>) -> Response {
    Response::text("Hello, World!")
}

fn greet(request: &Request<'_>) -> Response {
    Response::text(format!("Hello, {}!", String::from_utf8_lossy(request.parameter("name"))))
}

fn echo(request: &Request<'_>) -> Response {
    Response::bytes(request.body.to_vec())
}

/// Additions between two looks at the clock, at least. A look is a system call, and costs as much as some hundreds of them.
const FEWEST: u64 = 500;

/// Computes for as many microseconds of CPU time: a handler that needs its core, and takes longer if it has to share it. It
/// looks at the clock when half of the time that was left must be over, at the pace so far: so on any machine there are few
/// looks, and the handler's time is its own and not the kernel's.
fn work(request: &Request<'_>) -> Response {
    with_number(request, "micros", MAX_WORK, |micros| {
        let (start, time) = (clock::thread_cpu_time(), Duration::from_micros(micros));
        let (mut sum, mut used) = (0_u64, Duration::ZERO);
        while used < time {
            // A clock of coarse ticks, as some sandboxes have, may not have moved yet: hence the bound.
            let half = sum as f64 * (time - used).div_duration_f64(used) / 2.0;
            let additions = half.min(8.0 * sum as f64) as u64;
            (0..FEWEST.max(additions)).for_each(|_| sum = black_box(sum + 1));
            used = clock::thread_cpu_time().saturating_sub(start);
        }
        Response::text(format!("{sum} additions in {micros} microseconds\n"))
    })
}

/// Sleeps for as many milliseconds: a handler that waits for a slow backend.
fn sleep(request: &Request<'_>) -> Response {
    with_number(request, "millis", MAX_SLEEP, |millis| {
        std::thread::sleep(Duration::from_millis(millis));
        Response::text(format!("slept {millis} milliseconds\n"))
    })
}

/// The same wait without a thread that sleeps: the connection has a deadline for its response.
fn delay(request: &Request<'_>) -> Response {
    with_number(request, "millis", MAX_SLEEP, |millis| {
        let response = Response::text(format!("{millis} milliseconds later\n"));
        response.after(Duration::from_millis(millis))
    })
}

/// As many numbered lines, each made when the client has taken the lines before it.
fn count(request: &Request<'_>) -> Response {
    with_number(request, "n", MAX_COUNT, |lines| {
        Response::stream(Count { next: 1, end: lines + 1, page: Vec::new() })
    })
}

/// The response that `respond` makes of the number in the path, or 400.
fn with_number(
    request: &Request<'_>,
    name: &str,
    max: u64,
    respond: impl FnOnce(u64) -> Response,
) -> Response {
    match request.number(name).filter(|number| *number <= max) {
        Some(number) => respond(number),
        None => {
            let text = format!("400: {name} is a number from 0 to {max}\n");
            Response::new(Status::BAD_REQUEST, text)
        }
    }
}

/// Numbered lines, made a hundred at a time: a page. The next page differs from this page only in front of the
/// last two digits, and there mostly in one digit. To make each line from the line before takes five times as
/// long: a call for eight bytes, and a wait, because a processor that loads eight bytes of which it has just
/// stored one has to wait until that store reaches the cache.
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

/// Adds 1 to a decimal number, as it is done on paper: a nine becomes a nought and carries. Mostly this is
/// one addition, where formatting the number again would be a division for each digit. Returns whether there was
/// room for the last carry.
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

/// For load balancers: 503 asks them for no new requests, while the server still responds to those in flight.
fn health(request: &Request<'_>) -> Response {
    if request.draining {
        return Response::new(Status::SERVICE_UNAVAILABLE, "draining\n");
    }
    Response::text("ok\n")
}

/// Not blocking: what it reads from /proc comes from the kernel's memory, in some 50 µs, and a scrape must not wait
/// behind the handlers that keep the server busy.
fn metrics(request: &Request<'_>) -> Response {
    let page = Body::Bytes(request.metrics.render().into_bytes().into());
    Response::with_body(Status::OK, "Content-Type: text/plain; version=0.0.4\r\n", page)
}

/// A handler with a bug. Its own request gets a 500, and no other request notices.
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
