//! The raw rows for a spreadsheet.

use super::sample::Sample;
use serde_json::Value;

/// A column, and where its figure stands in a row of `results.json`.
const COLUMNS: [(&str, &str); 23] = [
    ("part", "/part"),
    ("target", "/target"),
    ("workload", "/workload"),
    ("connection", "/connection"),
    ("connections", "/connections"),
    ("idle", "/idle"),
    ("slow", "/slow"),
    ("repeat", "/repeat"),
    ("seconds", "/seconds"),
    ("requests", "/requests"),
    ("rps", "/rps"),
    ("served", "/served"),
    ("errors", "/errors"),
    ("mean_us", "/latency_us/mean"),
    ("p50_us", "/latency_us/p50"),
    ("p90_us", "/latency_us/p90"),
    ("p99_us", "/latency_us/p99"),
    ("p999_us", "/latency_us/p999"),
    ("max_us", "/latency_us/max"),
    ("server_cpu_us", "/server_cpu_us"),
    ("client_cpu_us", "/client_cpu_us"),
    ("threads", "/threads"),
    ("offered", "/offered"),
];

/// One line per row under a line of names. An empty field is a figure that is unknown.
pub fn write(rows: &[Sample]) -> String {
    let line = |row: &Sample| {
        let row = serde_json::to_value(row).unwrap_or_default();
        let fields = COLUMNS.map(|(_, path)| field(row.pointer(path)));
        fields.join(",") + "\n"
    };
    COLUMNS.map(|(name, _)| name).join(",") + "\n" + &rows.iter().map(line).collect::<String>()
}

fn field(value: Option<&Value>) -> String {
    match value {
        // A URL may hold a comma or a quote (RFC 4180, section 2).
        Some(Value::String(text)) if text.contains([',', '"']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(kinds)) => {
            kinds.values().filter_map(Value::as_u64).sum::<u64>().to_string()
        }
        Some(Value::Number(number)) if number.is_f64() => {
            format!("{:.3}", number.as_f64().unwrap_or_default())
        }
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_field_and_a_comma_ends_none() {
        let kinds = serde_json::json!({"read": 1, "timeout": 2});
        assert_eq!(field(Some(&kinds)), "3");
        assert_eq!(field(Some(&"http://x/?a=1,2".into())), "\"http://x/?a=1,2\"");
    }
}
