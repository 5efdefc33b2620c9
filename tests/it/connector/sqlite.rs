//! SQLITE on files of the server: what is written back, who may write, what a loss leaves.

use std::time::Duration;

use serde_json::{Value, json};

use super::connections;
use super::sql::{ask, server_with};
use crate::server::Server;

/// So many children at a time, each of which adds a row.
const FAN: &str = "
def handler(system, this, inputs):
    adding = dict(connector_type='SQLITE', database='shared.db', executemany='insert into t values (?)')
    all = [this.connect(args=[[number]], run=False, **adding) for number in range(inputs['count'])]
    for each in all:
        each.run_async()
    this.wait_for(*all)
    rows = this.connect(connector_type='SQLITE', database='shared.db', fetch='select n from t order by n').get_outputs()['result']
    return [row['n'] for row in rows]
";

/// A statement without end.
const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

async fn sqlite(server: &Server, database: &str, more: Value) -> Value {
    let mut inputs = json!({ "type": "SQLITE", "database": database });
    inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    ask(server, &inputs).await
}

async fn until_running(server: &Server, count: usize) {
    for _ in 0..1200 {
        let all = connections(server).await;
        if all.iter().filter(|each| each["status"] == "RUNNING").count() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", connections(server).await);
}

#[tokio::test]
async fn a_database_is_a_file_that_changes_are_written_back_to() {
    let server = server_with(&[]).await;
    assert_eq!(sqlite(&server, "a/own.db", json!({ "execute": "create table t (n integer, v)" })).await, 0);
    let many = json!({ "executemany": "insert into t values (?, ?)", "args": [[1, "a"], [2, { "base64": "AP8=" }]] });
    assert_eq!(sqlite(&server, "a/own.db", many).await, 2);
    let rows = sqlite(&server, "a/own.db", json!({ "fetch": "select * from t where n > ?", "args": [0] })).await;
    assert_eq!(rows, json!([{ "n": 1, "v": "a" }, { "n": 2, "v": { "base64": "AP8=" } }]));
    let kept = server.request("GET", "/file/a%2Fown.db/content?by=name").send().await.expect("an answer").bytes().await.expect("bytes");
    assert!(kept.starts_with(b"SQLite format 3\0"), "{} bytes", kept.len());
    // A database that came from elsewhere.
    let copied = server.request("PUT", "/file/copy.db/content?by=name").body(kept).send().await.expect("an answer");
    assert!(copied.status().is_success(), "{copied:?}");
    assert_eq!(sqlite(&server, "copy.db", json!({ "fetchval": "select count(*) from t" })).await, 2);
}

#[tokio::test]
async fn changes_at_once_are_all_kept() {
    let server = server_with(&[]).await;
    sqlite(&server, "shared.db", json!({ "execute": "create table t (n integer)" })).await;
    server.flow("fan", FAN, &Value::Null).await;
    let ended = server.run("fan", &json!({ "count": 4 })).await;
    assert_eq!(ended["output_value"], json!([0, 1, 2, 3]), "{ended}");
}

#[tokio::test]
async fn no_other_file_is_reached_and_what_is_wrong_is_told() {
    let server = server_with(&[]).await;
    sqlite(&server, "own.db", json!({ "execute": "create table t (n integer)" })).await;
    server.request("PUT", "/file/text.txt/content?by=name").body("no database").send().await.expect("an answer");
    let own = server.folder().join("flowstead.db").display().to_string();
    for (database, more, word) in [
        ("own.db", json!({ "execute": format!("attach '{own}' as own") }), "not authorized"),
        ("own.db", json!({ "execute": format!("vacuum into '{own}.copy'") }), "not authorized"),
        ("own.db", json!({ "fetch": "pragma hard_heap_limit = 1" }), "not authorized"),
        (own.as_str(), json!({ "fetch": "select 1" }), "cannot be read"),
        ("nowhere.db", json!({ "fetch": "select 1" }), "nowhere.db"),
        ("text.txt", json!({ "fetch": "select 1" }), "no SQLite database"),
        ("own.db", json!({ "fetch": "select * from nowhere" }), "nowhere"),
        ("own.db", json!({ "fetchval": ENDLESS, "timeout": 0.5 }), "timeout of 0.5 s"),
    ] {
        let text = sqlite(&server, database, more.clone()).await["refused"].to_string();
        assert!(text.contains(word), "{more}: {text}");
    }
}

#[tokio::test]
async fn a_statement_without_end_is_cancelled_and_after_a_loss_only_a_read_is_made_again() {
    let mut server = server_with(&[]).await;
    sqlite(&server, "own.db", json!({ "execute": "create table t (n integer)" })).await;
    let with = |how: &str, text: &str| json!({ "type": "SQLITE", "database": "own.db", how: text });
    let reading = server.launch("ask", &with("fetchval", ENDLESS)).await;
    let changing = server.launch("ask", &with("execute", &format!("insert into t {ENDLESS}"))).await;
    until_running(&server, 2).await;
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&changing).await;
    let text = ended["output_value"]["refused"].as_str().unwrap_or_else(|| panic!("{ended}"));
    assert!(text.contains("whether it took effect is not known"), "{text}");
    until_running(&server, 1).await;
    server.post(&format!("/execution/{reading}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&reading).await["status"], "ENDED_CANCELLED");
    assert_eq!(sqlite(&server, "own.db", json!({ "fetchval": "select count(*) from t" })).await, 0);
}
