//! The thread that looks after the cache while no request does. A first reading may skip it.
//!
//! It looks up the root again, and closes large files that clients no longer request: while a deleted file is open, the
//! disk cannot free its blocks.

use super::cache::Cache;
use super::root::Root;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the root is looked up.
const LOOK: Duration = Duration::from_millis(500);

/// A large file is closed when no client has requested it from one sweep to the next.
const SWEEP: Duration = Duration::from_secs(5);

/// Starts the thread, which ends after all other owners have dropped `root`. It sleeps nearly always,
/// so that no event loop has to wake up for this work.
pub(super) fn start(root: &Arc<Root>, cache: &Arc<Cache>) -> io::Result<()> {
    let (root, cache) = (Arc::clone(root), Arc::clone(cache));
    let work = move || {
        let mut swept = Instant::now();
        while Arc::strong_count(&root) > 1 {
            thread::sleep(LOOK);
            if root.look_up() {
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
