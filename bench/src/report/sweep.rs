//! What a sweep over offered load shows: a table of each server's loads.

use super::figures::{cores, count};
use crate::numbers::micros;
use crate::results::sweep::{Point, curves};
use crate::results::{Results, Sample};
use crate::table::{Column, Table};

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
