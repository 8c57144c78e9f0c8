//! A file's content and metadata as they were when it was opened. A first reading may skip it.

use super::identity::Identity;
use super::media;
use crate::sys::clock::file_times;
use httpdate::HttpDate;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

/// Files up to this many bytes are kept in memory; larger files are kept open.
pub(super) const SMALL: u64 = 64 << 10;

/// Tries at reading a file while a program writes to it.
const TRIES: usize = 3;

/// A file's content, and the fields of its responses.
pub struct Entry {
    pub(super) content: Content,
    identity: Identity,
    /// Whether a change after it was read would show in its identity.
    pub(super) is_settled: bool,
    /// Strong (RFC 9110 section 8.8.1): no other content of the file ever has it.
    pub(super) etag: String,
    pub(super) modified: HttpDate,
    pub(super) last_modified: String,
    /// A whole field line.
    pub(super) content_type: &'static str,
    /// For the cache: when the name was last opened and found to be this file, in nanoseconds since the cache began.
    pub(super) checked: AtomicU64,
    /// When a thread last began to check that.
    pub(super) claimed: AtomicU64,
}

pub(super) enum Content {
    Memory(Vec<u8>),
    /// And its ends: [`read_ends`].
    Open(File, Vec<u8>),
}

impl Entry {
    /// An entry for an open file, which is read if it is small.
    pub(super) fn read(file: File, mut metadata: Metadata, name: &[u8]) -> io::Result<Self> {
        for _ in 0..TRIES {
            // Before the reading, so that the content is no older than the clock's time.
            let (clock, before) = (file_times(), Identity::of(&metadata));
            let is_small = before.size <= SMALL;
            let read = if is_small { read_whole } else { read_ends };
            let bytes = read(&file, before.size)?;
            let is_whole = !is_small || bytes.len() as u64 == before.size;
            let now = file.metadata()?;
            // A program that has written meanwhile leaves neither the old content nor the new.
            if is_whole && before == Identity::of(&now) {
                let is_settled = before.is_settled(clock);
                let content =
                    if is_small { Content::Memory(bytes) } else { Content::Open(file, bytes) };
                return Ok(Self::new(content, &metadata, is_settled, name));
            }
            metadata = now;
        }
        // It is written to all the time: what is sent begins no earlier than what its ends are read from.
        let ends = read_ends(&file, metadata.len())?;
        Ok(Self::new(Content::Open(file, ends), &metadata, false, name))
    }

    fn new(content: Content, metadata: &Metadata, is_settled: bool, name: &[u8]) -> Self {
        let (identity, now) = (Identity::of(metadata), SystemTime::now());
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let modified = HttpDate::from(last_modified(modified, now));
        Self {
            content,
            identity,
            is_settled,
            etag: entity_tag(&identity, is_settled, now),
            modified,
            last_modified: modified.to_string(),
            content_type: media::content_type(name),
            checked: AtomicU64::new(0),
            claimed: AtomicU64::new(0),
        }
    }

    /// Whether a file with this metadata still has the content of this entry.
    pub(super) fn matches(&self, metadata: &Metadata) -> bool {
        self.is_settled && self.identity == Identity::of(metadata)
    }

    /// Whether the content is still what was read: a program may have rewritten an open file.
    pub(super) fn is_unchanged(&self) -> bool {
        let unchanged = |file: &File| file.metadata().is_ok_and(|now| self.matches(&now));
        self.file().is_none_or(unchanged)
    }

    /// Bytes.
    pub(super) fn len(&self) -> u64 {
        self.identity.size
    }

    /// The open file, if the content is not in memory.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.content {
            Content::Open(file, _) => Some(file),
            Content::Memory(_) => None,
        }
    }

    /// The open file, to send more of it.
    ///
    /// # Errors
    /// It no longer has the content that the response's head describes.
    pub(super) fn file_to_send(&self) -> io::Result<BorrowedFd<'_>> {
        let Content::Open(file, ends) = &self.content else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let now = self.identity.now(|| Ok(Identity::of(&file.metadata()?)))?;
        let keeps_ends = || Ok::<_, io::Error>(read_ends(file, self.len())? == *ends);
        let has_content =
            now == self.identity || self.identity.may_keep_content(&now) && keeps_ends()?;
        if has_content { Ok(file.as_fd()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// The content, if it is in memory.
impl AsRef<[u8]> for Entry {
    fn as_ref(&self) -> &[u8] {
        match &self.content {
            Content::Memory(bytes) => bytes,
            Content::Open(..) => &[],
        }
    }
}

/// A file's time as Last-Modified may state it: not later than now (RFC 9110 section 8.8.2.1), and not before 1970,
/// which a broken clock may have left and which has no HTTP date.
fn last_modified(modified: SystemTime, now: SystemTime) -> SystemTime {
    modified.min(now).max(SystemTime::UNIX_EPOCH)
}

/// While the file's next change might not show, the tag is good for one reading, and contains its moment.
fn entity_tag(identity: &Identity, is_settled: bool, now: SystemTime) -> String {
    let moment = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    if is_settled {
        format!("\"{}\"", identity.tag())
    } else {
        format!("\"{}-{moment:x}\"", identity.tag())
    }
}

/// Reads a file of `size` bytes, and one byte more where it has grown. The buffer has that size from the start: cutting
/// a larger buffer leaves memory in pieces that the next buffer does not fit into.
fn read_whole(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size as usize + 1];
    let length = fill(&mut bytes, file, 0)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Bytes at either end of a file by which a file that was appended to or renamed differs from a file that was rewritten.
const END: u64 = 2 << 10;

/// Reads the first and the last bytes of a file that has, or had, `size` bytes. A log that grows keeps them. A program
/// that rewrites a file changes them, unless both versions agree there: nothing but reading all of it would show that.
fn read_ends(file: &File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 2 * END.min(size) as usize];
    let (first, last) = bytes.split_at_mut(END.min(size) as usize);
    let behind = size - last.len() as u64;
    fill(first, file, 0)?;
    fill(last, file, behind)?;
    Ok(bytes)
}

/// Reads until the buffer is full, or to the end of the file; returns the number of bytes.
fn fill(buffer: &mut [u8], file: &File, offset: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(&mut buffer[length..], offset + length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::time::Duration;

    #[test]
    fn a_time_is_neither_in_the_future_nor_before_1970() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(last_modified(before, at(9)), SystemTime::UNIX_EPOCH);
        assert_eq!(last_modified(at(5), at(9)), at(5));
        assert_eq!(last_modified(at(300_000_000_000), at(9)), at(9), "beyond the year 9999");
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
            let other = contents.insert(entry.etag.clone(), content.clone());
            assert!(other.is_none_or(|other| other == content), "{}", entry.etag);
        }
        std::fs::remove_file(path).unwrap();
    }
}
