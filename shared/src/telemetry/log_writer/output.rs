//! What a writer writes to: a file that others may write to, rename and truncate meanwhile; a FIFO, a
//! terminal or standard output, whose reader may stop.

use super::queue::whole_lines;
use crate::sys::poll::{self, Wait};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long an output that takes nothing now is waited for before anything else is looked at.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// How long a FIFO is waited for whose reader starts together with the server.
const READER: Duration = Duration::from_secs(1);

/// Bytes of one write(2) to a file. With O_APPEND the kernel puts them at the end in one piece, whoever
/// else appends to it.
const FILE_PIECE: usize = 64 << 10;

/// The same for all else: PIPE_BUF in pipe(7). A pipe takes so much in one piece, or nothing.
const PIPE_PIECE: usize = 4096;

/// An open output.
pub(super) struct Output {
    file: File,
    /// `None`: standard output, which cannot be opened anew.
    path: Option<PathBuf>,
    append: bool,
    /// Whether it is a regular file.
    regular: bool,
}

impl Output {
    pub(super) fn open(path: &Path, append: bool) -> io::Result<Self> {
        let path = (path != Path::new("-")).then(|| path.to_owned());
        let file = match &path {
            Some(path) => open_with_reader(path, append)?,
            None => File::from(io::stdout().as_fd().try_clone_to_owned()?),
        };
        let regular = file.metadata()?.is_file();
        Ok(Self { file, path, append, regular })
    }

    /// Opens the file anew, by its name. The old one loses the `torn` bytes of a line at its end.
    pub(super) fn reopen(&mut self, torn: usize) -> io::Result<()> {
        if let Some(path) = &self.path {
            let file = open(path, self.append)?;
            let regular = file.metadata()?.is_file();
            self.take_back(torn);
            (self.file, self.regular) = (file, regular);
        }
        Ok(())
    }

    /// Takes back the `torn` bytes of a line that the last write ended with, if the file still ends with them.
    pub(super) fn take_back(&mut self, torn: usize) -> bool {
        torn > 0
            && self.regular
            && self.is_at_end()
            && self
                .file
                .metadata()
                .is_ok_and(|file| self.file.set_len(file.len().saturating_sub(torn as u64)).is_ok())
    }

    /// Writes some of these lines with one write(2): whole ones, unless the disk is full. Waits for a reader
    /// a moment, and not longer: then it is [`io::ErrorKind::WouldBlock`].
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if !self.regular {
            let mut wait = [Wait::writable(self.file.as_fd())];
            if !poll::wait(&mut wait, Some(Instant::now() + PAUSE))? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        let most = if self.regular { FILE_PIECE } else { PIPE_PIECE };
        match whole_lines(lines, most) {
            0 => self.file.write(&lines[..lines.len().min(most)]),
            whole => self.file.write(&lines[..whole]),
        }
    }

    /// Whether the file ends where the last write ended: nobody has appended to it or truncated it since.
    pub(super) fn is_at_end(&mut self) -> bool {
        let mut same = || -> io::Result<bool> {
            Ok(self.file.stream_position()? == self.file.metadata()?.len())
        };
        !self.regular || same().unwrap_or(false)
    }
}

/// O_NONBLOCK: opening a FIFO that has no reader is an error (ENXIO), and does not wait for one.
fn open(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let mut file = options.open(path)?;
    if !append && file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    if append && is_torn(path) {
        // Whoever wrote it was stopped in the midst of a line. Where there is no room for a line end there
        // is none for lines.
        let _ = file.write(b"\n");
    }
    Ok(file)
}

fn open_with_reader(path: &Path, append: bool) -> io::Result<File> {
    let deadline = Instant::now() + READER;
    loop {
        match open(path, append) {
            Err(error)
                if error.raw_os_error() == Some(libc::ENXIO) && Instant::now() < deadline =>
            {
                thread::sleep(PAUSE / 10);
            }
            result => return result,
        }
    }
}

/// Whether a file ends in the midst of a line, and nobody is writing it: what it ends with stays.
fn is_torn(path: &Path) -> bool {
    let seen = end_of(path);
    let torn = matches!(seen, Some((_, byte)) if byte != b'\n');
    torn && {
        thread::sleep(PAUSE / 10);
        end_of(path) == seen
    }
}

/// The length and the last byte of a regular file that is not empty.
fn end_of(path: &Path) -> Option<(u64, u8)> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let length = file.seek(SeekFrom::End(-1)).ok()?;
    let mut byte = [0];
    file.read_exact(&mut byte).ok()?;
    Some((length, byte[0]))
}
