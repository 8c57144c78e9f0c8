//! Slots for clients, and tokens that name them.

/// Names a client: the number of its slot, and which of the slot's tenants it is. epoll may still
/// report an event for a client that was removed a moment ago, and the slot may already belong to
/// another: the generation in the token tells the two apart.
pub(in super::super) type Token = u64;

/// A growing table that reuses its slots.
pub(super) struct Table<T> {
    slots: Vec<Slot<T>>,
    /// The numbers of those that are free.
    free: Vec<u32>,
    /// Of a new slot: no slot that was given back had a later one.
    generation: u32,
}

struct Slot<T> {
    generation: u32,
    content: Option<T>,
}

impl<T> Table<T> {
    /// A table without entries.
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), generation: 0 }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds an entry, and names it.
    pub(super) fn insert(&mut self, value: T) -> Token {
        let index = self.free.pop().map_or(self.slots.len(), |index| index as usize);
        match self.slots.get_mut(index) {
            Some(slot) => slot.content = Some(value),
            None => self.slots.push(Slot { generation: self.generation, content: Some(value) }),
        }
        self.token(index)
    }

    /// The entry of that name, if it is still there.
    pub(super) fn get_mut(&mut self, token: Token) -> Option<&mut T> {
        let slot = self.slots.get_mut(token as u32 as usize)?;
        if slot.generation == (token >> 32) as u32 { slot.content.as_mut() } else { None }
    }

    /// Removes the entry of that name; the name will mean no other.
    pub(super) fn remove(&mut self, token: Token) -> Option<T> {
        self.get_mut(token)?;
        let slot = self.slots.get_mut(token as u32 as usize)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(token as u32);
        slot.content.take()
    }

    /// Gives back the memory of free slots behind the last entry. From now on the first that is free is used next, so
    /// that more are behind the last entry the next time.
    pub(super) fn shrink(&mut self) {
        while let Some(slot) = self.slots.pop_if(|slot| slot.content.is_none()) {
            self.generation = self.generation.max(slot.generation);
        }
        self.free.retain(|index| (*index as usize) < self.slots.len());
        self.free.sort_unstable_by_key(|index| std::cmp::Reverse(*index));
        self.free.shrink_to_fit();
        self.slots.shrink_to_fit();
    }

    /// All that are there, with their tokens.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Token, &T)> {
        let entries = self.slots.iter().enumerate();
        entries.filter_map(|(index, slot)| Some((self.token(index), slot.content.as_ref()?)))
    }

    fn token(&self, index: usize) -> Token {
        u64::from(self.slots[index].generation) << 32 | index as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_token_does_not_reach_the_slots_next_tenant() {
        let mut table = Table::new();
        let (first, second) = (table.insert("first"), table.insert("second"));
        assert_eq!(table.remove(first), Some("first"));
        assert_eq!(table.remove(first), None);
        let third = table.insert("third");
        assert_eq!(third as u32, first as u32, "the slot is used again");
        assert_eq!(table.get_mut(first), None);
        assert_eq!(table.get_mut(third), Some(&mut "third"));
        assert_eq!(table.iter().map(|(token, _)| token).collect::<Vec<_>>(), [third, second]);
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_crowd_that_left_holds_no_memory_and_its_tokens_name_no_other() {
        let mut table = Table::new();
        let tokens: Vec<_> = (0..1000).map(|number| table.insert(number)).collect();
        for token in tokens.iter().filter(|token| **token != tokens[1]) {
            table.remove(*token);
        }
        table.shrink();
        assert!(table.slots.capacity() < 10 && table.free.capacity() < 10);
        for number in 0..1000 {
            table.insert(number);
        }
        assert_eq!((table.slots.len(), table.len()), (1001, 1001));
        assert_eq!(tokens.iter().filter(|token| table.get_mut(**token).is_some()).count(), 1);
    }

    #[test]
    fn slots_are_reused_before_the_table_grows() {
        let mut table = Table::new();
        let tokens: Vec<_> = (0..10).map(|number| table.insert(number)).collect();
        for token in &tokens {
            table.remove(*token);
        }
        for number in 0..10 {
            table.insert(number);
        }
        assert_eq!((table.slots.len(), table.len()), (10, 10));
    }
}
