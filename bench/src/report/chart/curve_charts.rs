//! What is shown as curves, and how to read them: throughput and latency over connections, latency over percentiles and over
//! offered load, the cost of silent connections.
//!
//! In a closed loop a server that stops is sent nothing meanwhile, and its percentiles look fine: `bench rate` has those
//! of requests that were due.

use super::curve::{self, Axes, Point, Series};
use super::picture::{Chart, class};
use super::scale::Scale;
use crate::numbers::{grouped, micros};
use crate::results::sweep::{self, Curve};
use crate::results::{Group, Part, Range, Results, Sample};
use crate::workspace::label;

/// Why some points are hollow.
const HOLLOW: &str = "Hollow points: not all clients were served.";
/// The mode of the charts that there is only one of.
const KEPT: &str = "keep-alive";
/// What the number of silent connections is called.
const SILENT: &str = "connections that are open and silent";

/// What a curve shows of a row, how it is written, and what stands behind that.
type Figure = (fn(&Sample) -> Option<f64>, fn(f64) -> String, &'static str);

const RPS: Figure = (|sample| Some(sample.load.rps), grouped, " req/s");
const P99: Figure = (|sample| sample.load.latency_us.p99, us, " p99");
const CPU: Figure = (|sample| sample.server_cpu_us, us, "");

fn us(figure: f64) -> String {
    micros(Some(figure))
}

/// A chart of one mode, `close` or `keep-alive`, without its drawing.
fn of_mode(mode: &str, kind: &str, title: &str, subtitle: &str, caption: &str) -> Chart {
    let words = if mode == "close" { "one request per connection" } else { "kept alive" };
    Chart {
        name: format!("{kind}-{mode}"),
        title: format!("{title}, {words}"),
        subtitle: subtitle.to_owned(),
        caption: caption.to_owned(),
        ..Chart::default()
    }
}

/// The trials of a mode, by rising connections.
fn trials<'a>(results: &'a Results, part: Part, mode: &str) -> Vec<Group<'a>> {
    let mut trials = results.trials(part);
    trials.retain(|trial| trial.median().connection == mode);
    trials.sort_by_key(|trial| (trial.median().connections, trial.median().idle));
    trials
}

/// Requests per second over connections.
pub fn rps(results: &Results, mode: &str) -> Option<Chart> {
    let subtitle = format!("req/s; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption =
        "Flat while connections grow: the server is saturated, and more clients only wait longer.";
    let chart = of_mode(mode, "rps", "Requests per second", &subtitle, caption);
    let series =
        series(results, &trials(results, Part::Ladder, mode), |sample| sample.connections, RPS);
    at_points(chart, "connections", &series, curve::even)
}

/// The 99th percentile over connections, to stand beside [`rps`].
pub fn latency(results: &Results, mode: &str) -> Option<Chart> {
    let subtitle = format!("p99; bands from the lowest repeat to the highest. {HOLLOW}");
    let caption = "Where throughput stays flat, latency rises with the connections: they wait for each other. A hollow \
                   point knows only the connections that were served.";
    let chart = of_mode(mode, "latency", "The slowest response in a hundred", &subtitle, caption);
    let series =
        series(results, &trials(results, Part::Ladder, mode), |sample| sample.connections, P99);
    at_points(chart, "connections", &series, curve::times)
}

/// Requests per second over the number of silent connections.
pub fn idle(results: &Results) -> Option<Chart> {
    let chart = Chart {
        name: "idle".into(),
        title: "Requests per second beside silent connections".into(),
        subtitle: format!("req/s of the busy clients. {HOLLOW}"),
        caption: "A server that waits for one client at a time stops at the first silent one, a pool at its size."
            .into(),
        ..Chart::default()
    };
    let series = series(results, &trials(results, Part::Idle, KEPT), |sample| sample.idle, RPS);
    at_points(chart, SILENT, &series, curve::even)
}

/// CPU per request of a server with one busy client, over the number of silent connections. Both axes are even: what grows
/// with the connections is a straight line.
pub fn waits(results: &Results) -> Option<Chart> {
    let mut trials = trials(results, Part::Waits, KEPT);
    trials.retain(|trial| trial.median().connections == 1);
    let mut series = series(results, &trials, |sample| sample.idle, CPU);
    series.retain(|one| one.points.len() > 1);
    let most = curve::points(&series).map(|point| point.x).reduce(f64::max)?;
    let chart = Chart {
        name: "waits".into(),
        title: "Server CPU per request beside silent connections".into(),
        subtitle: "µs, one busy client; bands from the lowest repeat to the highest".into(),
        caption:
            "poll(2) looks at all connections for each request, epoll(7) at those that are ready."
                .into(),
        ..Chart::default()
    };
    let axes = Axes { x: Scale::even(most), x_unit: SILENT, y: curve::even(&series) };
    Some(curve::chart(chart, &axes, &series))
}

/// Every server's curve of a figure over what `x` takes from a row.
fn series(
    results: &Results,
    trials: &[Group<'_>],
    x: fn(&Sample) -> usize,
    (figure, show, unit): Figure,
) -> Vec<Series> {
    let point = |trial: &Group<'_>| {
        let (sample, y) = (trial.median(), trial.range(figure)?);
        let [middle, low, high] = [y.middle, y.low, y.high].map(show);
        let (name, x, served) = (label(&sample.target), x(sample), sample.load.served);
        let tip =
            format!("{name}, {x} connections: {middle}{unit} ({low} to {high}), served {served}");
        Some(Point { x: x as f64, y, mark: mark(sample), tip })
    };
    let one = |target: &String| {
        let own = trials.iter().filter(|trial| trial.median().target == *target);
        measured(target, own.filter_map(point).collect())
    };
    let all = results.config.targets.iter().map(one);
    all.filter(|series| !series.points.is_empty()).collect()
}

/// Hollow where not all clients were served: the figure is not what it seems.
fn mark(sample: &Sample) -> &'static str {
    if sample.serves_all() { "dot" } else { "hollow" }
}

