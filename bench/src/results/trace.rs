//! A trace as a server wrote it, read back: which thread did what, and when.

use crate::workspace::STAGES;
use anyhow::{Context, Result};
use serde::Deserialize;
use shared::telemetry::trace::{InstantEvent, Span};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What one server did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Its threads, by name.
    pub threads: Vec<Thread>,
    /// Its requests, in the order in which their heads were complete.
    pub requests: Vec<Interval>,
}

/// One lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// `main`, `worker-7`, `loop-0`, `blocking-12`.
    pub name: String,
    /// By rising start; what lies within another comes after it.
    pub spans: Vec<(Span, Interval)>,
}

impl Thread {
    /// Whether any of its spans that `is` holds for lies, at least in part, in `window`.
    pub fn does(&self, window: &Interval, is: impl Fn(Span) -> bool) -> bool {
        self.spans.iter().any(|(span, interval)| is(*span) && interval.meets(window))
    }
}

/// From when to when, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The beginning.
    pub start: f64,
    /// The end.
    pub end: f64,
}

impl Interval {
    /// Whether any of it lies in `other`.
    pub fn meets(&self, other: &Self) -> bool {
        self.start < other.end && self.end > other.start
    }
}

/// The folder of the traces, within that of the run.
pub const FOLDER: &str = "traces";

/// The traces in a run's folder, lowest rung first.
///
/// # Errors
/// A file that cannot be read, or is no trace.
pub fn read(folder: &Path) -> Result<Vec<(&'static str, Trace)>> {
    let mut traces = Vec::new();
    for stage in STAGES {
        let path = folder.join(FOLDER).join(format!("{stage}.json"));
        if path.exists() {
            let text = fs::read_to_string(&path);
            let text = text.with_context(|| format!("cannot read {}", path.display()))?;
            let trace = Trace::parse(&text);
            traces.push((stage, trace.with_context(|| path.display().to_string())?));
        }
    }
    Ok(traces)
}

/// One line of the file.
#[derive(Deserialize)]
struct Event {
    ph: char,
    name: String,
    tid: usize,
    #[serde(default)]
    ts: f64,
    args: Args,
}

#[derive(Deserialize)]
struct Args {
    name: Option<String>,
    connection: Option<String>,
}

/// A trace's text without what came after `end`, in microseconds; all threads keep their names.
pub fn cut(text: &str, end: f64) -> String {
    let is_kept = |line: &&str| {
        let event = serde_json::from_str::<Event>(line.trim_end_matches(','));
        event.map_or(true, |event| event.ts <= end || event.args.connection.is_none())
    };
    text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

impl Trace {
    /// Reads a file. Threads hand over their events piece by piece, so that events of several threads are mixed.
    ///
    /// # Errors
    /// A line that is no event of `--trace`; the error names it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut events = Vec::new();
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !matches!(*line, "[" | "]"))
        {
            let event: Event = serde_json::from_str(line.trim_end_matches(','))
                .with_context(|| format!("line {} is no event of `--trace`", number + 1))?;
            events.push(event);
        }
        // A stable sort: events of one thread at the same moment stay in their order.
        events.sort_by(|left, right| left.ts.total_cmp(&right.ts));
        // The end of what is known.
        let end = events.last().context("there is no event in it")?.ts;
        Ok(Self { threads: threads(&events, end), requests: requests(&events, end) })
    }
}

/// A span begins before those within it, so that all are found in the order in which they are kept.
fn threads(events: &[Event], end: f64) -> Vec<Thread> {
    let mut threads: BTreeMap<usize, Thread> = BTreeMap::new();
    for event in events {
        let thread = threads.entry(event.tid).or_default();
        let span = Span::ALL.into_iter().find(|span| span.name() == event.name);
        match (event.ph, span) {
            ('M', _) => thread.name = event.args.name.clone().unwrap_or_default(),
            // Until its end is found it goes on.
            ('B', Some(span)) => thread.spans.push((span, Interval { start: event.ts, end })),
            // That of the last, as none lies within another of its kind. An end without a beginning is that of a wait
            // that was there before the trace.
            ('E', Some(span)) => {
                let last = thread.spans.iter_mut().rfind(|(kind, _)| *kind == span);
                if let Some((_, interval)) = last {
                    interval.end = event.ts;
                }
            }
            _ => {}
        }
    }
    let mut threads: Vec<_> = threads.into_values().collect();
    threads.sort_by_cached_key(|thread| in_order(&thread.name));
    threads
}

/// Loops before the threads that work for them, and 2 before 10.
fn in_order(name: &str) -> (bool, String, usize) {
    let (kind, number) = name.rsplit_once('-').unwrap_or((name, "0"));
    (kind == "blocking", kind.to_owned(), number.parse().unwrap_or(0))
}

/// A request is open from its complete head to the end of the first write after its handler.
fn requests(events: &[Event], end: f64) -> Vec<Interval> {
    let (mut open, mut requests) = (BTreeMap::new(), Vec::new());
    for event in events {
        let Some(connection) = &event.args.connection else { continue };
        match (event.ph, event.name.as_str()) {
            ('i', name) if name == InstantEvent::Parsed.name() => {
                open.insert(connection, (event.ts, false));
            }
            ('E', name) if [Span::Handler, Span::Blocking].iter().any(|one| one.name() == name) => {
                open.entry(connection).and_modify(|(_, handled)| *handled = true);
            }
            ('E', name) if name == Span::Write.name() => {
                if let Some((start, true)) = open.get(connection).copied() {
                    open.remove(connection);
                    requests.push(Interval { start, end: event.ts });
                }
            }
            _ => {}
        }
    }
    requests.extend(open.into_values().map(|(start, _)| Interval { start, end }));
    requests.sort_by(|left, right| left.start.total_cmp(&right.start));
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stage 4: a loop that reads and writes, and a thread of the pool between.
    const TEXT: &str = include_str!("trace.json");

    #[test]
    fn a_trace_may_be_closed_or_not() {
        let last = r#"{"ph":"i","name":"end","pid":1,"tid":1,"ts":1.0,"s":"g","args":{}}"#;
        let closed = Trace::parse(&format!("{TEXT}{last}\n]\n")).unwrap();
        assert_eq!(closed, Trace::parse(TEXT).unwrap());
    }

    #[test]
    fn what_came_after_the_end_is_cut_off() {
        let trace = Trace::parse(&cut(TEXT, 130.0)).unwrap();
        assert_eq!(trace.threads.len(), 3);
        assert_eq!(trace.requests, [Interval { start: 105.0, end: 120.0 }]);
    }

    #[test]
    fn what_is_no_trace_is_named_by_its_line() {
        let error = Trace::parse("[\nHello\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2 is no event"), "{error}");
        assert!(Trace::parse("[\n").is_err());
    }
}
