//! The CPUs that this process may use: how busy they were, and how much the host of a virtual machine took.

use super::group::Group;
use super::parse::{self, Cpus};
use crate::tools;
use serde::{Deserialize, Serialize};
use shared::sys::process::ticks_per_second;
use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

/// Their ticks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    at: Instant,
    /// How many CPUs this process and the server may use.
    pub cores: usize,
    /// How many the server may use.
    pub server: Option<usize>,
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
    /// As of now, of the CPUs that this process or those of a server may use; `None` where `/proc` does not tell. Other CPUs,
    /// which `taskset` or a container keeps from both, say nothing about our window.
    pub fn now(server: &[u32]) -> Option<Self> {
        let own = tools::cpus("self")?;
        let servers = server.iter().filter_map(|pid| tools::cpus(&pid.to_string())).flatten();
        let servers: BTreeSet<_> = servers.collect();
        let in_use: Vec<_> = servers.iter().copied().chain(own.iter().copied()).collect();
        let in_use: Vec<_> = BTreeSet::from_iter(in_use).into_iter().collect();
        // A control group may give less time than there are CPUs.
        let limit = Some(tools::cores()).filter(|limit| *limit < own.len());
        Some(Self {
            at: Instant::now(),
            cores: limit.unwrap_or(in_use.len()),
            server: Some(servers.len()).filter(|count| *count > 0),
            cpus: parse::cpus(&fs::read_to_string("/proc/stat").ok()?, &in_use)?,
            per_second: ticks_per_second().ok()?,
            group: Group::now(),
        })
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
