//! Which figures become curves, and how to read them.

use super::axes::Axes;
use super::curve::{self, Labels, Point, Series};
use super::picture::{Chart, Texts, class};
use super::scale::Scale;
use super::view::View;
use crate::numbers::{self, micros};
use crate::report::tables::levels;
use crate::results::{Part, Range, Sample, hgrm};
use crate::workspace::label;
use std::fs;
use std::path::Path;

/// Why some points are hollow.
const HOLLOW: &str = "Hollow points: not all clients were served.";

/// Requests per second over connections.
pub fn rps(view: &View<'_, '_>) -> Option<Chart> {
    let subtitle = format!("req/s; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption =
        "Flat while connections grow: the server is saturated, and more clients only wait longer.";
    let texts = view.texts("rps", "Requests per second", &subtitle, caption);
    let series = view.series(
        Part::Ladder,
        |sample| sample.connections,
        |sample| Some(sample.load.rps),
        &per_second,
    );
    over_connections(view, texts, &series, from_zero(&series), &numbers::grouped)
}

/// The 99th percentile of latency over connections.
pub fn p99(view: &View<'_, '_>) -> Option<Chart> {
    let subtitle = format!("1 of 100 responses takes longer; closed loop. {HOLLOW}");
    let caption = "A hollow point is the latency of the few clients that were served: the others waited for the whole window.";
    let texts = view.texts("p99", "p99 latency", &subtitle, caption);
    let time = |figure| micros(Some(figure));
    let series = view.series(
        Part::Ladder,
        |sample| sample.connections,
        |sample| sample.load.latency_us.p99,
        &time,
    );
    over_connections(view, texts, &series, by_factors(&series), &round_time)
}

/// Over one number of connections there is no curve to draw.
fn over_connections(
    view: &View<'_, '_>,
    texts: Texts,
    series: &[Series],
    y: Scale,
    y_label: &dyn Fn(f64) -> String,
) -> Option<Chart> {
    let levels = levels(view.groups, view.mode);
    let axes = Axes { x: Scale::levels(&levels), y };
    let labels = Labels { x_unit: "connections", x: &|tick| format!("{tick}"), y: y_label };
    (levels.len() > 1).then(|| curve::chart(texts, &labels, &axes, series))
}

/// Latency over percentiles at the most connections.
pub fn percentiles(view: &View<'_, '_>, folder: &Path) -> Option<Chart> {
    let level = *levels(view.groups, view.mode).last()?;
    let one = |target: &String| {
        let points = percentile_points(folder, view.at(target, level)?.median());
        let name = label(target).to_owned();
        let series = Series { class: class(target), name, points, marked: false };
        (series.points.len() > 1).then_some(series)
    };
    let series: Vec<_> = view.results.config.targets.iter().filter_map(one).collect();
    let farthest = series.iter().flat_map(|one| &one.points).map(|point| point.x);
    let axes = Axes { x: Scale::nines(farthest.fold(0.9, f64::max)), y: by_factors(&series) };
    let texts = view.texts(
        "percentiles",
        &format!("Latency by percentile, {level} connections"),
        "The share of responses on the lower axis took no longer than this; closed loop",
        "A curve ends where fewer than 10 samples lie beyond it.",
    );
    let percent = |tick: f64| format!("{}%", (tick * 1e7).round() / 1e5);
    let labels = Labels { x_unit: "percentile", x: &percent, y: &round_time };
    (!series.is_empty()).then(|| curve::chart(texts, &labels, &axes, &series))
}

/// Requests per second over the number of silent connections.
pub fn idle(view: &View<'_, '_>) -> Option<Chart> {
    let series =
        view.series(Part::Idle, |sample| sample.idle, |sample| Some(sample.load.rps), &per_second);
    let idle = series.iter().flat_map(|one| &one.points).map(|point| point.x as usize);
    let axes = Axes { x: Scale::levels(&idle.collect::<Vec<_>>()), y: from_zero(&series) };
    let texts = Texts {
        name: "idle".into(),
        title: "Requests per second beside silent connections".into(),
        subtitle: format!("req/s of the busy clients. {HOLLOW}"),
        caption: "A server that waits for one client at a time stops at the first silent one, a pool at its size.",
    };
    let x_unit = "connections that are open and silent";
    let labels = Labels { x_unit, x: &|tick| format!("{tick}"), y: &numbers::grouped };
    (!series.is_empty()).then(|| curve::chart(texts, &labels, &axes, &series))
}

/// The points that at least 10 samples lie beyond. The very first is the shortest of all samples, an accident.
fn percentile_points(folder: &Path, sample: &Sample) -> Vec<Point> {
    let text = fs::read_to_string(folder.join(&sample.hgrm)).unwrap_or_default();
    let last = 1.0 - 10.0 / (sample.load.requests.max(1) as f64);
    let point = |(x, millis): (f64, f64)| {
        let micros = millis * 1e3;
        let y = Range { low: micros, middle: micros, high: micros };
        Point { x, y, hollow: false, tip: String::new() }
    };
    hgrm::read(&text).into_iter().filter(|(x, _)| *x > 0.0 && *x <= last).map(point).collect()
}

fn from_zero(series: &[Series]) -> Scale {
    let highs = series.iter().flat_map(|one| &one.points).map(|point| point.y.high);
    Scale::even(highs.fold(0.0, f64::max))
}

fn by_factors(series: &[Series]) -> Scale {
    let ranges = || series.iter().flat_map(|one| &one.points).map(|point| point.y);
    Scale::log(
        ranges().map(|range| range.low).fold(f64::MAX, f64::min),
        ranges().map(|range| range.high).fold(0.0, f64::max),
    )
}

fn per_second(figure: f64) -> String {
    numbers::grouped(figure) + " req/s"
}

/// A round time: `500 µs`, `20 ms`.
fn round_time(figure: f64) -> String {
    match figure {
        ..999.5 => format!("{} µs", (figure * 10.0).round() / 10.0),
        ..999_500.0 => format!("{} ms", (figure / 1e3).round()),
        _ => format!("{} s", (figure / 1e6).round()),
    }
}
