//! One table of cells beside the ladder: the idle curve, or the matrix. A command of its own measures it,
//! and a run does so at its end.

use crate::experiments::plan::{self, Plan};
use crate::experiments::trial::{Cell, Row};
use crate::interrupt::Interrupt;
use crate::results::{Config, Part, Record};
use crate::targets::Starter;
use crate::terminal;
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::time::Duration;

/// What is to be measured, and how it is shown.
pub(crate) struct Sheet {
    pub(crate) plan: Plan,
    pub(crate) cells: Vec<Cell>,
    pub(crate) part: Part,
    pub(crate) table: fn(&Sheet, &[Row]) -> String,
}

impl Sheet {
    /// How long it takes, about.
    pub(crate) fn time(&self) -> Duration {
        self.plan.time(self.cells.len())
    }

    /// Builds, says how long it will take, measures, and prints the table.
    pub(crate) fn alone(
        &self,
        stage_args: Vec<String>,
        out: Option<PathBuf>,
        interrupt: &Interrupt,
    ) -> Result<()> {
        let config = Config::of(&self.plan, &stage_args);
        let starter = Starter::build(&self.plan.targets, stage_args, interrupt)?;
        let mut record = Record::begin(config, out)?;
        terminal::note(&self.plan.announcement(self.cells.len(), Duration::ZERO));
        let failures = self.run(&starter, interrupt, &mut record)?;
        terminal::print(&record.end(interrupt, &failures)?)?;
        if !failures.is_empty() && !interrupt.raised() {
            bail!("not everything could be measured\n  {}", failures.join("\n  "));
        }
        Ok(())
    }

    /// Measures, records, and prints the table; says what failed.
    pub(crate) fn run(
        &self,
        starter: &Starter,
        interrupt: &Interrupt,
        record: &mut Record,
    ) -> Result<Vec<String>> {
        let (rows, failures) = plan::race(&self.plan, &self.cells, starter, interrupt);
        record.add(&self.plan.targets, &rows, self.part);
        terminal::print(&(self.table)(self, &rows))?;
        terminal::print(&plan::cut_short(interrupt, rows.len(), self.cells.len()))?;
        Ok(failures)
    }
}
