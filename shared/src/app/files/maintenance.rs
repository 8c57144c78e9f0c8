//! What files need although nobody asks for one: the root may have been replaced, and large files that are
//! not asked for any more have to be closed, or the disk could not free what was deleted.

use super::cache::Cache;
use super::root::Root;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the root is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A large file is closed when nobody has asked for it from one sweep to the next.
const SWEEP: Duration = Duration::from_secs(5);

/// Starts a thread for it, which ends some time after all others have given up `root`. It sleeps nearly always,
/// and a loop that sleeps without a deadline need not be woken for it.
pub(super) fn start(root: &Arc<Root>, cache: &Arc<Cache>) -> io::Result<()> {
    let (root, cache) = (Arc::clone(root), Arc::clone(cache));
    let work = move || {
        let mut swept = Instant::now();
        while Arc::strong_count(&root) > 1 {
            thread::sleep(LOOK);
            if root.look_again() {
                cache.clear(Instant::now());
            }
            if swept.elapsed() >= SWEEP {
                cache.close_unused();
                swept = Instant::now();
            }
        }
    };
    thread::Builder::new().name("files".to_owned()).spawn(work).map(drop)
}
