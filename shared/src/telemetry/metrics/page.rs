//! The page: every thread's counters added up, and written down one family of samples after the other.

use super::{BUCKETS, Count, Counters, Metrics, STATUSES};
use crate::sys::sync::lock;
use std::fmt::Write;
use std::sync::Arc;

impl Metrics {
    /// All of it as text.
    pub fn render(&self) -> String {
        let threads = lock(&self.threads).clone();
        let mut page = Page::default();
        page.responses(&threads);
        page.histogram(&threads);
        page.connections(&threads);
        page.total("http_received_bytes", "Bytes read.", sum(&threads, |thread| &thread.received));
        page.total("http_sent_bytes", "Bytes written.", sum(&threads, |thread| &thread.sent));
        let dropped = sum(&threads, |thread| &thread.log_dropped);
        page.total("http_log_lines_dropped", "Lines missing in the log.", dropped);
        if let Some(overflows) = listen_overflows() {
            let help = "Full accept queues, whole network namespace.";
            page.total("net_listen_overflows", help, overflows);
        }
        page.family("build_info", "gauge", "Always 1; the label says what runs.");
        page.sample("build_info", &format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
        page.family("process_uptime_seconds", "gauge", "Seconds since the start.");
        page.sample("process_uptime_seconds", "", self.started.elapsed().as_secs());
        page.0
    }
}

/// The numbers wrap, and so does their sum: a thread may have taken away what another one added.
fn sum(threads: &[Arc<Counters>], count: fn(&Counters) -> &Count) -> u64 {
    threads.iter().fold(0, |sum, thread| sum.wrapping_add(count(thread).get()))
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

    /// For each thread that serves: of those that only help there is nothing to tell.
    fn by_thread(
        &mut self,
        name: &str,
        help: &str,
        threads: &[Arc<Counters>],
        value: fn(&Counters) -> u64,
    ) {
        self.family(name, "counter", help);
        for thread in threads.iter().filter(|thread| thread.answers() + thread.accepted.get() > 0) {
            self.sample(name, &format!("{{thread=\"{}\"}}", thread.thread), value(thread));
        }
    }

    fn responses(&mut self, threads: &[Arc<Counters>]) {
        const NAME: &str = "http_responses_total";
        self.family(NAME, "counter", "Answers, by status.");
        for (index, code) in (100..).take(STATUSES).enumerate() {
            let count = threads.iter().map(|thread| thread.statuses[index].get()).sum();
            if count > 0 {
                let class = code / 100;
                self.sample(NAME, &format!("{{class=\"{class}xx\",code=\"{code}\"}}"), count);
            }
        }
        let help = "Answers, by the thread that gave them.";
        self.by_thread("http_thread_responses_total", help, threads, Counters::answers);
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

    fn connections(&mut self, threads: &[Arc<Counters>]) {
        let total = |count| sum(threads, count);
        let open = total(|thread| &thread.accepted).saturating_sub(total(|thread| &thread.closed));
        self.family("http_connections_open", "gauge", "Connections that are open now.");
        self.sample("http_connections_open", "", open);
        const TAKEN: &str = "http_thread_connections_total";
        let help = "Connections taken in, by thread.";
        self.by_thread(TAKEN, help, threads, |thread| thread.accepted.get());
        self.family("http_connections_idle", "gauge", "Connections between two requests now.");
        self.sample("http_connections_idle", "", total(|thread| &thread.idle).min(open));
        let timed_out = total(|thread| &thread.timed_out);
        self.total("http_connections_timed_out", "Connections ended by a time-out.", timed_out);
        let evicted = total(|thread| &thread.evicted);
        self.total("http_connections_evicted", "Idle connections closed to make room.", evicted);
        const WAITED: &str = "http_newcomers_kept_waiting_total";
        self.family(WAITED, "counter", "Times that nobody could be taken in, by reason.");
        self.sample(WAITED, "{reason=\"full\"}", total(|thread| &thread.full));
        self.sample(WAITED, "{reason=\"exhausted\"}", total(|thread| &thread.exhausted));
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
