//! Retention in a server that is killed while it deletes: what went is gone altogether, and what lives is not touched.

use std::time::Duration;

use flowstead::store::{Durability, Options, Row, Store, Unit, Write};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

const SLEEPER: &str = "def handler(system, this, inputs):\n    first = this.uuid()\n    while not system.setting('go').get('value'): this.sleep(0.2)\n    \
                       return [first, this.uuid() != first]\n";
const STEPS: u32 = 20_000;

/// An execution of long ago, with a long journal.
fn old(id: Uuid) -> Vec<Write> {
    let then = "2024-01-01T00:00:00.000000+00:00";
    let execution = Row::from([
        ("id", json!(id)),
        ("name", json!("old")),
        ("created_at", json!(then)),
        ("modified_at", json!(then)),
        ("status", json!("ENDED_SUCCESS")),
        ("ended_at", json!(then)),
        ("root_execution_id", json!(id)),
    ]);
    let step = |seq| {
        let row = Row::from([
            ("execution_id", json!(id)),
            ("epoch", json!(1)),
            ("seq", json!(seq)),
            ("op", json!("now")),
            ("args_hash", json!("")),
            ("started_at", json!(then)),
        ]);
        Write::Insert { table: "execution_step", key: &["execution_id", "epoch", "seq"], row }
    };
    let mut writes = vec![Write::Insert { table: "execution", key: &["id"], row: execution }];
    writes.extend((1..=STEPS).map(step));
    writes
}

/// The store of a server that is not running.
async fn store(server: &Server) -> Store {
    Store::open(Options { folder: server.folder(), durability: Durability::Normal }).await.expect("opens")
}

async fn steps(store: &Store, id: Uuid) -> usize {
    store.keys_of(("execution_step", &["seq"]), Some(("execution_id", &id.to_string())), u32::MAX).await.expect("read").len()
}

/// Waits until everything was looked through once.
async fn purged(server: &Server) {
    for _ in 0..1200 {
        if server.metric("flowstead_purges_total").await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there is no end of a purge");
}

#[tokio::test]
async fn a_purge_that_is_killed_goes_on_with_the_next_start_and_what_lives_goes_on_too() {
    let mut server = Server::start().await;
    server.post("/setting", &json!({ "name": "go", "value": false })).await;
    server.flow("sleeper", SLEEPER, &Value::Null).await;
    let live = server.launch("sleeper", &Value::Null).await;
    server.until(&live, |record| record["status"] == "SLEEPING").await;
    server.stop().await;
    let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let opened = store(&server).await;
    for id in &ids {
        opened.submit(Unit { writes: old(*id), lazy: false }).wait().await.expect("written");
    }
    opened.close().await;
    // It begins to delete when it starts.
    server.restart().await;
    server.kill9().await;
    server.restart().await;
    purged(&server).await;
    for id in &ids {
        assert_eq!(server.get(&format!("/execution/{id}")).await.status, 404);
    }
    let go = server.send("PATCH", "/setting/go?by=name", &json!({ "value": true })).await;
    assert_eq!(go.status, 200, "{go:?}");
    let record = server.ended(&live).await;
    assert_eq!((&record["status"], &record["output_value"][1]), (&json!("ENDED_SUCCESS"), &json!(true)), "{record}");
    server.stop().await;
    let opened = store(&server).await;
    for id in &ids {
        assert_eq!(steps(&opened, *id).await, 0);
    }
    assert!(steps(&opened, live.parse().expect("an id")).await > 1);
    assert!(opened.keys_of(("remains", &["record_id"]), None, 10).await.expect("read").is_empty());
    opened.close().await;
}

#[tokio::test]
async fn what_retention_deletes_is_counted_and_has_an_entry_in_the_log() {
    let mut server = Server::start().await;
    server.stop().await;
    let opened = store(&server).await;
    let id = Uuid::now_v7();
    opened.submit(Unit { writes: old(id), lazy: false }).wait().await.expect("written");
    opened.close().await;
    server.restart().await;
    purged(&server).await;
    assert_eq!(server.metric("flowstead_purged_total{kind=\"executions\"}").await, 1);
    let filter = json!({ "field": "operation", "op": "eq", "value": "purge" }).to_string();
    let listed = crate::server::answer(server.request("GET", "/audit?plain=true").query(&[("filter", filter)])).await.body;
    assert_eq!(listed[0]["details"]["kind"], "executions", "{listed}");
    assert_eq!((&listed[0]["details"]["count"], &listed[0]["door"]), (&json!(1), &json!("server")));
}
