//! What is installed stays as long as somebody needs it, and goes when nobody does.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::output;
use super::shelf::{Shelf, script};
use crate::app::TestApp;
use crate::server::Server;

const DAY: Duration = Duration::from_secs(60 * 60 * 24);

/// The environments in a data folder that are whole.
fn installed(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder.join("environments")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().join("about.json").is_file()).count()
}

#[tokio::test]
async fn a_restart_without_packages_or_installer_uses_what_is_there() {
    let shelf = Shelf::filled();
    let config = shelf.lines();
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let mut server = Server::start_with(&config).await;
    server.flow("named", &script(&["beta"], "beta", "beta.USES"), &Value::Null).await;
    server.stop().await;
    drop(shelf);
    server.restart().await;
    assert_eq!(server.run("named", &Value::Null).await["output_value"], "1.0");
    // The same requirements need nothing new either.
    server.flow("another", &script(&["beta"], "beta", "beta.USES * 2"), &Value::Null).await;
    assert_eq!(server.run("another", &Value::Null).await["output_value"], "1.01.0");
}

#[tokio::test]
async fn an_environment_that_nobody_uses_is_removed_after_a_while_and_made_again_when_it_is_wanted() {
    let shelf = Shelf::filled();
    let app = TestApp::new().manual_clock().config(|config| shelf.set(config)).start().await;
    let admin = app.admin();
    let id = admin.flow("gone", &script(&["alpha<2"], "alpha", "alpha.VERSION")).await;
    admin.flow("kept", &script(&["alpha>=2"], "alpha", "alpha.VERSION")).await;
    assert_eq!((output(admin, "gone").await, output(admin, "kept").await), (json!("1.0"), json!("2.0")));
    assert_eq!(installed(&app.folder()), 2);
    admin.patch(&format!("/flow/{id}"), json!({ "script": "def handler(system, this, inputs):\n    return 0\n" })).await.expect(200);
    app.clock.advance(DAY);
    app.service.purge().await.expect("purged");
    assert_eq!(installed(&app.folder()), 2, "it was used a day ago");
    app.clock.advance(DAY * 8);
    // Its zygote leaves with its last slot.
    output(admin, "kept").await;
    for _ in 0..1200 {
        app.service.purge().await.expect("purged");
        if installed(&app.folder()) == 1 {
            break;
        }
        app.clock.advance(Duration::from_secs(61));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(installed(&app.folder()), 1);
    assert_eq!(output(admin, "kept").await, "2.0");
    admin.patch(&format!("/flow/{id}"), json!({ "script": script(&["alpha<2"], "alpha", "alpha.VERSION") })).await.expect(200);
    assert_eq!(output(admin, "gone").await, "1.0");
}

#[tokio::test]
async fn what_is_installed_cannot_be_changed_by_a_flow() {
    let shelf = Shelf::filled();
    let app = super::stocked(&shelf).await;
    let admin = app.admin();
    let write = "open(alpha.__file__, 'a')";
    let text = script(&["alpha"], "alpha", "1").replace("return 1", &format!("{write}\n    return 1"));
    admin.flow("writes", &text).await;
    let record = super::run(admin, "writes").await;
    assert!(record["status_message"].as_str().is_some_and(|text| text.contains("Permission")), "{record}");
}
