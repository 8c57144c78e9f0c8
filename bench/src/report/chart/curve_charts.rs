//! Requests per second and latency as curves, and how to read them.
//!
//! In a closed loop a server that stops is sent nothing meanwhile, and its percentiles look fine: `bench rate` has those
//! of requests that were due.

use super::axes::Axes;
use super::curve::{self, Point, Series};
use super::picture::{Chart, Texts, class};
use super::scale::Scale;
use super::view::{P99, RPS, View};
use crate::numbers::micros;
use crate::report::tables::levels;
use crate::results::{Group, Part};
use crate::workspace::label;

/// Why some points are hollow.
const HOLLOW: &str = "Hollow points: not all clients were served.";

/// Requests per second over connections. Over one number of connections there is no curve to draw.
pub fn rps(view: &View<'_, '_>) -> Option<Chart> {
    let levels = levels(view.groups, view.mode);
    let subtitle = format!("req/s; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption =
        "Flat while connections grow: the server is saturated, and more clients only wait longer.";
    let texts = view.texts("rps", "Requests per second", &subtitle, caption);
    let series = view.series(Part::Ladder, |sample| sample.connections, &RPS);
    (levels.len() > 1).then(|| chart(texts, "connections", &levels, &series))
}

/// The 99th percentile over connections, to stand beside [`rps`].
pub fn latency(view: &View<'_, '_>) -> Option<Chart> {
    let levels = levels(view.groups, view.mode);
    let subtitle = format!("p99; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption = "Where throughput stays flat, latency rises with the connections: they wait for each other. A hollow \
                   point knows only the connections that were served.";
    let texts = view.texts("latency", "The slowest response in a hundred", &subtitle, caption);
    let series = view.series(Part::Ladder, |sample| sample.connections, &P99);
    let axes = Axes { x: Scale::levels(&levels), y: curve::times(&series) };
    let is_curve = levels.len() > 1 && !series.is_empty();
    is_curve.then(|| curve::chart(texts, "connections", &axes, &series))
}

/// The chart of these curves, from zero upwards.
fn chart(texts: Texts, x_unit: &str, levels: &[usize], series: &[Series]) -> Chart {
    let highs = series.iter().flat_map(|one| &one.points).map(|point| point.y.high);
    let axes = Axes { x: Scale::levels(levels), y: Scale::even(highs.fold(0.0, f64::max)) };
    curve::chart(texts, x_unit, &axes, series)
}

/// CPU per request of a server with one busy client, over the number of silent connections. Both axes are even: what grows
/// with the connections is a straight line.
pub fn waits(view: &View<'_, '_>) -> Option<Chart> {
    let series: Vec<_> = view
        .results
        .config
        .targets
        .iter()
        .filter_map(|target| {
            let groups = view.of(target, Part::Waits);
            let points: Vec<_> = groups.iter().filter_map(|group| waits_point(group)).collect();
            let name = label(target).to_owned();
            (points.len() > 1).then(|| Series { class: class(target), name, points })
        })
        .collect();
    let points = || series.iter().flat_map(|one| &one.points);
    let (x, y) =
        points().fold((0.0_f64, 0.0_f64), |(x, y), point| (x.max(point.x), y.max(point.y.high)));
    let texts = Texts {
        name: "waits".into(),
        title: "Server CPU per request beside silent connections".into(),
        subtitle: "µs, one busy client; bands from the lowest repeat to the highest".into(),
        caption: "poll(2) looks at all connections for each request, epoll(7) at those that are ready.",
    };
    let axes = Axes { x: Scale::even(x), y: Scale::even(y) };
    let x_unit = "connections that are open and silent";
    (!series.is_empty()).then(|| curve::chart(texts, x_unit, &axes, &series))
}

fn waits_point(group: &Group<'_>) -> Option<Point> {
    let sample = group.median();
    let y = group.range(|sample| sample.server_cpu_us).filter(|_| sample.connections == 1)?;
    let (name, idle, [middle, low, high]) =
        (label(&sample.target), sample.idle, [y.middle, y.low, y.high].map(|y| micros(Some(y))));
    let tip = format!("{name}, {idle} silent: {middle} a request ({low} to {high})");
    Some(Point { x: idle as f64, y, hollow: !sample.serves_all(), tip })
}

/// Requests per second over the number of silent connections.
pub fn idle(view: &View<'_, '_>) -> Option<Chart> {
    let series = view.series(Part::Idle, |sample| sample.idle, &RPS);
    let idle = series.iter().flat_map(|one| &one.points).map(|point| point.x as usize);
    let levels: Vec<_> = idle.collect();
    let texts = Texts {
        name: "idle".into(),
        title: "Requests per second beside silent connections".into(),
        subtitle: format!("req/s of the busy clients. {HOLLOW}"),
        caption: "A server that waits for one client at a time stops at the first silent one, a pool at its size.",
    };
    let x_unit = "connections that are open and silent";
    (!series.is_empty()).then(|| chart(texts, x_unit, &levels, &series))
}