fn measured(target: &str, points: Vec<Point>) -> Series {
    Series { class: class(target), style: "line", name: label(target).to_owned(), points }
}

/// The chart of these curves, with ticks where their points are. Over a single one there is no curve to draw.
fn at_points(
    chart: Chart,
    x_unit: &'static str,
    series: &[Series],
    y: fn(&[Series]) -> Scale,
) -> Option<Chart> {
    let x = Scale::levels(curve::points(series).map(|point| point.x));
    let axes = Axes { x, x_unit, y: y(series) };
    (axes.x.ticks.len() > 1).then(|| curve::chart(chart, &axes, series))
}

/// The percentiles of a row: name, how many requests one slower one is found in, and the figure's name.
const PERCENTILES: [(&str, f64, &str); 4] =
    [("50 %", 2.0, "p50"), ("90 %", 10.0, "p90"), ("99 %", 100.0, "p99"), ("99.9 %", 1e3, "p999")];

/// Latency over percentiles of all servers at the most connections, as far as rows keep them: what most requests see, and what
/// few see.
pub fn percentiles(results: &Results) -> Option<Chart> {
    let mut trials = trials(results, Part::Ladder, KEPT);
    let level = trials.last()?.median().connections;
    trials.retain(|trial| trial.median().connections == level);
    let one = |group: &Group<'_>| {
        let (sample, name) = (group.median(), label(&group.median().target));
        let point = |(percentile, x, figure): (&str, f64, &str)| {
            let y = group.range(|sample| sample.figure(figure))?;
            let [middle, low, high] = [y.middle, y.low, y.high].map(us);
            let tip = format!("{name}: {percentile} within {middle} ({low} to {high})");
            Some(Point { x, y, mark: mark(sample), tip })
        };
        measured(&sample.target, PERCENTILES.into_iter().filter_map(point).collect())
    };
    let series: Vec<_> = trials.iter().map(one).collect();
    let title = format!("Latency by percentile, {level} connections");
    let subtitle = "latency; bands from the lowest repeat to the highest. Hollow: not all clients were served.";
    let caption = "From left to right the responses that are slower than half, and than all but one in ten, in a hundred, in a \
                   thousand. A curve that is flat treats its clients alike; of hollow ones, those that waited are not in it.";
    let chart = of_mode(KEPT, "percentiles", &title, subtitle, caption);
    let one_in = PERCENTILES.map(|(_, one_in, _)| one_in);
    let x = Scale::levels(one_in).named(PERCENTILES.map(|(name, ..)| name));
    let x_unit = "share of requests that were not slower";
    let axes = Axes { x, x_unit, y: curve::times(&series) };
    let is_any = series.iter().any(|one| one.points.len() > 1);
    is_any.then(|| curve::chart(chart, &axes, &series))
}

/// The 99th percentile over offered load: each server's curve, what it would be in theory, and above both the
/// knees. `None` without curves.
pub fn sweep(results: &Results) -> Option<Chart> {
    let curves = sweep::curves(results);
    let loads = curves.iter().flat_map(|curve| &curve.points).map(sweep::Point::offered);
    let most = loads.max()?;
    let chart = Chart {
        name: "sweep".to_owned(),
        title: "The slowest request in a hundred, over offered load".to_owned(),
        subtitle: "p99; hollow: the knee; dashed: M/M/1 with the measured CPU time of a request"
            .to_owned(),
        caption: "Latency is flat until the queue begins to grow, and without bound where more comes than is served. The knee \
                  is where throughput ÷ mean latency is highest."
            .to_owned(),
        ..Chart::default()
    };
    let own = |curve: &Curve<'_>| {
        let points = curve.points.iter().filter_map(|load| at_load(curve, load, "dot"));
        measured(curve.target, points.collect())
    };
    let own: Vec<_> = curves.iter().map(own).collect();
    let theory = |curve: &Curve<'_>| {
        let point = |load: &sweep::Point<'_>| {
            Some(exact(load, curve.predicted(load, 0.99)?, "", String::new()))
        };
        let points = curve.points.iter().map_while(point).collect();
        Series { style: "frame", name: String::new(), ..measured(curve.target, points) }
    };
    let knee = |curve: &Curve<'_>| {
        let points = curve.knee().and_then(|knee| at_load(curve, knee, "hollow"));
        Series { name: String::new(), ..measured(curve.target, points.into_iter().collect()) }
    };
    let axes = Axes {
        x: Scale::even(most as f64),
        x_unit: "offered load, % of what the closed loop reached",
        y: Scale::times(0.0, curve::highest(&own)),
    };
    let (theories, knees) = (curves.iter().map(theory), curves.iter().map(knee));
    let series: Vec<_> = theories.chain(own).chain(knees).collect();
    Some(curve::chart(chart, &axes, &series))
}

/// The p99 at a load, where it is known.
fn at_load(curve: &Curve<'_>, load: &sweep::Point<'_>, mark: &'static str) -> Option<Point> {
    let (name, p99) = (label(curve.target), load.figure("p99")?);
    let tip = format!("{name} at {} %: p99 {}, {}", load.offered(), us(p99), load.cause());
    Some(exact(load, p99, mark, tip))
}

/// A point that is known to one figure: a median, or a prediction.
fn exact(load: &sweep::Point<'_>, figure: f64, mark: &'static str, tip: String) -> Point {
    let y = Range { low: figure, middle: figure, high: figure };
    Point { x: load.offered() as f64, y, mark, tip }
}
