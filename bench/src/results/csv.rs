//! The raw rows for a spreadsheet.

use super::sample::Sample;
use serde_json::Value;

/// The first line: fields of a row in `results.json`, and with `_us` behind them those of its latencies.
const COLUMNS: &str = "part,target,workload,connection,connections,idle,slow,repeat,seconds,requests,rps,served,errors,\
    mean_us,p50_us,p90_us,p99_us,p999_us,max_us,server_cpu_us,client_cpu_us,threads,offered";

/// One line per row under a line of names. An empty field is a figure that is unknown.
pub fn write(rows: &[Sample]) -> String {
    let line = |row: &Sample| {
        let row = serde_json::to_value(row).unwrap_or_default();
        let latency = |name: &str| row.get("latency_us")?.get(name.strip_suffix("_us")?);
        let find = |name| field(row.get(name).or_else(|| latency(name)));
        COLUMNS.split(',').map(find).collect::<Vec<_>>().join(",") + "\n"
    };
    COLUMNS.to_owned() + "\n" + &rows.iter().map(line).collect::<String>()
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
