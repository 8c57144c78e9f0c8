//! A histogram of latencies for the terminal.

use crate::numbers;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest bar.
const WIDTH: f64 = 40.0;

/// A line for each range of latencies: where it ends, how many responses it has, their share, and a bar. The ranges end at
/// 1, 2, 5, 10 ... µs: latencies differ by factors, not by amounts.
pub(super) fn bars(latency: &Histogram<u64>) -> Vec<String> {
    let mut rows = Vec::new();
    let mut below = 0;
    let ends = (0..).flat_map(|power| [1, 2, 5].map(|digit: u64| digit * 10_u64.pow(power) * 1000));
    for end in ends {
        let count = latency.count_between(below, end);
        if count > 0 || !rows.is_empty() {
            rows.push((end, count));
        }
        below = end + 1;
        if end >= latency.max() {
            break;
        }
    }
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1) as f64;
    let all = latency.len().max(1) as f64;
    let line = |(end, count): (u64, u64)| {
        let end = format!("≤ {}", end_of(end));
        let bar = "█".repeat((WIDTH * count as f64 / most).round() as usize);
        let (count, share) = (count as f64, 100.0 * count as f64 / all);
        format!("{end:<9}{:>13} {share:>5.1} % {bar}", numbers::grouped(count))
            .trim_end()
            .to_owned()
    };
    rows.into_iter().map(line).collect()
}

/// `200 µs`, `5 ms`: the digits of [`numbers::time`] would only be zeros.
fn end_of(nanos: u64) -> String {
    let duration = Duration::from_nanos(nanos);
    match duration.as_micros() {
        micros @ ..1000 => format!("{micros} µs"),
        micros @ ..1_000_000 => format!("{} ms", micros / 1000),
        micros => format!("{} s", micros / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_without_a_response_stand_only_between_others() {
        let mut latency = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        assert!(bars(&latency).is_empty());
        latency.record_n(150_000, 3).unwrap();
        latency.record(1_500_000).unwrap();
        let rows = bars(&latency);
        let ends: Vec<_> =
            rows.iter().map(|row| row[..row.find("  ").unwrap()].to_owned()).collect();
        assert_eq!(ends, ["≤ 200 µs", "≤ 500 µs", "≤ 1 ms", "≤ 2 ms"]);
        assert!(rows[0].ends_with(&format!("3  75.0 % {}", "█".repeat(40))), "{rows:?}");
        assert!(rows[1].ends_with("0   0.0 %"), "{rows:?}");
    }
}
