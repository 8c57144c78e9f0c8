//! What a thread is doing at a moment: running, or asleep in which system call.

use serde::Serialize;

/// Where a thread was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// How many there are.
pub const KINDS: usize = 10;

impl Sleep {
    /// All of them, in order.
    pub const ALL: [Self; KINDS] = [
        Self::Running,
        Self::Read,
        Self::Poll,
        Self::Epoll,
        Self::Futex,
        Self::Accept,
        Self::Timer,
        Self::Write,
        Self::Signal,
        Self::Other,
    ];

    /// As people name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Read => "read",
            Self::Poll => "poll",
            Self::Epoll => "epoll_wait",
            Self::Futex => "futex",
            Self::Accept => "accept",
            Self::Timer => "nanosleep",
            Self::Write => "write",
            Self::Signal => "sigtimedwait",
            Self::Other => "elsewhere",
        }
    }

    /// From `/proc/PID/task/TID/syscall`: `running`, or the call's number and arguments.
    pub fn of_syscall(text: &str) -> Option<Self> {
        let first = text.split_whitespace().next()?;
        if first == "running" {
            return Some(Self::Running);
        }
        let number: i64 = first.parse().ok()?;
        Some(CALLS.iter().find(|(call, _)| *call == number).map_or(Self::Other, |(_, kind)| *kind))
    }

    /// From `wchan`, the kernel function that it sleeps in, where `syscall` may not be read.
    pub fn of_wchan(text: &str) -> Option<Self> {
        const FUNCTIONS: [(&str, Sleep); 12] = [
            ("futex", Sleep::Futex),
            ("ep_poll", Sleep::Epoll),
            ("poll", Sleep::Poll),
            ("select", Sleep::Poll),
            ("nanosleep", Sleep::Timer),
            ("common_nsleep", Sleep::Timer),
            ("sigtimedwait", Sleep::Signal),
            ("accept", Sleep::Accept),
            ("wait_data", Sleep::Read),
            ("read", Sleep::Read),
            ("wait_memory", Sleep::Write),
            ("write", Sleep::Write),
        ];
        match text.trim() {
            "" => None,
            "0" => Some(Self::Running),
            name => {
                let found = FUNCTIONS.iter().find(|(part, _)| name.contains(part));
                Some(found.map_or(Self::Other, |(_, kind)| *kind))
            }
        }
    }
}

/// System calls that a server sleeps in, by number. Newer architectures have only the newer ones.
const CALLS: &[(i64, Sleep)] = &[
    (libc::SYS_read, Sleep::Read),
    (libc::SYS_readv, Sleep::Read),
    (libc::SYS_recvfrom, Sleep::Read),
    (libc::SYS_recvmsg, Sleep::Read),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, Sleep::Poll),
    (libc::SYS_ppoll, Sleep::Poll),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, Sleep::Poll),
    (libc::SYS_pselect6, Sleep::Poll),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, Sleep::Epoll),
    (libc::SYS_epoll_pwait, Sleep::Epoll),
    (libc::SYS_epoll_pwait2, Sleep::Epoll),
    (libc::SYS_futex, Sleep::Futex),
    (libc::SYS_accept, Sleep::Accept),
    (libc::SYS_accept4, Sleep::Accept),
    (libc::SYS_nanosleep, Sleep::Timer),
    (libc::SYS_clock_nanosleep, Sleep::Timer),
    (libc::SYS_write, Sleep::Write),
    (libc::SYS_writev, Sleep::Write),
    (libc::SYS_sendto, Sleep::Write),
    (libc::SYS_sendmsg, Sleep::Write),
    (libc::SYS_sendfile, Sleep::Write),
    (libc::SYS_rt_sigtimedwait, Sleep::Signal),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_by_number() {
        let saved = format!("{} 0x7ffd1 0x1 0x1388 0x0 0x0 0x0 0x7ffd0 0x7f0e", libc::SYS_ppoll);
        for (text, sleep) in [
            ("running\n", Some(Sleep::Running)),
            (saved.as_str(), Some(Sleep::Poll)),
            // Asleep, but not in a system call: a page that is being read.
            ("-1 0x7ffd0 0x7f0e\n", Some(Sleep::Other)),
            ("", None),
        ] {
            assert_eq!(Sleep::of_syscall(text), sleep, "{text:?}");
        }
    }

    #[test]
    fn functions_by_name() {
        for (text, sleep) in [
            ("ep_poll", Some(Sleep::Epoll)),
            ("poll_schedule_timeout.constprop.0", Some(Sleep::Poll)),
            ("futex_do_wait", Some(Sleep::Futex)),
            ("hrtimer_nanosleep", Some(Sleep::Timer)),
            ("inet_csk_accept", Some(Sleep::Accept)),
            ("0", Some(Sleep::Running)),
            ("", None),
        ] {
            assert_eq!(Sleep::of_wchan(text), sleep, "{text:?}");
        }
    }

    #[test]
    fn all_are_in_order() {
        assert!(Sleep::ALL.iter().enumerate().all(|(index, kind)| *kind as usize == index));
    }
}
