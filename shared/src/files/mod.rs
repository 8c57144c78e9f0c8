//! Static files: `--root DIR`.
//!
//! A small file is answered from memory, with fields that were prepared when it was read. A large one
//! stays open and goes from the page cache to the socket with sendfile(2). Neither is trusted for
//! longer than [`Settings::max_age`]: then the name is opened again, and a file that was replaced is another file.

mod cache;
mod conditions;
mod entry;
mod media;
mod part;
mod range;

use crate::http::{Method, Path, Response, Status};
use crate::sys::Directory;
use cache::Cache;
use clap::Args;
use conditions::{Conditions, Verdict};
pub use entry::Entry;
pub use part::FileRange;
pub(crate) use part::ReadAhead;
use range::Wanted;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What to serve files from, and how much of it to remember.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Files")]
pub struct Settings {
    /// Serve the files below this directory; without it, none
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Memory for the contents of small files
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub cache_size: usize,
    /// How long a file is served before the server looks whether it has changed
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = crate::args::duration)]
    pub cache_age: Duration,
}

/// The files below a directory.
pub struct Files {
    root: Directory,
    cache: Cache,
}

/// Why there is no file to answer with.
#[derive(Debug)]
enum Missing {
    Nothing,
    /// A directory, asked for without the slash that its relative links need.
    Slash,
    /// There may be one: the server cannot look, for want of descriptors or for what a disk has done.
    Unknown,
}

impl From<io::Error> for Missing {
    /// Only what says of the name that there is nothing to be had under it: open(2), openat2(2).
    fn from(error: io::Error) -> Self {
        let says_no = |code| {
            use libc::*;
            matches!(
                code,
                ENOENT | ENOTDIR | ELOOP | EXDEV | EACCES | EPERM | ENAMETOOLONG | ENXIO | ENODEV
            )
        };
        // Without a code it was made by ourselves: a name that no file can have.
        if error.raw_os_error().is_none_or(says_no) { Self::Nothing } else { Self::Unknown }
    }
}

/// What can be done with a file.
const METHODS: &str = "GET, HEAD, OPTIONS";

impl Files {
    /// Opens the directory.
    pub fn open(settings: &Settings) -> io::Result<Option<Self>> {
        let Some(root) = &settings.root else { return Ok(None) };
        let cache = Cache::new(settings.cache_size, settings.cache_age);
        Ok(Some(Self { root: Directory::open(root)?, cache }))
    }

    /// The name of a path's file, relative to the root. `None`: such a file is not served, whether it exists or not.
    pub(crate) fn name(path: &Path<'_>) -> Option<Vec<u8>> {
        let mut segments: Vec<_> = path.segments().collect();
        // A trailing slash asks for a directory, and that for its index.
        if segments.last() == Some(&&b""[..]) {
            segments.pop();
            segments.push(b"index.html");
        }
        let is_plain =
            |segment: &&[u8]| !segment.is_empty() && segment[0] != b'.' && !segment.contains(&b'/');
        segments.iter().all(is_plain).then(|| segments.join(&b'/'))
    }

    /// The file if it is at hand: nothing is opened, nothing is waited for.
    pub(crate) fn at_hand(&self, name: &[u8], now: Instant) -> Option<Arc<Entry>> {
        self.cache.get(name, now)
    }

    /// The answer for a file. Opens and reads it if it is not at hand.
    pub(crate) fn answer<'a>(
        &self,
        method: Method,
        name: &[u8],
        at_hand: Option<Arc<Entry>>,
        field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>,
    ) -> Response {
        match at_hand.map_or_else(|| self.load(name), Ok) {
            Ok(entry) if matches!(method, Method::Get | Method::Head) => {
                respond(entry, method, field)
            }
            Ok(_) if method == Method::Options => {
                Response::empty(Status::NO_CONTENT).with("Allow", METHODS)
            }
            Ok(_) => {
                Response::new(Status::METHOD_NOT_ALLOWED, "405: files can be read, and no more\n")
                    .with("Allow", METHODS)
            }
            Err(Missing::Nothing) => Response::new(Status::NOT_FOUND, "404: nothing here\n"),
            Err(Missing::Slash) => moved(name),
            Err(Missing::Unknown) => {
                Response::new(Status::SERVICE_UNAVAILABLE, "503: the file cannot be opened now\n")
                    .with("Retry-After", "1")
            }
        }
    }

    fn load(&self, name: &[u8]) -> Result<Arc<Entry>, Missing> {
        let loaded = self.open_and_read(name);
        match &loaded {
            Ok(entry) => ReadAhead::first(entry).run(),
            Err(Missing::Unknown) => {}
            Err(_) => self.cache.forget(name),
        }
        loaded
    }

    fn open_and_read(&self, name: &[u8]) -> Result<Arc<Entry>, Missing> {
        let opened = Instant::now();
        let file = self.root.open_file(name)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            let index = [name, b"/index.html"].concat();
            self.root.open_file(&index)?;
            return Err(Missing::Slash);
        }
        if !metadata.is_file() {
            return Err(Missing::Nothing);
        }
        if let Some(unchanged) = self.cache.confirm(name, &metadata, opened) {
            return Ok(unchanged);
        }
        let entry = Entry::read(file, metadata, name)?;
        Ok(self.cache.insert(name, entry, opened))
    }
}

fn respond<'a>(
    entry: Arc<Entry>,
    method: Method,
    field: impl Fn(&'static str) -> Option<Cow<'a, [u8]>>,
) -> Response {
    let conditions = Conditions::of(&field);
    match conditions.judge(entry.etag(), entry.modified()) {
        Verdict::NotModified => return Response::empty(Status::NOT_MODIFIED).describing(&entry),
        Verdict::Failed => {
            return Response::new(Status::PRECONDITION_FAILED, "412: the file is another by now\n");
        }
        Verdict::Proceed => {}
    }
    let range = field("range").filter(|_| {
        method == Method::Get && conditions.allow_range(entry.etag(), entry.modified())
    });
    match Wanted::of(range.as_deref(), entry.len()) {
        Wanted::All => Response::file(FileRange::new(entry, None), Status::OK),
        Wanted::Part(part) => {
            let content_range = format!("bytes {}-{}/{}", part.start, part.end - 1, entry.len());
            Response::file(FileRange::new(entry, Some(part)), Status::PARTIAL_CONTENT)
                .with("Content-Range", content_range)
        }
        Wanted::Nothing => {
            Response::new(Status::RANGE_NOT_SATISFIABLE, "416: the file has no such bytes\n")
                .with("Content-Range", format!("bytes */{}", entry.len()))
        }
    }
}

/// The name came from a path, decoded; on its way back into a field it is encoded again.
fn moved(name: &[u8]) -> Response {
    let mut location = String::new();
    for &byte in name {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => location.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => location.push(char::from(byte)),
            byte => location.push_str(&format!("%{byte:02X}")),
        }
    }
    Response::new(Status::MOVED_PERMANENTLY, "301: directories end in a slash\n")
        .with("Location", format!("/{location}/"))
}
