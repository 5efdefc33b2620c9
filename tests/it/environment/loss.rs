//! Installers and servers that are killed in the middle of an installation.

use std::time::Duration;

use serde_json::{Value, json};

use super::shelf::{Shelf, script};
use super::{output, stocked};
use crate::server::Server;

#[tokio::test]
async fn an_installer_that_is_killed_leaves_nothing_and_the_next_one_does_it() {
    let shelf = Shelf::filled();
    shelf.before(
        "if [ \"$2\" = install ] && ! [ -e ../died ]; then : > ../died; mkdir site; echo 'VERSION = 0' > site/alpha.py; kill -9 $$; fi",
    );
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let body = json!({ "name": "f", "script": script(&["alpha"], "alpha", "alpha.VERSION") });
    let refused = admin.post("/flow", body.clone()).await;
    assert!(refused.status == 503 && refused.text.contains("killed by signal 9"), "{}", refused.text);
    let left: Vec<_> = std::fs::read_dir(app.folder().join("environments/build")).expect("it is there").flatten().collect();
    assert!(left.iter().all(|entry| !entry.path().join("site").exists()), "{left:?}");
    admin.post("/flow", body).await.expect(201);
    assert_eq!(output(admin, "f").await, "2.0");
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_installs_goes_on_with_the_next_start() {
    let shelf = Shelf::filled();
    shelf.before("if [ \"$2\" = install ]; then mkdir -p site; : > site/half.py; : > ../here; sleep 1000; fi");
    let config = shelf.lines();
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let mut server = Server::start_with(&config).await;
    let body = json!({ "name": "f", "script": script(&["alpha"], "alpha", "alpha.VERSION") });
    let build = server.folder().join("environments/build");
    let saving = server.request("POST", "/flow").json(&body);
    let saving = tokio::spawn(async move { saving.send().await.is_ok() });
    let begun = async {
        while !build.join("here").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), begun).await.expect("the installation begins");
    server.kill9().await;
    assert!(!saving.await.expect("it was sent"), "nobody answers it");
    shelf.before(":");
    server.restart().await;
    let left: Vec<_> = std::fs::read_dir(&build).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| name.to_string_lossy().starts_with("cache")), "{left:?}");
    server.flow("f", &script(&["alpha"], "alpha", "alpha.VERSION"), &Value::Null).await;
    let record = server.run("f", &Value::Null).await;
    assert_eq!(record["output_value"], "2.0", "{record}");
}

#[tokio::test]
async fn an_execution_that_is_replayed_has_the_packages_it_began_with() {
    let shelf = Shelf::filled();
    let config = shelf.lines();
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let mut server = Server::start_with(&config).await;
    server.post("/setting", &json!({ "name": "go", "value": false })).await;
    let text = script(&["alpha<2"], "alpha", "[first, alpha.VERSION]")
        .replace("    return", "    first = alpha.VERSION\n    while not system.setting('go').get('value'): this.sleep(0.1)\n    return");
    server.flow("sleeper", &text, &Value::Null).await;
    let id = server.launch("sleeper", &Value::Null).await;
    server.until(&id, |record| record["status"] == "SLEEPING").await;
    server.kill9().await;
    server.restart().await;
    server.flow("sleeper", &text.replace("alpha<2", "alpha>=2"), &Value::Null).await;
    server.send("PATCH", "/setting/go?by=name", &json!({ "value": true })).await;
    let record = server.ended(&id).await;
    assert_eq!(record["output_value"], json!(["1.0", "1.0"]), "{record}");
    let anew = server.run("sleeper", &Value::Null).await;
    assert_eq!(anew["output_value"], json!(["2.0", "2.0"]), "{anew}");
}
