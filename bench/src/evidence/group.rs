//! The control groups whose CPU time has a quota: cgroups(7). Version 2 has `cpu.max`, version 1 has `cpu.cfs_quota_us`
//! and `cpu.cfs_period_us`; both count in `cpu.stat` how long threads were held back.

use crate::proc::field;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the hierarchies are mounted: that of version 2, or a folder for each controller of version 1.
const MOUNT: &str = "/sys/fs/cgroup";

/// A group with a quota. Times are microseconds of CPU time so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Group {
    /// Cores' worth of time that it may use.
    pub(super) quota: f64,
    /// For which threads were held back because the quota was used up, added up over the CPUs.
    pub(super) throttled: u64,
    /// Used by all of its processes, if server and generator are among them, and where the kernel tells.
    pub(super) used: Option<u64>,
}

impl Group {
    /// The group that limits the processes of a server, or this process without any; `None` where there is no quota.
    pub(super) fn of(server: &[u32]) -> Option<Self> {
        let own = tightest(&limits("self"));
        let servers: Vec<_> = server.iter().flat_map(|pid| limits(&pid.to_string())).collect();
        let found = if server.is_empty() { own.clone() } else { tightest(&servers) };
        let (folder, group) = found?;
        let is_shared = own.is_some_and(|(own, _)| own == folder);
        Some(Self { used: group.used.filter(|_| is_shared), ..group })
    }

    /// As its files tell; `None` without a quota.
    fn read(folder: &Path) -> Option<Self> {
        let text = |file| fs::read_to_string(folder.join(file)).ok();
        let number = |file| text(file)?.trim().parse::<f64>().ok();
        let quota = match text("cpu.max") {
            // `max 100000` is no quota.
            Some(max) => {
                let (quota, period) = max.trim().split_once(' ')?;
                quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?
            }
            // -1 is no quota.
            None => number("cpu.cfs_quota_us")? / number("cpu.cfs_period_us")?,
        };
        let stat = text("cpu.stat")?;
        let nanos = || field::<u64>(&stat, "throttled_time");
        let throttled = field(&stat, "throttled_usec").or_else(|| Some(nanos()? / 1000))?;
        let accounted = || Some((number("cpuacct.usage")? / 1e3) as u64);
        let used = field(&stat, "usage_usec").or_else(accounted);
        (quota > 0.0).then_some(Self { quota, throttled, used })
    }
}

/// The groups with a quota that a process is in, with their folders: a quota holds for the groups below it too.
fn limits(process: &str) -> Vec<(PathBuf, Group)> {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    limits_below(Path::new(MOUNT), &groups)
}

/// `groups`: lines `number:controllers:path`; version 2 has no controllers.
fn limits_below(mount: &Path, groups: &str) -> Vec<(PathBuf, Group)> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let Some((controllers, path)) = line.split_once(':').and_then(|it| it.1.split_once(':'))
        else {
            continue;
        };
        let root = match controllers {
            "" => mount.to_owned(),
            some if some.split(',').any(|name| name == "cpu") => mount.join("cpu"),
            _ => continue,
        };
        let own = root.join(path.trim_start_matches('/'));
        let folders = own.ancestors().take_while(|folder| folder.starts_with(&root));
        found.extend(folders.filter_map(|one| Some((one.to_owned(), Group::read(one)?))));
    }
    found
}

/// That with the least quota.
fn tightest(groups: &[(PathBuf, Group)]) -> Option<(PathBuf, Group)> {
    groups.iter().min_by(|(_, one), (_, next)| one.quota.total_cmp(&next.quota)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::Folder;

    fn write(mount: &Folder, group: &str, files: &[(&str, &str)]) {
        fs::create_dir_all(mount.join(group)).unwrap();
        for (name, text) in files {
            fs::write(mount.join(group).join(name), text).unwrap();
        }
    }

    fn found(mount: &Folder, groups: &str) -> Option<Group> {
        tightest(&limits_below(mount.path(), groups)).map(|(_, group)| group)
    }

    #[test]
    fn version_2_and_the_tightest_quota() {
        let mount = Folder::create().unwrap();
        let stat = ("cpu.stat", "usage_usec 7\nuser_usec 1\nnr_throttled 3\nthrottled_usec 5000\n");
        let own = "1:name=systemd:/a\n0::/a/b/c\n";
        write(&mount, "a/b/c", &[("cpu.max", "max 100000\n"), stat]);
        assert_eq!(found(&mount, own), None);
        write(&mount, "a", &[("cpu.max", "150000 100000\n"), stat]);
        let group = |quota| Some(Group { quota, throttled: 5000, used: Some(7) });
        assert_eq!(found(&mount, own), group(1.5));
        write(&mount, "a/b", &[("cpu.max", "300000 100000\n"), stat]);
        assert_eq!(found(&mount, own), group(1.5));
        write(&mount, "a/b", &[("cpu.max", "25000 50000\n"), stat]);
        assert_eq!((found(&mount, own), found(&mount, "0::/\n")), (group(0.5), None));
    }

    #[test]
    fn version_1() {
        let mount = Folder::create().unwrap();
        let stat = ("cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 5000999\n");
        let files = |quota| [("cpu.cfs_quota_us", quota), ("cpu.cfs_period_us", "100000\n"), stat];
        let own = "4:memory:/m\n3:cpu,cpuacct:/a/b\n0::/\n";
        write(&mount, "cpu/a", &files("-1\n"));
        write(&mount, "cpu/a/b", &files("150000\n"));
        assert_eq!(found(&mount, own), Some(Group { quota: 1.5, throttled: 5000, used: None }));
        // Mounted together, the two controllers have one folder.
        write(&mount, "cpu/a/b", &[("cpuacct.usage", "7000\n")]);
        assert_eq!(found(&mount, own).and_then(|group| group.used), Some(7));
        write(&mount, "cpu/a", &files("100000\n"));
        assert_eq!(found(&mount, own).map(|group| group.quota), Some(1.0));
    }
}
