//! The CPUs that this process may use: how busy they were, and how much the host of a virtual machine took.

use super::group::Group;
use crate::proc::{self, Cpus};
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

/// Between two moments, in cores: 2.0 are two CPUs that never rested. Where server and generator are in a control group
/// with a quota, the group is the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// On behalf of processes, ours included.
    pub processes: f64,
    /// In interrupts. The kernel may charge no process for them.
    pub interrupts: f64,
    /// Wanted, and given to another virtual machine.
    pub stolen: f64,
    /// Wanted by the server's control group, and beyond its quota.
    pub throttled: f64,
    /// What that quota is, if there is one.
    pub quota: Option<f64>,
}

impl Times {
    /// As of now, of the CPUs that this process or those of a server may use; `None` where `/proc` does not tell. Other CPUs,
    /// which `taskset` or a container keeps from both, say nothing about our window.
    pub fn now(server: &[u32]) -> Option<Self> {
        let servers = server.iter().filter_map(|pid| tools::cpus(&pid.to_string())).flatten();
        let servers: BTreeSet<_> = servers.collect();
        let in_use: BTreeSet<_> = servers.iter().copied().chain(tools::cpus("self")?).collect();
        let in_use: Vec<_> = in_use.into_iter().collect();
        let group = Group::of(server);
        // A quota may give less time than there are CPUs.
        let shared = group.filter(|group| group.used.is_some());
        let given = shared.map_or(usize::MAX, |group| group.quota.ceil() as usize);
        Some(Self {
            at: Instant::now(),
            cores: in_use.len().min(given),
            server: Some(servers.len()).filter(|count| *count > 0),
            cpus: proc::cpus(&fs::read_to_string("/proc/stat").ok()?, &in_use)?,
            per_second: ticks_per_second().ok()?,
            group,
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
        let mut machine = Machine {
            processes: ticks(|cpus| cpus.processes),
            interrupts: ticks(|cpus| cpus.interrupts),
            stolen: ticks(|cpus| cpus.stolen),
            ..Machine::default()
        };
        if let Some((after, before)) = self.group.zip(before.group) {
            machine.quota = Some(after.quota);
            machine.throttled = cores(after.throttled, before.throttled, 1e6);
            if let Some((after, before)) = after.used.zip(before.used) {
                (machine.processes, machine.interrupts) = (cores(after, before, 1e6), 0.0);
            }
        }
        machine
    }
}
