//! For tests: injected faults, results that the kernel may give at any call and hardly ever gives on loopback. A first
//! reading may skip it.
//!
//! A seeded schedule lies beneath [`Socket`](super::Socket) and [`Listener`](super::Listener), so that a failure can be
//! repeated. It exists only in builds with the feature `faults`, which no program has: without it [`moving`] and
//! [`accepting`] are the bare call.

use super::retry;
use std::io;

/// A call that moves `length` bytes or buffers at most, repeated while a signal interrupts it. The closure gets the
/// number that it may move.
#[inline(always)]
pub(super) fn moving(length: usize, mut call: impl FnMut(usize) -> isize) -> io::Result<usize> {
    retry(|| hook::moving(length, &mut call))
}

#[cfg(not(feature = "faults"))]
mod hook {
    #[inline(always)]
    pub(super) fn moving(length: usize, call: impl FnOnce(usize) -> isize) -> isize {
        call(length)
    }

    #[inline(always)]
    pub(crate) fn accepting(call: impl FnOnce() -> libc::c_int) -> libc::c_int {
        call()
    }
}

#[cfg(feature = "faults")]
mod hook {
    use super::super::Socket;
    use std::cell::RefCell;
    use std::os::unix::net::UnixStream;

    /// What is injected on this thread, and how often.
    #[derive(Clone, Copy, Debug)]
    pub struct Schedule {
        /// Chooses what happens when.
        pub seed: u64,
        /// Bytes, or buffers, that each call moves at most.
        pub most: usize,
        /// One call in this many moves nothing for now, or is interrupted; 0: none.
        pub harmless: u64,
        /// One call in this many fails for good; 0: none.
        pub fatal: u64,
    }

    /// How often something was injected.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Injected {
        /// Faults that no client may notice.
        pub harmless: u64,
        /// Faults that end a connection.
        pub fatal: u64,
    }

    thread_local! {
        static NOW: RefCell<Option<(Schedule, Injected)>> = const { RefCell::new(None) };
    }

    /// Injects faults on this thread from now on.
    pub fn begin(mut schedule: Schedule) {
        schedule.seed = schedule.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        NOW.set(Some((schedule, Injected::default())));
    }

    /// Injects no more faults on this thread; returns how often there were some.
    pub fn end() -> Injected {
        NOW.take().map(|(_, injected)| injected).unwrap_or_default()
    }

    /// A pair of sockets costs no port and leaves nothing behind in TIME_WAIT.
    impl From<UnixStream> for Socket {
        fn from(stream: UnixStream) -> Self {
            Self(std::os::fd::OwnedFd::from(stream).into())
        }
    }

    enum Fault {
        /// The call is made, and moves this much at most.
        None(usize),
        Fails(libc::c_int),
    }

    pub(super) fn moving(length: usize, call: impl FnOnce(usize) -> isize) -> isize {
        match choose(&[libc::EAGAIN, libc::EINTR], &[libc::ECONNRESET, libc::EPIPE, libc::ENOSPC]) {
            Fault::None(most) => call(length.min(most)),
            Fault::Fails(errno) => fail(errno) as isize,
        }
    }

    pub(crate) fn accepting(call: impl FnOnce() -> libc::c_int) -> libc::c_int {
        use libc::{EAGAIN, ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO};
        let harmless = [EAGAIN, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO];
        match choose(&harmless, &[]) {
            Fault::Fails(errno) => fail(errno),
            _ => call(),
        }
    }

    fn choose(harmless: &[libc::c_int], fatal: &[libc::c_int]) -> Fault {
        NOW.with_borrow_mut(|now| {
            let Some((schedule, injected)) = now else { return Fault::None(usize::MAX) };
            let mut one_in =
                |times: u64| times > 0 && next(&mut schedule.seed).is_multiple_of(times);
            let (is_fatal, is_harmless) = (one_in(schedule.fatal), one_in(schedule.harmless));
            let pick = next(&mut schedule.seed) as usize;
            if is_fatal && !fatal.is_empty() {
                injected.fatal += 1;
                return Fault::Fails(fatal[pick % fatal.len()]);
            }
            if !is_harmless {
                return Fault::None(schedule.most);
            }
            injected.harmless += 1;
            Fault::Fails(harmless[pick % harmless.len()])
        })
    }

    /// xorshift64*, its upper half.
    fn next(state: &mut u64) -> u64 {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    fn fail(errno: libc::c_int) -> libc::c_int {
        // SAFETY: `__errno_location` returns this thread's own `errno`, always writable.
        unsafe { *libc::__errno_location() = errno };
        -1
    }
}

pub(crate) use hook::accepting;
#[cfg(feature = "faults")]
pub use hook::{Injected, Schedule, begin, end};
