//! Static files: `--root DIR`. A first reading may skip it.
//!
//! A small file is served from memory, with fields that were prepared when it was read. A large file
//! stays open and goes from the page cache to the socket with sendfile(2). Neither is trusted for
//! longer than [`FileSettings::cache_age`]: then the name is opened again, and may be another
//! file. The root is opened by its name each time, too: a deployment puts another directory in its place when it
//! switches a symbolic link, renames a directory, or deletes it and builds another. A program can also rewrite an open
//! file, so the server looks at it (fstat(2)) before each response and each sending.

mod byte_range;
mod cache;
mod clock_eviction;
mod entry;
mod file_range;
mod identity;
mod maintenance;
mod media;
mod missing;
mod preconditions;
mod response;

use crate::http::{Path, RequestHead, Response, limits};
use crate::sys::{Directory, rlimit};
use cache::Cache;
use clap::Args;
pub use entry::Entry;
use missing::Missing;
use std::io;
use std::path::{self, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The directory to serve files from, and the bounds of the cache.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Files")]
pub struct FileSettings {
    /// Serve the files below this directory; without it, none
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Memory for the contents of small files
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub cache_size: usize,
    /// How long a file is served before the server looks whether it has changed
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = limits::duration)]
    pub cache_age: Duration,
}

/// The files below a directory.
pub struct Files {
    root: PathBuf,
    cache: Arc<Cache>,
}

/// Large files that are kept open at most, and the part of all descriptors that they may use.
const MAX_OPEN: u64 = 128;
const SHARE_OPEN: u64 = 8;

/// The only name with a dot in front that is served: this, as segment 0 of a path (RFC 8615 section 3).
const WELL_KNOWN: (usize, &[u8]) = (0, b".well-known");

impl Files {
    /// Starts the thread that looks after the cache. `None`: no directory is to be served. A relative path counts from
    /// the present path of the working directory, even if that directory is renamed later.
    ///
    /// # Errors
    /// The directory cannot be opened, or the thread cannot start.
    pub fn open(settings: &FileSettings) -> io::Result<Option<Self>> {
        let Some(path) = &settings.root else { return Ok(None) };
        let max_open = MAX_OPEN.min(rlimit::raise_open_files()? / SHARE_OPEN) as usize;
        // Only to see that it is there.
        Directory::open(path)?;
        let root = path::absolute(path)?;
        let cache = Arc::new(Cache::new(settings.cache_size, max_open, settings.cache_age));
        maintenance::start(&cache)?;
        Ok(Some(Self { root, cache }))
    }

    /// The name of a path's file, relative to the root. `None`: such a file is not served, even if it exists.
    pub(super) fn name(path: &Path<'_>) -> Option<Vec<u8>> {
        let mut segments: Vec<_> = path.segments().collect();
        // A trailing slash means a directory, whose index is served.
        if segments.last() == Some(&&b""[..]) {
            segments.pop();
            segments.push(b"index.html");
        }
        let is_plain = |(place, segment): (usize, &&[u8])| {
            let is_hidden = segment.starts_with(b".") && (place, *segment) != WELL_KNOWN;
            !segment.is_empty() && !is_hidden && !segment.contains(&b'/')
        };
        segments.iter().enumerate().all(is_plain).then(|| segments.join(&b'/'))
    }

    /// The file if it is cached. Opens no file, and waits for no disk.
    pub(super) fn cached(&self, name: &[u8], now: Instant) -> Option<Arc<Entry>> {
        self.cache.get(name, now).filter(|entry| entry.is_unchanged())
    }

    /// The response with a file, which this opens and reads if it is not cached.
    pub(super) fn respond(
        &self,
        request: RequestHead<'_>,
        name: &[u8],
        cached: Option<Arc<Entry>>,
    ) -> Response {
        response::to(request, name, cached.map_or_else(|| self.load(name), Ok))
    }

    fn load(&self, name: &[u8]) -> Result<Arc<Entry>, Missing> {
        let loaded = self.open_and_read(name);
        match &loaded {
            Ok(entry) => file_range::read_first_window(entry),
            Err(Missing::Unknown) => {}
            Err(_) => self.cache.forget(name),
        }
        loaded
    }

    fn open_and_read(&self, name: &[u8]) -> Result<Arc<Entry>, Missing> {
        // Taken before the root is opened. A thread that is slow, and adds a file of a root that was replaced by then,
        // adds one that was the right one at this moment or later. So that file is served no longer than any other that
        // was replaced, and the cache does not put it in the place of a file that was opened later.
        let opened = Instant::now();
        let root = Directory::open(&self.root).map_err(|_| Missing::Unknown)?;
        let file = root.open_file(name)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            let index = [name, b"/index.html"].concat();
            let is_served = root.open_file(&index)?.metadata()?.is_file();
            return Err(if is_served { Missing::Slash } else { Missing::Nothing });
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
