//! The whole machine: how busy all CPUs were, and how much the host of a virtual machine took.

use super::parse::{self, Cpus};
use serde::Serialize;
use shared::sys::process::ticks_per_second;
use std::fs;
use std::time::Instant;

/// All CPUs' ticks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    at: Instant,
    cpus: Cpus,
    per_second: u64,
}

/// Between two moments, in cores: 2.0 are two CPUs that never rested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Machine {
    /// On behalf of processes, ours included.
    pub processes: f64,
    /// In interrupts. The kernel may charge no process for them.
    pub interrupts: f64,
    /// Wanted, and given to another virtual machine.
    pub stolen: f64,
}

impl Times {
    /// As of now; `None` where `/proc/stat` does not tell.
    pub fn now() -> Option<Self> {
        let cpus = parse::cpus(&fs::read_to_string("/proc/stat").ok()?)?;
        Some(Self { at: Instant::now(), cpus, per_second: ticks_per_second().ok()? })
    }

    /// What passed since `before`.
    pub fn since(&self, before: &Self) -> Machine {
        let seconds = (self.at - before.at).as_secs_f64().max(f64::MIN_POSITIVE);
        let cores = |ticks: fn(&Cpus) -> u64| {
            let passed = ticks(&self.cpus).saturating_sub(ticks(&before.cpus));
            passed as f64 / self.per_second as f64 / seconds
        };
        Machine {
            processes: cores(|cpus| cpus.processes),
            interrupts: cores(|cpus| cpus.interrupts),
            stolen: cores(|cpus| cpus.stolen),
        }
    }
}
