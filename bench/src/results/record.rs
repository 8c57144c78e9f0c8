//! A run on its way into its folder.

use super::{Config, Host, Results, SCHEMA, Sample, Source, date, folder, source};
use crate::cell::Row;
use crate::report::page;
use crate::target::Target;
use anyhow::Result;
use std::path::PathBuf;
use std::{env, iter};

/// What is known of a run before its first row.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    /// Without rows until [`Record::finish`].
    pub results: Results,
}

impl Record {
    /// Begins now, on this machine, with the sources as they are: they may change while it runs. The folder
    /// is made at once: that it cannot be should not be learnt after a long run.
    pub fn begin(config: Config, out: Option<PathBuf>) -> Result<Self> {
        let results = Results {
            schema: SCHEMA,
            began: date::now(),
            // Where the program lies is nobody's business.
            command: iter::once("bench".to_owned()).chain(env::args().skip(1)).collect(),
            host: Host::here(),
            source: Source::here(&source::workspace()),
            config,
            ..Results::default()
        };
        let folder = out.unwrap_or_else(|| folder::fresh(&results));
        folder::make(&folder)?;
        Ok(Self { folder, results })
    }

    /// Writes the folder with its page; says where they are.
    pub fn finish(mut self, targets: &[Target], rows: &[Row]) -> Result<String> {
        for (index, row) in rows.iter().enumerate() {
            let repeat = rows[..index].iter().filter(|earlier| earlier.cell == row.cell).count();
            self.results.rows.push(Sample::of(&targets[row.cell.target], row, repeat));
        }
        let histograms: Vec<_> = rows.iter().map(|row| &row.outcome.tally.latency).collect();
        folder::write(&self.folder, &self.results, &histograms)?;
        let page = page::write(&self.folder)?;
        Ok(format!("\nResults: {}\nPage:    {}\n", self.folder.display(), page.display()))
    }
}
