//! What the threads of a load share with the thread that opens and closes the window.

use super::plan::{Options, Plan};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Instant;

/// One load's plan, clock and window.
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) epoch: Instant,
    /// When the window opens and closes, nanoseconds after `epoch`.
    pub(super) open: AtomicU64,
    pub(super) close: AtomicU64,
    /// Client slots that got at least one response.
    pub(super) warm: AtomicUsize,
    /// Why the first connect that failed did so.
    pub(super) refusal: OnceLock<String>,
}

impl Shared {
    /// The clock starts now, and the window is not open yet.
    pub(super) fn new(options: &Options) -> Self {
        Self {
            plan: Plan::new(options),
            epoch: Instant::now(),
            open: AtomicU64::new(u64::MAX),
            close: AtomicU64::new(u64::MAX),
            warm: AtomicUsize::new(0),
            refusal: OnceLock::new(),
        }
    }

    /// Nanoseconds since the load was started.
    pub(super) fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }
}
