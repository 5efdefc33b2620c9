//! SQLPG and MYSQL and the end of things: time limits, cancels, servers that are killed, far sides that break off.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::connections;
use super::database::{Database, mariadb, postgres};
use super::sql::{ask, server_with};

/// A statement that takes long, with a word in it to know it by.
fn sleep(database: &Database, word: &str) -> String {
    if database.kind == "SQLPG" { format!("select pg_sleep(600) /* {word} */") } else { format!("select sleep(600) /* {word} */") }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_ended_at_the_server() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        let inputs = database.with(&json!({ "fetch": sleep(database, "late"), "timeout": 1.5 }));
        let text = ask(&server, &inputs).await["refused"].to_string();
        assert!(text.contains("timeout") && text.contains("1.5 s"), "{text}");
        database.until_under_way("late", 0).await;
    }
}

#[tokio::test]
async fn a_cancelled_flow_ends_its_statement_at_the_server() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        for what in ["fetch", "execute"] {
            let id = server.launch("ask", &database.with(&json!({ what: sleep(database, "unwanted") }))).await;
            database.until_under_way("unwanted", 1).await;
            assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
            assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
            database.until_under_way("unwanted", 0).await;
        }
    }
}

#[tokio::test]
async fn a_read_that_was_under_way_is_made_again_and_a_change_is_not() {
    for database in [postgres().await, mariadb().await] {
        let mut server = server_with(&[]).await;
        let reading = server.launch("ask", &database.with(&json!({ "fetch": sleep(database, "reading") }))).await;
        let changing = server.launch("ask", &database.with(&json!({ "execute": sleep(database, "changing") }))).await;
        database.until_under_way("reading", 1).await;
        database.until_under_way("changing", 1).await;
        server.kill9().await;
        server.restart().await;
        let ended = server.ended(&changing).await;
        let text = ended["output_value"]["refused"].as_str().unwrap_or_else(|| panic!("{ended}"));
        assert!(text.contains("whether it took effect is not known"), "{text}");
        let all = connections(&server).await;
        let again = all.iter().find(|each| each["status"] == "RUNNING").unwrap_or_else(|| panic!("none is under way: {all:?}"));
        let log = server.messages(again["id"].as_str().expect("an id")).await;
        assert!(log.iter().any(|line| line.contains("safe to repeat")), "{log:?}");
        server.post(&format!("/execution/{reading}/cancel"), &Value::Null).await;
        assert_eq!(server.ended(&reading).await["status"], "ENDED_CANCELLED");
    }
}

#[tokio::test]
async fn a_far_side_that_says_nothing_or_breaks_off_is_told() {
    let server = server_with(&[]).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_port = silent.local_addr().expect("bound").port();
    let rude = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let rude_port = rude.local_addr().expect("bound").port();
    tokio::spawn(async move { while rude.accept().await.is_ok() {} });
    for kind in ["SQLPG", "MYSQL"] {
        let with = |port: u16| json!({ "type": kind, "host": "127.0.0.1", "port": port, "fetch": "select 1", "connect_timeout": 0.5 });
        let text = ask(&server, &with(silent_port)).await["refused"].to_string();
        assert!(text.contains("connect_timeout of 0.5 s"), "{text}");
        let text = ask(&server, &with(rude_port)).await["refused"].to_string();
        assert!(text.contains("no connection"), "{text}");
    }
    drop(silent);
}
