//! The rows of a run that a chart shows.

use super::curve::{Point, Series};
use super::picture::{Texts, class};
use crate::numbers;
use crate::results::{Group, Part, Results, Sample};
use crate::workspace::label;

/// What a curve shows of a row, and how it is written.
pub struct Figure {
    /// The figure.
    pub of: fn(&Sample) -> Option<f64>,
    /// As text.
    pub show: fn(f64) -> String,
    /// What stands behind that.
    pub unit: &'static str,
}

/// Requests per second.
pub const RPS: Figure =
    Figure { of: |sample| Some(sample.load.rps), show: numbers::grouped, unit: " req/s" };
/// The 99th percentile of latency.
pub const P99: Figure = Figure {
    of: |sample| sample.load.latency_us.p99,
    show: |us| numbers::micros(Some(us)),
    unit: " p99",
};

/// The rows of one mode.
pub struct View<'g, 'a> {
    /// The run.
    pub results: &'a Results,
    /// Its repeats.
    pub groups: &'g [Group<'a>],
    /// `close` or `keep-alive`.
    pub mode: &'static str,
}

impl View<'_, '_> {
    /// Texts of a chart of this mode.
    pub fn texts(&self, kind: &str, title: &str, subtitle: &str, caption: &'static str) -> Texts {
        let mode = if self.mode == "close" { "one request per connection" } else { "kept alive" };
        Texts {
            name: format!("{kind}-{}", self.mode),
            title: format!("{title}, {mode}"),
            subtitle: subtitle.to_owned(),
            caption,
        }
    }

    /// Rows of a server in this mode, by rising connections.
    pub fn of(&self, target: &str, part: Part) -> Vec<&Group<'_>> {
        let matches = |group: &&Group<'_>| {
            let sample = group.median();
            (sample.target.as_str(), sample.part, sample.connection.as_str())
                == (target, part, self.mode)
        };
        let mut groups: Vec<_> = self.groups.iter().filter(matches).collect();
        groups.sort_by_key(|group| (group.median().connections, group.median().idle));
        groups
    }

    /// The ladder's row of a server at so many connections.
    pub fn at(&self, target: &str, level: usize) -> Option<&Group<'_>> {
        let groups = self.of(target, Part::Ladder);
        groups.into_iter().find(|group| group.median().connections == level)
    }

    /// Every server's curve of a figure over what `x` takes from a row.
    pub fn series(&self, part: Part, x: fn(&Sample) -> usize, figure: &Figure) -> Vec<Series> {
        let point = |group: &&Group<'_>| {
            let (sample, y) = (group.median(), group.range(figure.of)?);
            let [middle, low, high] = [y.middle, y.low, y.high].map(figure.show);
            let (name, x, served) = (label(&sample.target), x(sample), sample.load.served);
            let tip = format!(
                "{name}, {x} connections: {middle}{} ({low} to {high}), served {served}",
                figure.unit
            );
            Some(Point { x: x as f64, y, hollow: !sample.serves_all(), tip })
        };
        let one = |target: &String| {
            let points: Vec<_> = self.of(target, part).iter().filter_map(point).collect();
            Series { class: class(target), name: label(target).to_owned(), points }
        };
        let all = self.results.config.targets.iter().map(one);
        all.filter(|series| !series.points.is_empty()).collect()
    }
}
