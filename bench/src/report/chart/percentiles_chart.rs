//! Latency over percentiles, as far as a run's rows keep them: what most requests see, and what few see.

use super::axes::Axes;
use super::curve::{self, Point, Series};
use super::picture::{Chart, class};
use super::scale::Scale;
use super::view::View;
use crate::numbers::micros;
use crate::results::Group;
use crate::workspace::label;

/// The percentiles of a row: name, how many requests one slower one is found in, and the figure's name.
const PERCENTILES: [(&str, f64, &str); 4] =
    [("50 %", 2.0, "p50"), ("90 %", 10.0, "p90"), ("99 %", 100.0, "p99"), ("99.9 %", 1e3, "p999")];

/// All servers at the most connections.
pub fn of(view: &View<'_>) -> Option<Chart> {
    let (level, trials) = view.top()?;
    let series: Vec<_> = trials.iter().map(one).collect();
    let title = format!("Latency by percentile, {level} connections");
    let subtitle = "latency; bands from the lowest repeat to the highest. Hollow: not all clients were served.";
    let caption = "From left to right the responses that are slower than half, and than all but one in ten, in a hundred, in a \
                   thousand. A curve that is flat treats its clients alike; of hollow ones, those that waited are not in it.";
    let texts = view.texts("percentiles", &title, subtitle, caption);
    let one_in = PERCENTILES.map(|(_, one_in, _)| one_in);
    let x = Scale::levels(one_in).named(PERCENTILES.map(|(name, ..)| name));
    let axes = Axes { x, y: curve::times(&series) };
    let is_any = series.iter().any(|one| one.points.len() > 1);
    is_any.then(|| curve::chart(texts, "share of requests that were not slower", &axes, &series))
}

fn one(group: &Group<'_>) -> Series {
    let sample = group.median();
    let name = label(&sample.target);
    let point = |(percentile, x, figure): (&str, f64, &str)| {
        let y = group.range(|sample| sample.figure(figure))?;
        let [middle, low, high] = [y.middle, y.low, y.high].map(|us| micros(Some(us)));
        let tip = format!("{name}: {percentile} within {middle} ({low} to {high})");
        Some(Point { x, y, hollow: !sample.serves_all(), tip })
    };
    let points = PERCENTILES.into_iter().filter_map(point).collect();
    Series { class: class(&sample.target), name: name.to_owned(), points }
}
