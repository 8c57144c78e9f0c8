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

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_rise_to_all_samples() {
        let text = |most: u64| {
            let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
            (1..=most).for_each(|millis| histogram.record(millis * 1_000_000).unwrap());
            write(&histogram)
        };
        let (thousand, none) = (text(1000), text(0));
        assert!(
            thousand.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n")
        );
        for line in [
            " 1.000000000000       1000\n",
            "Total count    =         1000]",
            "SubBuckets     =         2048]",
        ] {
            assert!(thousand.contains(line), "{thousand}");
        }
        assert!(none.contains("Total count    =            0]"), "{none}");
    }
}
