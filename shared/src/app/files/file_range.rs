//! What is still to be sent of a file, and how a loop sends it without ever waiting for a disk.
//!
//! sendfile(2) reads what is not in the page cache from the disk, and its thread waits. So a large file is sent
//! window by window: a look at the window's ends says whether it is in the cache, and if not, somebody who may
//! wait reads it first. Of each file the first window is read by whoever opens it.

use super::entry::Entry;
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
    match entry.bytes() {
        Some(_) => Body::Shared(entry, range.start as usize..range.end as usize),
        None => Body::File(Box::new(FileRange::new(entry, range))),
    }
}

/// A part of an open file that is still to be sent.
struct FileRange {
    entry: Arc<Entry>,
    range: Range<u64>,
    /// What lies before this has been looked at: sending it waits for nothing.
    ready_to: u64,
}

impl FileRange {
    fn new(entry: Arc<Entry>, range: Range<u64>) -> Self {
        Self { entry, range, ready_to: WINDOW }
    }
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

    /// If the file was rewritten or cut since its length and its tag were told, this is an error. A
    /// response that is cut short is noticed, and one of two versions is not. (What the socket has taken
    /// already are pages of the file, though: those go as they are when they leave.)
    fn file(&self) -> io::Result<BorrowedFd<'_>> {
        self.entry.file_to_send()
    }

    fn advance(&mut self, bytes: u64) {
        self.range.start = self.range.end.min(self.range.start + bytes);
    }

    /// Looks at the next window, once the last is sent.
    fn read_ahead(&mut self) -> Option<ReadAhead> {
        if self.ready() > 0 || self.left() == 0 {
            return None;
        }
        self.ready_to = self.range.start + WINDOW;
        let range = self.range.start..self.range.end.min(self.ready_to);
        let window = ReadWindow { entry: Arc::clone(&self.entry), range };
        if window.is_cached() { None } else { Some(Box::new(|| window.read())) }
    }
}

/// A window of a file that may not be in the page cache.
pub(super) struct ReadWindow {
    entry: Arc<Entry>,
    range: Range<u64>,
}

impl ReadWindow {
    /// The first of a file.
    pub(super) fn first(entry: &Arc<Entry>) -> Self {
        Self { entry: Arc::clone(entry), range: 0..entry.len().min(WINDOW) }
    }

    fn is_cached(&self) -> bool {
        self.entry.file().is_none_or(|file| is_cached(file.as_fd(), self.range.clone()))
    }

    /// Reads it, waiting as long as it takes. The bytes are for the page cache alone; an error will show again
    /// when they are sent.
    pub(super) fn read(self) {
        let Some(file) = self.entry.file() else { return };
        if self.is_cached() {
            return;
        }
        let (mut buffer, mut at) = (vec![0; 64 << 10], self.range.start);
        while at < self.range.end {
            match file.read_at(&mut buffer, at) {
                Ok(0) | Err(_) => return,
                Ok(count) => at += count as u64,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::SMALL;
    use super::*;
    use crate::sys::clock::file_times;
    use std::fs::File;
    use std::os::unix::fs::MetadataExt;
    use std::time::SystemTime;

    #[test]
    fn each_window_is_looked_at_once_and_before_it_is_sent() {
        let path = std::env::temp_dir().join(format!("files-range-{}", std::process::id()));
        std::fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        let entry = Arc::new(Entry::read(file, metadata, b"part").unwrap());
        let mut range = FileRange::new(Arc::clone(&entry), 100..(2 << 20) + 100);
        assert!(range.read_ahead().is_none() && range.ready() == WINDOW - 100, "read when opened");
        range.advance(WINDOW - 100);
        assert_eq!(range.ready(), 0);
        // Just written, so it is in the cache: one look, and it may be sent.
        assert!(range.read_ahead().is_none() && range.ready() == WINDOW);
        range.advance(WINDOW);
        assert!(range.read_ahead().is_none() && range.ready() == 100);
        let mut later = FileRange::new(entry, 2 << 20..3 << 20);
        assert_eq!(later.ready(), 0, "nobody has looked there");
        assert!(later.read_ahead().is_none() && later.ready() == WINDOW);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_is_sent_to_its_end_unless_it_is_rewritten() {
        let path = std::env::temp_dir().join(format!("files-sent-{}", std::process::id()));
        let (length, then) = (SMALL as usize + 1, SystemTime::UNIX_EPOCH);
        let sends = |change: &dyn Fn(&File)| {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            let file = File::options().read(true).write(true).open(&path).unwrap();
            file.set_modified(then).unwrap();
            // Until its next change shows.
            while file_times() <= changed(&file) {
                std::thread::yield_now();
            }
            let (opened, metadata) = (file.try_clone().unwrap(), file.metadata().unwrap());
            let entry = Arc::new(Entry::read(opened, metadata, b"sent").unwrap());
            change(&file);
            FileRange::new(entry, 0..length as u64).file().is_ok()
        };
        assert!(sends(&|_| {}));
        assert!(sends(&|file| file.write_all_at(b"y", length as u64).unwrap()), "appended to");
        assert!(sends(&|_| std::fs::remove_file(&path).unwrap()), "deleted");
        assert!(!sends(&|file| file.write_all_at(b"y", 0).unwrap()), "rewritten");
        assert!(!sends(&|file| file.set_len(9).unwrap()), "cut");
        let set_back = |file: &File| {
            file.write_all_at(b"y", 0).unwrap();
            file.set_modified(then).unwrap();
        };
        assert!(!sends(&set_back), "rewritten, and its time set back");
        std::fs::remove_file(path).unwrap();
    }

    fn changed(file: &File) -> (i64, i64) {
        let metadata = file.metadata().unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    }
}
