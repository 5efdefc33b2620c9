//! Measures a real server beside its baselines, in one run, and writes `bench/RESULTS.md`.
//! `--soak MINUTES` runs mixed load for that long and writes `bench/SOAK.md`. `--try-mcp` runs the part about MCP with small counts, `--kill SEED` the
//! kill suite with one seed, `--recovery` measures how soon executions run again, `--list` lists among many records, `--connections` makes many at once; these write nothing.

mod bare;
mod baseline;
mod case;
mod connect;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/dice.rs"]
mod dice;
mod environment;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/kill_suite/mod.rs"]
mod kill_suite;
mod list;
mod load;
mod mcp;
mod process;
mod recovery;
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/server.rs"]
mod server;
mod soak;
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baseline::Bare;
use kill_suite::Size;
use server::Server;
use table::{Table, ms, quantile, times, us};

/// Rounds of figure and baseline in turn.
const ROUNDS: usize = 5;
/// Repeat one with `cargo bench --bench flowstead -- --kill SEED`.
const KILL_SEEDS: [u64; 3] = [1, 2, 3];
/// A bench is one key that calls as often as it can, and lists all the tools it made.
const AGENTS: &[&str] = &["[mcp]", "calls_per_minute = 0", "listed_tools = 100000"];
const IDLE: Duration = Duration::from_secs(30);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be built");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, database] = arguments.as_slice()
        && role == bare::ROLE
    {
        return runtime.block_on(bare::serve(database));
    }
    if arguments.iter().any(|a| a == "--try-mcp") {
        return runtime.block_on(try_mcp());
    }
    if let Some(at) = arguments.iter().position(|a| a == "--kill") {
        let seed = arguments.get(at + 1).and_then(|text| text.parse().ok()).expect("--kill takes a seed, a number");
        return exit_unless(runtime.block_on(kills(&[seed], &mut Table::default())));
    }
    if arguments.iter().any(|a| a == "--recovery") {
        return runtime.block_on(recovery(&mut Table::default()));
    }
    if arguments.iter().any(|a| a == "--connections") {
        return runtime.block_on(connections(&mut Table::default()));
    }
    if arguments.iter().any(|a| a == "--environments") {
        return runtime.block_on(environments(&mut Table::default()));
    }
    if arguments.iter().any(|a| a == "--list") {
        return runtime.block_on(list::measure(folder("list"), &mut Table::default()));
    }
    let minutes =
        arguments.iter().skip_while(|a| *a != "--soak").nth(1).map(|m| m.parse::<u64>().expect("--soak takes a number of minutes"));
    let (page, name, is_right) = if let Some(minutes) = minutes {
        (runtime.block_on(soak::run(folder("soak"), Duration::from_secs(minutes * 60))), "SOAK.md", true)
    } else {
        let (page, is_right) = runtime.block_on(measure());
        (page, "RESULTS.md", is_right)
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name);
    std::fs::write(&file, &page).expect("the results can be written");
    eprintln!("\n{page}\nwritten to {}", file.display());
    exit_unless(is_right);
}

fn exit_unless(is_right: bool) {
    if !is_right {
        std::process::exit(1);
    }
}

fn folder(what: &str) -> tempfile::TempDir {
    tempfile::Builder::new().prefix(what).tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made")
}

async fn try_mcp() {
    let server = Arc::new(Server::start_in(folder("server"), AGENTS).await);
    mcp::measure(&server, &mut Table::default(), mcp::Size::small()).await;
}

/// The page, and whether the kill suite found everything right.
async fn measure() -> (String, bool) {
    let bare_folder = folder("bare");
    let mut bare = Bare::open(bare_folder.path()).await;
    let server = Arc::new(Server::start_in(folder("server"), AGENTS).await);
    let mut table = Table::default();
    idle(&server, &mut table).await;
    case::prepare(&server).await;
    executions(&server, &mut bare, &mut table).await;
    calls(&server, &mut table).await;
    compute(&server, bare_folder.path(), &mut table).await;
    mcp::measure(&server, &mut table, mcp::Size::full()).await;
    drop(server);
    // Its memory is compared with a goal, so nothing else has been done on it.
    let server = Arc::new(Server::start_in(folder("sleepers"), &[]).await);
    case::prepare(&server).await;
    sleepers(&server, &mut table).await;
    drop(server);
    list::measure(folder("list"), &mut table).await;
    connections(&mut table).await;
    environments(&mut table).await;
    recovery(&mut table).await;
    let is_right = kills(&KILL_SEEDS, &mut table).await;
    (table.page(&process::machine()), is_right)
}

async fn connections(table: &mut Table) {
    let server = Server::start_in(folder("connections"), &["[store]", "durability = \"normal\""]).await;
    connect::measure(&server, table).await;
}

async fn environments(table: &mut Table) {
    let config = environment::config();
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let mut server = Server::start_in(folder("environments"), &config).await;
    environment::measure(&mut server, table).await;
}

async fn recovery(table: &mut Table) {
    // All of them run at once, in processes of their own: what waits without one would not have to run again.
    let mut server = Server::start_in(folder("recovery"), &["[engine]", "slots = 1100"]).await;
    recovery::measure(&mut server, table).await;
}

