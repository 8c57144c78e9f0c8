//! What a connection costs in memory, counted by an allocator that keeps the books.
#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

#[path = "common/mod.rs"]
mod common;

use shared::app::demo;
use shared::http::limits::MAX_OUTPUT;
use shared::http::{Action, Limits, Protocol};
use shared::server::context::ThreadContext;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what this thread allocates; other tests run on other threads.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(allocations: usize, bytes: isize) {
    // A thread that is about to end has no books any more.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call goes to the system's allocator as it came; counting touches two cells of this thread,
// which need no memory of their own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: `memory` came from `alloc` above, and so from the system, with this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A server whose output is thrown away as fast as it comes, in a buffer that is used again.
struct Server {
    thread: ThreadContext,
    out: Vec<u8>,
}

impl Server {
    fn new() -> Self {
        let thread = common::thread(demo::router(), Limits::default());
        Self { thread, out: Vec::with_capacity(2 * MAX_OUTPUT) }
    }

    fn connection(&self) -> Protocol {
        Protocol::new(&self.thread.server.args.limits, self.thread.clock.now())
    }

    fn receive(&mut self, connection: &mut Protocol, bytes: &[u8]) -> Action {
        self.out.clear();
        connection.receive(bytes, &mut self.thread.step(&mut self.out))
    }
}

const GET: &[u8] =
    b"GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

#[test]
fn a_request_on_a_warm_connection_allocates_nothing() {
    let mut server = Server::new();
    let mut connection = server.connection();
    server.receive(&mut connection, GET);
    let pipelined = GET.repeat(16);
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        assert!(matches!(server.receive(&mut connection, GET), Action::Read));
        assert!(server.out.ends_with(b"\r\n\r\nHello, World!"));
        server.receive(&mut connection, &pipelined);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

#[test]
fn the_allocator_counts_what_is_allocated_and_freed() {
    let (allocations, held) = (ALLOCATIONS.get(), HELD.get());
    let kept = Vec::<u8>::with_capacity(1000);
    assert_eq!((ALLOCATIONS.get() - allocations, HELD.get() - held), (1, 1000));
    drop(kept);
    assert_eq!((ALLOCATIONS.get() - allocations, HELD.get() - held), (1, 0));
}

#[test]
fn an_idle_connection_is_96_bytes_and_holds_nothing_else() {
    assert!(size_of::<Protocol>() <= 96, "{} bytes", size_of::<Protocol>());
    let mut server = Server::new();
    let before = HELD.get();
    let mut connection = server.connection();
    assert_eq!(HELD.get() - before, 0, "before its first request");
    let post = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for piece in [&GET[..20], &GET[20..], &post[..], b"5\r\nhel", b"lo\r\n0\r\n", b"a: b\r\n\r\n"] {
        server.receive(&mut connection, piece);
    }
    assert!(server.out.ends_with(b"hello"));
    assert!(connection.is_between_requests());
    assert_eq!(HELD.get() - before, 0, "between requests");
}

/// The most that is held at any time while `pieces` come one after the other.
fn most_held<'a>(first: &[u8], pieces: impl Iterator<Item = &'a [u8]>) -> isize {
    let mut server = Server::new();
    let before = HELD.get();
    let mut connection = server.connection();
    let mut most = 0;
    server.receive(&mut connection, first);
    for piece in pieces {
        let mut action = server.receive(&mut connection, piece);
        most = most.max(HELD.get() - before);
        if action == Action::Linger {
            connection.linger(&Limits::default(), server.thread.clock.now(), None);
            action = Action::Read;
        }
        assert_eq!(action, Action::Read);
    }
    most
}

#[test]
fn a_client_that_sends_without_end_has_no_more_kept_than_the_limits() {
    const KIB: isize = 1024;
    let read = [b'x'; 16 << 10];
    let dripped: Vec<u8> =
        (0..100).flat_map(|n| format!("X{n}: {n:150}\r\n").into_bytes()).collect();
    let head = "GET / HTTP/1.1\r\nHost: a\r\n";
    let post =
        |path: &str, fields: &str| format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
    let chunks = post("/echo", "Transfer-Encoding: chunked");
    let large = b"1000\r\n".iter().chain(&[b'x'; 4096]).chain(b"\r\n").copied().collect::<Vec<_>>();
    let repeat = |bytes, times| std::iter::repeat_n(bytes, times);
    for (what, most, bound) in [
        ("a head", most_held(head.as_bytes(), repeat(&read[..], 100)), 40 * KIB),
        ("a dripped head", most_held(head.as_bytes(), dripped.chunks(1)), 36 * KIB),
        ("empty lines", most_held(b"", repeat(b"\r\n", 1000)), KIB),
        (
            "a body that is drained",
            most_held(post("/none", "Content-Length: 262144").as_bytes(), repeat(&read[..], 16)),
            KIB,
        ),
        (
            "a body that is refused",
            most_held(post("/echo", "Content-Length: 1048577").as_bytes(), repeat(&read[..], 64)),
            KIB,
        ),
        (
            "a body up to the limit",
            most_held(post("/echo", "Content-Length: 1048576").as_bytes(), repeat(&read[..], 63)),
            2049 * KIB,
        ),
        ("chunks", most_held(chunks.as_bytes(), repeat(&large[..], 1000)), 2049 * KIB),
        (
            "trailers",
            most_held(format!("{chunks}0\r\n").as_bytes(), repeat(&dripped[..160], 1000)),
            2 * KIB,
        ),
        ("what follows a refusal", most_held(b"\n", repeat(&read[..], 1000)), KIB),
    ] {
        assert!(most <= bound, "{what}: {most} bytes held, not {bound}");
    }
}
