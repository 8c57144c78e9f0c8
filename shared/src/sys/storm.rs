//! For tests: a timer that interrupts one thread with signals again and again. A first reading may skip it.
//!
//! A signal that is ignored interrupts no call, so there is a handler; and it is installed without
//! SA_RESTART, so every call that sleeps returns EINTR (signal(7)).

use super::check;
use std::io;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

static SIGNALS: AtomicU64 = AtomicU64::new(0);

/// The timer of one thread. Dropping it ends the signals.
pub struct Storm(libc::timer_t);

impl Storm {
    /// Sends a SIGALRM to the calling thread in each period `every` (SIGEV_THREAD_ID in timer_create(2)).
    ///
    /// # Errors
    /// The kernel has no memory for the timer.
    pub fn on_this_thread(every: Duration) -> io::Result<Self> {
        handle()?;
        // SAFETY: sigevent is plain data, for which all zeroes is a value.
        let mut event: libc::sigevent = unsafe { mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGALRM;
        // SAFETY: a plain call without pointers.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer: libc::timer_t = ptr::null_mut();
        // SAFETY: `event` is initialised and `timer` is valid for writing.
        check(unsafe {
            libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer)
        })?;
        let storm = Self(timer);
        let period = libc::timespec {
            tv_sec: every.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: every.subsec_nanos().into(),
        };
        let times = libc::itimerspec { it_interval: period, it_value: period };
        // SAFETY: the timer exists, `times` is initialised, and the old times are not wanted.
        check(unsafe { libc::timer_settime(timer, 0, &raw const times, ptr::null_mut()) })?;
        Ok(storm)
    }

    /// Signals that all threads have handled.
    pub fn signals() -> u64 {
        SIGNALS.load(Relaxed)
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        // SAFETY: the timer is ours, and is not used again.
        unsafe { libc::timer_delete(self.0) };
    }
}

/// An atomic addition: a handler may do it in the middle of any code.
extern "C" fn count(_signal: libc::c_int) {
    SIGNALS.fetch_add(1, Relaxed);
}

fn handle() -> io::Result<()> {
    // SAFETY: sigaction is plain data, for which all zeroes is a value: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: `action` is initialised, its handler is async-signal-safe, and the old one is not wanted.
    check(unsafe { libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut()) })
}
