//! Memory that the allocator holds but does not use: malloc_trim(3). A first reading may skip it.

/// Gives the allocator's free memory back to the kernel, every whole page of it. Does nothing with other C libraries
/// than glibc.
///
/// By itself free(3) gives back only the end of a heap: one small allocation that is still in use there
/// keeps all that was freed before it. For 20 MiB the call takes 2 to 4 ms, in which other threads that allocate
/// wait.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointer, and any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0)
    };
}

/// From now on memory for a buffer of 128 KiB or more comes from mmap(2), and goes back to the kernel when it is freed:
/// mallopt(3). By default glibc raises that bound to the largest buffer that was ever freed, and then the heaps of all
/// threads keep twice as much: with a 1 MiB body now and then, tens of MiB. Call it before other threads start.
pub fn map_large_buffers() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointer; no other thread exists yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10)
    };
}
