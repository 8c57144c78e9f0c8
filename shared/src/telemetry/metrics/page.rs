//! The page `GET /metrics`: the counters of all threads, in Prometheus' text format. A first reading may skip it.

use super::{BOUNDS, Count, Counters, Metrics};
use crate::sys::sync::lock;
use std::fmt::Write;
use std::sync::Arc;

type Read = fn(&Counters) -> &Count;

/// Counters that are a sum over all threads and have no labels: name, help, number.
const TOTALS: [(&str, &str, Read); 5] = [
    ("http_connections_timed_out", "Connections ended by a time-out.", |it| &it.timed_out),
    ("http_connections_evicted", "Idle connections closed to make room.", |it| &it.evicted),
    ("http_received_bytes", "Bytes read.", |it| &it.received),
    ("http_sent_bytes", "Bytes written.", |it| &it.sent),
    ("http_log_lines_dropped", "Lines missing in the log.", |it| &it.log_dropped),
];

impl Metrics {
    /// The page as text.
    pub fn render(&self) -> String {
        let mut page = Page { threads: lock(&self.threads).clone(), text: String::new() };
        page.responses();
        page.histogram();
        page.connections();
        for (name, help, count) in TOTALS {
            page.metric(&format!("{name}_total"), "counter", help, page.sum(count));
        }
        if let Some(overflows) = listen_overflows() {
            let help = "Full accept queues, whole network namespace.";
            page.metric("net_listen_overflows_total", "counter", help, overflows);
        }
        page.family("build_info", "gauge", "Always 1; the label says what runs.");
        page.sample("build_info", &format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
        let uptime = self.started.elapsed().as_secs();
        page.metric("process_uptime_seconds", "gauge", "Seconds since the start.", uptime);
        page.text
    }
}

/// A page under construction. Writing to a String cannot fail.
struct Page {
    threads: Vec<Arc<Counters>>,
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }

    /// A family of one sample.
    fn metric(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    /// The numbers wrap, and so does their sum: a thread may have subtracted what another thread added.
    fn sum(&self, count: impl Fn(&Counters) -> &Count) -> u64 {
        self.threads.iter().fold(0, |sum, thread| sum.wrapping_add(count(thread).get()))
    }

    /// A counter of each thread that serves: helper threads have nothing to count.
    fn by_thread(&mut self, name: &str, help: &str, value: fn(&Counters) -> u64) {
        self.family(name, "counter", help);
        for thread in self.threads.clone() {
            if thread.responses() + thread.accepted.get() > 0 {
                self.sample(name, &format!("{{thread=\"{}\"}}", thread.thread), value(&thread));
            }
        }
    }

    fn responses(&mut self) {
        const NAME: &str = "http_responses_total";
        self.family(NAME, "counter", "Responses, by status.");
        for (index, code) in (100..600).enumerate() {
            let count = self.sum(|thread| &thread.statuses.as_flattened()[index]);
            if count > 0 {
                let class = code / 100;
                self.sample(NAME, &format!("{{class=\"{class}xx\",code=\"{code}\"}}"), count);
            }
        }
        let help = "Responses, by the thread that gave them.";
        self.by_thread("http_thread_responses_total", help, Counters::responses);
    }

    fn histogram(&mut self) {
        const NAME: &str = "http_response_seconds";
        self.family(NAME, "histogram", "From reading a request to writing its response.");
        let mut count = 0;
        for bucket in 0..=BOUNDS {
            count += self.sum(|thread| &thread.buckets[bucket]);
            let bound = match bucket {
                BOUNDS => "+Inf".to_owned(),
                _ => (4_f64.powi(bucket as i32) / 1e6).to_string(),
            };
            self.sample(NAME, &format!("_bucket{{le=\"{bound}\"}}"), count);
        }
        let seconds = self.sum(|thread| &thread.latency_nanos) as f64 / 1e9;
        let _ = writeln!(self.text, "{NAME}_sum {seconds}");
        self.sample(NAME, "_count", count);
    }

    fn connections(&mut self) {
        let closed = self.sum(|thread| &thread.closed);
        let open = self.sum(|thread| &thread.accepted).saturating_sub(closed);
        self.metric("http_connections_open", "gauge", "Connections that are open now.", open);
        let help = "Connections accepted, by thread.";
        self.by_thread("http_thread_connections_total", help, |thread| thread.accepted.get());
        let (help, idle) = ("Connections between two requests now.", self.sum(|it| &it.idle));
        self.metric("http_connections_idle", "gauge", help, idle.min(open));
        const WAITED: &str = "http_newcomers_kept_waiting_total";
        self.family(WAITED, "counter", "Times that no connection could be accepted, by reason.");
        self.sample(WAITED, "{reason=\"full\"}", self.sum(|thread| &thread.full));
        self.sample(WAITED, "{reason=\"exhausted\"}", self.sum(|thread| &thread.exhausted));
    }
}

/// Connections that found an accept queue full (ListenOverflows), by the name of its column: the order of
/// columns differs between kernels.
fn listen_overflows() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/net/netstat").ok()?;
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let column = names.split_whitespace().position(|name| name == "ListenOverflows")?;
    values.split_whitespace().nth(column)?.parse().ok()
}
