//! The thread that looks after the cache while no request does. A first reading may skip it.
//!
//! It closes large files that clients no longer request: while a deleted file is open, the disk cannot free its blocks.

use super::cache::Cache;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A large file is closed when no client has requested it from one sweep to the next.
const SWEEP: Duration = Duration::from_secs(5);

/// Starts the thread, which ends after all other owners have dropped `cache`. It sleeps nearly always,
/// so that no event loop has to wake up for this work.
pub(super) fn start(cache: &Arc<Cache>) -> io::Result<()> {
    let cache = Arc::clone(cache);
    let work = move || {
        while Arc::strong_count(&cache) > 1 {
            thread::sleep(SWEEP);
            cache.close_unused();
        }
    };
    thread::Builder::new().name("files".to_owned()).spawn(work).map(drop)
}
