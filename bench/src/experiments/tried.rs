//! Measuring again what other programs, or the host of a virtual machine, have disturbed.

use crate::interrupt::Interrupt;

/// How often the same is measured at most.
const TRIES: usize = 3;

/// What was measured, perhaps not for the first time.
#[derive(Debug, PartialEq)]
pub struct Tried<T> {
    /// As it was the last time.
    pub value: T,
    /// How often it had been measured before, and was disturbed.
    pub repeated: usize,
    /// Whether it was disturbed the last time too.
    pub doubtful: bool,
}

/// Measures, and measures again while the measurement was disturbed: three times at most, and no more often than there are
/// repetitions to `spare`, which bounds how long a run takes on a machine that is never quiet. `measure` is told how often
/// it was called before.
pub fn undisturbed<T>(
    spare: &mut usize,
    interrupt: &Interrupt,
    mut measure: impl FnMut(usize) -> T,
    is_disturbed: impl Fn(&T) -> bool,
) -> Tried<T> {
    let mut repeated = 0;
    loop {
        let value = measure(repeated);
        let doubtful = is_disturbed(&value);
        if !doubtful || repeated + 1 == TRIES || *spare == 0 || interrupt.raised() {
            return Tried { value, repeated, doubtful };
        }
        repeated += 1;
        *spare -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_measurement_is_made_again_three_times_at_most() {
        let interrupt = Interrupt::default();
        // Which of the measurements are disturbed, and how many repetitions there are to spare.
        let tried = |disturbed: &[bool], mut spare: usize| {
            let tried =
                undisturbed(&mut spare, &interrupt, |count| count, |count| disturbed[*count]);
            assert_eq!(tried.value, tried.repeated);
            (tried.repeated, tried.doubtful, spare)
        };
        assert_eq!(tried(&[false], 9), (0, false, 9));
        assert_eq!(tried(&[true, false], 9), (1, false, 8));
        assert_eq!(tried(&[true, true, false], 9), (2, false, 7));
        assert_eq!(tried(&[true, true, true, false], 9), (2, true, 7));
        assert_eq!(tried(&[true, true, false], 1), (1, true, 0));
        assert_eq!(tried(&[true, false], 0), (0, true, 0));
    }
}
