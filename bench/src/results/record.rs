//! A run on its way into its folder.

use super::{Config, Host, Part, Results, SCHEMA, Sample, Source, date, folder, hgrm, source};
use crate::experiments::trial::Row;
use crate::interrupt::Interrupt;
use crate::report::{page, table, why};
use crate::targets::Target;
use anyhow::Result;
use std::path::PathBuf;
use std::{env, iter};

/// What is known of a run before its first row.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    results: Results,
    /// Of each row, as its file will hold it.
    percentiles: Vec<String>,
}

/// As it was typed, but for the folder of the program. The name of another folder need not be UTF-8.
fn command_line() -> Vec<String> {
    let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    iter::once("bench".to_owned()).chain(arguments).collect()
}

impl Record {
    /// Begins now, on this machine, with the sources as they are: they may change while it runs. The folder
    /// is made at once: that it cannot be should not be learnt after a long run.
    pub fn begin(config: Config, out: Option<PathBuf>) -> Result<Self> {
        let results = Results {
            schema: SCHEMA,
            began: date::now(),
            command: command_line(),
            host: Host::here(),
            source: Source::here(&source::workspace()),
            config,
            ..Results::default()
        };
        let folder = out.unwrap_or_else(|| folder::fresh(&results));
        folder::make(&folder)?;
        Ok(Self { folder, results, percentiles: Vec::new() })
    }

    /// Adds what was measured for one part of the run, and what its verdicts are beside the floor's rows.
    pub fn add(&mut self, targets: &[Target], rows: &[Row], part: Part) {
        let medians = table::medians(rows);
        for (index, row) in rows.iter().enumerate() {
            let repeat = rows[..index].iter().filter(|earlier| earlier.cell == row.cell).count();
            let verdict = row.verdict(why::ceiling_of(row.cell, targets, &medians));
            let mut sample = Sample::of(&targets[row.cell.target], row, part, repeat);
            sample.evidence.insert("verdict".to_owned(), verdict.sentence.into());
            sample.evidence.insert("doubts".to_owned(), verdict.doubts.into());
            sample.hgrm = self.unused(sample.hgrm);
            self.results.rows.push(sample);
            self.percentiles.push(hgrm::write(&row.outcome.tally.latency));
        }
    }

    /// `file`, or with a number where an earlier row has it: each keeps its own percentiles.
    fn unused(&self, file: String) -> String {
        let is_taken = |name: &String| self.results.rows.iter().any(|row| row.hgrm == *name);
        let stem = file.trim_end_matches(".hgrm").to_owned();
        let numbered = (2..).map(|number| format!("{stem}-{number}.hgrm"));
        iter::once(file).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
    }

    /// Adds what else is known of the last row, under a name of its own.
    pub fn note(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        if let Some(sample) = self.results.rows.last_mut() {
            sample.evidence.insert(name.to_owned(), value.into());
        }
    }

    /// Writes a text beside the results.
    pub fn keep(&self, file: &str, text: &str) -> Result<()> {
        folder::file(&self.folder.join(file), text)
    }

    /// Writes the folder with its page; says where they are.
    pub fn end(mut self, interrupt: &Interrupt, failures: &[String]) -> Result<String> {
        self.results.interrupted = interrupt.raised();
        self.results.failures = failures.to_vec();
        folder::write(&self.folder, &self.results, &self.percentiles)?;
        let page = page::write(&self.folder)?;
        Ok(format!("\nResults: {}\nPage:    {}\n", self.folder.display(), page.display()))
    }
}
