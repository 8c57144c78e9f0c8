//! Which rows and figures become curves, and how to read them.

use super::Chart;
use super::axes::Axes;
use super::class;
use super::curve::{self, Point, Series, Words};
use super::pick::View;
use super::scale::Scale;
use crate::numbers;
use crate::report::tables::{levels, micros};
use crate::results::{Part, Range, Sample, hgrm};
use std::fs;
use std::path::Path;

/// Why some points are hollow.
const HOLLOW: &str = "Hollow points: not all clients were served.";

impl View<'_, '_> {
    pub(super) fn rps(&self) -> Option<Chart> {
        let x = |sample: &Sample| sample.connections;
        let series = self.series(Part::Ladder, x, |sample| Some(sample.rps), per_second);
        let axes =
            Axes { x: Scale::levels(&levels(self.groups, self.mode)), y: from_zero(&series) };
        let title = format!("Requests per second, {}", self.words());
        let words = Words {
            title: &title,
            subtitle: &format!("req/s; bands from the lowest repeat to the highest. {HOLLOW}"),
            x_unit: "connections",
            x_label: &|tick| format!("{tick}"),
            y_label: &numbers::grouped,
        };
        let drawing = self.is_curve().then(|| curve::draw(&words, &axes, &series))?;
        let caption = "Flat while connections grow: the server is saturated, and more clients only wait longer.";
        Some(self.chart("rps", title, caption, drawing))
    }

    pub(super) fn p99(&self) -> Option<Chart> {
        let x = |sample: &Sample| sample.connections;
        let series = self.series(Part::Ladder, x, |sample| sample.latency_us.p99, time);
        let axes =
            Axes { x: Scale::levels(&levels(self.groups, self.mode)), y: by_factors(&series) };
        let title = format!("p99 latency, {}", self.words());
        let words = Words {
            title: &title,
            subtitle: &format!("1 of 100 answers takes longer; closed loop. {HOLLOW}"),
            x_unit: "connections",
            x_label: &|tick| format!("{tick}"),
            y_label: &round_time,
        };
        let drawing = self.is_curve().then(|| curve::draw(&words, &axes, &series))?;
        let caption = "A hollow point is the latency of the few who were served: the others waited for the whole window.";
        Some(self.chart("p99", title, caption, drawing))
    }

    /// Over one number of connections there is no curve to draw.
    fn is_curve(&self) -> bool {
        levels(self.groups, self.mode).len() > 1
    }

    /// Latency over percentiles at the most connections.
    pub(super) fn percentiles(&self, folder: &Path) -> Option<Chart> {
        let level = *levels(self.groups, self.mode).last()?;
        let one = |target: &String| {
            let groups = self.of(target, Part::Ladder);
            let sample = groups.iter().find(|group| group.median().connections == level)?.median();
            let points = percentile_points(folder, sample);
            let series =
                Series { class: class(target), name: target.clone(), points, marked: false };
            (series.points.len() > 1).then_some(series)
        };
        let series: Vec<_> = self.results.config.targets.iter().filter_map(one).collect();
        let farthest = series.iter().flat_map(|one| &one.points).map(|point| point.x);
        let axes = Axes { x: Scale::nines(farthest.fold(0.9, f64::max)), y: by_factors(&series) };
        let title = format!("Latency by percentile, {level} connections, {}", self.words());
        let words = Words {
            title: &title,
            subtitle: "The share of answers on the lower axis took no longer than this; closed loop",
            x_unit: "percentile",
            x_label: &|tick| format!("{}%", (tick * 1e7).round() / 1e5),
            y_label: &round_time,
        };
        let drawing = (!series.is_empty()).then(|| curve::draw(&words, &axes, &series))?;
        let caption = "A curve ends where fewer than 10 samples lie beyond it.";
        Some(self.chart("percentiles", title, caption, drawing))
    }

    pub(super) fn idle(&self) -> Option<Chart> {
        let series =
            self.series(Part::Idle, |sample| sample.idle, |sample| Some(sample.rps), per_second);
        let idle: Vec<_> =
            series.iter().flat_map(|one| &one.points).map(|point| point.x as usize).collect();
        let axes = Axes { x: Scale::levels(&idle), y: from_zero(&series) };
        let title = "Requests per second beside silent connections";
        let words = Words {
            title,
            subtitle: &format!("req/s of the busy clients. {HOLLOW}"),
            x_unit: "connections that are open and silent",
            x_label: &|tick| format!("{tick}"),
            y_label: &numbers::grouped,
        };
        let drawing = (!series.is_empty()).then(|| curve::draw(&words, &axes, &series))?;
        let caption = "A server that waits for one client at a time stops at the first silent one, a pool at its size.";
        Some(Chart { name: "idle".into(), title: title.into(), caption: caption.into(), drawing })
    }
}

/// The points that at least 10 samples lie beyond. The very first is the shortest of all samples, an accident.
fn percentile_points(folder: &Path, sample: &Sample) -> Vec<Point> {
    let text = fs::read_to_string(folder.join(&sample.hgrm)).unwrap_or_default();
    let last = 1.0 - 10.0 / (sample.requests.max(1) as f64);
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

fn time(figure: f64) -> String {
    micros(Some(figure))
}

/// A round time: `500 us`, `20 ms`.
fn round_time(figure: f64) -> String {
    match figure {
        ..999.5 => format!("{} us", (figure * 10.0).round() / 10.0),
        ..999_500.0 => format!("{} ms", (figure / 1e3).round()),
        _ => format!("{} s", (figure / 1e6).round()),
    }
}
