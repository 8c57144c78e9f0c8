//! The raw rows for a spreadsheet.

use super::Sample;
use std::fmt::Write as _;

/// One line per row under a line of names. An empty field is a figure that nobody knows.
pub fn write(rows: &[Sample]) -> String {
    let mut text =
        "part,target,workload,connection,connections,idle,slow,repeat,seconds,requests,rps,served,errors,\
        mean_us,p50_us,p90_us,p99_us,p999_us,max_us,server_cpu_us,client_cpu_us\n"
            .to_owned();
    for row in rows {
        let latency = &row.latency_us;
        let _ = write!(
            text,
            "{},{},{},{},",
            row.part.name(),
            quoted(&row.target),
            row.workload,
            row.connection
        );
        let _ = write!(text, "{},{},{},{},", row.connections, row.idle, row.slow, row.repeat);
        let _ = write!(text, "{:.3},{},{:.1},", row.seconds, row.requests, row.rps);
        let _ = write!(text, "{},{}", row.served, row.errors.total());
        for figure in [
            Some(latency.mean),
            latency.p50,
            latency.p90,
            latency.p99,
            latency.p999,
            Some(latency.max),
            row.server_cpu_us,
            row.client_cpu_us,
        ] {
            text += &figure.map_or(",".to_owned(), |figure| format!(",{figure:.2}"));
        }
        text.push('\n');
    }
    text
}

/// A URL may hold a comma or a quote (RFC 4180, section 2).
fn quoted(field: &str) -> String {
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_every_field() {
        let rows = [Sample { target: "floor".to_owned(), ..Sample::default() }];
        let text = write(&rows);
        let fields: Vec<_> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(fields, [21, 21], "{text}");
        assert_eq!(quoted("http://x/?a=1,2"), "\"http://x/?a=1,2\"");
    }
}
