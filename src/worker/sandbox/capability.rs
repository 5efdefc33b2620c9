//! Root's powers, given up: every capability, and the set from which an executed program could regain some.
#![allow(unsafe_code)]

use nix::errno::Errno;

/// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h.
const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Head {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Drops them all. An error text tells what is left.
pub(super) fn drop_all() -> Result<String, String> {
    let bounding = drop_bounding();
    let head = Head { version: VERSION_3, pid: 0 };
    let none = [Data::default(); 2];
    // SAFETY: the structs have the kernel's layout for version 3, which has two data entries.
    let result = unsafe {
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        libc::syscall(libc::SYS_capset, &raw const head, none.as_ptr())
    };
    Errno::result(result).map_err(|e| format!("they cannot be dropped ({e})"))?;
    Ok(match bounding {
        Ok(()) => "none, nor in the bounding set".to_owned(),
        // no_new_privs keeps an executed program from regaining them.
        Err(_) => "none; the bounding set stays, without effect under no_new_privs".to_owned(),
    })
}

/// Whether this process has the capability of this number in effect.
pub(super) fn has(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << number) != 0)
}

/// Takes every capability out of the set from which an executed program could regain it.
pub(super) fn drop_bounding() -> Result<(), Errno> {
    for capability in 0..64 {
        // SAFETY: reads and drops one number; an unknown one is EINVAL and ends the list.
        unsafe {
            match libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) {
                0 => {}
                1 => drop(Errno::result(libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0))?),
                _ => return Ok(()),
            }
        }
    }
    Ok(())
}
