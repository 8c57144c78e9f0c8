//! Where the time of a request goes: the stages side by side.

use crate::numbers;
use crate::results::{Profile, Results};
use crate::table::Table;
use crate::workspace::label;

/// Fewer µs are shown as 0.
const LEAST: f64 = 0.05;
/// What stands where a profile has no such figure.
const NONE: &str = "-";
/// What perf costs where it may not sample the CPUs.
const BY_THREAD: &str = "perf had to follow each thread, which sets a timer at every switch: waiting, and with it CPU per \
    request, is up to twice as dear as without perf. With kernel.perf_event_paranoid=0 perf samples the CPUs instead.";

/// The layers that took time in any profile of the run, in their order there.
pub fn layers(results: &Results) -> Vec<&str> {
    let layers = results.profiles.iter().flat_map(|profile| &profile.layers);
    numbers::distinct(layers.filter(|layer| layer.us >= LEAST).map(|layer| layer.name.as_str()))
}

/// µs per request of each layer, a column for each stage; `None` without profiles.
pub fn table(results: &Results) -> Option<Table> {
    let profiles = &results.profiles;
    let row = |name: &str, cell: &dyn Fn(&Profile) -> String| {
        std::iter::once(name.to_owned()).chain(profiles.iter().map(cell)).collect::<Vec<_>>()
    };
    let micros = |us: Option<f64>| us.map_or(NONE.to_owned(), |us| format!("{us:.1}"));
    let of_layer = |name: &&str| row(name, &|profile| micros(profile.layer(name)));
    let mut rows: Vec<_> = layers(results).iter().map(of_layer).collect();
    rows.push(row("CPU in all", &|profile| micros(Some(profile.cpu_us))));
    rows.push(row("connections", &|profile| profile.connections.to_string()));
    if profiles.iter().any(Profile::is_by_layer) {
        let samples = |profile: &Profile| numbers::grouped(profile.samples as f64);
        rows.push(row("samples", &|of| {
            if of.is_by_layer() { samples(of) } else { NONE.to_owned() }
        }));
    }
    let names = profiles.iter().map(|profile| label(&profile.target));
    let table = Table::new(std::iter::once("µs per request").chain(names));
    if profiles.is_empty() { None } else { table.filled(rows) }
}

/// What distorts the layers; `None` where nothing does.
pub fn distorted(results: &Results) -> Option<String> {
    let doubted = results.profiles.iter().filter(|profile| !profile.doubts.is_empty());
    let told =
        |it: &Profile| format!("{}: not trusted: {}.", label(&it.target), it.doubts.join("; "));
    let mut lines: Vec<_> = doubted.map(told).collect();
    if results.profiles.iter().any(|profile| profile.by_thread) {
        lines.push(BY_THREAD.to_owned());
    }
    if lines.is_empty() { None } else { Some(lines.join(" ")) }
}

/// Which profiles have no layers, why, and what would give them; `None` where perf could look at all.
pub fn missing(results: &Results) -> Option<String> {
    let without = results.profiles.iter().filter(|profile| !profile.is_by_layer());
    let (names, whys): (Vec<_>, Vec<_>) =
        without.map(|it| (label(&it.target), it.missing.as_deref().unwrap_or_default())).unzip();
    let which = match names.len() == results.profiles.len() {
        true => "Without layers".to_owned(),
        false => format!("{} without layers", names.join(", ")),
    };
    Some(format!("{which}: {}", whys.first()?))
}

#[cfg(test)]
mod tests {
    use crate::results::Results;
    use serde_json::json;

    #[test]
    fn a_disturbed_profile_says_by_what() {
        let doubts = ["the host took 0.27 cores away", "other programs used 1.7 cores"];
        let profiles = json!([
            {"target": "stage1-blocking", "doubts": doubts, "samples": 900},
            {"target": "stage3-epoll", "samples": 1924}
        ]);
        let results: Results = serde_json::from_value(json!({"profiles": profiles})).unwrap();
        let told = "stage1-blocking: not trusted: the host took 0.27 cores away; other programs used 1.7 cores.";
        assert_eq!(super::distorted(&results).as_deref(), Some(told));
    }
}
