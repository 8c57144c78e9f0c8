//! How checks are tried: several at a time, and again where the machine was too busy for one to show anything.

use anyhow::{Result, anyhow, bail};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Tries each part, `jobs` of them at a time: most of a check is waiting, which costs no more when many wait
/// together. The first error in the order of the parts is the result.
///
/// # Errors
/// The first of `attempt`'s, in the order of the parts.
pub fn side_by_side<'a, T: Sync>(
    parts: &'a [T],
    jobs: usize,
    attempt: impl Fn(&'a T) -> Result<()> + Sync,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || parts.get(next.fetch_add(1, Relaxed));
        std::iter::from_fn(take).try_for_each(&attempt)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| anyhow!("a part of a check panicked"))?
        })
    })
}

/// What `prepare` made ready while something of this length went on that it began, such as a handler that sleeps: on a busy
/// machine it is tried again with the next length. Half of the length is left then.
///
/// # Errors
/// Those of `prepare`, and that every length was too short.
pub fn prepared_in_time<T>(
    lengths: impl IntoIterator<Item = Duration>,
    prepare: impl Fn(Duration) -> Result<T>,
) -> Result<T> {
    for length in lengths {
        let start = Instant::now();
        let prepared = prepare(length)?;
        if start.elapsed() < length / 2 {
            return Ok(prepared);
        }
    }
    bail!("this machine is too busy: what the check needs is over before all is ready")
}
