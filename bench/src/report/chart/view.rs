//! The rows of a run that a chart of curves shows.

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
pub const P99: Figure =
    Figure { of: |sample| sample.load.latency_us.p99, show: micros, unit: " p99" };
/// CPU of the server per response.
pub const CPU: Figure = Figure { of: |sample| sample.server_cpu_us, show: micros, unit: "" };

fn micros(us: f64) -> String {
    numbers::micros(Some(us))
}

/// The rows of one mode.
pub struct View<'a> {
    /// The run.
    pub results: &'a Results,
    /// `close` or `keep-alive`.
    pub mode: &'static str,
}

impl<'a> View<'a> {
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

    /// The trials of this mode, by rising connections.
    pub fn trials(&self, part: Part) -> Vec<Group<'a>> {
        let mut trials = self.results.trials(part);
        trials.retain(|trial| trial.median().connection == self.mode);
        trials.sort_by_key(|trial| (trial.median().connections, trial.median().idle));
        trials
    }

    /// The ladder's trials at the most connections, and how many these are.
    pub fn top(&self) -> Option<(usize, Vec<Group<'a>>)> {
        let mut trials = self.trials(Part::Ladder);
        let level = trials.last()?.median().connections;
        trials.retain(|trial| trial.median().connections == level);
        Some((level, trials))
    }

    /// Every server's curve of a figure over what `x` takes from a row.
    pub fn series(
        &self,
        trials: &[Group<'_>],
        x: fn(&Sample) -> usize,
        figure: &Figure,
    ) -> Vec<Series> {
        let point = |trial: &Group<'_>| {
            let (sample, y) = (trial.median(), trial.range(figure.of)?);
            let [middle, low, high] = [y.middle, y.low, y.high].map(figure.show);
            let (name, x, served) = (label(&sample.target), x(sample), sample.load.served);
            let tip = format!(
                "{name}, {x} connections: {middle}{} ({low} to {high}), served {served}",
                figure.unit
            );
            Some(Point { x: x as f64, y, hollow: !sample.serves_all(), tip })
        };
        let one = |target: &String| {
            let own = trials.iter().filter(|trial| trial.median().target == *target);
            let points = own.filter_map(point).collect();
            Series { class: class(target), name: label(target).to_owned(), points }
        };
        let all = self.results.config.targets.iter().map(one);
        all.filter(|series| !series.points.is_empty()).collect()
    }
}
