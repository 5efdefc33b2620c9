//! `flowstead setup-editor`: what it writes, what it leaves alone, and that a second run changes nothing.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use tokio::process::Command;

use crate::app::TestApp;

async fn set_up(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowstead"));
    command.arg("setup-editor").arg(folder).args(arguments).env_remove("FLOWSTEAD_URL").env_remove("FLOWSTEAD_API_KEY");
    command.output().await.expect("the binary can be started")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[tokio::test]
async fn an_empty_folder_gets_everything_and_a_second_run_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let first = said(&set_up(folder.path(), &[]).await);
    for path in ["typings", "pyrightconfig.json", ".vscode/settings.json"] {
        assert!(first.lines().any(|line| line.starts_with("wrote") && line.contains(path)), "{path}: {first}");
    }
    assert!(read(folder.path(), "typings/flow_api/system.pyi").contains("class System"));
    assert!(read(folder.path(), "pyrightconfig.json").contains("\"typings\""));
    let second = said(&set_up(folder.path(), &[]).await);
    assert!(second.lines().all(|line| line.starts_with("unchanged")), "{second}");
}

#[tokio::test]
async fn what_somebody_configured_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let mine = "{\n  // mine\n  \"editor.rulers\": [100]\n}\n";
    std::fs::create_dir(folder.path().join(".vscode")).unwrap();
    std::fs::write(folder.path().join(".vscode/settings.json"), mine).unwrap();
    let output = said(&set_up(folder.path(), &[]).await);
    assert_eq!(read(folder.path(), ".vscode/settings.json"), mine);
    assert!(output.contains("left alone") && output.contains("\"python.analysis.extraPaths\""), "{output}");
}

#[tokio::test]
async fn a_server_gives_the_typings_of_its_version() {
    let app = TestApp::new().user("stranger").start().await;
    let folder = TempDir::new().unwrap();
    let key = app.user("stranger").key().expect("users of a test have keys");
    said(&set_up(folder.path(), &["--url", &app.url, "--key", key]).await);
    let files = app.admin().get("/flow_api/typings").await.expect(200)["files"].clone();
    for (path, text) in files.as_object().expect("files by path") {
        assert_eq!(*text, read(folder.path(), &format!("typings/{path}")), "{path}");
    }
    let refused = set_up(folder.path(), &["--url", &app.url, "--key", "cldm_wrong_key"]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).starts_with("flowstead: "));
    let keyless = set_up(folder.path(), &["--url", &app.url]).await;
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("FLOWSTEAD_API_KEY"));
}
