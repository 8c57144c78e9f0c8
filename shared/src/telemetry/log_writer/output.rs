//! The output of a writer. A first reading may skip it.
//!
//! A file that other programs may write to, rename and truncate meanwhile; or a FIFO, a terminal or standard output,
//! whose reader may stop.

use super::queue::whole_lines;
use crate::sys::file::append_from_now_on;
use crate::sys::poll::{self, Wait};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long the writer waits for an output that takes nothing now.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// How long the start waits for the reader of a FIFO, which may be about to start too.
const READER: Duration = Duration::from_secs(1);

/// Bytes of one write(2) to a file. With O_APPEND the kernel puts them at the end in one piece, even if other programs
/// append to the file.
const FILE_PIECE: usize = 64 << 10;

/// Bytes of one write(2) to any other output: PIPE_BUF in pipe(7). A pipe takes as many in one piece, or none.
const PIPE_PIECE: usize = 4096;

/// An open output.
pub(super) struct Output {
    file: File,
    /// `None`: standard output, which cannot be opened again.
    path: Option<PathBuf>,
    append: bool,
}

impl Output {
    pub(super) fn open(path: &Path, append: bool) -> io::Result<Self> {
        let path = (path != Path::new("-")).then(|| path.to_owned());
        let file = match &path {
            Some(path) => open_with_reader(path, append)?,
            None => standard_output()?,
        };
        Ok(Self { file, path, append })
    }

    /// Opens the file again, by its name.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            self.file = open(path, self.append)?;
        }
        Ok(())
    }

    /// Writes some of these lines: whole lines, as many as the output takes in one piece. Returns their bytes.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`]: the reader takes nothing for [`PAUSE`]. All other errors: nothing was written.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let is_regular = self.file.metadata()?.is_file();
        if !is_regular {
            let mut wait = [Wait::writable(self.file.as_fd())];
            if !poll::wait(&mut wait, Some(Instant::now() + PAUSE))? {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        let most = if is_regular { FILE_PIECE } else { PIPE_PIECE };
        let piece = match whole_lines(lines, most) {
            0 => &lines[..lines.len().min(most)],
            whole => &lines[..whole],
        };
        let mut written = 0;
        while written < piece.len() {
            match self.file.write(&piece[written..]) {
                Ok(count) => written += count,
                Err(error) => {
                    if is_regular {
                        // The disk is full, and a part of a line is written: the whole line will come later.
                        let whole = whole_lines(piece, written);
                        self.take_back(written - whole);
                        written = whole;
                    }
                    return if written > 0 { Ok(written) } else { Err(error) };
                }
            }
        }
        Ok(written)
    }

    /// Takes back the last `torn` bytes, if the file still ends where the last write ended: no other program has
    /// appended to it or truncated it.
    fn take_back(&mut self, torn: usize) {
        let end = self.file.metadata().map(|file| file.len()).unwrap_or_default();
        if torn > 0 && self.file.stream_position().is_ok_and(|position| position == end) {
            let _ = self.file.set_len(end.saturating_sub(torn as u64));
        }
    }
}

/// A shell's `> FILE` does not append: where such a file is truncated, its next line would stand behind a hole.
fn standard_output() -> io::Result<File> {
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if output.metadata()?.is_file() {
        append_from_now_on(&output)?;
    }
    Ok(output)
}

/// O_NONBLOCK: opening a FIFO that has no reader is an error (ENXIO), and does not wait for a reader.
fn open(path: &Path, append: bool) -> io::Result<File> {
    if !append && path.symlink_metadata().is_ok_and(|found| found.is_file()) {
        // A server that this one replaces may still write to it. If it cannot be removed, it is emptied below.
        let _ = fs::remove_file(path);
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let mut file = options.open(path)?;
    if file.metadata()?.is_file() {
        if !append {
            file.set_len(0)?;
        } else if is_torn(path) {
            // The program that wrote this line was stopped within it. A disk without room for a line end has none for
            // lines either.
            let _ = file.write(b"\n");
        }
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

/// Whether a regular file ends within a line that no program is writing.
fn is_torn(path: &Path) -> bool {
    // The length, and the last byte.
    let end = || -> Option<(u64, u8)> {
        let (file, mut byte) = (File::open(path).ok()?, [0]);
        let length = file.metadata().ok()?.len();
        file.read_exact_at(&mut byte, length.checked_sub(1)?).ok()?;
        Some((length, byte[0]))
    };
    let seen = end();
    seen.is_some_and(|(_, last)| last != b'\n') && {
        thread::sleep(PAUSE / 10);
        end() == seen
    }
}
