//! The default packages, as they are on the index, and the command line with packages.

use serde_json::{Value, json};

use super::shelf::{Shelf, default_packages, script};
use super::{output, run};
use crate::app::TestApp;

/// What public flows do with them; two of the five are native code.
const ALL: &str = "import yaml, pytz, pystache
from dateutil.parser import parse
from Crypto.Cipher import AES

def handler(system, this):
    box = AES.new(b'0' * 16, AES.MODE_ECB)
    return {
        'yaml': yaml.load('[1, two]', Loader=yaml.CSafeLoader),
        'zone': str(pytz.timezone('Europe/Vienna')),
        'text': pystache.render('Hi {{name}}', {'name': 'Ada'}),
        'year': parse('21 Nov 2026').year,
        'back': box.decrypt(box.encrypt(b'sixteen bytes ok')).decode(),
    }
";

async fn app() -> TestApp {
    let shelf = Shelf::new();
    TestApp::new()
        .config(|config| {
            shelf.set(config);
            config.environments.uv = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".uv/bin/uv");
            config.environments.find_links = vec![default_packages().display().to_string()];
        })
        .start()
        .await
}

#[tokio::test]
async fn flows_that_name_nothing_import_the_packages_that_public_flows_expect() {
    let app = app().await;
    let admin = app.admin();
    admin.flow("public", ALL).await;
    let record = run(admin, "public").await;
    let made = json!({ "yaml": [1, "two"], "zone": "Europe/Vienna", "text": "Hi Ada", "year": 2026, "back": "sixteen bytes ok" });
    assert_eq!(record["output_value"], made, "{record}");
    // Loading the native code of a package is no act outside.
    assert_eq!(record["escaped"], Value::Null, "{record}");
    // Those that import none of them do without: nothing is installed for them.
    admin.flow("bare", "import sys\ndef handler(system, this):\n    return [p for p in sys.path if 'environments' in p]\n").await;
    assert_eq!(output(admin, "bare").await, json!([]));
}

#[tokio::test]
async fn a_script_that_says_none_has_none_of_the_default_packages() {
    let app = app().await;
    let admin = app.admin();
    admin.flow("bare", "# /// script\n# dependencies = []\n# ///\nimport yaml\ndef handler(system, this):\n    pass\n").await;
    let record = run(admin, "bare").await;
    assert!(record["status_message"].as_str().is_some_and(|text| text.contains("No module named 'yaml'")), "{record}");
}

#[tokio::test]
async fn the_command_line_runs_a_flow_with_its_packages() {
    let shelf = Shelf::filled();
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("named.flow.py");
    std::fs::write(&file, script(&["beta"], "beta", "{'uses': beta.USES}")).expect("written");
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"))
        .arg("run")
        .arg(&file)
        .env("FLOWSTEAD_ENVIRONMENTS_UV", shelf.uv())
        .env("FLOWSTEAD_ENVIRONMENTS_INDEX_URL", "none")
        .env("FLOWSTEAD_ENVIRONMENTS_FIND_LINKS", shelf.wheels())
        .output()
        .await
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"uses\": \"1.0\""), "{output:?}");
}