/// Runs the kill suite; whether all was right.
async fn kills(seeds: &[u64], table: &mut Table) -> bool {
    let mut is_right = true;
    for seed in seeds {
        let stops = (1, Duration::from_secs(60));
        let size = Size { executions: 1_000, kills: 200, stops, jumps: 20, bad_disks: 5 };
        let outcome = kill_suite::run(*seed, size, folder("kill")).await;
        let faults = outcome.faults.len();
        for fault in &outcome.faults {
            eprintln!("seed {seed}: {fault}");
        }
        is_right &= faults == 0;
        let verdict = if faults == 0 { "all ended rightly, nothing recorded twice".to_owned() } else { format!("{faults} FAULTS") };
        table.add(
            &format!("kill suite, seed {seed}"),
            format!("{verdict}: {}", outcome.words()),
            "all end, none lost, no recorded effect twice",
        );
    }
    is_right
}

async fn idle(server: &Server, table: &mut Table) {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = server.metric("flowstead_store_statements_total").await;
    tokio::time::sleep(IDLE).await;
    let spent = server.metric("flowstead_store_statements_total").await - before;
    table.add("idle server, 30 s", format!("{spent} store statements"), "stands still");
    let resident = process::resident_kb(server.child.id().expect("the server runs")) / 1024;
    table.add("idle server, memory", format!("{resident} MiB resident"), "below 60 MB");
}

async fn executions(server: &Arc<Server>, bare: &mut Bare, table: &mut Table) {
    let (mut commits, mut flushes, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let (mut busy, mut fork) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // In small turns: the time a flush takes drifts on shared disks.
        for _ in 0..10 {
            flushes.extend(bare.flushes(6));
            commits.extend(bare.commits(6).await);
            alone.extend(case::one_caller(server, "noop", 6).await);
        }
        busy.push(case::many_callers(server, "noop", 16, 400).await / 400.0);
        fork.push(case::fork_cpu(server, 40).await);
    }
    let (flush, commit) = (quantile(&mut flushes, 0.5), quantile(&mut commits, 0.5));
    table.compare("bare commit (SQLite, WAL, full)", ms(commit), (format!("flush {}", ms(flush)), times(commit / flush)), "");
    let p50 = quantile(&mut alone, 0.5);
    table.compare(
        "start, wait, result: one caller",
        format!("p50 {}, p95 {}, p99 {}", ms(p50), ms(quantile(&mut alone, 0.95)), ms(quantile(&mut alone, 0.99))),
        (format!("commit {}", ms(commit)), times(p50 / commit)),
        "within 2.5x",
    );
    let rate = 1.0 / quantile(&mut busy, 0.5);
    let floor = 16.0 / flush / 2.0;
    table.compare(
        "no-op executions, 16 callers",
        format!("{rate:.0} a second"),
        (format!("(callers / flush) / 2 = {floor:.0}"), times(rate / floor)),
        "above 3,000 a second where a flush takes 0.3 ms",
    );
    let cpu = quantile(&mut fork, 0.5);
    table.add("fork of a fresh slot, run, end", format!("{} of CPU", ms(cpu)), "under 2 ms of CPU");
}

async fn calls(server: &Arc<Server>, table: &mut Table) {
    let (mut trips, mut journaled, mut children, mut steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let header = [0_u8; 16];
    let request = [&header[..], br#"{"op":"now","target":"","args":{}}"#].concat();
    let reply = [&header[..], br#"{"ok":"2026-11-21T09:15:00.000000+00:00"}"#].concat();
    for _ in 0..ROUNDS {
        trips.push(baseline::round_trip(&request, &reply, 5_000));
        journaled.push(case::inside(server, "calls", 20_000).await);
        children.push(case::inside(server, "children", 100).await);
        steps.push(case::inside(server, "steps", 1_000).await);
    }
    let (trip, call) = (quantile(&mut trips, 0.5), quantile(&mut journaled, 0.5));
    table.compare("one journaled call", us(call), (format!("socketpair round trip {}", us(trip)), times(call / trip)), "at most 3x");
    let step = quantile(&mut steps, 0.5);
    table.compare(
        "one flow with 1,000 recorded steps",
        ms(step),
        (format!("2,000 round trips {}", ms(trip * 2000.0)), times(step / (trip * 2000.0))),
        "",
    );
    let children = quantile(&mut children, 0.5);
    table.add("100 children started and awaited", ms(children), "under 30 ms");
}

async fn compute(server: &Arc<Server>, folder: &Path, table: &mut Table) {
    let (mut plain, mut hosted) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        plain.push(baseline::plain_python(folder, 40));
        hosted.push(case::many_callers(server, "fib", 16, 40).await);
    }
    let cpus = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let (ideal, hosted) = (quantile(&mut plain, 0.5) / cpus, quantile(&mut hosted, 0.5));
    table.compare(
        "40 executions of fib(24)",
        ms(hosted),
        (format!("plain Python over {cpus:.0} CPUs {}", ms(ideal)), times(hosted / ideal)),
        "",
    );
}

async fn sleepers(server: &Arc<Server>, table: &mut Table) {
    const COUNT: u32 = 10_000;
    let mut found = case::sleepers(server, COUNT, 200.0, 40.0).await;
    table.add(
        "10,000 sleepers",
        format!("server {} MiB, {} processes", found.resident_kb / 1024, found.processes),
        "under 100 MB, no processes beyond engine.max_parked (64)",
    );
    let (p50, p99) = (quantile(&mut found.late, 0.5), quantile(&mut found.late, 0.99));
    table.add("waking them, 200 a second", format!("late by p50 {}, p99 {}", ms(p50), ms(p99)), "p99 within 100 ms");
}
