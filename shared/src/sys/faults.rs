//! Injected faults: what the kernel may answer at any call and hardly ever does on loopback. A seeded
//! schedule beneath [`Socket`] and [`Listener`](super::Listener), so that what went wrong once can be repeated. Only in builds
//! with the feature `faults`, which no program has: without it [`moving`] and [`accepting`] are the bare call.

#[cfg(not(feature = "faults"))]
mod hook {
    #[inline(always)]
    pub(crate) fn moving(length: usize, call: impl FnOnce(usize) -> isize) -> isize {
        call(length)
    }

    #[inline(always)]
    pub(crate) fn accepting(call: impl FnOnce() -> isize) -> isize {
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
        /// What each call moves at most.
        pub most: usize,
        /// One call in so many moves nothing for now, or is interrupted; 0: none.
        pub harmless: u64,
        /// One call in so many fails for good; 0: none.
        pub fatal: u64,
    }

    /// How often something was injected.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Injected {
        /// Faults that must not be noticed.
        pub harmless: u64,
        /// Faults that end a connection.
        pub fatal: u64,
    }

    thread_local! {
        static NOW: RefCell<Option<(Schedule, Injected)>> = const { RefCell::new(None) };
    }

    /// From now on, on this thread.
    pub fn begin(mut schedule: Schedule) {
        schedule.seed = schedule.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        NOW.set(Some((schedule, Injected::default())));
    }

    /// No more; tells what there was.
    pub fn end() -> Injected {
        NOW.take().map(|(_, injected)| injected).unwrap_or_default()
    }

    /// A pair of sockets costs no port and leaves nothing behind in TIME_WAIT.
    impl From<UnixStream> for Socket {
        fn from(stream: UnixStream) -> Self {
            Self(stream.into())
        }
    }

    enum Fault {
        /// The call is made, and moves so much at most.
        None(usize),
        Fails(libc::c_int),
    }

    pub(crate) fn moving(length: usize, call: impl FnOnce(usize) -> isize) -> isize {
        match choose(&[libc::EAGAIN, libc::EINTR], &[libc::ECONNRESET, libc::EPIPE, libc::ENOSPC]) {
            Fault::None(most) => call(length.min(most)),
            Fault::Fails(errno) => fail(errno),
        }
    }

    pub(crate) fn accepting(call: impl FnOnce() -> isize) -> isize {
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

    /// xorshift64*, its better half.
    fn next(state: &mut u64) -> u64 {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    fn fail(errno: libc::c_int) -> isize {
        // SAFETY: `__errno_location` returns this thread's own `errno`, always writable.
        unsafe { *libc::__errno_location() = errno };
        -1
    }
}

#[cfg(feature = "faults")]
pub use hook::{Injected, Schedule, begin, end};
pub(crate) use hook::{accepting, moving};
