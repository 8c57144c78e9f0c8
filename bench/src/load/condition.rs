//! `--fail-if 'p99>5ms'`: a condition on which a load counts as failed, for scripts and continuous integration.

use super::outcome::Outcome;
use super::samples::Tally;
use crate::{args, numbers};
use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// A figure, how it is compared, and with what.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As the user wrote it.
    text: String,
    unit: Unit,
    figure: Figure,
    relation: Relation,
    limit: f64,
}

/// What is looked at; `None` where there is too little of it.
type Figure = fn(&Outcome) -> Option<f64>;
type Relation = fn(&f64, &f64) -> bool;

/// Two signs come before one: `>=` begins with `>`.
const RELATIONS: [(&str, Relation); 4] =
    [(">=", f64::ge), ("<=", f64::le), (">", f64::gt), ("<", f64::lt)];

/// What a figure and its limit are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Count,
    PerCent,
}

/// What can be compared. Errors are per cent of all requests, and served are per cent of the connections that were opened.
const FIGURES: [(&str, Unit, Figure); 12] = [
    ("mean", Unit::Seconds, |outcome| latency(outcome, Tally::mean)),
    ("p50", Unit::Seconds, |outcome| percentile(outcome, 0.5)),
    ("p90", Unit::Seconds, |outcome| percentile(outcome, 0.9)),
    ("p99", Unit::Seconds, |outcome| percentile(outcome, 0.99)),
    ("p99.9", Unit::Seconds, |outcome| percentile(outcome, 0.999)),
    ("p999", Unit::Seconds, |outcome| percentile(outcome, 0.999)),
    ("max", Unit::Seconds, |outcome| latency(outcome, Tally::max)),
    ("rps", Unit::Count, |outcome| Some(outcome.rps())),
    ("errors", Unit::Count, |outcome| Some(errors(outcome))),
    ("errors", Unit::PerCent, |outcome| {
        share(errors(outcome), errors(outcome) + outcome.tally.requests as f64)
    }),
    ("served", Unit::Count, |outcome| Some(outcome.tally.served as f64)),
    ("served", Unit::PerCent, |outcome| {
        share(outcome.tally.served as f64, outcome.tally.opened as f64)
    }),
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
        let share = limit.ends_with('%');
        let named = |(known, unit, _): &&(&str, Unit, Figure)| {
            *known == name && (*unit == Unit::PerCent) == share
        };
        let (_, unit, figure) = *FIGURES.iter().find(named).with_context(|| {
            let kind = if share {
                "errors, served"
            } else {
                "mean, p50, p90, p99, p99.9, max, errors, rps, served"
            };
            format!("`{name}` is none of {kind}")
        })?;
        let limit = match unit {
            Unit::Seconds => args::duration(limit)?.as_secs_f64(),
            Unit::Count | Unit::PerCent => number(limit.trim_end_matches(['%', ' ']))?,
        };
        Ok(Self { text: text.to_owned(), unit, figure, relation, limit })
    }

    /// Why the load failed, if this condition holds. A percentile that too few responses speak for cannot be shown to be
    /// right: that counts as failed too.
    pub fn failure(&self, outcome: &Outcome) -> Option<String> {
        let text = &self.text;
        let Some(value) = (self.figure)(outcome) else {
            return Some(format!("{text} cannot be tested: too few responses"));
        };
        let written = match self.unit {
            Unit::Seconds => numbers::time(Duration::from_secs_f64(value)),
            Unit::Count => numbers::grouped(value),
            Unit::PerCent => format!("{value:.2} %"),
        };
        (self.relation)(&value, &self.limit).then(|| format!("{text}: it is {written}"))
    }
}

fn number(text: &str) -> Result<f64> {
    let number: f64 = text.parse().with_context(|| format!("`{text}` is not a number"))?;
    ensure!(number.is_finite() && number >= 0.0, "`{text}` is not a number from 0 up");
    Ok(number)
}

fn percentile(outcome: &Outcome, quantile: f64) -> Option<f64> {
    outcome.tally.percentile(quantile).map(|time| time.as_secs_f64())
}

fn latency(outcome: &Outcome, which: fn(&Tally) -> Duration) -> Option<f64> {
    (outcome.tally.requests > 0).then(|| which(&outcome.tally).as_secs_f64())
}

fn errors(outcome: &Outcome) -> f64 {
    outcome.tally.errors.total() as f64
}

fn share(part: f64, all: f64) -> Option<f64> {
    (all > 0.0).then(|| 100.0 * part / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(condition: &str) -> Option<String> {
        let mut tally = Tally::default();
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
            ("errors > 0.9 %", "it is 0.99 %"),
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
