//! What the server says about itself, in Prometheus' text format: `GET /metrics`.
//!
//! Each thread counts for itself, in memory that no other thread writes to; whoever asks adds up.
//! A counter shared by all would be one cache line that travels from core to core with every request.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A number with one writer. Not an atomic addition, which would lock the cache line: a load, an
/// addition and a store, which readers on other threads see whole.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds, on the thread that owns it.
    pub fn add(&self, amount: u64) {
        self.0.store(self.get().wrapping_add(amount), Ordering::Relaxed);
    }

    /// The number now, on any thread.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Statuses from 100 to 599 have a counter each.
const STATUSES: usize = 500;

/// Upper bounds of the latency histogram: powers of four from 1 us, the last about 17 s.
const BUCKETS: usize = 13;

/// What one thread has counted.
#[derive(Debug)]
pub struct Counters {
    thread: String,
    statuses: [Count; STATUSES],
    buckets: [Count; BUCKETS],
    latency_nanos: Count,
    latencies: Count,
    /// Connections taken in.
    pub accepted: Count,
    /// Connections that ended.
    pub closed: Count,
    /// Connections that ended because a time-out passed.
    pub timed_out: Count,
    /// Idle connections that were closed to make room.
    pub evicted: Count,
    /// Attempts at accepting that failed for want of descriptors or memory.
    pub exhausted: Count,
    /// Bytes read.
    pub received: Count,
    /// Bytes written.
    pub sent: Count,
}

impl Counters {
    fn new(thread: &str) -> Self {
        Self {
            thread: thread.to_owned(),
            statuses: [const { Count(AtomicU64::new(0)) }; STATUSES],
            buckets: Default::default(),
            latency_nanos: Count::default(),
            latencies: Count::default(),
            accepted: Count::default(),
            closed: Count::default(),
            timed_out: Count::default(),
            evicted: Count::default(),
            exhausted: Count::default(),
            received: Count::default(),
            sent: Count::default(),
        }
    }

    /// An answer was given with this status.
    pub(crate) fn answered(&self, code: u16) {
        if let Some(count) = self.statuses.get(usize::from(code).wrapping_sub(100)) {
            count.add(1);
        }
    }

    /// `count` answers took `time` each.
    pub(crate) fn took(&self, time: Duration, count: u64) {
        let micros = time.as_nanos().div_ceil(1000).max(1);
        // The first power of four that is not smaller: 4^k, where 2k is the position of the highest bit, rounded up.
        let bucket = (128 - (micros - 1).leading_zeros()).div_ceil(2) as usize;
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.add(count);
        }
        self.latencies.add(count);
        self.latency_nanos.add(time.as_nanos() as u64 * count);
    }

    fn answers(&self) -> u64 {
        self.statuses.iter().map(Count::get).sum()
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
    /// Counters for the calling thread, under its name.
    pub fn register(&self) -> Arc<Counters> {
        let thread = std::thread::current();
        let counters = Arc::new(Counters::new(thread.name().unwrap_or("?")));
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counters));
        counters
    }

    /// All of it as text.
    pub fn render(&self) -> String {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Threads that only help have nothing to tell.
        threads.retain(|thread| thread.answers() + thread.accepted.get() > 0);
        let sum = |count: fn(&Counters) -> &Count| {
            threads.iter().map(|thread| count(thread).get()).sum::<u64>()
        };
        let (accepted, closed) = (sum(|thread| &thread.accepted), sum(|thread| &thread.closed));
        let mut page = Page::default();
        page.family("http_responses_total", "counter", "Answers, by status.");
        for (index, code) in (100..).take(STATUSES).enumerate() {
            let count: u64 = threads.iter().map(|thread| thread.statuses[index].get()).sum();
            if count > 0 {
                page.sample("http_responses_total", &format!("{{code=\"{code}\"}}"), count);
            }
        }
        page.family(
            "http_thread_responses_total",
            "counter",
            "Answers, by the thread that gave them.",
        );
        for thread in &threads {
            page.sample(
                "http_thread_responses_total",
                &format!("{{thread=\"{}\"}}", thread.thread),
                thread.answers(),
            );
        }
        page.histogram(&threads);
        page.family("http_connections_open", "gauge", "Connections that are open now.");
        page.sample("http_connections_open", "", accepted.saturating_sub(closed));
        page.family("http_thread_connections_total", "counter", "Connections taken in, by thread.");
        for thread in &threads {
            let label = format!("{{thread=\"{}\"}}", thread.thread);
            page.sample("http_thread_connections_total", &label, thread.accepted.get());
        }
        page.total(
            "http_connections_timed_out",
            "Connections ended by a time-out.",
            sum(|thread| &thread.timed_out),
        );
        page.total(
            "http_connections_evicted",
            "Idle connections closed to make room.",
            sum(|thread| &thread.evicted),
        );
        page.total(
            "http_accepts_exhausted",
            "Accepts without descriptors or memory.",
            sum(|thread| &thread.exhausted),
        );
        page.total("http_received_bytes", "Bytes read.", sum(|thread| &thread.received));
        page.total("http_sent_bytes", "Bytes written.", sum(|thread| &thread.sent));
        if let Some(overflows) = listen_overflows() {
            page.total(
                "net_listen_overflows",
                "Full accept queues, whole network namespace.",
                overflows,
            );
        }
        page.family("build_info", "gauge", "Always 1; the label says what runs.");
        page.sample("build_info", &format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
        page.family("process_uptime_seconds", "gauge", "Seconds since the start.");
        page.sample("process_uptime_seconds", "", self.started.elapsed().as_secs());
        page.0
    }
}

