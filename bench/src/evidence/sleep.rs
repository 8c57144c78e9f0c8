//! What a thread is doing at a moment: running, or asleep in which system call.

use serde::{Deserialize, Serialize};

/// Where a thread was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sleep {
    /// On a CPU, or waiting for one.
    Running,
    /// In read or recv: for one client's bytes, whatever else happens.
    Read,
    /// In poll or select: for the few descriptors that it names.
    Poll,
    /// In epoll_wait: for all of its clients at once.
    Epoll,
    /// In a lock or a condition variable: for another thread.
    Futex,
    /// In accept: for a new client.
    Accept,
    /// In nanosleep: for time to pass, as a handler does that waits for something slow.
    Timer,
    /// In write or send: for a client that does not read.
    Write,
    /// In sigtimedwait: for a signal; no request ever comes by.
    Signal,
    /// Elsewhere in the kernel.
    Other,
}

use Sleep::{Accept, Epoll, Futex, Other, Poll, Read, Running, Signal, Timer, Write};

impl Sleep {
    /// As people name it.
    pub fn name(self) -> &'static str {
        match self {
            Running => "running",
            Read => "read",
            Poll => "poll",
            Epoll => "epoll_wait",
            Futex => "futex",
            Accept => "accept",
            Timer => "nanosleep",
            Write => "write",
            Signal => "sigtimedwait",
            Other => "elsewhere",
        }
    }

    /// From `/proc/PID/task/TID/syscall`: `running`, or the call's number and arguments.
    pub fn of_syscall(text: &str) -> Option<Self> {
        let first = text.split_whitespace().next()?;
        if first == "running" {
            return Some(Running);
        }
        let number: i64 = first.parse().ok()?;
        let found = CALLS.iter().find(|(_, calls)| calls.contains(&number));
        Some(found.map_or(Other, |(kind, _)| *kind))
    }

    /// From `wchan`, the kernel function that it sleeps in, where `syscall` may not be read.
    pub fn of_wchan(text: &str) -> Option<Self> {
        match text.trim() {
            "" => None,
            "0" => Some(Running),
            name => {
                let found = FUNCTIONS.iter().find(|(part, _)| name.contains(part));
                Some(found.map_or(Other, |(_, kind)| *kind))
            }
        }
    }
}

/// System calls that a server sleeps in, by number.
const CALLS: &[(Sleep, &[i64])] = &[
    (Read, &[libc::SYS_read, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_recvmsg]),
    (Poll, &[libc::SYS_ppoll, libc::SYS_pselect6]),
    (Epoll, &[libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2]),
    // Newer architectures have only the newer calls.
    #[cfg(target_arch = "x86_64")]
    (Poll, &[libc::SYS_poll, libc::SYS_select]),
    #[cfg(target_arch = "x86_64")]
    (Epoll, &[libc::SYS_epoll_wait]),
    (Futex, &[libc::SYS_futex]),
    (Accept, &[libc::SYS_accept, libc::SYS_accept4]),
    (Timer, &[libc::SYS_nanosleep, libc::SYS_clock_nanosleep]),
    (Write, &[libc::SYS_write, libc::SYS_writev, libc::SYS_sendto, libc::SYS_sendmsg]),
    (Write, &[libc::SYS_sendfile]),
    (Signal, &[libc::SYS_rt_sigtimedwait]),
];

/// Parts of the names of kernel functions; the first that matches counts.
const FUNCTIONS: [(&str, Sleep); 12] = [
    ("futex", Futex),
    ("ep_poll", Epoll),
    ("poll", Poll),
    ("select", Poll),
    ("nanosleep", Timer),
    ("common_nsleep", Timer),
    ("sigtimedwait", Signal),
    ("accept", Accept),
    ("wait_data", Read),
    ("read", Read),
    ("wait_memory", Write),
    ("write", Write),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_by_number() {
        let saved = format!("{} 0x7ffd1 0x1 0x1388 0x0 0x0 0x0 0x7ffd0 0x7f0e", libc::SYS_ppoll);
        for (text, sleep) in [
            ("running\n", Some(Running)),
            (saved.as_str(), Some(Poll)),
            // Asleep, but not in a system call: a page that is being read.
            ("-1 0x7ffd0 0x7f0e\n", Some(Other)),
            ("", None),
        ] {
            assert_eq!(Sleep::of_syscall(text), sleep, "{text:?}");
        }
    }

    #[test]
    fn functions_by_name() {
        for (text, sleep) in [
            ("ep_poll", Some(Epoll)),
            ("poll_schedule_timeout.constprop.0", Some(Poll)),
            ("futex_do_wait", Some(Futex)),
            ("hrtimer_nanosleep", Some(Timer)),
            ("inet_csk_accept", Some(Accept)),
            ("0", Some(Running)),
            ("", None),
        ] {
            assert_eq!(Sleep::of_wchan(text), sleep, "{text:?}");
        }
    }
}
