//! What a run found: verdicts, totals by level, and the three ways to print them.

use super::case::{Case, Level};
use super::judge::describe;
use super::peer::Problem;
use crate::table::Table;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// How a case went.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// As the rule says.
    Passed,
    /// Not so.
    Failed(Problem),
    /// Not tried, and why.
    Skipped(String),
}

/// A case and how it went.
#[derive(Clone)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// How it went.
    pub verdict: Verdict,
}

/// What a run found.
pub struct Report {
    /// One for each case, in the order of the list.
    pub outcomes: Vec<Outcome>,
    /// How long the run took.
    pub took: Duration,
}

/// The levels in the order of their weight.
const LEVELS: [Level; 3] = [Level::Must, Level::Should, Level::Robustness];

impl Outcome {
    fn failure(&self) -> Option<&Problem> {
        match &self.verdict {
            Verdict::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    fn was_run(&self) -> bool {
        !matches!(self.verdict, Verdict::Skipped(_))
    }
}

impl Report {
    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| is_counted(outcome)).count()
    }

    /// The cases that failed, of whatever level.
    pub fn failures(&self) -> Vec<&Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.failure().is_some()).collect()
    }

    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome.verdict, Verdict::Passed))
    }

    /// How many cases of a level failed.
    pub fn failed(&self, level: Level) -> usize {
        self.count(|outcome| outcome.case.level == level && outcome.failure().is_some())
    }

    fn run(&self, level: Level) -> usize {
        self.count(|outcome| outcome.case.level == level && outcome.was_run())
    }

    fn skipped(&self) -> usize {
        self.count(|outcome| !outcome.was_run())
    }

    /// One object: totals and every case.
    pub fn json(&self) -> Value {
        let totals = |level: Level| json!({ "run": self.run(level), "failed": self.failed(level) });
        let levels = LEVELS.map(|level| (level.name().to_lowercase(), totals(level)));
        let levels: serde_json::Map<_, _> = levels.into_iter().collect();
        let cases: Vec<_> = self.outcomes.iter().map(Outcome::json).collect();
        json!({ "seconds": self.took.as_secs_f64(), "levels": levels, "skipped": self.skipped(), "cases": cases })
    }

    fn table(&self) -> Table {
        let header = ["group", "passed", "failed", "skipped", "MUST", "SHOULD", "robustness"];
        let mut table = Table::new(header);
        let mut groups: Vec<_> = self.outcomes.iter().map(|outcome| outcome.case.group()).collect();
        groups.dedup();
        for group in groups {
            table.add(row(group, self.outcomes.iter().filter(|one| one.case.group() == group)));
        }
        table.add(row("all", self.outcomes.iter()));
        table
    }
}

/// One line of the table: passed, failed and skipped, then passed/run for each level.
fn row<'a>(name: &str, outcomes: impl Iterator<Item = &'a Outcome>) -> Vec<String> {
    let (mut totals, mut levels) = ([0; 3], [[0; 2]; 3]);
    for outcome in outcomes {
        let (column, passed, run) = match outcome.verdict {
            Verdict::Passed => (0, 1, 1),
            Verdict::Failed(_) => (1, 0, 1),
            Verdict::Skipped(_) => (2, 0, 0),
        };
        totals[column] += 1;
        let of_level = &mut levels[outcome.case.level as usize];
        of_level[0] += passed;
        of_level[1] += run;
    }
    let levels =
        levels.map(|[passed, run]| if run == 0 { "-".into() } else { format!("{passed}/{run}") });
    let totals = totals.map(|count: usize| count.to_string());
    [name.to_string()].into_iter().chain(totals).chain(levels).collect()
}

impl Outcome {
    fn json(&self) -> Value {
        let Case { id, section, level, rule, .. } = &self.case;
        let (verdict, detail) = match &self.verdict {
            Verdict::Passed => ("passed", json!({})),
            Verdict::Skipped(why) => ("skipped", json!({ "why": why })),
            Verdict::Failed(Problem { way, text, sent, received }) => (
                "failed",
                json!({ "way": way, "why": text, "expected": describe(&self.case), "sent": sent, "received": received }),
            ),
        };
        json!({
            "id": id, "section": section, "level": level.name(), "rule": rule, "verdict": verdict, "detail": detail,
        })
    }
}

/// The failures with the bytes that prove them, the table and the totals.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            let Some(Problem { way, text, sent, received }) = outcome.failure() else { continue };
            let Case { id, section, level, rule, .. } = &outcome.case;
            writeln!(f, "{id} ({}, {section}): {rule}", level.name())?;
            writeln!(f, "    {way}: {text}\n    sent     {sent}\n    received {received}\n")?;
        }
        writeln!(f, "{}", self.table().bare())?;
        let [must, should, robustness] =
            LEVELS.map(|level| format!("{}/{}", self.failed(level), self.run(level)));
        let (skipped, seconds) = (self.skipped(), self.took.as_secs_f64());
        write!(
            f,
            "failed: MUST {must}, SHOULD {should}, robustness {robustness}; skipped {skipped}; {seconds:.1} s"
        )
    }
}
