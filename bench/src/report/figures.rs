//! How figures of a row are written: in tables, on cards and on the last screen.

use crate::numbers::{grouped, micros};
use crate::results::{Group, Sample};
use crate::workspace::label;

/// Bytes of a MiB.
pub const MIB: f64 = 1_048_576.0;

/// A dash where nothing is known.
pub fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// As a whole number.
pub fn count(figure: Option<f64>) -> String {
    or_dash(figure.map(grouped))
}

/// Cores that were busy.
pub fn cores(cores: Option<f64>) -> String {
    or_dash(cores.map(|cores| format!("{cores:.2}")))
}

/// How many of the clients got any response: `64/1000`.
pub fn served(sample: &Sample) -> String {
    format!("{}/{}", sample.load.served, sample.connections)
}

/// The server's name in tables.
pub fn server(sample: &Sample) -> String {
    label(&sample.target).to_owned()
}

/// Requests per second, and whether they are to be doubted.
pub fn requests(sample: &Sample) -> String {
    grouped(sample.load.rps) + doubt(sample)
}

/// Stands beside a figure whose repeats were all disturbed, since there was no other to show.
pub fn doubt(sample: &Sample) -> &'static str {
    if sample.doubtful { " (doubtful)" } else { "" }
}

/// Requests per second of the repeat in the middle.
pub fn rps(trial: &Group<'_>) -> String {
    requests(trial.median())
}

/// CPU of the server per response.
pub fn cpu(trial: &Group<'_>) -> String {
    micros(trial.median().server_cpu_us)
}

/// How often a thread of the server went to sleep, per request.
pub fn switches(sample: &Sample) -> Option<String> {
    let all = sample.noted("server.voluntary").filter(|_| sample.load.requests > 0)?;
    Some(format!("{:.1}", all / sample.load.requests as f64))
}

/// Memory of the server.
pub fn memory(sample: &Sample) -> Option<String> {
    sample.noted("server.memory").map(|bytes| format!("{:.0} MiB", bytes / MIB))
}

/// The verdict on a row, and what speaks against trusting it.
pub fn verdict(sample: &Sample) -> Option<String> {
    let (verdict, doubts) = (sample.told("verdict")?, sample.doubts().join("; "));
    Some(match doubts.is_empty() {
        true => verdict.to_owned(),
        false => format!("{verdict} (not trusted: {doubts})"),
    })
}
