//! The cache of files, by name. Event loops read it for every request, so reading takes a lock that readers share. A
//! first reading may skip it.

use super::clock_eviction::ClockCache;
use super::entry::{Content, Entry};
use std::fs::Metadata;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Bytes that a small file takes besides its name and its content, roughly: without them, millions of empty
/// files would fit.
const OVERHEAD: usize = 640;

/// A bounded cache of files.
pub(super) struct Cache {
    files: RwLock<CachedFiles>,
    max_age: Duration,
    epoch: Instant,
}

/// Small files share memory, and large files share descriptors: neither kind can evict the other.
struct CachedFiles {
    small: ClockCache<Arc<Entry>>,
    open: ClockCache<Arc<Entry>>,
}

impl Cache {
    /// A cache for `max_size` bytes of small files and for `max_open` large files. The name of a file is opened again
    /// after `max_age`.
    pub(super) fn new(max_size: usize, max_open: usize, max_age: Duration) -> Self {
        let (small, open) = (ClockCache::new(max_size), ClockCache::new(max_open));
        let files = RwLock::new(CachedFiles { small, open });
        Self { files, max_age, epoch: Instant::now() }
    }

    /// The file, if it was checked within the maximal age. Of the threads that find it too old, one gets nothing and
    /// has to check; the others get the old entry meanwhile, so that they do not all check at once. But at twice that age
    /// no one does: a file that was not requested for long may be another, and a check may be given up.
    pub(super) fn get(&self, name: &[u8], now: Instant) -> Option<Arc<Entry>> {
        let files = self.read();
        let entry = files.get(name)?;
        let (now, checked) = (self.nanos(now), entry.checked.load(Ordering::Relaxed));
        let (age, max_age) = (now.saturating_sub(checked), self.max_age.as_nanos() as u64);
        // The first who claims the check makes it.
        let is_claimed = || entry.claimed.fetch_max(now, Ordering::Relaxed) > checked;
        let may_serve = age <= max_age || age <= max_age.saturating_mul(2) && is_claimed();
        may_serve.then(|| Arc::clone(entry))
    }

    /// The entry for a file that was opened at `opened` or later, if the metadata still match.
    pub(super) fn confirm(
        &self,
        name: &[u8],
        metadata: &Metadata,
        opened: Instant,
    ) -> Option<Arc<Entry>> {
        let files = self.read();
        let entry = files.get(name).filter(|entry| entry.matches(metadata))?;
        entry.checked.fetch_max(self.nanos(opened), Ordering::Relaxed);
        Some(Arc::clone(entry))
    }

    /// Adds a file, and returns its entry. A file that does not fit is not added, and neither is a file that another
    /// thread has opened later: that thread saw the newer content.
    pub(super) fn insert(&self, name: &[u8], mut entry: Entry, opened: Instant) -> Arc<Entry> {
        let opened = self.nanos(opened);
        entry.checked = opened.into();
        let entry = Arc::new(entry);
        let mut removed = Vec::new();
        let mut files = self.write();
        let is_later = |entry: &Arc<Entry>| entry.checked.load(Ordering::Relaxed) > opened;
        if !files.get(name).is_some_and(is_later) {
            removed = files.insert(name, Arc::clone(&entry));
        }
        drop(files);
        // Closing a file that was deleted can take the kernel a while: without the lock.
        drop(removed);
        entry
    }

    /// There is no such file any more.
    pub(super) fn forget(&self, name: &[u8]) {
        // Most names without a file never had one: for them, readers need not wait.
        if self.read().get(name).is_some() {
            let removed = self.write().remove(name);
            drop(removed);
        }
    }

    /// Closes large files that were not requested since the last call.
    pub(super) fn close_unused(&self) {
        let removed = self.write().open.sweep();
        drop(removed);
    }

    fn read(&self) -> RwLockReadGuard<'_, CachedFiles> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, CachedFiles> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn nanos(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.epoch).as_nanos() as u64
    }
}

impl CachedFiles {
    fn get(&self, name: &[u8]) -> Option<&Arc<Entry>> {
        self.small.get(name).or_else(|| self.open.get(name))
    }

