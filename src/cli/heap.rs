//! One heap for all threads of the server.
//!
//! glibc gives each thread an arena of its own, and a long-lived server with short-lived work on many threads keeps holes
//! in all of them: `make soak` saw the resident size rise by 100 MiB an hour while the bytes in use stood still (a heap
//! profile over the same load). In one arena the holes are found again.
#![allow(unsafe_code)]

/// Must come before the first thread. Where the C library is another one, its own rules hold.
pub(super) fn unite() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a number of the allocator; no other thread exists yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
