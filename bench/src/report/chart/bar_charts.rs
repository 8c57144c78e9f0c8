//! Which figures become bars, and how to read them.

use super::bars::{self, Bar, Body};
use super::grid;
use super::picture::{Chart, Texts, class};
use super::view::View;
use crate::numbers::{self, micros};
use crate::report::tables::{find, is_matrix, levels, workloads};
use crate::results::{Group, Sample};
use crate::workspace::label;

/// Requests per second of all servers at the most connections.
pub fn ladder(view: &View<'_, '_>) -> Option<Chart> {
    let level = *levels(view.groups, view.mode).last()?;
    let note = |sample: &Sample, below: Option<&Sample>| {
        let factor = below.filter(|below| below.rps > 0.0);
        let factor = factor.map(|below| format!(" ×{:.2}", sample.rps / below.rps));
        let left_out = (!sample.serves_all())
            .then(|| format!(", served {} of {}", sample.served, sample.connections));
        numbers::grouped(sample.rps) + &factor.unwrap_or_default() + &left_out.unwrap_or_default()
    };
    let bars = view.bars(level, |sample| Some(sample.rps), note);
    let caption = match view.results.config.repeat {
        ..2 => "Each was measured once: how much of it is noise, only repeats would tell.",
        _ => "Whiskers go from the lowest repeat to the highest; what lies within them is noise.",
    };
    let title = format!("The ladder at {level} connections");
    let subtitle = "req/s; × is the factor over the stage above";
    let texts = view.texts("ladder", &title, subtitle, caption);
    Some(bars::chart(texts, &bars, None))
}

/// CPU per request of all servers at the most connections.
pub fn cpu(view: &View<'_, '_>) -> Option<Chart> {
    let level = *levels(view.groups, view.mode).last()?;
    let mut bars = Vec::new();
    for target in &view.results.config.targets {
        let Some(group) = view.at(target, level) else { continue };
        let Some(range) = group.range(|sample| sample.server_cpu_us) else { continue };
        let body = user_part(group).map_or(Body::Unknown, Body::Split);
        let (name, note) = (label(target).to_owned(), micros(group.median().server_cpu_us));
        bars.push(Bar { class: class(target), name, range, body, note });
    }
    let split = bars.iter().any(|bar| bar.body != Body::Unknown);
    if !split {
        bars.iter_mut().for_each(|bar| bar.body = Body::Whole);
    }
    let subtitle = if split {
        "µs; strong: user, pale: kernel; framed: too few ticks to tell them apart"
    } else {
        "µs, user and kernel together"
    };
    let null = bars.iter().find(|bar| bar.class == "null").map(|bar| bar.range.middle);
    let mark = null.map(|null| (null, "null server: the lower bound of these system calls"));
    let caption = match null {
        Some(_) => "What lies beyond the line is the server's own: parsing, routing, timers.",
        None => {
            "The null server, measured beside it, would show the lower bound of these system calls."
        }
    };
    let title = format!("Server CPU per request, {level} connections");
    let texts = view.texts("cpu", &title, subtitle, caption);
    (!bars.is_empty()).then(|| bars::chart(texts, &bars, mark))
}

/// User time of a request, where enough ticks have split it.
fn user_part(group: &Group<'_>) -> Option<f64> {
    Some(group.median().server_cpu_us? * (1.0 - group.kernel()?))
}

/// Requests per second of all servers over workloads.
pub fn matrix(view: &View<'_, '_>) -> Option<Chart> {
    let columns = workloads(view.groups);
    let line = |target: &String| {
        let cell = |workload: &&str| {
            let group = find(view.groups, &|sample| is_matrix(sample, target, workload));
            let sample = group?.median();
            let left_out = (!sample.serves_all())
                .then(|| format!(" ({}/{})", sample.served, sample.connections));
            Some((sample.rps, numbers::grouped(sample.rps) + &left_out.unwrap_or_default()))
        };
        let cells = columns.iter().map(cell).collect();
        grid::Line { class: class(target), name: label(target).to_owned(), cells }
    };
    let lines: Vec<_> = view.results.config.targets.iter().map(line).collect();
    let texts = Texts {
        name: "matrix".into(),
        title: "Which model suits which workload".into(),
        subtitle:
            "req/s beside the best of each column; in brackets: clients served, where not all were"
                .into(),
        caption: "Each stage has a workload that stops it; only the last survives all.",
    };
    (!columns.is_empty()).then(|| grid::chart(texts, &columns, &lines))
}
