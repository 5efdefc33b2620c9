//! The README's demonstration, played as it stands there: the long example, a kill of the server, and the end of the run.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

const BEGIN: &str = "<!-- demonstration: tests/it/demonstration.rs runs these commands -->\n```sh\n";
const END: &str = "```\n<!-- end of the demonstration -->";
/// How long it may take on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(180);

/// Everything the demonstration starts, itself included; ended when dropped.
struct Group(nix::unistd::Pid);

impl Drop for Group {
    fn drop(&mut self) {
        // It has ended itself, if all went well.
        let _ = nix::sys::signal::killpg(self.0, nix::sys::signal::Signal::SIGKILL);
    }
}

/// The commands, with a port of this test's own.
fn commands() -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let rest = page.split_once(BEGIN).expect("README.md has the place where the demonstration begins").1;
    let commands = rest.split_once(END).expect("README.md has the place where the demonstration ends").0;
    let free = own_port();
    assert!(commands.contains("127.0.0.1:7410"), "{commands}");
    format!("set -eu\nexport FLOWSTEAD_SERVER_LISTEN=127.0.0.1:{free}\n{}", commands.replace(":7410", &format!(":{free}")))
}

/// A port below those that the system hands out by itself: nobody else gets it between the two servers.
fn own_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (first..32_000).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("one of so many is free")
}

#[tokio::test]
async fn the_long_example_goes_on_after_a_kill_of_the_server_and_no_step_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scripts", "examples"] {
        std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), folder.path().join(name)).unwrap();
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_flowstead")).parent().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    // The path is looked up by the shell, so that `flowstead` is the one under test.
    let script = format!("PATH={}:$PATH\n{}", binary.display(), commands());
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(script).env("NO_PROXY", "*").current_dir(folder.path()).process_group(0);
    let child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn().unwrap();
    let _group = Group(nix::unistd::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()));
    let told = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let Ok(ended) = tokio::time::timeout(DEADLINE, child.wait_with_output()).await else { panic!("it does not end: {}", told()) };
    let ended = ended.unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{text}{}", told());

    let record = text.lines().find(|line| line.contains("booked_by")).unwrap_or_else(|| panic!("no record in {text}"));
    let record: Value = serde_json::from_str(record).unwrap();
    assert_eq!((&record["status"], &record["output_value"]["booked"]), (&"ENDED_SUCCESS".into(), &8.into()), "{record}");
    // A step that had run again would be counted for the second process.
    let by: Vec<u64> = record["output_value"]["booked_by"].as_object().unwrap().values().filter_map(Value::as_u64).collect();
    assert_eq!((by.len(), by.iter().sum::<u64>()), (2, 8), "{record}");
    let goes_on = |line: &str| line.contains("; it goes on by replay after call ");
    let said: Vec<&str> = text.lines().filter(|line| line.starts_with("booked ") || goes_on(line)).collect();
    let mut expected: Vec<String> = (1..=8).map(|n| format!("booked {n} of 8")).collect();
    let place = said.iter().position(|line| goes_on(line)).unwrap_or_else(|| panic!("the log does not say where it went on: {text}"));
    expected.insert(usize::try_from(by[0]).unwrap(), said[place].to_owned());
    assert_eq!(said, expected, "{text}");
}
