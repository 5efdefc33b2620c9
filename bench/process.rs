//! What `/proc` says about the server and the processes below it.

use std::collections::HashMap;
use std::fs::read_to_string;

/// Kilobytes of resident memory.
pub fn resident_kb(pid: u32) -> u64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or_default()
}

/// Processes below `root`, not counting itself.
pub fn below(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").expect("/proc can be listed").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        if let Some(parent) = fields(pid).get(1).and_then(|p| p.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(pid) = open.pop() {
        let next = children.remove(&pid).unwrap_or_default();
        open.extend(&next);
        found.extend(next);
    }
    found
}

/// Processes whose parent is `parent`.
pub fn children(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| fields(*pid).get(1).and_then(|p| p.parse().ok()) == Some(parent);
    below(parent).into_iter().filter(is_child).collect()
}

/// Descriptors that a process holds.
pub fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// CPU seconds of a process and of its children that have ended.
pub fn cpu_seconds(pid: u32) -> f64 {
    let fields = fields(pid);
    // utime, stime, cutime, cstime: fields 14 to 17 of proc_pid_stat(5), counted behind the name.
    let ticks: u64 = fields.get(11..15).unwrap_or_default().iter().filter_map(|f| f.parse::<u64>().ok()).sum();
    // Linux shows ticks of 1/100 s to user space everywhere.
    ticks as f64 / 100.0
}

fn fields(pid: u32) -> Vec<String> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// The machine in one sentence.
pub fn machine() -> String {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map_or("unknown CPU", |l| l.trim_start_matches([' ', '\t', ':']));
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cpus} CPUs ({model}), Linux {}.", kernel.trim())
}
