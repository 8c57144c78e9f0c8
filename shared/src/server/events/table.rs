//! Slots for clients, and tokens that name them.

/// Names a client: the number of its slot, and which of the slot's tenants it is. epoll may still
/// report an event for a client that was removed a moment ago, and the slot may already belong to
/// another: the generation in the token tells the two apart.
pub type Token = u64;

/// A growing table that reuses its slots.
pub struct Table<T> {
    slots: Vec<Slot<T>>,
    /// The first free slot of a list that runs through the free ones.
    free: Option<u32>,
    used: usize,
}

struct Slot<T> {
    generation: u32,
    content: Content<T>,
}

enum Content<T> {
    Free(Option<u32>),
    Used(T),
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Table<T> {
    /// A table without entries.
    pub fn new() -> Self {
        Self { slots: Vec::new(), free: None, used: 0 }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Adds an entry, and names it.
    pub fn insert(&mut self, value: T) -> Token {
        self.used += 1;
        let index = self.free.unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(index as usize) {
            Some(slot) => {
                if let Content::Free(next) = slot.content {
                    self.free = next;
                }
                slot.content = Content::Used(value);
            }
            None => self.slots.push(Slot { generation: 0, content: Content::Used(value) }),
        }
        self.token(index as usize)
    }

    /// The entry of that name, if it is still there.
    pub fn get_mut(&mut self, token: Token) -> Option<&mut T> {
        match self.slots.get_mut(token as u32 as usize) {
            Some(Slot { generation, content: Content::Used(value) })
                if *generation == (token >> 32) as u32 =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    /// Removes the entry of that name; the name will mean no other.
    pub fn remove(&mut self, token: Token) -> Option<T> {
        self.get_mut(token)?;
        let index = token as u32;
        let slot = self.slots.get_mut(index as usize)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.used -= 1;
        match std::mem::replace(&mut slot.content, Content::Free(self.free.replace(index))) {
            Content::Used(value) => Some(value),
            Content::Free(_) => None,
        }
    }

    /// All that are there, with their tokens.
    pub fn iter(&self) -> impl Iterator<Item = (Token, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| match &slot.content {
            Content::Used(value) => Some((self.token(index), value)),
            Content::Free(_) => None,
        })
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
    fn slots_are_reused_before_the_table_grows() {
        let mut table = Table::new();
        let tokens: Vec<_> = (0..10).map(|number| table.insert(number)).collect();
        for token in &tokens {
            table.remove(*token);
        }
        for number in 0..10 {
            table.insert(number);
        }
        assert_eq!((table.slots.len(), table.len(), table.free), (10, 10, None));
    }
}
