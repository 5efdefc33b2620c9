//! The binary: chooses its role before any runtime exists.

use std::process::ExitCode;

/// What one thread makes another one frees: the engine's rows go to the writer, requests come from the doors. The heap of the C library has
/// them wait for each other's locks there. Python and SQLite keep that heap.
#[global_allocator]
static HEAP: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_deref().and_then(std::ffi::OsStr::to_str) {
        Some("zygote") => flowstead::worker::zygote_main(),
        Some("installer") => flowstead::worker::installer_main(),
        // Not shown in the help: a script in the embedded interpreter, with flow_api importable. For checks of the typings.
        Some("python") => flowstead::worker::script_main(arguments),
        _ => flowstead::cli::main(),
    }
}
