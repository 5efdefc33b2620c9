//! `flowstead doctor`: what this machine can and cannot do for flows, tried out rather than guessed.

use std::process::ExitCode;

use crate::config::Config;
use crate::engine::zygote::{Zygote, ZygoteOptions};
use crate::error::Result;

/// Prints a report; exit code 1 when flows cannot run here at all.
pub async fn run(config: &Config) -> Result<ExitCode> {
    println!("flowstead {}", env!("CARGO_PKG_VERSION"));
    println!("data folder      {}", config.server.data.display());
    println!("python home      {}", env!("FLOWSTEAD_PYTHON_HOME"));
    let root = std::env::temp_dir().join(format!("flowstead-doctor-{}", std::process::id()));
    let spawned = Zygote::spawn(ZygoteOptions::new(&root)).await;
    let code = match spawned {
        Ok((zygote, _reader, ready)) => {
            println!("python           {} starts", ready.python);
            for line in ready.report {
                println!("{} {:<22} {}", if line.holds { "yes" } else { "NO " }, line.part, line.detail);
            }
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
