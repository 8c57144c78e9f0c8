//! A file as it was when it was opened.

use super::media;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime};

/// Files up to this size are kept in memory; larger ones are kept open.
pub(super) const SMALL: u64 = 64 << 10;

/// Longer than a tick of the clock that file times are taken from, on any kernel.
const TICK: Duration = Duration::from_millis(50);

/// Tries at reading a file that is being written to.
const TRIES: usize = 3;

/// A file's content, and what is said about it.
pub struct Entry {
    content: Content,
    len: u64,
    identity: Identity,
    /// Whether a change after it was read would show in its identity.
    is_settled: bool,
    etag: String,
    modified: SystemTime,
    last_modified: String,
    content_type: &'static str,
}

enum Content {
    Memory(Vec<u8>),
    Open(File),
}

/// What changes when a file changes: a replacement has another inode, a rewrite another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
    modified: (i64, i64),
}

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

    /// The clock of file times ticks a few hundred times a second at best, and two writes within one tick
    /// look like one. A file that was changed just now may change again without a trace.
    fn is_settled(&self) -> bool {
        let (seconds, nanos) = self.changed;
        let changed = Duration::new(seconds.max(0) as u64, nanos as u32);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + changed);
        since.is_ok_and(|since| since > TICK)
    }
}

/// A file's time as it may be told: not later than now (RFC 9110 section 8.8.2.1), and not before 1970, which a copy or
/// a broken clock may have left and a date on the wire cannot be made of.
fn tellable(modified: SystemTime, now: SystemTime) -> SystemTime {
    modified.min(now).max(SystemTime::UNIX_EPOCH)
}

impl Entry {
    /// Takes in an open file; reads it if it is small.
    pub(super) fn read(file: File, mut metadata: Metadata, name: &[u8]) -> io::Result<Self> {
        let mut content = None;
        for _ in 0..TRIES {
            if metadata.len() > SMALL {
                break;
            }
            let bytes = read_whole(&file)?;
            let after = file.metadata()?;
            // Somebody may have written in between: then it is neither the old file nor the new one.
            let settled = Identity::of(&after) == Identity::of(&metadata)
                && after.len() == bytes.len() as u64;
            metadata = after;
            if settled {
                content = Some(bytes);
                break;
            }
        }
        let content = content.map_or(Content::Open(file), Content::Memory);
        Ok(Self::new(content, &metadata, name))
    }

    fn new(content: Content, metadata: &Metadata, name: &[u8]) -> Self {
        let identity = Identity::of(metadata);
        let (seconds, nanos) = identity.modified;
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let modified = tellable(modified, SystemTime::now());
        Self {
            content,
            len: identity.size,
            identity,
            is_settled: identity.is_settled(),
            etag: format!(
                "\"{:x}-{:x}-{:x}{:08x}\"",
                identity.inode, identity.size, seconds, nanos
            ),
            modified,
            last_modified: httpdate::fmt_http_date(modified),
            content_type: media::content_type(name),
        }
    }

    /// Whether a file with this metadata is the one that was read.
    pub(super) fn is_still(&self, metadata: &Metadata) -> bool {
        self.is_settled && self.identity == Identity::of(metadata)
    }

    /// Bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of memory that the content takes.
    pub(super) fn weight(&self) -> usize {
        self.bytes().map_or(0, <[u8]>::len)
    }

    pub(super) fn is_open(&self) -> bool {
        self.file().is_some()
    }

    /// Strong: made of inode, size and time of change to the nanosecond.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    /// The content, if it is in memory.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Open(_) => None,
        }
    }

    /// The open file, if it is not.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.content {
            Content::Open(file) => Some(file),
            Content::Memory(_) => None,
        }
    }

    pub(super) fn modified(&self) -> SystemTime {
        self.modified
    }

    pub(crate) fn last_modified(&self) -> &str {
        &self.last_modified
    }

    /// A whole field line.
    pub(crate) fn content_type(&self) -> &'static str {
        self.content_type
    }
}

fn read_whole(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; SMALL as usize + 1];
    let mut length = 0;
    loop {
        match file.read_at(&mut bytes[length..], length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    bytes.truncate(length);
    bytes.shrink_to_fit();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_only_if_it_can_be() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(tellable(before, at(9)), SystemTime::UNIX_EPOCH);
        assert_eq!(tellable(at(5), at(9)), at(5));
        assert_eq!(tellable(at(300_000_000_000), at(9)), at(9), "beyond the year 9999");
    }
}
