//! A file as it was when it was opened.

use super::identity::Identity;
use super::media;
use crate::sys::clock::file_times;
use std::fs::{File, Metadata};
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::time::SystemTime;

/// Files up to this size are kept in memory; larger ones are kept open.
pub(super) const SMALL: u64 = 64 << 10;

/// Tries at reading a file that is being written to.
const TRIES: usize = 3;

/// A file's content, and what is said about it.
pub struct Entry {
    content: Content,
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

/// A file's time as it may be told: not later than now (RFC 9110 section 8.8.2.1), and not before 1970, which a copy or
/// a broken clock may have left and a date on the wire cannot be made of.
fn tellable(modified: SystemTime, now: SystemTime) -> SystemTime {
    modified.min(now).max(SystemTime::UNIX_EPOCH)
}

/// Strong (RFC 9110 section 8.8.1): no two contents share it. As long as the next change might not show, the tag
/// is good for this one reading, and has the moment of it for a name.
fn entity_tag(identity: &Identity, is_settled: bool, now: SystemTime) -> String {
    let moment = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    if is_settled {
        format!("\"{}\"", identity.tag())
    } else {
        format!("\"{}-{moment:x}\"", identity.tag())
    }
}

impl Entry {
    /// Takes in an open file; reads it if it is small.
    pub(super) fn read(file: File, mut metadata: Metadata, name: &[u8]) -> io::Result<Self> {
        // Before each reading, so that what is read is no older than the clock says.
        let mut clock = file_times();
        for _ in 0..TRIES {
            if metadata.len() > SMALL {
                break;
            }
            let bytes = read_whole(&file, metadata.len())?;
            let before = mem::replace(&mut metadata, file.metadata()?);
            let identity = Identity::of(&metadata);
            // Somebody may have written in between: then it is neither the old file nor the new one.
            if Identity::of(&before) == identity && identity.size() == bytes.len() as u64 {
                return Ok(Self::new(Content::Memory(bytes), &metadata, clock, name));
            }
            clock = file_times();
        }
        Ok(Self::new(Content::Open(file), &metadata, clock, name))
    }

    fn new(content: Content, metadata: &Metadata, clock: (i64, i64), name: &[u8]) -> Self {
        let (identity, now) = (Identity::of(metadata), SystemTime::now());
        let is_settled = identity.is_settled(clock);
        let modified = tellable(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), now);
        Self {
            content,
            identity,
            is_settled,
            etag: entity_tag(&identity, is_settled, now),
            modified,
            last_modified: httpdate::fmt_http_date(modified),
            content_type: media::content_type(name),
        }
    }

    /// Whether a change after it was read would show.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether a file with this metadata is the one that was read.
    pub(super) fn is_still(&self, metadata: &Metadata) -> bool {
        self.is_settled && self.identity == Identity::of(metadata)
    }

    /// Whether what would be sent now is what was read: an open file may have been rewritten.
    pub(super) fn is_unchanged(&self) -> bool {
        let unchanged = |file: &File| file.metadata().is_ok_and(|now| self.is_still(&now));
        self.file().is_none_or(unchanged)
    }

    /// Bytes.
    pub(super) fn len(&self) -> u64 {
        self.identity.size()
    }

    /// Strong: no other content of the file ever has it.
    pub(super) fn etag(&self) -> &str {
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

    /// The open file, to send more of it.
    ///
    /// # Errors
    /// It has no longer the content that was promised.
    pub(super) fn file_to_send(&self) -> io::Result<BorrowedFd<'_>> {
        let file = self.file().ok_or(io::ErrorKind::InvalidInput)?;
        if !self.identity.keeps_content(&Identity::of(&file.metadata()?)) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(file.as_fd())
    }

    pub(super) fn modified(&self) -> SystemTime {
        self.modified
    }

    pub(super) fn last_modified(&self) -> &str {
        &self.last_modified
    }

    /// A whole field line.
    pub(super) fn content_type(&self) -> &'static str {
        self.content_type
    }
}

/// Reads a file of `size` bytes, and one more where it has grown. The buffer is of that size from the start: one
/// that is cut to it afterwards leaves memory in pieces that the next does not fit into.
fn read_whole(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, mut length) = (vec![0; size as usize + 1], 0);
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The content, of a file in memory.
impl AsRef<[u8]> for Entry {
    fn as_ref(&self) -> &[u8] {
        self.bytes().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::time::Duration;

    #[test]
    fn a_time_is_told_only_if_it_can_be() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(tellable(before, at(9)), SystemTime::UNIX_EPOCH);
        assert_eq!(tellable(at(5), at(9)), at(5));
        assert_eq!(tellable(at(300_000_000_000), at(9)), at(9), "beyond the year 9999");
    }

    /// Written in place, again and again, of the same size, and with the time of modification set back.
    #[test]
    fn no_two_contents_share_a_tag() {
        let path = std::env::temp_dir().join(format!("files-entry-{}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let (file, mut contents) = (file.unwrap(), HashMap::new());
        for version in 0..2000 {
            let content = format!("version {version:04}").into_bytes();
            file.write_all_at(&content, 0).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            let metadata = file.metadata().unwrap();
            let entry = Entry::read(file.try_clone().unwrap(), metadata, b"entry").unwrap();
            let other = contents.insert(entry.etag().to_owned(), content.clone());
            assert!(other.is_none_or(|other| other == content), "{}", entry.etag());
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_reading_that_a_change_might_not_show_after_has_a_tag_of_its_own() {
        let metadata = File::open("/").unwrap().metadata().unwrap();
        let (identity, now) = (Identity::of(&metadata), SystemTime::now());
        let tag = |is_settled, now| entity_tag(&identity, is_settled, now);
        let later = now + Duration::from_nanos(1);
        assert_eq!(tag(true, now), tag(true, later));
        assert!(tag(false, now) != tag(false, later) && tag(false, now) != tag(true, now));
    }
}
