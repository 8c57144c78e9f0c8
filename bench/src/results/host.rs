//! The machine a run was made on: figures mean nothing without it. Its name is left out, since runs are shown to strangers.

use crate::numbers::counted;
use crate::{proc, tools};
use serde::{Deserialize, Serialize};
use std::fs;

/// Kernel, processor, memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// The kernel's release.
    pub kernel: String,
    /// The processor's model, or its architecture where `/proc/cpuinfo` names no model.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// MiB of memory.
    pub memory_mib: u64,
}

impl Host {
    /// This one.
    pub fn here() -> Self {
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        Self {
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: model(&read("/proc/cpuinfo")),
            cores: tools::cores(),
            memory_mib: proc::field(&read("/proc/meminfo"), "MemTotal:")
                .map_or(0, |kib: u64| kib / 1024),
        }
    }

    /// In one line: `Intel(R) ..., 2 cores, 7.8 GiB, Linux 6.1.0`.
    pub fn line(&self) -> String {
        let cores = counted(self.cores, "core");
        let gib = self.memory_mib as f64 / 1024.0;
        format!("{}, {cores}, {gib:.1} GiB, Linux {}", self.cpu, self.kernel)
    }
}

fn model(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    };
    // ARM kernels give numbers only.
    field("model name").unwrap_or(std::env::consts::ARCH).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n"), "Fast CPU @ 3 GHz");
        assert_eq!(model("processor: 0\n"), std::env::consts::ARCH);
    }
}
