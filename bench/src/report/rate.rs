//! The table of servers that were asked at the same constant rate.

use super::tables::micros;
use super::tabular::Tabular;
use crate::numbers;
use crate::results::{Part, Results, Sample};

/// What each made of the rate; `None` when there are no rows for it.
pub fn table(results: &Results) -> Option<Tabular> {
    let header =
        ["Server", "Due/s", "Reached", "Avg", "p50", "p99", "p99.9", "Max", "Lag", "Unsent"];
    let rows = results.rows.iter().filter(|sample| sample.part == Part::Rate).map(line).collect();
    Tabular::new(header.map(str::to_owned).to_vec(), rows)
}

fn line(sample: &Sample) -> Vec<String> {
    let latency = &sample.latency_us;
    let noted = |name: &str| sample.observed(name).and_then(serde_json::Value::as_f64);
    let rate = noted("target_rps").unwrap_or_default();
    let reached = 100.0 * sample.rps / rate.max(f64::MIN_POSITIVE);
    vec![
        sample.target.clone(),
        numbers::grouped(rate),
        format!("{reached:.1}%"),
        micros(Some(latency.mean)),
        micros(latency.p50),
        micros(latency.p99),
        micros(latency.p999),
        micros(Some(latency.max)),
        micros(noted("lag_us")),
        noted("unsent").map_or("-".to_owned(), numbers::grouped),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_rate_is_half_of_it() {
        let mut sample =
            Sample { target: "floor".into(), part: Part::Rate, rps: 50.0, ..Sample::default() };
        sample.evidence.insert("target_rps".to_owned(), 100.0.into());
        let table = table(&Results { rows: vec![sample], ..Results::default() }).unwrap();
        assert_eq!(table.rows[0][..3], ["floor", "100", "50.0%"]);
        assert_eq!(super::table(&Results::default()), None);
    }
}
