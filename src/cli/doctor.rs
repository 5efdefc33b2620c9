//! `flowstead doctor`: what this machine can and cannot do for flows, tried out rather than guessed.

use std::process::ExitCode;

use crate::clock::Clock;
use crate::config::Config;
use crate::engine::zygote::{Zygote, ZygoteOptions};
use crate::engine::{usage, user};
use crate::error::Result;

/// Prints a report; exit code 1 when flows cannot run here at all.
pub async fn run(config: &Config) -> Result<ExitCode> {
    println!("flowstead {}", env!("CARGO_PKG_VERSION"));
    println!("data folder      {}", config.server.data.display());
    println!("python home      {}", env!("FLOWSTEAD_PYTHON_HOME"));
    let root = std::env::temp_dir().join(format!("flowstead-doctor-{}", std::process::id()));
    let mut options = ZygoteOptions::new(&root);
    options.user = user::trial(config);
    let spawned = Zygote::spawn(options).await;
    let code = match spawned {
        Ok((zygote, _reader, ready)) => {
            println!("python           {} starts", ready.python);
            for line in &ready.report {
                show(line.holds, &line.part, &line.detail);
            }
            show(
                true,
                "memory of executions",
                if usage::is_exact() { "looked at in /proc while one runs" } else { "looked at in /proc while one runs, roughly" },
            );
            show(true, "work directories", "looked through while an execution runs, and at its end");
            let uv =
                crate::app::environments(config, None, (std::sync::Arc::new(|| Box::pin(async { None })), Clock::system())).installer();
            show(
                uv.is_ok(),
                "packages",
                &uv.map_or_else(|error| error.message().to_owned(), |uv| format!("installed by {}", uv.display())),
            );
            zygote.stop();
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("NO  python           {error}");
            ExitCode::FAILURE
        }
    };
    // Nothing in it is worth keeping, and it may not have been made.
    let _ = std::fs::remove_dir_all(root);
    Ok(code)
}

/// Two lines: whether a part holds here, and what that means for flows.
fn show(holds: bool, part: &str, detail: &str) {
    println!("{} {part:<22} {detail}", if holds { "yes" } else { "NO " });
    println!("      {}", meaning(part));
}

fn meaning(part: &str) -> &'static str {
    match part {
        "no_new_privs" => "no program that a flow starts can gain rights (setuid, file capabilities)",
        "capabilities" => "a flow has none of root's powers, even where the server runs as root",
        "landlock files" => "a flow reads Python and the system, and reads and writes its own work directory; nothing else is open to it",
        "landlock signals" => "no signals and no abstract sockets beyond its own processes; nor their memory and /proc",
        "seccomp" => {
            "no ptrace, mounts, namespaces, keyrings, bpf, perf, io_uring, userfaultfd, modules, other kernels, clocks; limits and priority of other processes"
        }
        "rlimit open files" => "descriptors that a process of a flow may have (limits.open_files)",
        "rlimit core" => "no core dumps, in which values would lie",
        "processes" => "a fork bomb ends its own execution (limits.processes); its threads count too",
        "memory of executions" => {
            "all processes of one together, ten times a second (limits.memory_bytes); the kernel's own groups (cgroups) are not used"
        }
        "packages" => "flows that name packages can be saved, and the default ones are there (environments.uv)",
        "work directories" => {
            "bytes and entries (limits.work_bytes, limits.work_files); one file is limited by the kernel (limits.file_bytes)"
        }
        "watch on acts outside" => {
            "the first act of Python code outside flow_api is on disk before it happens, and decides what on_loss 'auto' does"
        }
        "watch on native acts" => {
            "the same for native code, without a line; where it does not hold, give flows with such packages an on_loss"
        }
        "user of their own" => {
            "what belongs to one project's flows is closed to those of another by the kernel's oldest means too (engine.user_ids); without it, Landlock and seccomp are what keeps them apart"
        }
        _ => "see the limits in the README",
    }
}
