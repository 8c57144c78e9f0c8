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

/// The samples of several texts together, as far as these tell them apart: to their percentiles' steps, and to the
/// microsecond. The repeats of a trial have more samples beyond a high percentile than each by itself.
pub fn merged<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Histogram<u64>> {
    let mut all = Histogram::new_with_bounds(1, 60_000_000_000, 3).ok()?;
    for text in texts {
        let mut before = 0;
        for (millis, count) in text.lines().filter_map(counted) {
            let nanos = ((millis * 1e6) as u64).max(1);
            // To record a value no times would move the maximum.
            if count > before {
                all.saturating_record_n(nanos, count - before);
            }
            before = count;
        }
    }
    Some(all)
}

/// A line's milliseconds, and how many samples do not exceed them.
fn counted(line: &str) -> Option<(f64, u64)> {
    let mut fields = line.split_whitespace();
    let millis = fields.next()?.parse().ok()?;
    Some((millis, fields.nth(1)?.parse().ok()?))
}

fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(from: u64, to: u64) -> String {
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        (from..=to).for_each(|millis| histogram.record(millis * 1_000_000).unwrap());
        write(&histogram)
    }

    #[test]
    fn what_was_written_is_read_back_and_repeats_are_one_with_more_samples() {
        let [low, high, none] = [text(1, 1000), text(1001, 2000), text(1, 0)];
        assert!(low.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
        for line in ["Total count    =         1000]", "SubBuckets     =         2048]"] {
            assert!(low.contains(line), "{low}");
        }
        assert!(low.contains(" 1.000000000000       1000\n"), "{low}");
        assert!(none.contains("Total count    =            0]"), "{none}");
        let all = merged([low.as_str(), &high, &none]).unwrap();
        assert_eq!(all.len(), 2000);
        for (quantile, millis) in [(0.25, 500.0), (0.5, 1000.0), (0.999, 1998.0), (1.0, 2000.0)] {
            let found = all.value_at_quantile(quantile) as f64 / 1e6;
            // The text has five steps from one halving of the distance to the next.
            assert!((millis * 0.999..millis * 1.12).contains(&found), "{quantile}: {found}");
        }
    }
}
