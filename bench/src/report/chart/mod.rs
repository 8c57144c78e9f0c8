//! Pictures of a recorded run, as SVG. The same results give the same bytes.
//!
//! [`svg`] writes elements, and [`scale`] maps figures to places. On them stand two kinds of charts: [`curve`]s over something
//! that grows, and [`bars`] of one piece or several. [`curve_charts`] and [`bar_charts`] say what of a run is shown so. What
//! is neither draws itself: [`timeline`] has threads over time, and [`flame`] all stacks of one server.

pub mod bar_charts;
pub mod bars;
pub mod curve;
pub mod curve_charts;
pub mod flame;
pub mod picture;
pub mod scale;
pub mod svg;
pub mod timeline;

pub use picture::Chart;

use crate::results::Results;
use std::path::Path;

/// Everything there are rows for. Traces are read from the files in `folder`.
pub fn of(results: &Results, folder: &Path) -> Vec<Chart> {
    let mut charts: Vec<_> = bar_charts::users(results).into_iter().collect();
    for mode in ["close", "keep-alive"] {
        charts.extend(curve_charts::rps(results, mode));
        charts.extend(curve_charts::latency(results, mode));
    }
    charts.extend(curve_charts::percentiles(results));
    charts.extend(curve_charts::idle(results));
    charts.extend(curve_charts::waits(results));
    charts.extend(bar_charts::profile(results));
    charts.extend(curve_charts::sweep(results));
    charts.extend(timeline::of_folder(folder));
    charts
}