/// Text under construction. Writing to a String cannot fail.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn total(&mut self, name: &str, help: &str, value: u64) {
        let name = format!("{name}_total");
        self.family(&name, "counter", help);
        self.sample(&name, "", value);
    }

    fn histogram(&mut self, threads: &[Arc<Counters>]) {
        const NAME: &str = "http_response_seconds";
        self.family(NAME, "histogram", "From reading a request to having answered it.");
        let mut below = 0;
        for bucket in 0..BUCKETS {
            below += threads.iter().map(|thread| thread.buckets[bucket].get()).sum::<u64>();
            let bound = 4_f64.powi(bucket as i32) / 1e6;
            self.sample(NAME, &format!("_bucket{{le=\"{bound}\"}}"), below);
        }
        let count = threads.iter().map(|thread| thread.latencies.get()).sum();
        let nanos: u64 = threads.iter().map(|thread| thread.latency_nanos.get()).sum();
        self.sample(NAME, "_bucket{le=\"+Inf\"}", count);
        let _ = writeln!(self.0, "{NAME}_sum {}", nanos as f64 / 1e9);
        self.sample(NAME, "_count", count);
    }
}

/// Connections that found an accept queue full (ListenOverflows), by the name of its column: their
/// order differs between kernels.
fn listen_overflows() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/net/netstat").ok()?;
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let column = names.split_whitespace().position(|name| name == "ListenOverflows")?;
    values.split_whitespace().nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_lies_in_the_first_bucket_that_is_not_below_it() {
        for (nanos, expected) in
            [(1, 0), (1000, 0), (1001, 1), (4000, 1), (4001, 2), (16_000, 2), (16_777_216_000, 12)]
        {
            let counters = Counters::new("t");
            counters.took(Duration::from_nanos(nanos), 1);
            let found = counters.buckets.iter().position(|bucket| bucket.get() == 1);
            assert_eq!(found, Some(expected), "{nanos} ns");
        }
        let counters = Counters::new("t");
        counters.took(Duration::from_secs(100), 2);
        assert_eq!(counters.buckets.iter().map(Count::get).sum::<u64>(), 0, "only +Inf holds it");
    }

    #[test]
    fn the_page_adds_up_what_the_threads_counted() {
        let metrics = Metrics::default();
        for requests in [3, 4] {
            let counters = metrics.register();
            (0..requests).for_each(|_| counters.answered(200));
            counters.accepted.add(2);
            counters.closed.add(1);
            counters.took(Duration::from_micros(5), requests);
        }
        let page = metrics.render();
        for line in [
            "http_responses_total{code=\"200\"} 7",
            "http_connections_open 2",
            "http_response_seconds_bucket{le=\"0.000004\"} 0",
            "http_response_seconds_bucket{le=\"0.000016\"} 7",
            "http_response_seconds_count 7",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }
}
