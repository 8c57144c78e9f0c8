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
    let works = |thread: &&Thread| thread.does(window, |span| span != Span::Wait);
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
        let handles = |span| matches!(span, Span::Handler | Span::Blocking);
        let begins = |request: &&Interval| (window.start..window.end).contains(&request.start);
        Self {
            threads: trace.threads.iter().filter(|thread| thread.does(window, handles)).count(),
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

    #[test]
    fn the_window_begins_before_the_first_of_the_handlers_that_block_one_after_the_other() {
        let begins = |starts: &[f64]| {
            let span = |start: &f64| (Span::Blocking, Interval { start: *start, end: start + 5e3 });
            let name = "worker-0".to_owned();
            let threads = vec![Thread { name, spans: starts.iter().map(span).collect() }];
            window(&Trace { threads, requests: vec![Interval { start: 0.0, end: 10.0 }] }).start
        };
        assert_eq!(begins(&[7e4, 7.5e4]), 66_000.0);
        // The first is too early: nothing begins with the others.
        assert_eq!(begins(&[5.8e4, 6.3e4, 6.8e4]), 60_000.0);
        assert_eq!(begins(&[]), 60_000.0);
    }
}
