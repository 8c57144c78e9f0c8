//! A seeded schedule of faults, so that a failure can be repeated.

use crate::random::Random;
use shared::sys::faults::{Call, set_hook};
use std::cell::Cell;

/// The faults of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Chooses which call fails, and how.
    pub(crate) seed: u64,
    /// Bytes, or buffers, that each call moves at most.
    pub(crate) most: usize,
    /// One call in this many moves nothing for now, or is interrupted; 0: none.
    pub(crate) harmless: usize,
    /// One call in this many fails for good; 0: none.
    pub(crate) fatal: usize,
}

/// The number of injected faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Injected {
    /// Faults that no client may notice.
    pub(crate) harmless: u64,
    /// Faults that end a connection.
    pub(crate) fatal: u64,
}

thread_local! {
    static INJECTED: Cell<Injected> = const { Cell::new(Injected { harmless: 0, fatal: 0 }) };
}

impl Schedule {
    /// Injects faults on this thread from now on.
    pub(crate) fn begin(self) {
        let mut random = Random::new(self.seed);
        INJECTED.take();
        set_hook(Some(Box::new(move |call| self.decide(call, &mut random))));
    }

    fn decide(self, call: Call, random: &mut Random) -> Result<usize, i32> {
        use libc::{EAGAIN, ECONNABORTED, ECONNRESET, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM};
        use libc::{ENOSPC, EPIPE, EPROTO};
        let (harmless, fatal): (&[i32], &[i32]) = match call {
            Call::Accept => {
                (&[EAGAIN, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO], &[])
            }
            Call::Move => (&[EAGAIN, EINTR], &[ECONNRESET, EPIPE, ENOSPC]),
        };
        let mut injected = INJECTED.get();
        let mut is_due = |times: usize| times > 0 && random.once_in(times);
        let (is_fatal, is_harmless) = (is_due(self.fatal), is_due(self.harmless));
        let faults = if is_fatal && !fatal.is_empty() {
            injected.fatal += 1;
            fatal
        } else if is_harmless {
            injected.harmless += 1;
            harmless
        } else {
            return Ok(self.most);
        };
        INJECTED.set(injected);
        Err(faults[random.below(faults.len())])
    }
}

/// Injects no more faults on this thread; returns their number.
pub(crate) fn end() -> Injected {
    set_hook(None);
    INJECTED.take()
}
