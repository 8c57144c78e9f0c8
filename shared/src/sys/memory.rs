//! Memory that the allocator has free: malloc_trim(3).

/// Gives it back to the kernel, every whole page of it.
///
/// By itself free(3) gives back what lies at the end of a heap: one small piece that is still in use there
/// keeps all that was freed before it. For 20 MiB it takes two to four milliseconds, in which other threads that want
/// memory wait. Of other C libraries than glibc this asks nothing.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0)
    };
}

/// From now on memory for a buffer of 128 KiB or more comes from mmap(2), and goes back to the kernel when it is freed:
/// mallopt(3). By default glibc raises that bound to the largest buffer that was ever freed, and then the heaps of all threads
/// keep twice as much: with a 1 MiB body now and then, tens of MiB. Call it before other threads are started.
pub fn map_large_buffers() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointer; no other thread exists yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10)
    };
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_a_piece_in_use_is_given_back() {
        // In KiB, of this process.
        let resident = || -> usize {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim_end_matches("kB").trim().parse().unwrap()
        };
        // Of a size that the allocator takes from a heap, not from mmap(2).
        let pieces: Vec<_> = (0..1000).map(|_| vec![1_u8; 50_000]).collect();
        let in_use = vec![1_u8; 1000];
        let most = resident();
        drop(pieces);
        give_back();
        let now = resident();
        assert!(now + 30_000 < most, "{now} KiB of {most}, and 50,000 were freed");
        assert_eq!(in_use.len(), 1000);
    }
}
