//! What the threads of a load share with the thread that opens and closes the window.

use super::plan::{Options, Plan};
use super::samples::Tally;
use super::series::Second;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// One load's plan, clock and window.
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) epoch: Instant,
    /// When the window opens and closes, nanoseconds after `epoch`.
    pub(super) open: AtomicU64,
    pub(super) close: AtomicU64,
    /// Whether a connection stood.
    pub(super) stood: AtomicBool,
    /// Client slots that got at least one response.
    pub(super) warm: AtomicUsize,
    /// Responses and errors in the window so far, as of the threads' last looks at the clock.
    so_far: Mutex<Second>,
    /// How often the threads were asked for what they counted so far, and where they put it.
    pub(super) asked: AtomicU64,
    pub(super) parts: Sender<Tally>,
    /// Threads of the generator that run, and when the last of the others ended.
    pub(super) running: AtomicUsize,
    pub(super) last: AtomicU64,
    /// Why the first connect that failed did so.
    pub(super) refusal: OnceLock<String>,
}

impl Shared {
    /// The clock starts now, and the window is not open yet.
    pub(super) fn new(options: &Options, threads: usize, parts: Sender<Tally>) -> Self {
        Self {
            plan: Plan::new(options),
            epoch: Instant::now(),
            open: AtomicU64::new(u64::MAX),
            close: AtomicU64::new(u64::MAX),
            stood: AtomicBool::new(false),
            warm: AtomicUsize::new(0),
            so_far: Mutex::default(),
            asked: AtomicU64::new(0),
            parts,
            running: AtomicUsize::new(threads),
            last: AtomicU64::new(0),
            refusal: OnceLock::new(),
        }
    }

    /// When the window opens and closes.
    pub(super) fn window(&self) -> (u64, u64) {
        (self.open.load(Acquire), self.close.load(Acquire))
    }

    /// Why no connection came about; `None` where one did, or none was refused yet.
    pub(super) fn refused(&self) -> Option<&String> {
        let stood = self.stood.load(Relaxed) || self.warm.load(Relaxed) > 0;
        self.refusal.get().filter(|_| !stood)
    }

    /// Adds what is `new` to the sums of all threads, and says what these are then.
    pub(super) fn add(&self, new: Second) -> Second {
        let mut sums = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        sums.add(new);
        *sums
    }

    /// Nanoseconds since the load was started.
    pub(super) fn now(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }
}
