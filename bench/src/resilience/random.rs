//! Numbers that look random and are the same for the same seed, so that what went wrong once can go
//! wrong again.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A seed that is another one each time, and short enough to be typed again.
pub fn seed() -> u64 {
    // The standard library's hash maps draw their keys at random: a source without a dependency.
    RandomState::new().build_hasher().finish() % 1_000_000
}

/// A generator: xorshift64*, small and good enough to choose what a client does next.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Different seeds give different numbers.
    pub fn new(seed: u64) -> Self {
        // Multiplied, so that neighbouring seeds are far apart; never zero, which would stay zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// One of 0 to `limit` - 1.
    pub fn below(&mut self, limit: usize) -> usize {
        // The high bits are the better ones.
        ((self.number() >> 32) as usize) % limit.max(1)
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.number() >> 56) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| (0..9).map(|_| Random::new(seed).below(1000)).collect::<Vec<_>>();
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        let mut random = Random::new(0);
        let mut seen = [false; 10];
        (0..1000).for_each(|_| seen[random.below(10)] = true);
        assert_eq!(seen, [true; 10]);
    }
}
