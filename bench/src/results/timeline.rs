//! Which part of a trace is shown, and what is to be said of it.

use super::trace::{Interval, Thread, Trace};
use crate::numbers::counted;
use shared::telemetry::trace::Span;

/// How much is shown, in microseconds.
pub const WINDOW: f64 = 50_000.0;
/// Of the beginning nothing is shown: connections are opened, and caches are cold.
pub const WARM_UP: f64 = 60_000.0;
/// What is shown before the first handler that blocks.
const BEFORE: f64 = 4_000.0;

/// The part that is shown: shortly before a handler blocks, so that the stages are seen in the same situation.
pub fn window(trace: &Trace) -> Interval {
    let first = trace.requests.first().map_or(0.0, |request| request.start);
    let warm = first + WARM_UP;
    let spans = trace.threads.iter().flat_map(|thread| &thread.spans);
    let blocking: Vec<_> = spans.filter(|(span, _)| *span == Span::Blocking).collect();
    // Where handlers block one after the other, the first of them.
    let is_first = |start: f64| {
        let before = Interval { start: start - BEFORE, end: start };
        start >= warm && !blocking.iter().any(|(_, interval)| interval.meets(&before))
    };
    let starts =
        blocking.iter().map(|(_, interval)| interval.start).filter(|start| is_first(*start));
    let start = starts.map(|start| start - BEFORE).min_by(f64::total_cmp).unwrap_or(warm);
    Interval { start, end: start + WINDOW }
}

/// The threads that did more than wait.
pub fn busy<'a>(trace: &'a Trace, window: &Interval) -> Vec<&'a Thread> {
    let works = |thread: &&Thread| {
        thread.spans.iter().any(|(span, interval)| *span != Span::Wait && interval.meets(window))
    };
    trace.threads.iter().filter(works).collect()
}

/// What the window holds, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Threads that ran a handler.
    pub threads: usize,
    /// Requests whose head was complete.
    pub requests: usize,
    /// Of the requests with a complete head, the most that had no response yet at one moment.
    pub open: usize,
}

impl Summary {
    /// Counts.
    pub fn of(trace: &Trace, window: &Interval) -> Self {
        let handles = |thread: &&Thread| {
            let handler = |(span, interval): &(Span, Interval)| {
                matches!(span, Span::Handler | Span::Blocking) && interval.meets(window)
            };
            thread.spans.iter().any(handler)
        };
        let begins = |request: &&Interval| (window.start..window.end).contains(&request.start);
        Self {
            threads: trace.threads.iter().filter(handles).count(),
            requests: trace.requests.iter().filter(begins).count(),
            open: most_open(&trace.requests, window),
        }
    }

    /// `1 thread ran handlers, 24 requests, at most 3 open at once`
    pub fn line(&self) -> String {
        let (threads, requests) =
            (counted(self.threads, "thread"), counted(self.requests, "request"));
        format!("{threads} ran handlers, {requests}, at most {} open at once", self.open)
    }
}

/// The number only rises where a request begins, so that looking there is enough.
fn most_open(requests: &[Interval], window: &Interval) -> usize {
    let seen: Vec<_> = requests.iter().filter(|request| request.meets(window)).collect();
    let open_at =
        |moment| seen.iter().filter(|other| other.start <= moment && moment < other.end).count();
    seen.iter().map(|request| open_at(request.start.max(window.start))).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> Trace {
        let interval = |start, end| Interval { start, end };
        let thread = |name: &str, spans| Thread { name: name.to_owned(), spans };
        Trace {
            threads: vec![
                thread(
                    "a",
                    vec![(Span::Handler, interval(0.0, 10.0)), (Span::Wait, interval(10.0, 9e4))],
                ),
                thread("b", vec![(Span::Blocking, interval(7e4, 7.5e4))]),
                thread("c", vec![(Span::Request, interval(8e4, 8.1e4))]),
            ],
            requests: vec![
                interval(0.0, 10.0),
                interval(6.9e4, 8.0e4),
                interval(7.9e4, 8.1e4),
                interval(8e4, 8.2e4),
            ],
        }
    }

    #[test]
    fn the_window_begins_before_a_handler_blocks() {
        assert_eq!(window(&trace()), Interval { start: 66_000.0, end: 116_000.0 });
        let mut trace = trace();
        // Three in a row, of which the first is too early: nothing begins with the others.
        trace.threads[1].spans = [5.8e4, 6.3e4, 6.8e4]
            .map(|start| (Span::Blocking, Interval { start, end: start + 5e3 }))
            .to_vec();
        assert_eq!(window(&trace).start, 60_000.0);
        trace.threads.remove(1);
        assert_eq!(window(&trace), Interval { start: 60_000.0, end: 110_000.0 });
    }

    #[test]
    fn only_what_lies_in_the_window_counts() {
        let (trace, window) = (trace(), Interval { start: 66_000.0, end: 116_000.0 });
        let names: Vec<_> = busy(&trace, &window).iter().map(|thread| &thread.name).collect();
        assert_eq!(names, ["b", "c"]);
        // The second ends at the very moment at which the fourth begins.
        let summary = Summary::of(&trace, &window);
        assert_eq!(summary, Summary { threads: 1, requests: 3, open: 2 });
        assert!(summary.line().starts_with("1 thread ran handlers, 3 requests, at most 2"));
    }
}
