//! Ending without losing anything: what SIGTERM and SIGINT start.
//!
//! 1. Lame duck: for a moment the server still accepts, but `/healthz` says 503 and every response
//!    says `Connection: close`, so that load balancers and clients take notice before they are turned away.
//! 2. Final accept: no connection joins the accept queue any more, those in it are accepted, and the listener closes.
//!    Requests in flight get their responses. Connections that have been silent for a second (`--drain-idle`) are closed,
//!    the others after their next response or when they have been silent for so long: one idle browser does not hold up
//!    the end.
//! 3. The process ends with status 0 when the last connection is gone and the log is written, or when the grace period is
//!    over.
//!
//! A second signal ends it at once, whatever the other threads are doing: a thread of its own waits for it.

use crate::http::limits::{self, SILENT_LINGER};
use crate::sys::EventFd;
use crate::sys::signal::{self, Signal};
use crate::telemetry::{Telemetry, stderr};
use clap::Args;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// How long new connections are accepted as before after the signal.
const LAME_DUCK: Duration = Duration::from_millis(200);

/// How long handshakes that have begun by then may take to end in the accept queue: a way there and back, nearly
/// anywhere. It counts from when the kernel was told to drop SYNs, however late a busy thread came to do so.
pub const FINAL_ACCEPT: Duration = Duration::from_millis(250);

/// A grace period that is noticed so late was not one: the process was stopped (SIGSTOP, a paused machine).
const STOPPED: Duration = Duration::from_millis(50);

/// What its threads then have instead, to respond to what is due.
const AFTER_A_STOP: Duration = Duration::from_secs(1);

/// How a server ends.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Ending")]
pub struct DrainSettings {
    /// Time for what is in flight after SIGTERM or SIGINT; then, or at a second signal, all ends
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = limits::duration)]
    pub grace: Duration,
    /// Close connections that have been silent for so long after SIGTERM or SIGINT
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = limits::duration)]
    pub drain_idle: Duration,
}

/// Whether the server is about to end. Every thread looks at it; the signal thread sets it.
pub struct Drain {
    begun: OnceLock<Instant>,
    grace: Duration,
    idle: Duration,
    wake: EventFd,
}

impl Drain {
    /// A drain that no signal begins.
    ///
    /// # Errors
    /// There is no descriptor left.
    pub fn new(settings: &DrainSettings) -> io::Result<Arc<Self>> {
        // A client that connects while the server drains has time for its request to arrive.
        let idle = settings.drain_idle.max(SILENT_LINGER);
        let (begun, wake) = (OnceLock::new(), EventFd::new()?);
        Ok(Arc::new(Self { begun, grace: settings.grace, idle, wake }))
    }

    /// Starts the thread that takes the signals, which must be blocked in all threads: see [`signal::block`].
    /// It has `telemetry` finish before it ends the process, and its log opened anew at SIGHUP.
    ///
    /// # Errors
    /// There is no descriptor or no thread left.
    pub fn on_signals(
        settings: &DrainSettings,
        telemetry: Arc<Telemetry>,
    ) -> io::Result<Arc<Self>> {
        let drain = Self::new(settings)?;
        let shared = Arc::clone(&drain);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || shared.take_signals(&telemetry))?;
        Ok(drain)
    }

    fn take_signals(&self, telemetry: &Telemetry) {
        let first = next_to_end(None, telemetry);
        let (now, grace) = (Instant::now(), self.grace);
        let _ = self.begun.set(now);
        self.wake.notify();
        // A grace that is too long for the clock never ends.
        let second = first.and_then(|_| second_to_end(now.checked_add(grace), telemetry));
        let status = match second {
            Ok(Some(signal)) => 128 + signal.number(),
            Ok(None) => {
                stderr::line(format_args!(
                    "the grace period of {grace:?} is over: what is still open is closed"
                ));
                0
            }
            Err(error) => {
                stderr::line(format_args!("waiting for signals failed: {error}"));
                1
            }
        };
        // For a log that is written slowly no grace is left: a second has to do.
        telemetry.finish(Duration::ZERO);
        std::process::exit(status);
    }

    /// Whether the first signal has come.
    pub fn has_begun(&self) -> bool {
        self.begun.get().is_some()
    }

    /// What is left of the grace period, which begins with the first signal.
    pub fn grace_left(&self) -> Duration {
        let passed = self.begun.get().map_or(Duration::ZERO, Instant::elapsed);
        self.grace.saturating_sub(passed)
    }

    /// When the final accept begins; `None` before the first signal.
    pub fn final_accept(&self) -> Option<Instant> {
        self.begun.get().map(|begun| *begun + LAME_DUCK)
    }

    /// When to close a connection that has been silent since that moment; `None` before the first signal.
    pub fn end_of_silence(&self, since: Instant) -> Option<Instant> {
        self.final_accept().map(|final_accept| final_accept.max(since + self.idle))
    }

    /// When the lingering close of silent connections ends: however many there are, together they hold up the end no longer.
    pub fn end_of_linger(&self) -> Option<Instant> {
        self.final_accept().map(|final_accept| final_accept + self.idle + SILENT_LINGER)
    }
}

/// The next signal that asks the server to end. SIGHUP does not: it asks for the log to be opened anew.
fn next_to_end(deadline: Option<Instant>, telemetry: &Telemetry) -> io::Result<Option<Signal>> {
    loop {
        match signal::wait(Signal::ALL, deadline)? {
            Some(Signal::HangUp) => telemetry.reopen_log(),
            other => return Ok(other),
        }
    }
}

/// The signal that ends the server at once, if it comes before the grace period is over.
fn second_to_end(deadline: Option<Instant>, telemetry: &Telemetry) -> io::Result<Option<Signal>> {
    let second = next_to_end(deadline, telemetry)?;
    if second.is_none() && deadline.is_some_and(|deadline| deadline.elapsed() > STOPPED) {
        return next_to_end(Some(Instant::now() + AFTER_A_STOP), telemetry);
    }
    Ok(second)
}

/// Readable from the first signal on, and never cleared: it wakes every thread that waits for it.
impl AsFd for Drain {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_a_late_client_has_time_to_arrive() {
        let (grace, drain_idle, now) = (Duration::ZERO, Duration::ZERO, Instant::now());
        let drain = Drain::new(&DrainSettings { grace, drain_idle }).unwrap();
        assert_eq!(drain.end_of_silence(now), None);
        drain.begun.set(now).unwrap();
        let late = now + 2 * LAME_DUCK;
        assert_eq!(drain.end_of_silence(late), Some(late + SILENT_LINGER));
        assert_eq!(drain.end_of_silence(now - LAME_DUCK), Some(now + LAME_DUCK));
    }

    #[test]
    fn the_grace_period_begins_with_the_signal() {
        let (minute, now) = (Duration::from_secs(60), Instant::now());
        let drain = Drain::new(&DrainSettings { grace: 2 * minute, drain_idle: minute }).unwrap();
        assert_eq!(drain.grace_left(), 2 * minute);
        drain.begun.set(now - minute).unwrap();
        assert!(drain.grace_left() <= minute);
    }
}
