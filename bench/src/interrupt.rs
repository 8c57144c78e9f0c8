//! Ctrl-C and SIGTERM as a state that can be waited for.

use anyhow::{Context, Result};
use shared::sys::signal::{self, Signal};
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Whether the user asked to stop. An [`Interrupt::default`] is never raised by a signal.
#[derive(Debug, Default)]
pub struct Interrupt {
    signal: Mutex<Option<Signal>>,
    changed: Condvar,
}

impl Interrupt {
    /// Takes SIGINT and SIGTERM away from their usual effect: the first raises this, the second ends
    /// the process at once. Call it before any other thread is started.
    ///
    /// # Errors
    /// When signals cannot be blocked, or the thread that waits for them cannot be started.
    pub fn catch() -> Result<Arc<Self>> {
        signal::block(Signal::TERMINATION).context("cannot block signals")?;
        let interrupt = Arc::new(Self::default());
        let raised = Arc::clone(&interrupt);
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                while let Ok(Some(signal)) = signal::wait(Signal::TERMINATION, None) {
                    if raised.raised() {
                        process::exit(128 + signal.number());
                    }
                    raised.raise(signal);
                }
            })
            .context("cannot start the thread that waits for signals")?;
        Ok(interrupt)
    }

    /// Asks to stop.
    pub fn raise(&self, signal: Signal) {
        *self.lock() = Some(signal);
        self.changed.notify_all();
    }

    /// Whether the user asked to stop.
    pub fn raised(&self) -> bool {
        self.lock().is_some()
    }

    /// The exit status by which a shell knows what ended the process; `None` when nothing did.
    pub fn exit_code(&self) -> Option<u8> {
        let signal = (*self.lock())?;
        u8::try_from(128 + signal.number()).ok()
    }

    /// Sleeps, at most this long; says whether the user asked to stop.
    pub fn wait(&self, at_most: Duration) -> bool {
        let guard = self.lock();
        let (signal, _) = self
            .changed
            .wait_timeout_while(guard, at_most, |signal| signal.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        signal.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Signal>> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_a_wait() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.wait(Duration::from_millis(1)));
        thread::scope(|scope| {
            scope.spawn(|| interrupt.raise(Signal::Interrupt));
            assert!(interrupt.wait(Duration::from_secs(60)));
        });
        assert_eq!(interrupt.exit_code(), Some(130));
    }
}
