//! What tells one content of a file from another without reading it: stat(2).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// What changes when a file changes. A replacement has another inode; a rewrite has another time of change
/// (ctime), which, unlike the time of modification, no program can set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: FileTime,
    modified: FileTime,
    /// What else sets the time of change: names, mode, owner, group.
    attributes: (u64, u32, u32, u32),
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
            attributes: (metadata.nlink(), metadata.mode(), metadata.uid(), metadata.gid()),
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Whether every change after `clock`, which [`file_times`](crate::sys::clock::file_times) has shown, will show.
    /// The clock of file times stands still between its ticks, and a file that is written twice within one has
    /// had two contents with one time. No fraction of a second: the file system keeps none (FAT: only even
    /// seconds).
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

    /// Whether an open file that has become `now` still begins with the content that it had. One that is larger
    /// was appended to, as logs are. A new time of change alone is none of the content's if a name, the mode
    /// or the owner has changed: a deployment does that to a file while it is sent.
    pub(super) fn keeps_content(&self, now: &Self) -> bool {
        let explained = self.changed == now.changed || self.attributes != now.attributes;
        let same = self.size == now.size && self.modified == now.modified && explained;
        same || now.size > self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Identity = Identity {
        device: 1,
        inode: 2,
        size: 9,
        changed: (60, 4_000_000),
        modified: (50, 1),
        attributes: (1, 0o644, 0, 0),
    };

    #[test]
    fn a_change_shows_once_the_clock_of_file_times_has_ticked() {
        assert!(!FILE.is_settled((60, 4_000_000)) && FILE.is_settled((60, 8_000_000)));
        assert!(!FILE.is_settled((59, 0)), "from the future: the clock was set back");
        let whole_seconds = Identity { changed: (60, 0), ..FILE };
        assert!(!whole_seconds.is_settled((61, 999)) && whole_seconds.is_settled((62, 0)));
    }

    #[test]
    fn a_file_keeps_its_content_if_only_its_names_its_rights_or_its_end_have_changed() {
        let changed = (70, 0);
        let rewritten = Identity { changed, modified: changed, ..FILE };
        for (now, expected) in [
            (FILE, true),
            (Identity { size: 10, ..rewritten }, true),
            (Identity { changed, attributes: (0, 0o644, 0, 0), ..FILE }, true),
            (Identity { changed, attributes: (1, 0o600, 0, 0), ..FILE }, true),
            (rewritten, false),
            (Identity { size: 8, ..rewritten }, false),
            (Identity { modified: FILE.modified, ..rewritten }, false),
        ] {
            assert_eq!(FILE.keeps_content(&now), expected, "{now:?}");
        }
    }
}
