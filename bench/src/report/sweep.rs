//! What a sweep over offered load shows: a line for each server, and a table of each server's loads.

use crate::numbers::{grouped, micros};
use crate::results::sweep::{Curve, Point, curves};
use crate::results::{Results, queue::Queue};
use crate::table::Table;
use crate::workspace::label;

/// How to read it, where there is a sweep.
pub fn reading(results: &Results) -> Option<String> {
    (!curves(results).is_empty()).then(|| {
        "Requests come at random moments (Poisson arrivals) and are timed from when each was due. Load is in per cent of what \
         the server reached in a closed loop. The knee is the load with the most throughput ÷ mean latency (Kleinrock's \
         power): above it latency grows faster than throughput. M/M/c is the textbook's queue: c servers that are busy with \
         a request for its CPU time. It knows of no core that must wake up (latency above it at low load), and of no \
         generator on the same cores (a knee before its own; --workload work makes the generator's part small). A request \
         that finds all connections busy waits in the generator, in order, and its latency counts that: a few \
         connections are enough, and stage 1 has the one that it serves."
            .to_owned()
    })
}

/// A line for each server: its knee, what theory it is held against, what the verdict names over which loads.
pub fn summary(results: &Results) -> Option<Table> {
    let line = |curve: &Curve<'_>| {
        let knee = curve.knee();
        let of_knee = |name: &str| micros(knee.and_then(|point| point.figure(name)));
        let segments = curve.segments().into_iter().map(|(from, to, cause)| match from == to {
            true => format!("{from} %: {cause}"),
            false => format!("{from}-{to} %: {cause}"),
        });
        vec![
            label(curve.target).to_owned(),
            rate(&curve.closed, "rps"),
            micros(curve.closed.figure("cpu")),
            curve.theory.as_ref().map_or("-".to_owned(), Queue::name),
            knee.map_or("-".to_owned(), |point| format!("{} %", point.offered())),
            of_knee("p99"),
            segments.collect::<Vec<_>>().join(", "),
        ]
    };
    let header = ["Server", "Closed req/s", "CPU/req", "Theory", "Knee", "p99 there", "Bottleneck"];
    Table::new(header).filled(curves(results).iter().map(line).collect())
}

/// The loads of one server.
pub fn of_target(results: &Results, target: &str) -> Option<Table> {
    let curve = curves(results).into_iter().find(|curve| curve.target == target)?;
    let theory = curve.theory.as_ref().map_or("theory".to_owned(), Queue::name);
    let knee = curve.knee().map(Point::offered);
    let line = |name: String, point: &Point<'_>| {
        vec![
            name,
            rate(point, "evidence.target_rps"),
            rate(point, "rps"),
            micros(point.figure("p50")),
            micros(curve.predicted(point, 0.5)),
            micros(point.figure("p99")),
            micros(curve.predicted(point, 0.99)),
            micros(point.figure("cpu")),
            cores(point.busy()),
            cores(point.client()),
            point.cause().to_owned(),
        ]
    };
    let named = |point: &Point<'_>| {
        let mark = if Some(point.offered()) == knee { " knee" } else { "" };
        line(format!("{} %{mark}", point.offered()), point)
    };
    let closed = line("closed loop".to_owned(), &curve.closed);
    let rows = curve.points.iter().map(named).chain([closed]).collect();
    let (p50, p99) = (format!("{theory} p50"), format!("{theory} p99"));
    let header = [
        "Load",
        "Due/s",
        "Req/s",
        "p50",
        &p50,
        "p99",
        &p99,
        "CPU/req",
        "Busy cores",
        "Generator",
        "Bottleneck",
    ];
    Table::new(header).filled(rows)
}

fn rate(point: &Point<'_>, name: &str) -> String {
    point.figure(name).map_or("-".to_owned(), grouped)
}

fn cores(cores: Option<f64>) -> String {
    cores.map_or("-".to_owned(), |cores| format!("{cores:.2}"))
}
