//! CPU time of a process and of all that it forked, to the nanosecond.

use std::fs;
use std::io;
use std::time::Duration;

/// What all threads of `pid` and of its descendants have used so far, user and kernel together. From
/// `/proc/PID/task/TID/schedstat`, as `/proc/PID/schedstat` tells of the main thread only, and
/// `/proc/PID/stat` counts in ticks of 10 ms. Threads that ended are not in it.
pub fn of_tree(pid: u32) -> io::Result<Duration> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?.path();
        // A thread may end between the listing and the reading.
        let Ok(schedstat) = fs::read_to_string(task.join("schedstat")) else {
            continue;
        };
        total += on_cpu(&schedstat)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unknown schedstat"))?;
        let children = fs::read_to_string(task.join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            total += of_tree(child).unwrap_or_default();
        }
    }
    Ok(total)
}

/// The first of its three fields: nanoseconds on a CPU.
fn on_cpu(schedstat: &str) -> Option<Duration> {
    let nanos = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_counts() {
        assert_eq!(on_cpu("1500 20 3\n"), Some(Duration::from_nanos(1500)));
        assert_eq!(on_cpu(""), None);
    }

    #[test]
    fn we_have_used_some_ourselves() {
        assert!(of_tree(std::process::id()).unwrap() > Duration::ZERO);
        assert!(of_tree(u32::MAX).is_err());
    }
}
