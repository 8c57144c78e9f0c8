//! Files at hand, by name. Loops read it for every request, so reading takes a lock that readers share.

use super::entry::Entry;
use std::collections::HashMap;
use std::fs::Metadata;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Large files that are kept open at most.
const MAX_OPEN: usize = 128;

/// What is remembered of a small file besides its content, roughly: it keeps millions of empty files out.
const OVERHEAD: usize = 512;

/// A bounded cache of files.
pub(super) struct Cache {
    shelf: RwLock<Shelf>,
    max_size: usize,
    max_age: Duration,
    epoch: Instant,
}

#[derive(Default)]
struct Shelf {
    slots: HashMap<Vec<u8>, Slot>,
    size: usize,
    open: usize,
}

struct Slot {
    entry: Arc<Entry>,
    /// When the name was last opened and found to be this file, in nanoseconds since the epoch.
    checked: AtomicU64,
    /// Used since somebody last looked for room.
    used: AtomicBool,
}

impl Cache {
    pub(super) fn new(max_size: usize, max_age: Duration) -> Self {
        Self { shelf: RwLock::default(), max_size, max_age, epoch: Instant::now() }
    }

    /// The file, if it was checked lately. Of those who find it too old, one gets nothing and has to
    /// look; the others are served the old one meanwhile, instead of all looking at once.
    pub(super) fn get(&self, name: &[u8], now: Instant) -> Option<Arc<Entry>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let slot = shelf.slots.get(name)?;
        let (now, checked) = (self.nanos(now), slot.checked.load(Ordering::Relaxed));
        let is_old = now.saturating_sub(checked) > self.max_age.as_nanos() as u64;
        if is_old
            && slot
                .checked
                .compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            return None;
        }
        // Written only when it changes: a line that everybody writes to would go from core to core.
        if !slot.used.load(Ordering::Relaxed) {
            slot.used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&slot.entry))
    }

    /// The entry for a file that was opened not before `opened`, if it is still the same file.
    pub(super) fn confirm(
        &self,
        name: &[u8],
        metadata: &Metadata,
        opened: Instant,
    ) -> Option<Arc<Entry>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let slot = shelf.slots.get(name).filter(|slot| slot.entry.is_still(metadata))?;
        slot.checked.fetch_max(self.nanos(opened), Ordering::Relaxed);
        Some(Arc::clone(&slot.entry))
    }

    /// Keeps a file, and returns it. One that does not fit at all is not kept, and neither is one that
    /// somebody else has opened later, who knows better.
    pub(super) fn insert(&self, name: &[u8], entry: Entry, opened: Instant) -> Arc<Entry> {
        let (entry, opened) = (Arc::new(entry), self.nanos(opened));
        let (checked, used) = (AtomicU64::new(opened), AtomicBool::new(true));
        let slot = Slot { entry: Arc::clone(&entry), checked, used };
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        let later = |slot: &Slot| slot.checked.load(Ordering::Relaxed) > opened;
        if shelf.slots.get(name).is_some_and(later) {
            return entry;
        }
        shelf.remove(name);
        if shelf.make_room(&entry, self.max_size) {
            shelf.size += weight(&entry);
            shelf.open += usize::from(entry.is_open());
            shelf.slots.insert(name.to_vec(), slot);
        }
        entry
    }

    /// There is no such file any more.
    pub(super) fn forget(&self, name: &[u8]) {
        // Most names that do not exist never did: for them nobody is kept from reading.
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        if shelf.slots.contains_key(name) {
            drop(shelf);
            self.shelf.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
    }

    fn nanos(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.epoch).as_nanos() as u64
    }
}

impl Shelf {
    fn remove(&mut self, name: &[u8]) {
        if let Some(slot) = self.slots.remove(name) {
            self.size -= weight(&slot.entry);
            self.open -= usize::from(slot.entry.is_open());
        }
    }

    /// Throws out what was not used since the last time; if that is not enough, everything else.
    fn make_room(&mut self, entry: &Entry, max_size: usize) -> bool {
        let (size, open) = (weight(entry), usize::from(entry.is_open()));
        for second_chance in [true, false] {
            if self.size + size <= max_size && self.open + open <= MAX_OPEN {
                return true;
            }
            let keep = |slot: &Slot| second_chance && slot.used.swap(false, Ordering::Relaxed);
            let unused: Vec<_> = self
                .slots
                .iter()
                .filter(|(_, slot)| !keep(slot))
                .map(|(name, _)| name.clone())
                .collect();
            unused.iter().for_each(|name| self.remove(name));
        }
        size <= max_size
    }
}

fn weight(entry: &Entry) -> usize {
    entry.weight() + OVERHEAD
}
