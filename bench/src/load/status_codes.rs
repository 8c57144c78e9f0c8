//! Responses counted by status code.

use std::collections::BTreeMap;
use std::fmt;

/// Codes have three digits.
const CODES: usize = 1000;

/// How many responses had which status code. To count one is an addition in a table.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusCodes(Vec<u64>);

impl StatusCodes {
    /// None so far.
    pub(super) fn new() -> Self {
        Self(vec![0; CODES])
    }

    pub(super) fn add(&mut self, status: u16) {
        if let Some(count) = self.0.get_mut(usize::from(status)) {
            *count += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, part)| *sum += part);
    }

    /// The codes that occurred, each with its count.
    pub fn by_code(&self) -> BTreeMap<usize, u64> {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect()
    }
}

impl fmt::Debug for StatusCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by_code().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_count() {
        let (mut one, mut other) = (StatusCodes::new(), StatusCodes::new());
        [200, 200, 503].into_iter().for_each(|status| one.add(status));
        [200, 999, u16::MAX].into_iter().for_each(|status| other.add(status));
        one.merge(&other);
        assert_eq!(one.by_code(), BTreeMap::from([(200, 3), (503, 1), (999, 1)]));
    }
}
