//! `flowstead setup-editor`: what it writes, what it leaves alone, and that a second run changes nothing.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
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

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn write(folder: &Path, path: &str, text: &str) {
    std::fs::create_dir_all(folder.join(path).parent().expect("it lies in a folder")).expect("folders can be made");
    std::fs::write(folder.join(path), text).expect("files can be written");
}

#[tokio::test]
async fn an_empty_folder_gets_everything_and_a_second_run_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let first = said(&set_up(folder.path(), &[]).await);
    for path in [".cloudomation", "pyrightconfig.json", ".vscode/settings.json"] {
        assert!(first.lines().any(|line| line.starts_with("wrote") && line.contains(path)), "{path}: {first}");
    }
    assert!(read(folder.path(), ".cloudomation/flow_api/system.pyi").contains("class System"));
    let checker: Value = serde_json::from_str(&read(folder.path(), "pyrightconfig.json")).expect("JSON");
    assert_eq!(checker["extraPaths"][0], ".cloudomation");
    let settings: Value = serde_json::from_str(&read(folder.path(), ".vscode/settings.json")).expect("JSON");
    for (schema, patterns) in settings["yaml.schemas"].as_object().expect("schemas by path") {
        let schema: Value = serde_json::from_str(&read(folder.path(), schema)).expect("JSON");
        let key = schema["required"][0].as_str().expect("a key");
        assert_eq!(patterns[0], format!("**/*.{key}.yaml"));
    }
    let second = said(&set_up(folder.path(), &[]).await);
    assert!(second.lines().all(|line| line.starts_with("unchanged")), "{second}");
}

#[tokio::test]
async fn what_somebody_configured_stays_and_what_is_missing_is_added() {
    let folder = TempDir::new().unwrap();
    let mine = "{\n  // mine\n  \"editor.rulers\": [100,],\n  \"python.analysis.extraPaths\": [\"lib\"],\n}\n";
    write(folder.path(), ".vscode/settings.json", mine);
    write(folder.path(), "pyrightconfig.json", "{\"reportMissingModuleSource\": true}");
    let output = said(&set_up(folder.path(), &[]).await);
    let settings = read(folder.path(), ".vscode/settings.json");
    assert!(
        settings
            .starts_with("{\n  // mine\n  \"editor.rulers\": [100,],\n  \"python.analysis.extraPaths\": [\"lib\", \".cloudomation\"],\n")
    );
    assert!(settings.contains("\"./.cloudomation/schemas/export/resource-types/flow.schema.json\""), "{settings}");
    assert!(output.contains("added to") && output.contains("python.analysis.extraPaths, yaml.schemas"), "{output}");
    let checker: Value = serde_json::from_str(&read(folder.path(), "pyrightconfig.json")).expect("JSON");
    assert_eq!((&checker["reportMissingModuleSource"], &checker["extraPaths"][0]), (&true.into(), &".cloudomation".into()));
    let second = said(&set_up(folder.path(), &[]).await);
    assert!(second.lines().all(|line| line.starts_with("unchanged")), "{second}");
    assert_eq!(read(folder.path(), ".vscode/settings.json"), settings);
}

#[tokio::test]
async fn what_cannot_be_read_is_left_and_what_it_lacks_is_said() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), ".vscode/settings.json", "{ broken");
    write(folder.path(), "pyproject.toml", "[tool.pyright]\nstrict = [\"x\"]\n");
    let output = said(&set_up(folder.path(), &[]).await);
    assert_eq!(read(folder.path(), ".vscode/settings.json"), "{ broken");
    assert!(output.contains("left alone") && output.contains("\"python.analysis.extraPaths\""), "{output}");
    assert!(!folder.path().join("pyrightconfig.json").exists(), "it would make [tool.pyright] count for nothing");
    assert!(output.contains("left out") && output.contains("pyproject.toml has [tool.pyright]"), "{output}");
}

#[tokio::test]
async fn a_server_gives_the_artifacts_of_its_version() {
    let app = TestApp::new().user("stranger").start().await;
    let folder = TempDir::new().unwrap();
    let key = app.user("stranger").key().expect("users of a test have keys");
    said(&set_up(folder.path(), &["--url", &app.url, "--key", key]).await);
    for (route, place) in
        [("/flow_api/typings?flows=true", ""), ("/schemas/export", "schemas/export/"), ("/schemas/connectors", "schemas/connectors/")]
    {
        let files = app.admin().get(route).await.expect(200)["files"].clone();
        for (path, text) in files.as_object().expect("files by path") {
            assert_eq!(*text, read(folder.path(), &format!(".cloudomation/{place}{path}")), "{path}");
        }
    }
    let form: Value = serde_json::from_str(&read(folder.path(), ".cloudomation/schemas/formSchema.json")).expect("JSON");
    assert_eq!(form, app.admin().get("/formSchema.json").await.expect(200));
    let second = said(&set_up(folder.path(), &["--url", &app.url, "--key", key]).await);
    assert!(second.lines().all(|line| line.starts_with("unchanged")), "{second}");
    let refused = complaint(&set_up(folder.path(), &["--url", &app.url, "--key", "cldm_wrong_key"]).await);
    assert!(refused.starts_with("flowstead: "), "{refused}");
    let keyless = complaint(&set_up(folder.path(), &["--url", &app.url]).await);
    assert!(keyless.contains("FLOWSTEAD_API_KEY"), "{keyless}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    // A port that nobody listens at: it was free a moment ago, and is closed again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let offline = complaint(&set_up(folder.path(), &["--url", &url, "--key", "cldm_a_b"]).await);
    assert!(offline.contains(&format!("The server {url} cannot be reached: ")), "{offline}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
