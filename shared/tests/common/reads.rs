//! How the tests of the parsers cut what they parse: in reads of some bytes each.

/// How many bytes apart cuts are, and how many bytes come at once where they drip: Miri interprets each instruction, and is
/// some thousand times slower.
pub(crate) const STEP: usize = if cfg!(miri) { 13 } else { 1 };

/// The ends of reads of `step` bytes each; the last read has what is left.
pub(crate) fn reads(length: usize, step: usize) -> impl Iterator<Item = usize> {
    (step..length).step_by(step).chain([length])
}
