//! What a sweep over offered load shows: a line for each server, and a table of each server's loads.

use super::figures::{cores, count, or_dash};
use crate::numbers::micros;
use crate::results::sweep::{Curve, Point, curves};
use crate::results::{Results, Sample};
use crate::table::{Column, Table};
use crate::workspace::label;

/// How to read it, where there is a sweep.
pub fn reading(results: &Results) -> Option<String> {
    (!curves(results).is_empty()).then(|| {
        "Requests come at random moments (Poisson arrivals) and are timed from when each was due. Load is in per cent of what \
         the server reached in a closed loop. The knee is the load with the most throughput ÷ mean latency (Kleinrock's \
         power): above it latency grows faster than throughput. M/M/1 is the textbook's queue: a server that is busy with \
         a request for its CPU time, and one such queue for each core that serves. It knows of no core that must wake up (latency above it at low load), and of no \
         generator on the same cores (a knee before its own; --workload work makes the generator's part small). A request \
         that finds all connections busy waits in the generator, in order, and its latency counts that: a few \
         connections are enough, and stage 1 has the one that it serves."
            .to_owned()
    })
}

/// A line for each server: its knee, and what the verdict names over which loads.
pub fn summary(results: &Results) -> Option<Table> {
    let knee = |curve: &Curve<'_>| Some(format!("{} %", curve.knee()?.offered()));
    let segment = |(from, to, cause): (usize, usize, &str)| match from == to {
        true => format!("{from} %: {cause}"),
        false => format!("{from}-{to} %: {cause}"),
    };
    let segments = |curve: &Curve<'_>| {
        curve.segments().into_iter().map(segment).collect::<Vec<_>>().join(", ")
    };
    let columns: [Column<'_, Curve<'_>>; 6] = [
        ("Server", &|curve| label(curve.target).to_owned()),
        ("Closed req/s", &|curve| count(curve.closed.figure("rps"))),
        ("CPU/req", &|curve| micros(curve.closed.figure("cpu"))),
        ("Knee", &|curve| or_dash(knee(curve))),
        ("p99 there", &|curve| micros(curve.knee().and_then(|point| point.figure("p99")))),
        ("Bottleneck", &segments),
    ];
    Table::of(curves(results), &columns)
}

/// The loads of one server, and the closed loop that they are parts of.
pub fn of_target(results: &Results, target: &str) -> Option<Table> {
    let curve = curves(results).into_iter().find(|curve| curve.target == target)?;
    let knee = curve.knee().map(Point::offered);
    let load = |point: &Point<'_>| match (point.offered(), knee) {
        (0, _) => "closed loop".to_owned(),
        (load, Some(knee)) if load == knee => format!("{load} % knee"),
        (load, _) => format!("{load} %"),
    };
    let columns: [Column<'_, &Point<'_>>; 11] = [
        ("Load", &|point| load(point)),
        ("Due/s", &|point| count(point.figure("evidence.target_rps"))),
        ("Req/s", &|point| count(point.figure("rps"))),
        ("p50", &|point| micros(point.figure("p50"))),
        ("M/M/1 p50", &|point| micros(curve.predicted(point, 0.5))),
        ("p99", &|point| micros(point.figure("p99"))),
        ("M/M/1 p99", &|point| micros(curve.predicted(point, 0.99))),
        ("CPU/req", &|point| micros(point.figure("cpu"))),
        ("Busy cores", &|point| cores(point.of(Sample::busy_cores))),
        ("Generator", &|point| cores(point.of(|sample| Some(sample.client_cores())))),
        ("Bottleneck", &|point| point.cause().to_owned()),
    ];
    Table::of(curve.points.iter().chain([&curve.closed]), &columns)
}
