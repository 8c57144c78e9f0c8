//! The control group whose CPU time is limited, if this process is in one: `cpu.max` and `cpu.stat` of cgroups(7),
//! version 2. In a container with two CPUs' worth of time, what the machine's other 62 do is no matter.

use super::parse::field;
use std::fs;
use std::path::Path;

/// Microseconds of CPU time so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Used by all of its processes.
    pub(super) used: u64,
    /// For which threads were held back because the limit was used up.
    pub(super) throttled: u64,
}

impl Group {
    /// As of now; `None` where no limit is set.
    pub(super) fn now() -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
        Self::nearest(Path::new("/sys/fs/cgroup"), own)
    }

    /// The limit of a group holds for the groups below it.
    fn nearest(root: &Path, own: &str) -> Option<Self> {
        let own = root.join(own);
        let is_limited = |folder: &&Path| {
            fs::read_to_string(folder.join("cpu.max")).is_ok_and(|max| !max.starts_with("max"))
        };
        let folder = own.ancestors().take_while(|folder| folder.starts_with(root)).find(is_limited);
        let stat = fs::read_to_string(folder?.join("cpu.stat")).ok()?;
        let throttled = field(&stat, "throttled_usec").unwrap_or_default();
        Some(Self { used: field(&stat, "usage_usec")?, throttled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_limit_counts() {
        let root = std::env::temp_dir().join(format!("bench-group-{}", std::process::id()));
        let write = |folder: &str, max: &str, used: u64| {
            fs::create_dir_all(root.join(folder)).unwrap();
            fs::write(root.join(folder).join("cpu.max"), max).unwrap();
            let stat =
                format!("usage_usec {used}\nuser_usec 1\nnr_throttled 3\nthrottled_usec 5\n");
            fs::write(root.join(folder).join("cpu.stat"), stat).unwrap();
        };
        write("a/b/c", "max 100000\n", 1);
        assert_eq!(Group::nearest(&root, "a/b/c"), None);
        write("a", "150000 100000\n", 3);
        assert_eq!(Group::nearest(&root, "a/b/c"), Some(Group { used: 3, throttled: 5 }));
        write("a/b", "50000 100000\n", 2);
        assert_eq!(Group::nearest(&root, "a/b/c"), Some(Group { used: 2, throttled: 5 }));
        assert_eq!(Group::nearest(&root, ""), None);
        fs::remove_dir_all(&root).unwrap();
    }
}
