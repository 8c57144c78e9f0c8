//! Requests per second and latency as curves, and how to read them.
//!
//! In a closed loop a server that stops is sent nothing meanwhile, and its percentiles look fine: `bench rate` has those
//! of requests that were due.

use super::axes::Axes;
use super::curve::{self, Series};
use super::picture::{Chart, Texts};
use super::scale::Scale;
use super::view::{CPU, P99, RPS, View};
use crate::results::Part;

/// Why some points are hollow.
const HOLLOW: &str = "Hollow points: not all clients were served.";
/// What the number of silent connections is called.
const SILENT: &str = "connections that are open and silent";

/// Requests per second over connections.
pub fn rps(view: &View<'_>) -> Option<Chart> {
    let subtitle = format!("req/s; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption =
        "Flat while connections grow: the server is saturated, and more clients only wait longer.";
    let texts = view.texts("rps", "Requests per second", &subtitle, caption);
    let series = view.series(&view.trials(Part::Ladder), |sample| sample.connections, &RPS);
    chart(texts, "connections", &series, curve::even)
}

/// The 99th percentile over connections, to stand beside [`rps`].
pub fn latency(view: &View<'_>) -> Option<Chart> {
    let subtitle = format!("p99; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption = "Where throughput stays flat, latency rises with the connections: they wait for each other. A hollow \
                   point knows only the connections that were served.";
    let texts = view.texts("latency", "The slowest response in a hundred", &subtitle, caption);
    let series = view.series(&view.trials(Part::Ladder), |sample| sample.connections, &P99);
    chart(texts, "connections", &series, curve::times)
}

/// The chart of these curves, with ticks where their points are. Over a single one there is no curve to draw.
fn chart(
    texts: Texts,
    x_unit: &str,
    series: &[Series],
    y: fn(&[Series]) -> Scale,
) -> Option<Chart> {
    let x = Scale::levels(series.iter().flat_map(|one| &one.points).map(|point| point.x));
    let axes = Axes { x, y: y(series) };
    (axes.x.ticks.len() > 1).then(|| curve::chart(texts, x_unit, &axes, series))
}

/// CPU per request of a server with one busy client, over the number of silent connections. Both axes are even: what grows
/// with the connections is a straight line.
pub fn waits(view: &View<'_>) -> Option<Chart> {
    let mut trials = view.trials(Part::Waits);
    trials.retain(|trial| trial.median().connections == 1);
    let mut series = view.series(&trials, |sample| sample.idle, &CPU);
    series.retain(|one| one.points.len() > 1);
    let most = series.iter().flat_map(|one| &one.points).map(|point| point.x).reduce(f64::max)?;
    let texts = Texts {
        name: "waits".into(),
        title: "Server CPU per request beside silent connections".into(),
        subtitle: "µs, one busy client; bands from the lowest repeat to the highest".into(),
        caption: "poll(2) looks at all connections for each request, epoll(7) at those that are ready.",
    };
    let axes = Axes { x: Scale::even(most), y: curve::even(&series) };
    Some(curve::chart(texts, SILENT, &axes, &series))
}

/// Requests per second over the number of silent connections.
pub fn idle(view: &View<'_>) -> Option<Chart> {
    let texts = Texts {
        name: "idle".into(),
        title: "Requests per second beside silent connections".into(),
        subtitle: format!("req/s of the busy clients. {HOLLOW}"),
        caption: "A server that waits for one client at a time stops at the first silent one, a pool at its size.",
    };
    let series = view.series(&view.trials(Part::Idle), |sample| sample.idle, &RPS);
    chart(texts, SILENT, &series, curve::even)
}
