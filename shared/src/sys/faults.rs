//! For tests: a hook beneath the sockets, where calls fall short and fail as they hardly ever do on loopback. A first
//! reading may skip it.
//!
//! The hook exists only in builds with the feature `faults`, which no program has: without it `transfer` and
//! `accepting` are the bare call.

use super::retry;
#[cfg(feature = "faults")]
use std::cell::RefCell;
use std::io;

/// The calls that pass the hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// accept4(2).
    Accept,
    /// A call that moves bytes into a socket or out of it.
    Move,
}

/// Makes a call that moves `length` bytes or buffers at most. The closure gets the number that it may move.
#[inline(always)]
pub(super) fn transfer(length: usize, mut call: impl FnMut(usize) -> isize) -> io::Result<usize> {
    retry(|| permit(Call::Move).map_or(-1, |most| call(length.min(most))))
}

#[inline(always)]
pub(super) fn accepting(call: impl FnOnce() -> libc::c_int) -> libc::c_int {
    permit(Call::Accept).map_or(-1, |_| call())
}

#[cfg(not(feature = "faults"))]
#[inline(always)]
fn permit(_: Call) -> Option<usize> {
    Some(usize::MAX)
}

#[cfg(feature = "faults")]
fn permit(call: Call) -> Option<usize> {
    HOOK.with_borrow_mut(|hook| hook.as_mut().map_or(Ok(usize::MAX), |hook| hook(call)))
        // SAFETY: `__errno_location` returns this thread's own `errno`, always writable.
        .map_err(|errno| unsafe { *libc::__errno_location() = errno })
        .ok()
}

/// Decides over a call: the bytes that it moves at most, or the `errno` that it fails with.
#[cfg(feature = "faults")]
pub type Hook = Box<dyn FnMut(Call) -> Result<usize, libc::c_int>>;

#[cfg(feature = "faults")]
thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Sets the hook of this thread.
#[cfg(feature = "faults")]
pub fn set_hook(hook: Option<Hook>) {
    HOOK.set(hook);
}
