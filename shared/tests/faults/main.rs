//! The system calls fail and fall short at any point, by tens of thousands of seeded schedules: the
//! responses are the same, or end cleanly where a connection was lost; nothing panics and nothing leaks.
//!
//! ```text
//! cargo test -p shared --features faults --test faults
//! FAULT_SCHEDULES=20000 cargo test --release -p shared --features faults --test faults
//! FAULT_SEED=5024 cargo test -p shared --features faults --test faults    one schedule again
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod accepting;
mod blocking;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/event_loop.rs"]
mod event_loop;
mod events;
#[path = "../fuzz/random.rs"]
#[allow(dead_code)] // The fuzz test uses the rest.
mod random;
mod schedule;
mod script;
mod storm;

use schedule::Schedule;
use shared::app::demo;
use shared::app::files::{FileSettings, Files};
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::context::ServerContext;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The schedules that each test runs.
fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FAULT_SCHEDULES").unwrap_or(300),
    }
}

/// From a byte at a time to as much as there is, from a fault at every second call to one now and then; a
/// third of them with faults that are fatal.
fn plan(seed: u64) -> Schedule {
    let most = match seed / 4 % 16 {
        0 => 1,
        1 => 7,
        2..6 => 50,
        6..10 => 300,
        10..13 => 2000,
        _ => usize::MAX,
    };
    let harmless = [2, 5, 20, 100][seed as usize % 4];
    let fatal = if seed.is_multiple_of(3) { [100, 1000][seed as usize % 2] } else { 0 };
    Schedule { seed, most, harmless, fatal }
}

/// The application with a folder of files, none of which is kept in memory: sendfile(2) has its part.
fn server() -> &'static ServerContext {
    static SERVER: OnceLock<ServerContext> = OnceLock::new();
    SERVER.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("faults-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("file.txt"), b"a line of a file\n".repeat(400)).unwrap();
        let (cache_size, cache_age) = (0, Duration::ZERO);
        let files = Files::open(&FileSettings { root: Some(root), cache_size, cache_age }).unwrap();
        let connections = ConnectionLimit::new(64).unwrap();
        ServerContext { connections, ..common::server(demo::router(), Limits::default(), files) }
    })
}

/// Runs a test, alone, and counts descriptors: what others have open would be counted too.
///
/// There are as many after every test as before the first. They are waited for: a file that a lost connection
/// asked for may be opened after its test.
fn without_leaks(test: impl FnOnce(&ServerContext)) {
    static BEFORE_ALL: Mutex<Option<usize>> = Mutex::new(None);
    let mut before_all = BEFORE_ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let server = server();
    let before = *before_all.get_or_insert_with(open);
    test(server);
    let deadline = Instant::now() + Duration::from_secs(10);
    while open() != before && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(open(), before, "descriptors");
    let mut places = 0;
    while server.connections.acquire() {
        places += 1;
    }
    (0..places).for_each(|_| server.connections.release());
    assert_eq!(places, server.connections.limit, "places under the limit");
}
