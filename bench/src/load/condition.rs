//! `--fail-if 'p99>5ms'`: a condition on which a load counts as failed, for scripts and continuous integration.

use super::outcome::Outcome;
use crate::{args, numbers};
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;

/// A figure, how it is compared, and with what.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As the user wrote it.
    text: String,
    figure: Figure,
    relation: Relation,
    limit: f64,
}

type Relation = fn(&f64, &f64) -> bool;

/// Two signs come before one: `>=` begins with `>`.
const RELATIONS: [(&str, Relation); 4] =
    [(">=", f64::ge), ("<=", f64::le), (">", f64::gt), ("<", f64::lt)];

/// What can be compared.
#[derive(Clone, Copy, Debug)]
enum Figure {
    /// A percentile of the latencies, in seconds; `None` where too few responses lie beyond it.
    Percentile(f64),
    Mean,
    Max,
    /// Correct responses per second.
    Rps,
    /// So many, or per cent of all requests.
    Errors,
    ErrorShare,
    /// Connections with at least one response, or per cent of those that were opened.
    Served,
    ServedShare,
}

/// The latencies by name.
const LATENCIES: [(&str, Figure); 7] = [
    ("mean", Figure::Mean),
    ("p50", Figure::Percentile(0.5)),
    ("p90", Figure::Percentile(0.9)),
    ("p99", Figure::Percentile(0.99)),
    ("p99.9", Figure::Percentile(0.999)),
    ("p999", Figure::Percentile(0.999)),
    ("max", Figure::Max),
];

impl Condition {
    /// Reads `FIGURE>LIMIT`, with `<`, `>=` or `<=` as well: `p99>5ms`, `errors>0`, `errors>1%`, `rps<1000`, `served<100%`.
    ///
    /// # Errors
    /// Another form, figure or limit, with those that there are.
    pub fn parse(text: &str) -> Result<Self> {
        let found = RELATIONS.iter().find_map(|(sign, relation)| {
            text.split_once(sign).map(|(name, limit)| (name.trim(), *relation, limit.trim()))
        });
        let (name, relation, limit) = found.with_context(|| {
            format!("`{text}` is no condition; examples: p99>5ms, errors>1%, rps<1000, served<100%")
        })?;
        let (figure, limit) =
            if let Some((_, figure)) = LATENCIES.iter().find(|(latency, _)| *latency == name) {
                (*figure, args::duration(limit)?.as_secs_f64())
            } else {
                let share = limit.ends_with('%');
                let figure = match (name, share) {
                    ("errors", false) => Figure::Errors,
                    ("errors", true) => Figure::ErrorShare,
                    ("served", false) => Figure::Served,
                    ("served", true) => Figure::ServedShare,
                    ("rps", false) => Figure::Rps,
                    _ => bail!(
                        "`{name}` is none of mean, p50, p90, p99, p99.9, max, errors, rps, served"
                    ),
                };
                (figure, number(limit.trim_end_matches('%'))?)
            };
        Ok(Self { text: text.to_owned(), figure, relation, limit })
    }

    /// Why the load failed, if this condition holds. A percentile that too few responses speak for cannot be shown to be
    /// right: that counts as failed too.
    pub fn failure(&self, outcome: &Outcome) -> Option<String> {
        let text = &self.text;
        match self.figure.of(outcome) {
            None => Some(format!("{text} cannot be tested: too few responses")),
            Some(value) if (self.relation)(&value, &self.limit) => {
                Some(format!("{text}: it is {}", self.figure.write(value)))
            }
            Some(_) => None,
        }
    }
}

fn number(text: &str) -> Result<f64> {
    let number: f64 = text.parse().with_context(|| format!("`{text}` is not a number"))?;
    ensure!(number.is_finite() && number >= 0.0, "`{text}` is not a number from 0 up");
    Ok(number)
}

impl Figure {
    fn of(self, outcome: &Outcome) -> Option<f64> {
        let tally = &outcome.tally;
        let seconds = |time: Duration| time.as_secs_f64();
        let errors = tally.errors.total() as f64;
        let share = |part: f64, all: f64| (all > 0.0).then(|| 100.0 * part / all);
        match self {
            Self::Percentile(quantile) => tally.percentile(quantile).map(seconds),
            Self::Mean => (tally.requests > 0).then(|| seconds(tally.mean())),
            Self::Max => (tally.requests > 0).then(|| seconds(tally.max())),
            Self::Rps => Some(outcome.rps()),
            Self::Errors => Some(errors),
            Self::ErrorShare => share(errors, errors + tally.requests as f64),
            Self::Served => Some(tally.served as f64),
            Self::ServedShare => share(tally.served as f64, tally.opened as f64),
        }
    }

    fn write(self, value: f64) -> String {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => {
                numbers::time(Duration::from_secs_f64(value))
            }
            Self::ErrorShare | Self::ServedShare => format!("{value:.2} %"),
            Self::Rps | Self::Errors | Self::Served => numbers::grouped(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Tally;

    fn failure(condition: &str) -> Option<String> {
        let mut tally = Tally::new();
        for _ in 0..2000 {
            tally.latency.record(2_000_000).unwrap();
        }
        (tally.requests, tally.errors.status, tally.served, tally.opened) = (2000, 20, 8, 10);
        let window = Duration::from_secs(2);
        let outcome = Outcome { tally, window, ..Outcome::default() };
        Condition::parse(condition).unwrap().failure(&outcome)
    }

    #[test]
    fn conditions_hold_or_do_not() {
        for (condition, why) in [
            ("p99>1ms", "it is 2.00 ms"),
            ("mean >= 2ms", "it is 2.00 ms"),
            ("errors>0", "it is 20"),
            ("errors>0.9%", "it is 0.99 %"),
            ("rps<1001", "it is 1,000"),
            ("served<100%", "it is 80.00 %"),
            ("served<=8", "it is 8"),
            ("p99.9>10s", "too few"),
        ] {
            let text = failure(condition).unwrap();
            assert!(
                text.starts_with(condition) && text.ends_with(why) || text.contains(why),
                "{text}"
            );
        }
        for condition in ["p50>3ms", "max>=3ms", "errors>20", "errors>1%", "rps<1000", "served<80%"]
        {
            assert_eq!(failure(condition), None, "{condition}");
        }
    }

    #[test]
    fn other_conditions_are_refused() {
        for text in
            ["", "p99", "p99>", "p99>5", "p98>5ms", "rps<1%", "errors>x", "served<-1", "rps<nan"]
        {
            // A bare number is seconds.
            assert_eq!(Condition::parse(text).is_ok(), text == "p99>5", "{text}");
        }
    }
}
