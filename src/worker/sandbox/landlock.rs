//! File-system walls: Python and the system read-only, the work root writable, and for each slot its own work
//! directory alone. Signals and abstract sockets stay inside, where the kernel can do that.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::protocol::SandboxLine;

/// The newest set of rights that was tried.
const TESTED: ABI = ABI::V7;
/// Programs and libraries; certificates, resolver and name service; time zones.
const READ_ONLY: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/etc/pki",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/passwd",
    "/etc/group",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/debian_version",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];
const WRITABLE: &[&str] = &["/dev/null", "/dev/shm", "/dev/full", "/dev/tty"];

/// The open paths that each child's own layer is made of.
pub(in crate::worker) struct Jail {
    readable: Vec<Place>,
    writable: Vec<Place>,
}

struct Place {
    path: PathFd,
    is_dir: bool,
}

/// The zygote's layer.
pub(super) fn apply(work_root: &Path, readable: &[&Path]) -> (Option<Jail>, Vec<SandboxLine>) {
    let open = |path: &Path| Some(Place { path: PathFd::new(path).ok()?, is_dir: path.is_dir() });
    let jail = Jail {
        readable: READ_ONLY.iter().map(Path::new).chain(readable.iter().copied()).filter_map(open).collect(),
        writable: WRITABLE.iter().map(Path::new).filter_map(open).collect(),
    };
    match jail.restrict(work_root) {
        Ok((RulesetStatus::NotEnforced, _)) => (None, refused("this kernel has no Landlock")),
        Ok((status, scoped)) => {
            let detail = if matches!(status, RulesetStatus::FullyEnforced) { "fully enforced" } else { "in part: an older kernel" };
            let files = super::line("landlock files", Ok(detail.to_owned()));
            let scope = if scoped { Ok(String::new()) } else { Err("this kernel cannot keep signals inside".to_owned()) };
            (Some(jail), vec![files, super::line("landlock signals", scope)])
        }
        Err(reason) => (None, refused(&reason)),
    }
}

fn refused(reason: &str) -> Vec<SandboxLine> {
    vec![super::line("landlock files", Err(reason.to_owned())), super::line("landlock signals", Err(reason.to_owned()))]
}

impl Jail {
    /// One more layer on this process: of what is writable, only `work` stays. Says how far it holds, and whether signals are kept inside.
    pub(in crate::worker) fn restrict(&self, work: &Path) -> Result<(RulesetStatus, bool), String> {
        let text = |e: landlock::RulesetError| e.to_string();
        let all = AccessFs::from_all(TESTED);
        let read = AccessFs::from_read(TESTED);
        let work = PathFd::new(work).map_err(|e| e.to_string())?;
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)
            .and_then(|r| r.scope(Scope::from_all(TESTED)))
            .and_then(Ruleset::create)
            .map_err(text)?;
        let ruleset = add(ruleset, &self.readable, read)?;
        let ruleset = add(ruleset, &self.writable, all)?;
        let ruleset = ruleset.add_rule(PathBeneath::new(&work, all)).map_err(text)?;
        let status = ruleset.restrict_self().map_err(text)?;
        let scoped = matches!(status.ruleset, RulesetStatus::FullyEnforced);
        Ok((status.ruleset, scoped))
    }
}

fn add(mut ruleset: RulesetCreated, places: &[Place], access: BitFlags<AccessFs>) -> Result<RulesetCreated, String> {
    for place in places {
        let access = if place.is_dir { access } else { access & AccessFs::from_file(TESTED) };
        ruleset = ruleset.add_rule(PathBeneath::new(&place.path, access)).map_err(|e| e.to_string())?;
    }
    Ok(ruleset)
}
