//! What a run leaves behind: one folder that tables, pictures, comparisons and claims are made from.
//!
//! [`Results`] is the shape of `results.json`; [`folder`] writes and reads it, with a spreadsheet ([`csv`]) and
//! a latency histogram per row ([`hgrm`]) beside it. [`host`] and [`source`] say where and of what. [`compare`] holds
//! two runs against each other, [`claims`] one run against the book, and [`fit`] a scalability law against points.
//! [`sweep`] has the curves over offered load, and what theory says of them. [`prediction`] says what users
//! should get of a stage. [`trace`] and [`timeline`] read the servers' traces. Fields are only ever added: a reader of an
//! older schema finds what it knows, and a newer one finds defaults.

pub mod anonymous;
pub mod claims;
pub mod compare;
pub mod csv;
pub mod date;
pub mod fit;
pub mod folder;
pub mod group;
pub mod hgrm;
pub mod host;
pub mod prediction;
pub mod profile;
pub mod sample;
pub mod source;
pub mod statistics;
pub mod sweep;
pub mod timeline;
pub mod trace;

pub use crate::load::Figures;
pub use group::{Group, Range};
pub use host::Host;
pub use profile::Profile;
pub use sample::{Part, Sample};
pub use source::Source;

use serde::{Deserialize, Serialize};

/// The version of the shape. It changes when a field changes its meaning, not when one is added.
pub const SCHEMA: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// When it began: `2026-11-23T22:50:09Z`.
    pub began: String,
    /// The command line as it was typed, but for the names of folders.
    pub command: Vec<String>,
    /// Whether it was cut short: what is here is not all that was asked for.
    pub interrupted: bool,
    /// How many trials were planned.
    pub planned: usize,
    /// What could not be measured, and why.
    pub failures: Vec<String>,
    /// The machine.
    pub host: Host,
    /// The programs.
    pub source: Source,
    /// What was asked for.
    pub config: Config,
    /// Every repeat of every trial, in the order in which they ran.
    pub rows: Vec<Sample>,
    /// Where the CPU time of a request goes, for each stage.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
}

/// What a run was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Servers, in the order of the tables.
    pub targets: Vec<String>,
    /// Connection counts.
    pub levels: Vec<usize>,
    /// `close`, `keep-alive`.
    pub modes: Vec<String>,
    /// What decided the order of the servers.
    pub seed: u64,
    /// How long each trial was measured; the matrix at the end of a run has shorter windows.
    pub seconds: f64,
    /// Threads of the generator.
    pub threads: usize,
    /// CPUs of the servers and of the generator (`0-3:4-7`), where they were kept apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Repeats of each trial.
    pub repeat: usize,
    /// Passed on to the stages.
    pub stage_args: Vec<String>,
}

/// The value of a flag that all stages were told, if they were: it wins over what a trial has for them.
pub fn told(stage_args: &[String], flag: &str) -> Option<String> {
    let args = stage_args.join("=");
    Some(args.split(&format!("{flag}=")).nth(1)?.split('=').next()?.to_owned())
}

/// Threads of stage 2, unless told otherwise. With as many clients, all stages but the first can serve each.
pub const POOL: usize = 64;

/// The threads that all stages were told to have.
pub fn threads_told(stage_args: &[String]) -> Option<usize> {
    told(stage_args, "--threads")?.parse().ok()
}

impl Results {
    /// What it was made for: the part of its first row.
    pub fn part(&self) -> Part {
        self.rows.first().map(|row| row.part).unwrap_or_default()
    }

    /// The day on which it began: `2026-11-23`.
    pub fn day(&self) -> &str {
        self.began.split('T').next().unwrap_or_default()
    }

    /// The repeats of each trial together, in the order of their first.
    pub fn groups(&self) -> Vec<Group<'_>> {
        group::of(&self.rows)
    }

    /// The trials of one part, in the order of the servers; those of a server in the order in which they first ran.
    pub fn trials(&self, part: Part) -> Vec<Group<'_>> {
        let mut trials = self.groups();
        trials.retain(|trial| trial.median().part == part);
        let place = |target: &str| self.config.targets.iter().position(|name| name == target);
        trials.sort_by_key(|trial| place(&trial.median().target));
        trials
    }

    /// Of each of these trials the repeat in the middle.
    pub fn medians(&self, part: Part) -> Vec<&Sample> {
        self.trials(part).iter().map(Group::median).collect()
    }

    /// Where the CPU time of this server went, if that was looked at.
    pub fn profile(&self, target: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.target == target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_version_adds_or_an_earlier_one_lacks_does_no_harm() {
        let text = r#"{"schema": 9, "weather": "fair", "rows": [
            {"target": "floor", "requests": 7, "mood": [], "evidence": {"server": {"kernel": [0.8, 30]}}}]}"#;
        let results: Results = serde_json::from_str(text).unwrap();
        assert_eq!((results.schema, results.rows[0].load.requests), (9, 7));
        assert_eq!(results.rows[0].figure("evidence.server.kernel.0"), Some(0.8));
        let back = serde_json::to_string(&results).unwrap();
        assert_eq!(serde_json::from_str::<Results>(&back).unwrap(), results);
    }
}
