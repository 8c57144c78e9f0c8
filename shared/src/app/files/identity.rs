//! The metadata by which one content of a file differs from another: stat(2). A first reading may skip it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::thread;

/// Looks at an open file that seems to be rewritten.
const LOOKS: usize = 10;

/// The metadata that changes with the content. A replacement has another inode; a rewrite has another time of change
/// (ctime), which, unlike the time of modification (mtime), no program can set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    /// Bytes.
    pub(super) size: u64,
    changed: FileTime,
    modified: FileTime,
}

/// Seconds and nanoseconds since 1970.
type FileTime = (i64, i64);

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    /// Whether every change after `clock`, a time of [`file_times`](crate::sys::clock::file_times), will show.
    /// That clock stands still between its ticks, so a file that is written twice within a tick has two contents
    /// with one time. A time without a fraction of a second comes from a file system that keeps none (FAT: even
    /// seconds only).
    pub(super) fn is_settled(&self, clock: FileTime) -> bool {
        match self.changed {
            (seconds, 0) => clock.0 > seconds + 1,
            changed => clock > changed,
        }
    }

    /// The inside of an entity tag.
    pub(super) fn tag(&self) -> String {
        let (seconds, nanos) = self.changed;
        format!("{:x}-{:x}-{seconds:x}{nanos:08x}", self.inode, self.size)
    }

    /// The identity that an open file has now: `look` asks for it. write(2) sets a file's time before its size, so that for
    /// some microseconds a log that grows looks like a file of the same size that was rewritten: it is looked at again.
    pub(super) fn now(&self, look: impl Fn() -> io::Result<Self>) -> io::Result<Self> {
        let mut now = look()?;
        for _ in 1..LOOKS {
            if now.size != self.size || now.modified == self.modified {
                break;
            }
            thread::yield_now();
            now = look()?;
        }
        Ok(now)
    }

    /// Whether an open file, whose identity is `now`, can still begin with the content that it had: it has grown, as logs
    /// do, or only its time of change is new, as after a new name, mode or owner.
    pub(super) fn may_keep_content(&self, now: &Self) -> bool {
        now.size > self.size || now.size == self.size && now.modified == self.modified
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const FILE: Identity =
        Identity { device: 1, inode: 2, size: 9, changed: (60, 4_000_000), modified: (50, 1) };

    #[test]
    fn a_change_shows_once_the_clock_of_file_times_has_ticked() {
        assert!(!FILE.is_settled((60, 4_000_000)) && FILE.is_settled((60, 8_000_000)));
        assert!(!FILE.is_settled((59, 0)), "from the future: the clock was set back");
        let whole_seconds = Identity { changed: (60, 0), ..FILE };
        assert!(!whole_seconds.is_settled((61, 999)) && whole_seconds.is_settled((62, 0)));
    }

    #[test]
    fn a_log_that_grows_is_not_taken_for_a_file_that_is_rewritten() {
        let rewritten = Identity { changed: (70, 0), modified: (70, 0), ..FILE };
        let grown = Identity { size: 10, ..rewritten };
        for (second, expected) in [(grown, grown), (rewritten, rewritten)] {
            let looks = Cell::new(0);
            let look = || {
                looks.set(looks.get() + 1);
                Ok(if looks.get() == 1 { rewritten } else { second })
            };
            assert_eq!(FILE.now(look).unwrap(), expected);
        }
        assert_eq!(FILE.now(|| Ok(FILE)).unwrap(), FILE);
    }

    #[test]
    fn a_file_may_keep_its_content_if_it_has_grown_or_was_not_modified() {
        let changed = Identity { changed: (70, 0), ..FILE };
        let rewritten = Identity { modified: (70, 0), ..changed };
        for (now, expected) in [
            (FILE, true),
            (changed, true),
            (Identity { size: 10, ..rewritten }, true),
            (rewritten, false),
            (Identity { size: 8, ..rewritten }, false),
            (Identity { size: 8, ..changed }, false),
        ] {
            assert_eq!(FILE.may_keep_content(&now), expected, "{now:?}");
        }
    }
}
