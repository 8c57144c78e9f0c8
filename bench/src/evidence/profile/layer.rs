//! The layers of a request's CPU time, and which functions of the kernel belong to each.

/// What the CPU time of a request is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The program itself, and its libraries.
    User,
    /// Reading from sockets.
    Read,
    /// Writing, with all of TCP below it: on loopback the receiver's part too, up to its socket.
    Write,
    /// Going to sleep until something happens, waking up, and giving the CPU to another thread.
    Wait,
    /// Taking connections.
    Accept,
    /// Closing them.
    Close,
    /// Telling epoll what to wait for.
    EpollCtl,
    /// Locks and queues between threads.
    Futex,
    /// Interrupts, page faults, other system calls.
    Other,
}

/// What a stack in the kernel is recognised by: the first row that names one of its functions. Names are without the
/// prefixes of [`plain`]. Rows stand in this order as a thread may sleep inside a futex call or a read, and a
/// call may drop its file at its end.
const RULES: [(Layer, &[&str]); 7] = [
    (Layer::Futex, &["futex"]),
    (Layer::EpollCtl, &["epoll_ctl"]),
    (
        Layer::Wait,
        &[
            "schedule",
            "rseq_handle_notify_resume",
            "asm_sysvec_reschedule_ipi",
            "poll",
            "ppoll",
            "select",
            "epoll_wait",
            "epoll_pwait",
            "nanosleep",
            "clock_nanosleep",
        ],
    ),
    (Layer::Accept, &["accept", "accept4"]),
    (Layer::Read, &["read", "readv", "pread64", "recvfrom", "recvmsg"]),
    (Layer::Write, &["write", "writev", "sendto", "sendmsg", "sendfile", "sendfile64"]),
    (Layer::Close, &["close", "shutdown", "fput"]),
];

impl Layer {
    /// All of them, in the order of tables and bars.
    pub const ALL: [Self; 9] = [
        Self::User,
        Self::Read,
        Self::Write,
        Self::Wait,
        Self::Accept,
        Self::Close,
        Self::EpollCtl,
        Self::Futex,
        Self::Other,
    ];

    /// As tables and files name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user code",
            Self::Read => "read",
            Self::Write => "write and TCP send",
            Self::Wait => "waiting and switching",
            Self::Accept => "accept",
            Self::Close => "close",
            Self::EpollCtl => "epoll_ctl",
            Self::Futex => "futex",
            Self::Other => "other",
        }
    }

    /// Where the kernel is at work: the layer of a stack with these functions.
    pub(super) fn of_kernel<'a>(functions: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = functions.map(plain).collect();
        let applies = |(_, calls): &&(Self, &[&str])| names.iter().any(|name| calls.contains(name));
        RULES.iter().find(applies).map_or(Self::Other, |(layer, _)| *layer)
    }
}

/// A system call's name behind what the kernel and the C library put before and after it: `__x64_sys_epoll_wait`,
/// `ksys_write` and `__GI___libc_write` are `epoll_wait` and `write`.
fn plain(symbol: &str) -> &str {
    const PREFIXES: [&str; 8] = ["__", "GI_", "libc_", "x64_", "arm64_", "ksys_", "sys_", "do_"];
    let mut name = symbol.split(['.', '@']).next().unwrap_or(symbol);
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_call_is_known_by_any_of_its_names() {
        for (symbol, name) in [
            ("__x64_sys_epoll_wait", "epoll_wait"),
            ("ksys_write", "write"),
            ("__GI___libc_write", "write"),
            ("do_sys_poll", "poll"),
            ("____fput", "fput"),
            ("futex_wait.constprop.0", "futex_wait"),
            ("std::io::Write::write", "std::io::Write::write"),
        ] {
            assert_eq!(plain(symbol), name);
        }
    }
}
