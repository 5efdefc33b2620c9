//! What the processes of one execution use together, read from /proc: memory, threads, and what lies in the work directory.
//!
//! Only looks, and decides nothing. Runs on a thread where it may take its time.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use uuid::Uuid;

use super::event::SlotId;
use super::nursery;
use crate::folder::{self, Content};

const PAGE: u64 = 4096;
/// Processes that are looked at of one execution; with more it is beyond every limit of theirs.
const MOST_PROCESSES: usize = 10_000;

/// An execution in its slot.
#[derive(Clone, Debug)]
pub struct Subject {
    pub execution: Uuid,
    pub attempt: u32,
    pub slot: SlotId,
    /// Its handler does not wait.
    pub computes: bool,
    pub pid: i32,
    pub folder: PathBuf,
    /// Whether the folder is looked through this time.
    pub with_folder: bool,
    /// Beyond this memory it is counted exactly, which takes longer; bytes.
    pub memory: u64,
    /// What the folder may hold.
    pub content: Content,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Usage {
    pub subject: Subject,
    pub threads: usize,
    /// Bytes; shared pages count in parts where that makes a difference.
    pub memory: u64,
    /// With files that have no name any more.
    pub content: Option<Content>,
}

/// One process, bytes.
struct Process {
    pid: i32,
    resident: u64,
    /// Of it, what may belong to others too.
    shared: u64,
    threads: usize,
}

/// Looks at an execution's processes and its folder.
pub fn measure(subject: Subject) -> Usage {
    let processes = tree(subject.pid);
    let device = subject.folder.metadata().map(|meta| meta.dev()).ok();
    let (mut on_disk, mut in_memory) = (0, 0);
    let mut seen = HashSet::new();
    for process in &processes {
        for file in nameless(process.pid).into_iter().filter(|file| seen.insert((file.device, file.inode))) {
            if Some(file.device) == device {
                on_disk += file.bytes;
            } else {
                in_memory += file.bytes;
            }
        }
    }
    let rough: u64 = processes.iter().map(|process| process.resident).sum::<u64>() + in_memory;
    let memory = if rough > subject.memory { exact(&processes, in_memory) } else { rough };
    let content = subject.with_folder.then(|| {
        let mut found = folder::content(&subject.folder, subject.content);
        found.bytes += on_disk;
        found
    });
    Usage { threads: processes.iter().map(|process| process.threads).sum(), memory, content, subject }
}

/// A process and what descends from it.
fn tree(root: i32) -> Vec<Process> {
    let mut pids = vec![root];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(pid) = pids.get(next).copied().filter(|_| next < MOST_PROCESSES) {
        next += 1;
        pids.extend(nursery::children_of(&pid.to_string()));
        found.extend(look(pid));
    }
    found
}

fn look(pid: i32) -> Option<Process> {
    let (resident, shared) = resident(pid)?;
    Some(Process { pid, resident, shared, threads: nursery::threads_of(pid) })
}

/// A process's memory, and how much of that may belong to others too, bytes.
pub fn resident(pid: i32) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut pages = text.split_ascii_whitespace().skip(1).map_while(|word| word.parse::<u64>().ok());
    Some((pages.next()? * PAGE, pages.next()? * PAGE))
}

/// Each page divided among those who share it, the zygote and other slots included. Memory files that are open count once,
/// whether they are mapped or not.
fn exact(processes: &[Process], in_files: u64) -> u64 {
    let (mut own, mut mapped) = (0, 0);
    for process in processes {
        match parts(process.pid) {
            Some((all, shared_memory)) => {
                own += all.saturating_sub(shared_memory);
                mapped += shared_memory;
            }
            None => own += process.resident.saturating_sub(process.shared),
        }
    }
    own + in_files.max(mapped)
}

/// A process's proportional memory, and how much of that is shared memory, bytes.
fn parts(pid: i32) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some((value("Pss:")?, value("Pss_Shmem:").unwrap_or(0)))
}

/// Whether memory can be counted exactly here.
pub fn is_exact() -> bool {
    parts(nix::unistd::getpid().as_raw()).is_some()
}

/// A file that is open but has no name left, so that no folder shows it.
struct Nameless {
    device: u64,
    inode: u64,
    bytes: u64,
}

fn nameless(pid: i32) -> Vec<Nameless> {
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let files = open.flatten().filter_map(|entry| std::fs::metadata(entry.path()).ok()).filter(|meta| meta.is_file() && meta.nlink() == 0);
    files.map(|meta| Nameless { device: meta.dev(), inode: meta.ino(), bytes: folder::room(&meta) }).collect()
}
