//! What of a run is shown: all its charts, and the rows that each picks.

use super::curve::{Point, Series};
use super::{Chart, class};
use crate::experiments::timeline;
use crate::results::{Group, Part, Results, Sample};
use std::path::Path;

/// Everything there are rows for. Percentiles and traces are read from the files in `folder`.
pub fn of(results: &Results, folder: &Path) -> Vec<Chart> {
    let groups = results.groups();
    let mut charts = Vec::new();
    for mode in ["close", "keep-alive"] {
        let view = View { results, groups: &groups, mode };
        charts.extend(view.ladder());
        charts.extend(view.rps());
        charts.extend(view.p99());
        charts.extend(view.percentiles(folder));
        charts.extend(view.cpu());
    }
    let view = View { results, groups: &groups, mode: "keep-alive" };
    charts.extend(view.idle());
    charts.extend(view.matrix());
    charts.extend(timeline::chart(folder));
    charts
}

/// The rows of one mode.
pub(super) struct View<'g, 'a> {
    pub(super) results: &'a Results,
    pub(super) groups: &'g [Group<'a>],
    pub(super) mode: &'static str,
}

impl View<'_, '_> {
    pub(super) fn words(&self) -> &'static str {
        if self.mode == "close" { "one request per connection" } else { "kept alive" }
    }

    /// Rows of a server in this mode, by rising connections.
    pub(super) fn of(&self, target: &str, part: Part) -> Vec<&Group<'_>> {
        let matches = |group: &&Group<'_>| {
            let sample = group.median();
            (sample.target.as_str(), sample.part, sample.connection.as_str())
                == (target, part, self.mode)
        };
        let mut groups: Vec<_> = self.groups.iter().filter(matches).collect();
        groups.sort_by_key(|group| (group.median().connections, group.median().idle));
        groups
    }

    pub(super) fn chart(&self, kind: &str, title: String, caption: &str, drawing: String) -> Chart {
        let name = format!("{kind}-{}", self.mode);
        Chart { name, title, caption: caption.to_owned(), drawing }
    }

    /// Every server's curve of a figure over what `x` takes from a row.
    pub(super) fn series(
        &self,
        part: Part,
        x: impl Fn(&Sample) -> usize,
        figure: impl Fn(&Sample) -> Option<f64>,
        say: impl Fn(f64) -> String,
    ) -> Vec<Series> {
        let point = |group: &&Group<'_>| {
            let (sample, y) = (group.median(), group.range(&figure)?);
            let tip = format!(
                "{}, {} connections: {} ({} to {}), served {}",
                sample.target,
                x(sample),
                say(y.middle),
                say(y.low),
                say(y.high),
                sample.served
            );
            Some(Point { x: x(sample) as f64, y, hollow: !sample.serves_all(), tip })
        };
        let one = |target: &String| {
            let points: Vec<_> = self.of(target, part).iter().filter_map(point).collect();
            Series { class: class(target), name: target.clone(), points, marked: true }
        };
        let all = self.results.config.targets.iter().map(one);
        all.filter(|series| !series.points.is_empty()).collect()
    }
}
