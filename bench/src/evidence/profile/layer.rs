//! The layers of a request's CPU time, and which functions of the kernel belong to each.

/// The program itself, and its libraries.
pub(super) const USER: &str = "user code";
/// Interrupts, page faults, other system calls.
pub(super) const OTHER: &str = "other";

/// What the CPU time of a request is spent on, in the order of tables and bars. All of TCP below a write is part of it, on
/// loopback the receiver's part too, up to its socket. Waiting is to go to sleep until something happens, to wake up, and to
/// give the CPU to another thread.
pub(super) const LAYERS: [&str; 9] = [
    USER,
    "read",
    "write and TCP send",
    "waiting and switching",
    "accept",
    "close",
    "epoll_ctl",
    "futex",
    OTHER,
];

/// What a stack in the kernel is recognised by: the first row that names one of its functions. Names are without the
/// prefixes of [`plain`]. Rows stand in this order as a thread may sleep inside a futex call or a read, and a
/// call may drop its file at its end.
const RULES: [(&str, &[&str]); 7] = [
    ("futex", &["futex"]),
    ("epoll_ctl", &["epoll_ctl"]),
    (
        "waiting and switching",
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
    ("accept", &["accept", "accept4"]),
    ("read", &["read", "readv", "pread64", "recvfrom", "recvmsg"]),
    ("write and TCP send", &["write", "writev", "sendto", "sendmsg", "sendfile", "sendfile64"]),
    ("close", &["close", "shutdown", "fput"]),
];

/// Where the kernel is at work: the layer of a stack with these functions.
pub(super) fn of_kernel<'a>(functions: impl Iterator<Item = &'a str>) -> &'static str {
    let names: Vec<_> = functions.map(plain).collect();
    let applies = |(_, calls): &&(&str, &[&str])| names.iter().any(|name| calls.contains(name));
    RULES.iter().find(applies).map_or(OTHER, |(layer, _)| *layer)
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
