//! Files at hand, by name. Loops read it for every request, so reading takes a lock that readers share.

use super::clock_eviction::ClockCache;
use super::entry::Entry;
use std::fs::Metadata;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// What is remembered of a small file besides its name and its content, roughly: it keeps millions of empty
/// files out.
const OVERHEAD: usize = 640;

/// A bounded cache of files.
pub(super) struct Cache {
    kept: RwLock<Kept>,
    max_size: usize,
    max_open: usize,
    max_age: Duration,
    epoch: Instant,
}

/// Small files share out memory, and large ones descriptors: neither can push out the other.
struct Kept {
    small: ClockCache<Checked>,
    open: ClockCache<Checked>,
    /// What was opened before this, in nanoseconds since the epoch, is not kept.
    since: u64,
}

struct Checked {
    entry: Arc<Entry>,
    /// When the name was last opened and found to be this file, in nanoseconds since the epoch.
    at: AtomicU64,
}

impl Cache {
    /// A cache for `max_size` bytes of small files and for `max_open` large ones.
    pub(super) fn new(max_size: usize, max_open: usize, max_age: Duration) -> Self {
        let kept = RwLock::new(Kept::new(max_size, max_open, 0));
        Self { kept, max_size, max_open, max_age, epoch: Instant::now() }
    }

    /// The file, if it was checked lately. Of those who find it too old, one gets nothing and has to
    /// look; the others are served the old one meanwhile, instead of all looking at once.
    pub(super) fn get(&self, name: &[u8], now: Instant) -> Option<Arc<Entry>> {
        let kept = self.read();
        let Checked { entry, at } = kept.get(name)?;
        let (now, checked) = (self.nanos(now), at.load(Ordering::Relaxed));
        let is_old = now.saturating_sub(checked) > self.max_age.as_nanos() as u64;
        let looks = is_old
            && at.compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        (!looks).then(|| Arc::clone(entry))
    }

    /// The entry for a file that was opened not before `opened`, if it is still the same file.
    pub(super) fn confirm(
        &self,
        name: &[u8],
        metadata: &Metadata,
        opened: Instant,
    ) -> Option<Arc<Entry>> {
        let kept = self.read();
        let Checked { entry, at } =
            kept.get(name).filter(|checked| checked.entry.is_still(metadata))?;
        at.fetch_max(self.nanos(opened), Ordering::Relaxed);
        Some(Arc::clone(entry))
    }

    /// Keeps a file, and returns it. One that does not fit at all is not kept, and neither is one that
    /// somebody else has opened later, who knows better.
    pub(super) fn insert(&self, name: &[u8], entry: Entry, opened: Instant) -> Arc<Entry> {
        let (entry, opened) = (Arc::new(entry), self.nanos(opened));
        let checked = Checked { entry: Arc::clone(&entry), at: AtomicU64::new(opened) };
        // Closing a file that was deleted can take the kernel a while: it is done without the lock.
        let mut removed = Vec::new();
        let mut kept = self.write();
        let is_later = |checked: &Checked| checked.at.load(Ordering::Relaxed) > opened;
        if opened >= kept.since && !kept.get(name).is_some_and(is_later) {
            kept.insert(name, checked, &mut removed);
        }
        drop(kept);
        entry
    }

    /// There is no such file any more.
    pub(super) fn forget(&self, name: &[u8]) {
        // Most names that do not exist never did: for them nobody is kept from reading.
        if self.read().get(name).is_some() {
            let removed = self.write().remove(name);
            drop(removed);
        }
    }

    /// Keeps nothing of all that was opened up to `now`.
    pub(super) fn clear(&self, now: Instant) {
        let empty = Kept::new(self.max_size, self.max_open, self.nanos(now) + 1);
        let removed = mem::replace(&mut *self.write(), empty);
        drop(removed);
    }

    /// Closes large files that were not asked for since the last call.
    pub(super) fn close_unused(&self) {
        let removed = self.write().open.sweep();
        drop(removed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn nanos(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.epoch).as_nanos() as u64
    }
}

impl Kept {
    fn new(max_size: usize, max_open: usize, since: u64) -> Self {
        Self { small: ClockCache::new(max_size), open: ClockCache::new(max_open), since }
    }

    fn get(&self, name: &[u8]) -> Option<&Checked> {
        self.small.get(name).or_else(|| self.open.get(name))
    }

