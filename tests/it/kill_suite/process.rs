//! The processes below a server, by what they are.

use std::collections::{HashMap, HashSet};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process and the clock tick it began at, which together name it for good.
pub type Named = (i32, u64);

/// What runs below a server.
#[derive(Default)]
pub struct Family {
    pub zygotes: Vec<i32>,
    /// Children of zygotes.
    pub slots: Vec<i32>,
    pub all: HashSet<Named>,
}

/// Everything below a server now.
pub fn family(server: i32) -> Family {
    let (mut children, mut begun): (HashMap<i32, Vec<i32>>, HashMap<i32, u64>) = (HashMap::new(), HashMap::new());
    for pid in pids() {
        if let Some((parent, ticks)) = stat(pid) {
            children.entry(parent).or_default().push(pid);
            begun.insert(pid, ticks);
        }
    }
    let mut found = Family { zygotes: children.get(&server).cloned().unwrap_or_default(), ..Family::default() };
    found.slots = found.zygotes.iter().flat_map(|zygote| children.get(zygote).cloned().unwrap_or_default()).collect();
    let mut open = vec![server];
    while let Some(pid) = open.pop() {
        let next = children.remove(&pid).unwrap_or_default();
        found.all.extend(next.iter().map(|pid| (*pid, begun[pid])));
        open.extend(next);
    }
    found
}

/// Whether that very process still runs.
pub fn lives((pid, begun): Named) -> bool {
    stat(pid).is_some_and(|(_, ticks)| ticks == begun)
}

/// Processes that were started with these words.
pub fn started_as(words: &[&str]) -> Vec<i32> {
    let wanted: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
    pids().into_iter().filter(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line == wanted)).collect()
}

pub fn signal(pid: i32, signal: Signal) -> bool {
    kill(Pid::from_raw(pid), signal).is_ok()
}

fn pids() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").expect("/proc can be listed").flatten();
    entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok()).collect()
}

/// Parent and start of a process that is no zombie.
fn stat(pid: i32) -> Option<(i32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    (fields.first() != Some(&"Z")).then_some(())?;
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}
