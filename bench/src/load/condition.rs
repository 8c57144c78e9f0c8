//! `--fail-if 'p99>5ms'`: a condition on which a load counts as failed, for scripts and continuous integration.

use super::outcome::{Figures, Outcome};
use crate::{args, numbers};
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;

/// A figure, how it is compared, and with what.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As the user wrote it.
    text: String,
    unit: Unit,
    /// By the name that [`Figures::figure`] has for it.
    figure: String,
    relation: Relation,
    limit: f64,
}

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

const LATENCIES: [&str; 6] = ["mean", "p50", "p90", "p99", "p999", "max"];

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
        let figure = name.replace("99.9", "999");
        let unit = match (limit.strip_suffix('%'), &*figure) {
            (None, latency) if LATENCIES.contains(&latency) => Unit::Seconds,
            (None, "errors" | "rps" | "served") => Unit::Count,
            (None, _) => {
                bail!("`{name}` is none of mean, p50, p90, p99, p99.9, max, errors, rps, served")
            }
            (_, "errors" | "served") => Unit::PerCent,
            _ => bail!("`{name}` is none of errors, served"),
        };
        let limit = match unit {
            Unit::Seconds => args::duration(limit)?.as_secs_f64(),
            Unit::Count | Unit::PerCent => number(limit.trim_end_matches(['%', ' ']))?,
        };
        ensure!(
            unit != Unit::PerCent || limit <= 100.0,
            "`{name}` is 100 % at most, so that `{text}` says nothing"
        );
        Ok(Self { text: text.to_owned(), unit, figure, relation, limit })
    }

    /// Why the load failed, if this condition holds. A percentile that too few responses speak for cannot be shown to be
    /// right: that counts as failed too.
    pub fn failure(&self, outcome: &Outcome) -> Option<String> {
        let text = &self.text;
        let Some(value) = self.value(&Figures::of(outcome)) else {
            return Some(format!("{text} cannot be tested: too few responses"));
        };
        let written = match self.unit {
            Unit::Seconds => numbers::time(Duration::from_secs_f64(value)),
            Unit::Count => numbers::grouped(value),
            Unit::PerCent => format!("{value:.2} %"),
        };
        (self.relation)(&value, &self.limit).then(|| format!("{text}: it is {written}"))
    }

    /// What is compared; `None` where there is too little of it. Errors are per cent of all requests, and served are per cent
    /// of the connections that were opened.
    fn value(&self, of: &Figures) -> Option<f64> {
        let (value, requests) = (of.figure(&self.figure)?, of.requests as f64);
        let all = if self.figure == "errors" { value + requests } else { of.opened as f64 };
        match self.unit {
            Unit::Seconds => (requests > 0.0).then_some(value / 1e6),
            Unit::Count => Some(value),
            Unit::PerCent => (all > 0.0).then(|| 100.0 * value / all),
        }
    }
}

fn number(text: &str) -> Result<f64> {
    let number: f64 = text.parse().with_context(|| format!("`{text}` is not a number"))?;
    ensure!(number.is_finite() && number >= 0.0, "`{text}` is not a number from 0 up");
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Tally;

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
        for text in [
            "",
            "p99",
            "p99>",
            "p99>5",
            "p98>5ms",
            "rps<1%",
            "errors>x",
            "served<-1",
            "rps<nan",
            "errors>101%",
        ] {
            // A bare number is seconds.
            assert_eq!(Condition::parse(text).is_ok(), text == "p99>5", "{text}");
        }
    }
}
