//! How this process keeps freed memory.

/// Gives large buffers back to the system as soon as they are freed, and keeps few arenas: a server that has answered
/// with a large snapshot from each of its threads must not stay as large as all of them together. Called once, before
/// threads are made. Only glibc needs it.
pub fn keep_little() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    keep();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt has no safe wrapper")]
fn keep() {
    /// From this size on a buffer is a mapping of its own. Set, so that it does not grow with the buffers that are freed,
    /// as it does otherwise (mallopt(3), `M_MMAP_THRESHOLD`).
    const LARGE: libc::c_int = 256 * 1024;
    const ARENAS: libc::c_int = 2;
    // SAFETY: mallopt takes integers and touches the allocator's own settings only; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}
