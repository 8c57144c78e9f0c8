//! A bounded map that gives up first what is not used: the CLOCK algorithm, also called second chance.
//!
//! The entries stand in a ring, and a hand goes around it. An entry that was used since the hand last came by
//! is passed over once; one that was not is given up. Using an entry changes nothing but its own mark, so
//! that many threads can read at once, and giving one up never looks at the whole ring.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Entries that are passed over in a row at most. Where all are in use, one of them has to go all the same.
const MAX_PASSED: usize = 64;

/// Values by name, whose weights together stay within a capacity.
pub(super) struct ClockCache<V> {
    capacity: usize,
    weight: usize,
    /// Where in the ring a name stands.
    places: HashMap<Arc<[u8]>, usize>,
    ring: Vec<Slot<V>>,
    hand: usize,
}

struct Slot<V> {
    name: Arc<[u8]>,
    value: V,
    weight: usize,
    /// Whether it was asked for since the hand, or a sweep, came by. A new one was not: names that are asked
    /// for once go before those that are asked for again.
    used: AtomicBool,
}

impl<V> ClockCache<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, weight: 0, places: HashMap::new(), ring: Vec::new(), hand: 0 }
    }

    /// The value of a name, which counts as a use of it.
    pub(super) fn get(&self, name: &[u8]) -> Option<&V> {
        let slot = &self.ring[*self.places.get(name)?];
        // Written only when it changes: a line that everybody writes to would go from core to core.
        if !slot.used.load(Ordering::Relaxed) {
            slot.used.store(true, Ordering::Relaxed);
        }
        Some(&slot.value)
    }

    /// Takes in a value of a weight of at least 1, unless it is too heavy by itself. What had to go for it is put into `removed`:
    /// the caller can drop it where nobody waits for that.
    pub(super) fn insert(&mut self, name: &[u8], value: V, weight: usize, removed: &mut Vec<V>) {
        removed.extend(self.remove(name));
        if weight > self.capacity {
            return removed.push(value);
        }
        while self.weight + weight > self.capacity {
            removed.push(self.give_up_one());
        }
        let (name, used) = (Arc::from(name), AtomicBool::new(false));
        self.places.insert(Arc::clone(&name), self.ring.len());
        self.ring.push(Slot { name, value, weight, used });
        self.weight += weight;
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> Option<V> {
        self.places.get(name).copied().map(|place| self.remove_at(place))
    }

    /// Removes what was not used since the last sweep. Looks at all entries: for few of them.
    pub(super) fn sweep(&mut self) -> Vec<V> {
        let unused = |place: &usize| !self.ring[*place].used.swap(false, Ordering::Relaxed);
        let unused: Vec<_> = (0..self.ring.len()).rev().filter(unused).collect();
        // From the end, so that the places that are still to come stay where they are.
        unused.into_iter().map(|place| self.remove_at(place)).collect()
    }

    /// For a ring that is not empty.
    fn give_up_one(&mut self) -> V {
        let length = self.ring.len();
        for _ in 0..MAX_PASSED {
            if !self.ring[self.hand % length].used.swap(false, Ordering::Relaxed) {
                break;
            }
            self.hand += 1;
        }
        let place = self.hand % length;
        // What takes that place is the newest, and next to be looked at in a whole turn.
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
        let mut removed = Vec::new();
        map.insert(number.to_string().as_bytes(), number, weight, &mut removed);
        removed
    }

    fn has(map: &ClockCache<usize>, number: usize) -> bool {
        map.get(number.to_string().as_bytes()) == Some(&number)
    }

    #[test]
    fn what_is_used_stays_however_much_comes_once() {
        let mut map = ClockCache::new(10);
        insert(&mut map, 0, 1);
        for number in 1..1000 {
            assert!(has(&map, 0), "after {number}");
            assert!(insert(&mut map, number, 1).len() <= 1, "no more goes than has to");
        }
        assert_eq!((map.weight, map.ring.len(), map.places.len()), (10, 10, 10));
    }

    #[test]
    fn just_as_much_goes_as_has_to() {
        let mut map = ClockCache::new(10);
        (0..10).for_each(|number| drop(insert(&mut map, number, 1)));
        assert_eq!(insert(&mut map, 10, 3), [0, 1, 2]);
        assert_eq!(insert(&mut map, 11, 11), [11], "too heavy: nothing else goes for it");
        assert_eq!(insert(&mut map, 10, 2), [10], "the same name again, with another value");
        assert_eq!(map.weight, 9);
    }

    #[test]
    fn one_of_many_that_are_all_in_use_goes_soon() {
        let mut map = ClockCache::new(1000);
        (0..1000).for_each(|number| drop(insert(&mut map, number, 1)));
        assert!((0..1000).all(|number| has(&map, number)));
        assert_eq!(insert(&mut map, 1000, 1).len(), 1);
        assert_eq!(map.hand, MAX_PASSED + 1);
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
    fn a_sweep_takes_what_was_not_used_since_the_last() {
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
