//! The reader's own runs.

use anyhow::Result;
use bench::numbers::counted;
use bench::report::blocks::{self, Block};
use bench::report::chart;
use bench::results::claims::{self, Claim, Outcome, Verdict};
use bench::results::{Results, folder};
use bench::table::{Table, escape};
use bench::terminal;
use std::fs;
use std::path::{Path, PathBuf};

/// All of them, the newest first.
pub(crate) struct Own {
    pub(crate) runs: Vec<Run>,
    /// Each claim of the book with what the newest run says to it that can test it.
    pub(crate) verdicts: Vec<(Claim, Verdict)>,
}

/// One run.
pub(crate) struct Run {
    folder: PathBuf,
    results: Results,
    blocks: Vec<Block>,
}

impl Run {
    /// When and where, in a few words.
    fn label(&self) -> String {
        let day = self.results.began.split('T').next().unwrap_or_default();
        format!("{day}, {}", counted(self.results.host.cores, "core"))
    }
}

impl Own {
    /// The run in `named` and those in its subfolders, or else all in the place where runs go.
    ///
    /// # Errors
    /// When the run that was named cannot be read; others are left out with a note.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self> {
        let mut folders = match named {
            Some(named) => vec![named.to_owned()],
            None => below(&folder::default_place()),
        };
        folders.extend(folders.clone().iter().flat_map(|folder| below(folder)));
        let mut runs = Vec::new();
        for folder in folders {
            match folder::read(&folder) {
                Ok(results) => runs.push(Run { blocks: blocks::of(&results), results, folder }),
                Err(error) if named.is_some() => return Err(error),
                Err(error) => terminal::note(&format!("bench: left out: {error:#}")),
            }
        }
        // Of one day, and one after the other.
        runs.sort_by(|one, other| other.results.began.cmp(&one.results.began));
        let verdicts = claims::built_in()?.into_iter().filter_map(|claim| verdict(claim, &runs));
        Ok(Self { verdicts: verdicts.collect(), runs })
    }

    /// The table of that name in the newest run that has one.
    pub(crate) fn table(&self, name: &str) -> Option<(String, Table)> {
        if name == "claims" {
            return Some(("your runs".to_owned(), self.claims()?));
        }
        let (run, block) = self.block(name)?;
        Some((format!("your run of {}", run.label()), block.table.clone()?))
    }

    /// The sentence of that name, as HTML.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (_, block) = self.block(name)?;
        block.table.is_none().then(|| format!("Yours: {}", escape(&block.text)))
    }

    /// The picture of that name, as HTML.
    pub(crate) fn picture(&self, name: &str) -> Option<String> {
        let charts = |run: &'_ Run| chart::of(&run.results, &run.folder).into_iter();
        let drawn = |run| Some((run, charts(run).find(|chart| chart.name == name)?));
        let (run, chart) = self.runs.iter().find_map(drawn)?;
        let (label, drawing) = (run.label(), chart.drawing);
        Some(format!("<summary>Yours: {label}</summary><span class=\"picture\">{drawing}</span>"))
    }

    /// The newest run that has a block of that name, and the block.
    fn block(&self, name: &str) -> Option<(&Run, &Block)> {
        let of = |run: &'_ Run| run.blocks.iter().position(|block| block.name == name);
        self.runs.iter().find_map(|run| Some((run, &run.blocks[of(run)?])))
    }

    /// The claims as the block `claims` has them.
    pub(crate) fn claims(&self) -> Option<Table> {
        blocks::verdicts(&self.verdicts)
    }

    /// What the book has beside its figures, or how to have it.
    pub(crate) fn sentence(&self) -> String {
        match &self.runs[..] {
            [] => "Your figures would stand beside the book's: measure with `cargo run --release -p bench`, and make \
                   the pages again with `cargo run --release -p bench -- book`."
                .to_owned(),
            [newest, ..] => {
                let (count, label) = (counted(self.runs.len(), "run"), newest.label());
                format!("Beside the book's figures stand yours, of {count} (the newest: {label}).")
            }
        }
    }
}

/// The folders of runs in `place`.
fn below(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|folder| folder.join("results.json").exists()).collect()
}

fn verdict(claim: Claim, runs: &[Run]) -> Option<(Claim, Verdict)> {
    let verdicts = || runs.iter().map(|run| claims::judge(&claim, &run.results));
    let is_tested = |verdict: &Verdict| verdict.outcome != Outcome::CannotBeTested;
    let verdict = verdicts().find(is_tested).or_else(|| verdicts().next())?;
    Some((claim, verdict))
}
