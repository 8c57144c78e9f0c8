//! Latency by percentile in HdrHistogram's text format, which its plotters and other tools read.

use hdrhistogram::Histogram;
use std::fmt::Write as _;

/// Lines per halving of the distance to 100 %, as HdrHistogram prints by default.
const TICKS: u32 = 5;

/// Nanoseconds of `histogram` as milliseconds over percentiles.
pub fn write(histogram: &Histogram<u64>) -> String {
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut count = 0;
    for step in histogram.iter_quantiles(TICKS) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (millis(step.value_iterated_to()), step.quantile_iterated_to());
        let _ = write!(text, "{value:12.3} {quantile:14.12} {count:10}");
        // The last line has no distance left to invert.
        let _ = match 1.0 - quantile {
            rest if rest > 0.0 => writeln!(text, " {:14.2}", 1.0 / rest),
            _ => writeln!(text),
        };
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
        histogram.mean() / 1e6,
        histogram.stdev() / 1e6
    );
    let (max, total) = (millis(histogram.max()), histogram.len());
    let _ = writeln!(text, "#[Max     = {max:12.3}, Total count    = {total:12}]");
    // Twice the digits' range, and as many of the lowest bucket's steps as a power of two holds.
    let subs = (2 * 10_u64.pow(histogram.sigfig().into())).next_power_of_two();
    let _ = writeln!(text, "#[Buckets = {:12}, SubBuckets     = {subs:12}]", histogram.buckets());
    text
}

/// `(percentile from 0 to 1, milliseconds)`, rising. What is no such line is passed over.
pub fn read(text: &str) -> Vec<(f64, f64)> {
    let line = |line: &str| {
        let mut fields = line.split_whitespace();
        let value: f64 = fields.next()?.parse().ok()?;
        Some((fields.next()?.parse().ok()?, value))
    };
    text.lines().filter_map(line).collect()
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        for millis in 1..=1000 {
            histogram.record(millis * 1_000_000).unwrap();
        }
        let text = write(&histogram);
        assert!(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
        assert!(text.contains("Total count    =         1000]"), "{text}");
        assert!(text.contains("SubBuckets     =         2048]"), "{text}");
        let points = read(&text);
        assert_eq!(points.last().unwrap().0, 1.0);
        let (_, median) = points.iter().find(|(quantile, _)| *quantile >= 0.5).unwrap();
        assert!((499.0..=501.0).contains(median), "{median}");
        assert!(points.is_sorted_by(|left, right| left.0 <= right.0 && left.1 <= right.1));
    }

    #[test]
    fn an_empty_one_has_a_foot_and_no_points() {
        let text = write(&Histogram::new_with_bounds(1, 1000, 3).unwrap());
        assert!(read(&text).is_empty() && text.contains("Total count    =            0]"));
    }
}
