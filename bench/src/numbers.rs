//! Figures: how they are written, and where they come from: a median, random numbers.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// `1234567.8` as `1,234,568`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 core`, `2 cores`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A duration with three digits, in the unit that keeps them short: `87.3 µs`, `4.21 ms`, `1.50 s`.
pub fn time(duration: Duration) -> String {
    let micros = as_micros(duration);
    match micros {
        0.0 => "0".to_owned(),
        ..999.5 => format!("{} µs", three(micros)),
        ..999_500.0 => format!("{} ms", three(micros / 1e3)),
        _ => format!("{} s", three(micros / 1e6)),
    }
}

/// The same from microseconds; a dash where nothing is known.
pub fn micros(micros: Option<f64>) -> String {
    micros.map_or("-".to_owned(), |micros| time(Duration::from_nanos((micros * 1e3) as u64)))
}

/// A duration in microseconds, as files hold it.
pub fn as_micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e3
}

fn three(number: f64) -> String {
    match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// The one in the middle, the lower of two; `None` of none. Sorts `figures`.
pub fn median<T: Copy>(figures: &mut [T], order: impl FnMut(&T, &T) -> Ordering) -> Option<T> {
    figures.sort_by(order);
    figures.get(figures.len().saturating_sub(1) / 2).copied()
}

/// Each of these once, in the order of the first.
pub fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    all.into_iter().fold(Vec::new(), |mut found, one| {
        if !found.contains(&one) {
            found.push(one);
        }
        found
    })
}

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

    /// From 0 to 1, which is not reached.
    pub fn fraction(&mut self) -> f64 {
        // As many bits as a fraction has.
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up, exponentially distributed with a mean of 1: the gaps between events that know nothing of each other.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.fraction()).ln()
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
    fn thousands_are_grouped() {
        assert_eq!((counted(1, "core"), counted(0, "core")), ("1 core".into(), "0 cores".into()));
        for (number, text) in
            [(0.0, "0"), (999.4, "999"), (1000.0, "1,000"), (1_234_567.8, "1,234,568")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn three_digits_and_a_unit() {
        for (nanos, text) in [
            (0, "0"),
            (870, "0.87 µs"),
            (87_340, "87.3 µs"),
            (999_600, "1.00 ms"),
            (4_213_000, "4.21 ms"),
            (1_500_000_000, "1.50 s"),
            (120_000_000_000, "120 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn the_median_of_two_is_the_lower() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0, 9.0], f64::total_cmp), Some(2.0));
        assert_eq!(median(&mut [], f64::total_cmp), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| (0..9).map(|_| Random::new(seed).below(1000)).collect::<Vec<_>>();
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        let mut random = Random::new(0);
        let mut seen = [false; 10];
        (0..1000).for_each(|_| seen[random.below(10)] = true);
        assert_eq!(seen, [true; 10]);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.fraction())));
        let mean = (0..10_000).map(|_| random.exponential()).sum::<f64>() / 10_000.0;
        assert!((0.95..1.05).contains(&mean), "{mean}");
    }
}
