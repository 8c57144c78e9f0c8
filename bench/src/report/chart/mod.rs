//! Pictures of a recorded run, as SVG. The same results give the same bytes.
//!
//! [`svg`] writes elements, [`scale`] maps figures to places, [`axes`] draws the frame; on them stand [`curve`]
//! [`bars`] and [`stacked`] bars. A [`view`] picks rows of a run, and [`curve_charts`] and [`bar_charts`] say what of
//! it is shown; [`users_chart`] shows the ladder of users, [`profile_chart`] the layers of a request, and [`flame`] all stacks of one
//! server; [`percentiles_chart`] has latency over percentiles, [`sweep_chart`] over load; [`matrix_chart`] has servers
//! over workloads. [`timeline`] is drawn from traces.

pub mod axes;
pub mod bar_charts;
pub mod bars;
pub mod curve;
pub mod curve_charts;
pub mod flame;
pub mod matrix_chart;
pub mod percentiles_chart;
pub mod picture;
pub mod profile_chart;
pub mod scale;
pub mod stacked;
pub mod svg;
pub mod sweep_chart;
pub mod timeline;
pub mod users_chart;
pub mod view;

pub use picture::Chart;

use crate::results::Results;
use std::path::Path;
use view::View;

/// Everything there are rows for. Traces are read from the files in `folder`.
pub fn of(results: &Results, folder: &Path) -> Vec<Chart> {
    let mut charts: Vec<_> = users_chart::of(results).into_iter().collect();
    for mode in ["close", "keep-alive"] {
        let view = View { results, mode };
        charts.extend(curve_charts::rps(&view));
        charts.extend(curve_charts::latency(&view));
        charts.extend(bar_charts::cpu(&view));
    }
    let view = View { results, mode: "keep-alive" };
    charts.extend(percentiles_chart::of(&view));
    charts.extend(curve_charts::idle(&view));
    charts.extend(curve_charts::waits(&view));
    charts.extend(matrix_chart::of(results));
    charts.extend(profile_chart::of(results));
    charts.extend(sweep_chart::of(results));
    charts.extend(timeline::of_folder(folder));
    charts
}
