//! A bounded map that evicts first what is not used: the CLOCK algorithm, also called second chance. A first reading may
//! skip it.
//!
//! The entries stand in a ring, and a hand goes around it. An entry that was used since the hand last passed
//! is skipped once; an entry that was not used is evicted. Using an entry changes only its own mark, so
//! that many threads can read at once, and an eviction never looks at the whole ring.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Entries that the hand skips in a row at most. Where all are in use, it evicts one all the same.
const MAX_SKIPPED: usize = 64;

/// Values by name, whose weights together stay within a capacity.
pub(super) struct ClockCache<V> {
    capacity: usize,
    weight: usize,
    /// The places of the names in the ring.
    places: HashMap<Arc<[u8]>, usize>,
    ring: Vec<Slot<V>>,
    hand: usize,
}

struct Slot<V> {
    name: Arc<[u8]>,
    value: V,
    weight: usize,
    /// Whether it was used since the hand, or a sweep, last passed. A new entry was not: a name that is requested
    /// once goes before a name that is requested again.
    used: AtomicBool,
}

impl<V> ClockCache<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, weight: 0, places: HashMap::new(), ring: Vec::new(), hand: 0 }
    }

    /// The value of a name. This counts as a use.
    pub(super) fn get(&self, name: &[u8]) -> Option<&V> {
        let slot = &self.ring[*self.places.get(name)?];
        // Written only when it changes: a cache line that all threads write to would travel from core to core.
        if !slot.used.load(Ordering::Relaxed) {
            slot.used.store(true, Ordering::Relaxed);
        }
        Some(&slot.value)
    }

    /// Adds a value of a weight of at least 1, unless it is too heavy by itself. Returns the values that were removed:
    /// the caller can drop them where no thread waits for that.
    pub(super) fn insert(&mut self, name: &[u8], value: V, weight: usize) -> Vec<V> {
        let mut removed = Vec::from_iter(self.remove(name));
        if weight > self.capacity {
            removed.push(value);
            return removed;
        }
        while self.weight + weight > self.capacity {
            removed.push(self.evict());
        }
        let (name, used) = (Arc::from(name), AtomicBool::new(false));
        self.places.insert(Arc::clone(&name), self.ring.len());
        self.ring.push(Slot { name, value, weight, used });
        self.weight += weight;
        removed
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> Option<V> {
        self.places.get(name).copied().map(|place| self.remove_at(place))
    }

    /// Removes the values that were not used since the last sweep. Looks at all entries: for few of them.
    pub(super) fn sweep(&mut self) -> Vec<V> {
        let unused = |place: &usize| !self.ring[*place].used.swap(false, Ordering::Relaxed);
        let unused: Vec<_> = (0..self.ring.len()).rev().filter(unused).collect();
        // From the end, so that the places that are still to come do not change.
        unused.into_iter().map(|place| self.remove_at(place)).collect()
    }

    /// Removes the first unused entry from the hand on. For a ring that is not empty.
    fn evict(&mut self) -> V {
        let length = self.ring.len();
        for _ in 0..MAX_SKIPPED {
            if !self.ring[self.hand % length].used.swap(false, Ordering::Relaxed) {
                break;
            }
            self.hand += 1;
        }
        let place = self.hand % length;
        // The newest entry takes that place, and the hand passes it after a whole turn.
        self.hand = place + 1;
        self.remove_at(place)
    }

    /// The last entry takes the place that becomes free.
    fn remove_at(&mut self, place: usize) -> V {
        let slot = self.ring.swap_remove(place);
        self.places.remove(&slot.name);
        if let Some(moved) = self.ring.get(place) {
            self.places.insert(Arc::clone(&moved.name), place);
        }
        self.weight -= slot.weight;
        slot.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(map: &mut ClockCache<usize>, number: usize, weight: usize) -> Vec<usize> {
        map.insert(number.to_string().as_bytes(), number, weight)
    }

    fn has(map: &ClockCache<usize>, number: usize) -> bool {
        map.get(number.to_string().as_bytes()) == Some(&number)
    }

    #[test]
    fn as_much_is_evicted_as_has_to_be_and_what_is_used_stays() {
        let mut map = ClockCache::new(10);
        (0..10).for_each(|number| drop(insert(&mut map, number, 1)));
        assert_eq!(insert(&mut map, 10, 3), [0, 1, 2]);
        assert_eq!(insert(&mut map, 11, 11), [11], "too heavy: nothing else goes for it");
        assert_eq!(insert(&mut map, 10, 2), [10], "the same name again, with another value");
        assert_eq!(map.weight, 9);
        for number in 100..1000 {
            assert!(has(&map, 9), "after {number}");
            assert!(insert(&mut map, number, 1).len() <= 2, "no more goes than has to");
        }
    }

    #[test]
    fn an_entry_of_many_that_are_all_in_use_is_evicted_soon() {
        let mut map = ClockCache::new(1000);
        (0..1000).for_each(|number| drop(insert(&mut map, number, 1)));
        assert!((0..1000).all(|number| has(&map, number)));
        assert_eq!(insert(&mut map, 1000, 1).len(), 1);
        assert_eq!(map.hand, MAX_SKIPPED + 1);
    }

    #[test]
    fn names_and_places_agree_whatever_is_removed() {
        let mut map = ClockCache::new(50);
        for step in 0..2000 {
            let number = step * 7919 % 97;
            match step % 3 {
                0 => drop(map.remove(number.to_string().as_bytes())),
                1 => drop(map.get(number.to_string().as_bytes())),
                _ => drop(insert(&mut map, number, 1 + number % 4)),
            }
            assert!(map.weight <= 50 && map.ring.len() == map.places.len());
            assert!(map.ring.iter().enumerate().all(|(at, slot)| map.places[&slot.name] == at));
        }
    }

    #[test]
    fn a_sweep_removes_what_was_not_used_since_the_last() {
        let mut map = ClockCache::new(10);
        (0..6).for_each(|number| drop(insert(&mut map, number, 1)));
        assert!(has(&map, 1) && has(&map, 4));
        assert_eq!(map.sweep(), [5, 3, 2, 0]);
        assert!(has(&map, 4));
        assert_eq!(map.sweep(), [1]);
        assert_eq!(map.sweep(), [4]);
        assert_eq!((map.weight, map.sweep()), (0, vec![]));
    }
}