    fn remove(&mut self, name: &[u8]) -> [Option<Checked>; 2] {
        [self.small.remove(name), self.open.remove(name)]
    }

    fn insert(&mut self, name: &[u8], checked: Checked, removed: &mut Vec<Checked>) {
        // It may have been a small file before, and be a large one now.
        removed.extend(self.remove(name).into_iter().flatten());
        match checked.entry.bytes() {
            Some(bytes) => {
                let weight = bytes.len() + name.len() + OVERHEAD;
                self.small.insert(name, checked, weight, removed);
            }
            // Its next change might not show, so it cannot be served again without being opened again.
            None if !checked.entry.is_settled() => removed.push(checked),
            None => self.open.insert(name, checked, 1, removed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::SMALL;
    use super::*;
    use std::fs::{self, File};
    use std::path::PathBuf;

    const AGE: Duration = Duration::from_secs(600);

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("files-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A file that was written long enough ago for its next change to show.
    fn open(path: &PathBuf, length: u64) -> (File, Metadata) {
        File::create(path).unwrap().set_len(length).unwrap();
        loop {
            let file = File::open(path).unwrap();
            let metadata = file.metadata().unwrap();
            let entry = Entry::read(file.try_clone().unwrap(), metadata.clone(), b"").unwrap();
            if entry.is_settled() {
                return (file, metadata);
            }
        }
    }

    fn insert(cache: &Cache, name: &str, file: &(File, Metadata), opened: Instant) {
        let (file, metadata) = (file.0.try_clone().unwrap(), file.1.clone());
        cache.insert(name.as_bytes(), Entry::read(file, metadata, b"").unwrap(), opened);
    }

    fn has(cache: &Cache, name: &str) -> bool {
        cache.get(name.as_bytes(), Instant::now()).is_some()
    }

    #[test]
    fn large_files_and_small_ones_do_not_push_out_each_other() {
        let (folder, cache, now) = (folder("kinds"), Cache::new(10_000, 3, AGE), Instant::now());
        let (small, large) = (open(&folder.join("s"), 1), open(&folder.join("l"), SMALL + 1));
        insert(&cache, "small", &small, now);
        insert(&cache, "large", &large, now);
        for number in 0..1000 {
            assert!(has(&cache, "small") && has(&cache, "large"), "after {number} of each");
            insert(&cache, &format!("small {number}"), &small, now);
            insert(&cache, &format!("large {number}"), &large, now);
        }
        let places = |kind: &str| {
            (0..1000).filter(|number| has(&cache, &format!("{kind} {number}"))).count()
        };
        assert!(places("large") == 2 && (2..=10_000 / OVERHEAD).contains(&places("small")));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_long_name_weighs_what_it_is_long() {
        let (folder, cache, now) = (folder("names"), Cache::new(10_000, 3, AGE), Instant::now());
        let small = open(&folder.join("s"), 0);
        let names: Vec<_> = (0..10).map(|number| format!("{number}{}", "x".repeat(4000))).collect();
        names.iter().for_each(|name| insert(&cache, name, &small, now));
        assert_eq!(names.iter().filter(|name| has(&cache, name)).count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_was_opened_in_the_root_before_is_neither_kept_nor_taken_in() {
        let (folder, cache, before) = (folder("root"), Cache::new(10_000, 3, AGE), Instant::now());
        let (small, large) = (open(&folder.join("s"), 1), open(&folder.join("l"), SMALL + 1));
        insert(&cache, "small", &small, before);
        cache.clear(Instant::now());
        assert!(!has(&cache, "small"));
        insert(&cache, "small", &small, before);
        insert(&cache, "large", &large, before);
        assert!(!has(&cache, "small") && !has(&cache, "large"), "opened before, and read after");
        insert(&cache, "small", &small, Instant::now());
        assert!(has(&cache, "small"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_has_become_another_kind_of_file_is_in_one_place() {
        let (folder, cache, now) = (folder("kind"), Cache::new(10_000, 3, AGE), Instant::now());
        let path = folder.join("file");
        for length in [1, SMALL + 1, 2, SMALL + 2] {
            insert(&cache, "name", &open(&path, length), now);
            let entry = cache.get(b"name", now).unwrap();
            assert_eq!(entry.len(), length);
        }
        cache.close_unused();
        assert!(has(&cache, "name"), "just used");
        cache.close_unused();
        cache.close_unused();
        assert!(!has(&cache, "name"));
        fs::remove_dir_all(folder).unwrap();
    }
}
