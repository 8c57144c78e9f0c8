//! A small generator of random numbers: the same seed gives the same input for ever.

/// Marsaglia's xorshift64, started from a mixed seed so that neighbours differ at once.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 11) % bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// One of `choices`; the first half of the time, where most is to be ordinary.
    pub(crate) fn mostly_first<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        if self.once_in(2) { choices[0] } else { choices[self.below(choices.len())] }
    }

    /// Increasing places that cut `length` bytes into pieces, the last of them its end.
    pub(crate) fn cuts(&mut self, length: usize) -> Vec<usize> {
        let longest = [1, 3, 20, 200][self.below(4)];
        let mut cuts = Vec::new();
        let mut at = 0;
        while at < length {
            at = length.min(at + 1 + self.below(longest));
            cuts.push(at);
        }
        cuts
    }
}
