//! The part of a file that is still to be sent, and how an event loop sends it without waiting for a disk. A first
//! reading may skip it.
//!
//! sendfile(2) reads pages that are not in the page cache from the disk, and its thread waits. So a large file is sent
//! window by window. If a window's first or last byte is not in the page cache, a thread that may wait reads the
//! window first. The thread that opens a file reads its first window.

use super::entry::{Content, Entry};
use crate::http::{Body, FileBody, ReadAhead};
use crate::sys::file::is_cached;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that are read ahead at once.
const WINDOW: u64 = 1 << 20;

/// The content of a response: bytes in memory, or a part of an open file.
pub(super) fn body(entry: Arc<Entry>, range: Range<u64>) -> Body {
    match entry.content {
        Content::Memory(_) => Body::Shared(entry, range.start as usize..range.end as usize),
        Content::Open(..) => Body::File(Box::new(FileRange { entry, range, ready_to: WINDOW })),
    }
}

/// A part of an open file that is still to be sent.
struct FileRange {
    entry: Arc<Entry>,
    range: Range<u64>,
    /// The windows before this offset were looked at: sending them waits for no disk.
    ready_to: u64,
}

impl FileBody for FileRange {
    fn left(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn offset(&self) -> u64 {
        self.range.start
    }

    fn ready(&self) -> u64 {
        self.left().min(self.ready_to.saturating_sub(self.range.start))
    }

    /// An error if the file was rewritten or cut since the head told its length and its tag; a file that was appended to
    /// is sent as the head tells. A client notices a response that is cut short, and would not notice a mixture of two
    /// versions. (The socket holds pages of the file, though: those it has taken already leave as they are then.)
    fn file(&self) -> io::Result<BorrowedFd<'_>> {
        self.entry.file_to_send()
    }

    fn advance(&mut self, bytes: u64) {
        self.range.start = self.range.end.min(self.range.start + bytes);
    }

    /// Looks at the next window, once the last window is sent.
    fn read_ahead(&mut self) -> Option<ReadAhead> {
        if self.ready() > 0 || self.left() == 0 {
            return None;
        }
        self.ready_to = self.range.start + WINDOW;
        let window = self.range.start..self.range.end.min(self.ready_to);
        let entry = Arc::clone(&self.entry);
        let is_cached = entry.file().is_none_or(|file| is_cached(file.as_fd(), window.clone()));
        if is_cached { None } else { Some(Box::new(move || read_window(&entry, window))) }
    }
}

/// Reads the first window of a file into the page cache, waiting as long as the disk takes.
pub(super) fn read_first_window(entry: &Entry) {
    let window = 0..entry.len().min(WINDOW);
    if entry.file().is_some_and(|file| !is_cached(file.as_fd(), window.clone())) {
        read_window(entry, window);
    }
}

/// The bytes are for the page cache alone; an error will show again when they are sent.
fn read_window(entry: &Entry, window: Range<u64>) {
    let Some(file) = entry.file() else { return };
    let (mut buffer, mut at) = (vec![0; 64 << 10], window.start);
    while at < window.end {
        match file.read_at(&mut buffer, at) {
            Ok(0) | Err(_) => return,
            Ok(count) => at += count as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn each_window_is_looked_at_once_and_before_it_is_sent() {
        let path = std::env::temp_dir().join(format!("files-range-{}", std::process::id()));
        std::fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        let entry = Arc::new(Entry::read(file, metadata, b"part").unwrap());
        let part = |range| FileRange { entry: Arc::clone(&entry), range, ready_to: WINDOW };
        let mut range = part(100..(2 << 20) + 100);
        assert!(range.read_ahead().is_none() && range.ready() == WINDOW - 100, "read when opened");
        range.advance(WINDOW - 100);
        assert_eq!(range.ready(), 0);
        // Just written, so in the page cache: one look, and the window may be sent.
        assert!(range.read_ahead().is_none() && range.ready() == WINDOW);
        range.advance(WINDOW);
        assert!(range.read_ahead().is_none() && range.ready() == 100);
        let mut later = part(2 << 20..3 << 20);
        assert_eq!(later.ready(), 0, "not looked at");
        assert!(later.read_ahead().is_none() && later.ready() == WINDOW);
        std::fs::remove_file(path).unwrap();
    }
}
