//! What is still to be sent of a file, and how a loop sends it without ever waiting for a disk.
//!
//! sendfile(2) reads what is not in the page cache from the disk, and its thread waits. So a large file is sent
//! window by window: a look at the window's ends says whether it is in the cache, and if not, somebody who may
//! wait reads it first. Of each file the first window is read by whoever opens it.

use super::Entry;
use crate::sys::file::is_cached;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that are read ahead at once.
const WINDOW: u64 = 1 << 20;

/// A part of a file that is still to be sent.
pub struct FileRange {
    entry: Arc<Entry>,
    range: Range<u64>,
    /// What lies before this has been looked at: sending it waits for nothing.
    warm: u64,
}

impl FileRange {
    pub(super) fn new(entry: Arc<Entry>, range: Option<Range<u64>>) -> Self {
        let range = range.unwrap_or(0..entry.len());
        Self { entry, range, warm: WINDOW }
    }

    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The bytes, if they are in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.entry.bytes()?.get(self.range.start as usize..self.range.end as usize)
    }

    /// The open file, if they are not. To be asked for before each sending: if the file was rewritten or cut
    /// since its length and its tag were told, this is an error, and only the end of the connection can tell. An
    /// answer that is cut short is noticed, and one of two versions is not. (What the socket has taken
    /// already are pages of the file, though: those go as they are when they leave.)
    pub fn file(&self) -> io::Result<Option<BorrowedFd<'_>>> {
        Ok(self.entry.file_to_send()?.map(AsFd::as_fd))
    }

    /// Where the rest begins.
    pub fn offset(&self) -> u64 {
        self.range.start
    }

    /// Bytes that are still to be sent.
    pub fn left(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// How many of them are in the page cache, as far as anybody has looked.
    pub(crate) fn warm(&self) -> u64 {
        self.left().min(self.warm.saturating_sub(self.range.start))
    }

    /// So many bytes are sent.
    pub fn advance(&mut self, bytes: u64) {
        self.range.start = self.range.end.min(self.range.start + bytes);
    }

    /// Looks at the next window, once the last is sent. What comes back is to be read before it is sent.
    pub(crate) fn look_ahead(&mut self) -> Option<ReadAhead> {
        if self.warm() > 0 || self.left() == 0 {
            return None;
        }
        self.warm = self.range.start + WINDOW;
        let window = self.range.start..self.range.end.min(self.warm);
        let is_cold =
            self.entry.file().is_some_and(|file| !is_cached(file.as_fd(), window.clone()));
        is_cold.then(|| ReadAhead { entry: Arc::clone(&self.entry), window })
    }
}

/// A window of a file that is not in the page cache.
pub(crate) struct ReadAhead {
    entry: Arc<Entry>,
    window: Range<u64>,
}

impl ReadAhead {
    /// The first of a file.
    pub(super) fn first(entry: &Arc<Entry>) -> Self {
        Self { entry: Arc::clone(entry), window: 0..entry.len().min(WINDOW) }
    }

    /// Reads it, waiting as long as it takes. The bytes are for the page cache alone; an error will show again
    /// when they are sent.
    pub(crate) fn run(self) {
        let Some(file) = self.entry.file() else { return };
        if is_cached(file.as_fd(), self.window.clone()) {
            return;
        }
        let (mut buffer, mut at) = (vec![0; 64 << 10], self.window.start);
        while at < self.window.end {
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
    use crate::sys::file::file_clock;
    use std::fs::File;
    use std::os::unix::fs::MetadataExt;
    use std::time::SystemTime;

    #[test]
    fn each_window_is_looked_at_once_and_before_it_is_sent() {
        let path = std::env::temp_dir().join(format!("files-part-{}", std::process::id()));
        std::fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        let entry = Arc::new(Entry::read(file, metadata, b"part").unwrap());
        let mut range = FileRange::new(Arc::clone(&entry), Some(100..(2 << 20) + 100));
        assert!(range.look_ahead().is_none() && range.warm() == WINDOW - 100, "read when opened");
        range.advance(WINDOW - 100);
        assert_eq!(range.warm(), 0);
        // Just written, so it is in the cache: one look, and it may be sent.
        assert!(range.look_ahead().is_none() && range.warm() == WINDOW);
        range.advance(WINDOW);
        assert!(range.look_ahead().is_none() && range.warm() == 100);
        let mut later = FileRange::new(entry, Some(2 << 20..3 << 20));
        assert_eq!(later.warm(), 0, "nobody has looked there");
        assert!(later.look_ahead().is_none() && later.warm() == WINDOW);
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
            while file_clock().unwrap() <= changed(&file) {
                std::thread::yield_now();
            }
            let (opened, metadata) = (file.try_clone().unwrap(), file.metadata().unwrap());
            let entry = Arc::new(Entry::read(opened, metadata, b"sent").unwrap());
            change(&file);
            FileRange::new(entry, None).file().is_ok()
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