    fn remove(&mut self, name: &[u8]) -> [Option<Arc<Entry>>; 2] {
        [self.small.remove(name), self.open.remove(name)]
    }

    /// Returns the files that were removed.
    fn insert(&mut self, name: &[u8], entry: Arc<Entry>) -> Vec<Arc<Entry>> {
        // The file may have been small before, and be large now.
        let mut removed: Vec<_> = self.remove(name).into_iter().flatten().collect();
        match &entry.content {
            Content::Memory(bytes) => {
                let weight = bytes.len() + name.len() + OVERHEAD;
                removed.extend(self.small.insert(name, entry, weight));
            }
            // Its next change might not show, so each request has to open it.
            Content::Open(..) if !entry.is_settled => removed.push(entry),
            Content::Open(..) => removed.extend(self.open.insert(name, entry, 1)),
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::SMALL;
    use super::*;
    use std::fs::{self, File};

    const AGE: Duration = Duration::from_secs(600);

    /// Adds a file of `length` bytes that was written long enough ago for its next change to show.
    fn insert(cache: &Cache, name: &str, length: u64, opened: Instant) {
        let path =
            std::env::temp_dir().join(format!("files-cache-{}-{length}", std::process::id()));
        File::create(&path).unwrap().set_len(length).unwrap();
        let read = || {
            let file = File::open(&path).unwrap();
            let metadata = file.metadata().unwrap();
            Entry::read(file, metadata, b"").unwrap()
        };
        let entry = std::iter::repeat_with(read).find(|entry| entry.is_settled).unwrap();
        cache.insert(name.as_bytes(), entry, opened);
        fs::remove_file(path).unwrap();
    }

    fn has(cache: &Cache, name: &str) -> bool {
        cache.get(name.as_bytes(), Instant::now()).is_some()
    }

    #[test]
    fn a_small_file_weighs_its_name_its_content_and_the_overhead() {
        let (cache, now) = (Cache::new(10_000, 3, AGE), Instant::now());
        let names: Vec<_> = (0..10).map(|number| format!("{number}{}", "x".repeat(4000))).collect();
        names.iter().for_each(|name| insert(&cache, name, 10, now));
        assert_eq!(names.iter().filter(|name| has(&cache, name)).count(), 2);
    }

    #[test]
    fn a_file_that_was_opened_before_another_of_its_name_does_not_take_its_place() {
        let (cache, before) = (Cache::new(10_000, 3, AGE), Instant::now());
        let later = before + AGE;
        insert(&cache, "name", 20, later);
        insert(&cache, "name", 21, before);
        insert(&cache, "name", SMALL + 21, before);
        assert_eq!(cache.get(b"name", later).unwrap().len(), 20);
        // Where there is no other, its age counts from the moment at which it was opened.
        insert(&cache, "alone", 22, before);
        assert!(cache.get(b"alone", before + AGE).is_some());
        assert!(cache.get(b"alone", before + 3 * AGE).is_none());
    }

    #[test]
    fn an_old_file_is_served_while_one_thread_checks_it_and_a_very_old_one_to_no_one() {
        let (cache, opened) = (Cache::new(10_000, 3, AGE), Instant::now());
        insert(&cache, "name", 30, opened);
        let has = |age| cache.get(b"name", opened + age).is_some();
        assert!(has(AGE), "not old");
        let old = AGE + Duration::from_secs(1);
        assert!(!has(old), "the first has to check");
        assert!(has(old), "the others need not wait for it");
        assert!(!has(2 * old) && !has(2 * old), "the check was given up");
        insert(&cache, "name", 30, opened + 2 * old);
        assert!(has(2 * old));
    }

    #[test]
    fn a_file_that_has_grown_or_shrunk_is_in_one_place() {
        let (cache, now) = (Cache::new(10_000, 3, AGE), Instant::now());
        for length in [1, SMALL + 1, 2, SMALL + 2] {
            insert(&cache, "name", length, now);
            assert_eq!(cache.get(b"name", now).unwrap().len(), length);
        }
        cache.close_unused();
        assert!(has(&cache, "name"), "just used");
        cache.close_unused();
        cache.close_unused();
        assert!(!has(&cache, "name"));
    }
}
