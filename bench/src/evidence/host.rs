//! The CPUs that this process may use: how busy they were, and how much the host of a virtual machine took.

use super::group::Group;
use super::parse::{self, Cpus};
use serde::{Deserialize, Serialize};
use shared::sys::process::ticks_per_second;
use std::fs;
use std::time::Instant;

/// Their ticks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    at: Instant,
    cpus: Cpus,
    per_second: u64,
    group: Option<Group>,
}

/// Between two moments, in cores: 2.0 are two CPUs that never rested. Where a control group limits the CPU time,
/// the group is the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// On behalf of processes, ours included.
    pub processes: f64,
    /// In interrupts. The kernel may charge no process for them.
    pub interrupts: f64,
    /// Wanted, and given to another virtual machine.
    pub stolen: f64,
    /// Wanted, and beyond the limit of the control group.
    pub throttled: f64,
}

impl Times {
    /// As of now; `None` where `/proc` does not tell.
    pub fn now() -> Option<Self> {
        // Other CPUs, which `taskset` or a container keeps from us, say nothing about our window.
        let allowed = parse::allowed(&fs::read_to_string("/proc/self/status").ok()?)?;
        let cpus = parse::cpus(&fs::read_to_string("/proc/stat").ok()?, &allowed)?;
        let per_second = ticks_per_second().ok()?;
        Some(Self { at: Instant::now(), cpus, per_second, group: Group::now() })
    }

    /// What passed since `before`.
    pub fn since(&self, before: &Self) -> Machine {
        let seconds = (self.at - before.at).as_secs_f64().max(f64::MIN_POSITIVE);
        let cores = |after: u64, before: u64, per_second: f64| {
            after.saturating_sub(before) as f64 / per_second / seconds
        };
        let ticks =
            |of: fn(&Cpus) -> u64| cores(of(&self.cpus), of(&before.cpus), self.per_second as f64);
        let machine = Machine {
            processes: ticks(|cpus| cpus.processes),
            interrupts: ticks(|cpus| cpus.interrupts),
            stolen: ticks(|cpus| cpus.stolen),
            throttled: 0.0,
        };
        self.group.zip(before.group).map_or(machine, |(after, before)| Machine {
            processes: cores(after.used, before.used, 1e6),
            interrupts: 0.0,
            throttled: cores(after.throttled, before.throttled, 1e6),
            ..machine
        })
    }
}
