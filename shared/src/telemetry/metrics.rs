//! The server's counters, for `GET /metrics`. A first reading may skip it.
//!
//! Each thread counts for itself, in memory that no other thread writes to; a reader adds up.
//! A counter that all threads share would be a cache line that travels from core to core with every request.

mod page;

use crate::sys::sync::lock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A number with one writer. Not an atomic addition, which would lock the cache line: a load, an
/// addition and a store, which readers on other threads see whole.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds, on the thread that owns the number.
    pub fn add(&self, amount: u64) {
        self.0.store(self.get().wrapping_add(amount), Ordering::Relaxed);
    }

    /// Subtracts, on the thread that owns the number.
    pub fn subtract(&self, amount: u64) {
        self.0.store(self.get().wrapping_sub(amount), Ordering::Relaxed);
    }

    /// The number now, on any thread.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Statuses from 100 to 599 have a counter each. Nested, because only arrays of up to 32 have a default value.
type Statuses = [[Count; 25]; 20];

/// Upper bounds of the latency histogram: powers of four from 1 µs, the last about 17 s.
const BOUNDS: usize = 13;

/// The counters of one thread.
#[derive(Debug, Default)]
pub struct Counters {
    thread: String,
    id: Option<ThreadId>,
    statuses: Statuses,
    /// One for each bound, and one for what is beyond them all.
    buckets: [Count; BOUNDS + 1],
    latency_nanos: Count,
    /// Connections accepted.
    pub accepted: Count,
    /// Connections that ended.
    pub closed: Count,
    /// Connections between two requests now, as their thread last saw them.
    pub idle: Count,
    /// Connections that ended because a time-out passed.
    pub timed_out: Count,
    /// Idle connections that were closed to make room.
    pub evicted: Count,
    /// Times that new connections had to wait because of the limit of connections.
    pub full: Count,
    /// Times that new connections had to wait for want of descriptors or memory.
    pub exhausted: Count,
    /// Bytes read.
    pub received: Count,
    /// Bytes written.
    pub sent: Count,
    /// Lines of the log that were dropped.
    pub log_dropped: Count,
}

impl Counters {
    /// Counts a response with this status.
    pub fn add_response(&self, code: u16) {
        if let Some(count) = self.statuses.as_flattened().get(usize::from(code).wrapping_sub(100)) {
            count.add(1);
        }
    }

    /// Counts `count` responses that took `time` each.
    pub fn add_latency(&self, time: Duration, count: u64) {
        // 64 bits hold 584 years.
        let nanos = time.as_secs().wrapping_mul(1_000_000_000) + u64::from(time.subsec_nanos());
        let micros = nanos.div_ceil(1000).max(1);
        // The first power of four that is not smaller: 4^k, where 2k is the position of the highest bit, rounded up.
        let bucket = (64 - (micros - 1).leading_zeros()).div_ceil(2) as usize;
        self.buckets[bucket.min(BOUNDS)].add(count);
        self.latency_nanos.add(nanos.wrapping_mul(count));
    }

    /// Responses so far, of all statuses.
    pub fn responses(&self) -> u64 {
        self.statuses.as_flattened().iter().map(Count::get).sum()
    }
}

/// All threads' counters.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    threads: Mutex<Vec<Arc<Counters>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { started: Instant::now(), threads: Mutex::default() }
    }
}

impl Metrics {
    /// Counters for the calling thread, under its name. A thread that starts again after a panic goes on with its counters:
    /// Prometheus rejects a page with two samples of one name and labels.
    pub fn register(&self) -> Arc<Counters> {
        let (thread, mut threads) = (thread::current(), lock(&self.threads));
        let id = Some(thread.id());
        if let Some(known) = threads.iter().find(|known| known.id == id) {
            return Arc::clone(known);
        }
        let thread = thread.name().unwrap_or("?").to_owned();
        let counters = Arc::new(Counters { thread, id, ..Counters::default() });
        threads.push(Arc::clone(&counters));
        counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_latency_lies_in_the_first_bucket_that_is_not_below_it() {
        let bucket = |time| {
            let counters = Counters::default();
            counters.add_latency(time, 1);
            counters.buckets.iter().position(|bucket| bucket.get() == 1)
        };
        for (nanos, expected) in
            [(1, 0), (1000, 0), (1001, 1), (4000, 1), (4001, 2), (16_000, 2), (16_777_216_000, 12)]
        {
            assert_eq!(bucket(Duration::from_nanos(nanos)), Some(expected), "{nanos} ns");
        }
        assert_eq!(bucket(Duration::from_secs(100)), Some(BOUNDS), "only +Inf holds it");
    }

    #[test]
    fn the_page_adds_up_the_threads_counters() {
        let metrics = Metrics::default();
        let serve = |requests| {
            let counters = metrics.register();
            (0..requests).for_each(|_| counters.add_response(200));
            counters.accepted.add(2);
            counters.closed.add(1);
            counters.idle.add(2);
            counters.idle.subtract(1);
            counters.add_latency(Duration::from_micros(5), requests);
        };
        thread::scope(|scope| scope.spawn(|| serve(3)).join()).unwrap();
        // As before a panic and after it.
        (0..2).for_each(|_| serve(2));
        metrics.register().exhausted.add(1);
        let page = metrics.render();
        let samples = page.lines().filter_map(|line| line.rsplit_once(' ')).map(|(name, _)| name);
        let (all, distinct) = (samples.clone().count(), samples.collect::<HashSet<_>>().len());
        assert_eq!(all, distinct, "a sample stands twice in\n{page}");
        for line in [
            "http_newcomers_kept_waiting_total{reason=\"exhausted\"} 1",
            "http_responses_total{class=\"2xx\",code=\"200\"} 7",
            "http_connections_open 3",
            "http_connections_idle 3",
            "http_response_seconds_bucket{le=\"0.000004\"} 0",
            "http_response_seconds_bucket{le=\"0.000016\"} 7",
            "http_response_seconds_count 7",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }
}
