//! Where the time of a request goes: the stages side by side.

use crate::numbers;
use crate::results::{Profile, Results};
use crate::table::Table;
use crate::workspace::label;

/// Fewer µs are shown as 0.
const LEAST: f64 = 0.05;

/// The layers that took time in any profile of the run, in their order there.
pub fn layers(results: &Results) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for layer in results.profiles.iter().flat_map(|profile| &profile.layers) {
        if layer.us >= LEAST && !names.contains(&layer.name.as_str()) {
            names.push(&layer.name);
        }
    }
    names
}

/// µs per request of each layer, a column for each stage; `None` without profiles.
pub fn table(results: &Results) -> Option<Table> {
    let profiles = &results.profiles;
    let row = |name: &str, cell: &dyn Fn(&Profile) -> String| {
        std::iter::once(name.to_owned()).chain(profiles.iter().map(cell)).collect::<Vec<_>>()
    };
    let micros = |us: Option<f64>| us.map_or("-".to_owned(), |us| format!("{us:.1}"));
    let of_layer = |name: &&str| row(name, &|profile| micros(profile.layer(name)));
    let mut rows: Vec<_> = layers(results).iter().map(of_layer).collect();
    rows.push(row("CPU in all", &|profile| micros(Some(profile.cpu_us))));
    rows.push(row("connections", &|profile| profile.connections.to_string()));
    if missing(results).is_none() {
        rows.push(row("samples", &|profile| numbers::grouped(profile.samples as f64)));
    }
    let names = profiles.iter().map(|profile| label(&profile.target));
    let table = Table::new(std::iter::once("µs per request").chain(names));
    if profiles.is_empty() { None } else { table.filled(rows) }
}

/// What distorts the layers; `None` where nothing does.
pub fn distorted(results: &Results) -> Option<String> {
    let by_thread = results.profiles.iter().any(|profile| profile.by_thread);
    by_thread.then(|| {
        "perf had to follow each thread, which sets a timer at every switch: waiting, and with it CPU per request, is \
         up to twice as dear as without perf. With kernel.perf_event_paranoid=0 perf samples the CPUs instead."
            .to_owned()
    })
}

/// Why there are no layers, and what would give them; `None` where perf could look.
pub fn missing(results: &Results) -> Option<String> {
    let missing = results.profiles.iter().find_map(|profile| profile.missing.as_deref())?;
    Some(format!("Without layers: {missing}"))
}

/// The flame graphs: whose, and in which file.
pub fn flame_graphs(results: &Results) -> Option<Vec<(String, String)>> {
    let of = |profile: &Profile| Some((flame_title(&profile.target), profile.flame()?));
    let links: Vec<_> = results.profiles.iter().filter_map(of).collect();
    (!links.is_empty()).then_some(links)
}

/// What a flame graph is called.
pub fn flame_title(target: &str) -> String {
    format!("flame graph of {}", label(target))
}

#[cfg(test)]
mod tests {
    use crate::report::html;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn without_layers_the_page_says_what_would_give_them() {
        let shown = [("user", 4.0), ("system", 26.0), ("run queue", 3.0), ("asleep", 1000.0)];
        let profile = json!({
            "target": "stage1-blocking", "by_thread": true, "missing": "perf is not installed.",
            "layers": shown.map(|(name, us)| json!({"name": name, "us": us}))
        });
        let results = serde_json::from_value(json!({"profiles": [profile]})).unwrap();
        let page = html::of(&results, Path::new("/nowhere"));
        assert!(page.contains("Without layers: perf is not installed."));
        assert!(page.contains("perf had to follow each thread"));
        // A long sleep stands behind the bar, which the other parts fill.
        assert!(page.contains(">33.0 µs, asleep 1.00 ms<"), "{page}");
    }
}
