//! REDIS against a Redis server: values, how commands and logins fail, what a loss leaves.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::connections;
use super::database::{self, PASSWORD, Redis, free_port, redis};
use super::sql::{ask, server_with};
use crate::server::Server;

fn with(redis: &Redis, more: &Value) -> Value {
    let mut inputs = json!({ "type": "REDIS", "host": "localhost", "port": redis.port, "username": "flow", "password": PASSWORD });
    inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    inputs
}

/// The answer to a command.
async fn done(server: &Server, redis: &Redis, command: &str, args: Value) -> Value {
    let answer = ask(server, &with(redis, &json!({ "command": command, "args": args }))).await;
    assert!(answer.get("refused").is_none_or(Value::is_null), "{command}: {answer}");
    answer
}

/// How it was refused. The password is never shown.
async fn refused(server: &Server, inputs: &Value) -> String {
    let answer = ask(server, inputs).await;
    let text = answer["refused"].as_str().unwrap_or_else(|| panic!("it was not refused: {answer}")).to_owned();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

#[tokio::test]
async fn answers_come_as_what_they_are_and_bytes_go_both_ways() {
    let (server, redis) = (server_with(&[]).await, redis().await);
    assert_eq!(done(&server, redis, "SET", json!(["text", "gr\u{fc}n"])).await, "OK");
    assert_eq!(done(&server, redis, "get", json!(["text"])).await, "gr\u{fc}n");
    assert_eq!(done(&server, redis, "GET", json!(["nothing"])).await, Value::Null);
    done(&server, redis, "SET", json!(["bytes", { "base64": "AP8=" }])).await;
    assert_eq!(done(&server, redis, "GET", json!(["bytes"])).await, json!({ "base64": "AP8=" }));
    assert_eq!(done(&server, redis, "HSET", json!(["hash", "a", 1, "b", "x"])).await, 2);
    assert_eq!(done(&server, redis, "HGETALL", json!(["hash"])).await, json!({ "a": "1", "b": "x" }));
    done(&server, redis, "RPUSH", json!(["list", "a", "b"])).await;
    assert_eq!(done(&server, redis, "LRANGE", json!(["list", 0, -1])).await, json!(["a", "b"]));
    done(&server, redis, "ZADD", json!(["sorted", 1.5, "a"])).await;
    assert_eq!(done(&server, redis, "ZSCORE", json!(["sorted", "a"])).await, 1.5);
    assert_eq!(done(&server, redis, "CLIENT GETNAME", json!([])).await, Value::Null);
    assert_eq!(done(&server, redis, "EVAL", json!(["return {1, 'a'}", 0])).await, json!([1, "a"]));
    let other = ask(&server, &with(redis, &json!({ "command": "GET", "args": ["text"], "database": 1 }))).await;
    assert_eq!(other, Value::Null, "another database");
}

#[tokio::test]
async fn what_is_wrong_with_a_login_a_certificate_a_port_or_a_command_is_told() {
    let (server, redis) = (server_with(&[]).await, redis().await);
    let folder = tempfile::tempdir().expect("a folder");
    let other = database::certificate(folder.path());
    for (more, words) in [
        (json!({ "password": "wrong-7d1f" }), vec!["refuses the login", "WRONGPASS"]),
        (json!({ "port": free_port() }), vec!["no connection"]),
        (json!({ "tls": true, "port": redis.tls_port, "cacert": other }), vec!["certificate", "'cacert'"]),
        (json!({ "tls": true, "port": redis.tls_port }), vec!["certificate"]),
        (json!({ "tls": true, "port": redis.tls_port, "host": "127.0.0.1", "cacert": redis.pem }), vec!["certificate"]),
        (json!({ "tls": true, "connect_timeout": 1 }), vec!["connect_timeout of 1 s"]),
        (json!({ "port": redis.tls_port }), vec!["broke off"]),
        (json!({ "command": "GETT" }), vec!["unknown command"]),
        (json!({ "command": "LPUSH", "args": ["a text", 1] }), vec!["WRONGTYPE"]),
        (json!({ "command": "SUBSCRIBE", "args": ["news"] }), vec!["XREAD"]),
        (json!({ "database": 99 }), vec!["refuses the login", "out of range"]),
        (json!({ "host": "/run/redis.sock" }), vec!["'host'"]),
    ] {
        done(&server, redis, "SET", json!(["a text", "x"])).await;
        let mut inputs = with(redis, &json!({ "command": "PING" }));
        inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        let text = refused(&server, &inputs).await;
        assert!(words.iter().all(|word| text.contains(word)), "{more}: {text}");
        assert!(!text.contains("wrong-7d1f"), "{text}");
    }
    let secure = json!({ "tls": true, "port": redis.tls_port, "cacert": redis.pem, "command": "PING" });
    assert_eq!(ask(&server, &with(redis, &secure)).await, "PONG");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let text = refused(&server, &with(redis, &json!({ "command": "PING", "port": port, "connect_timeout": 0.5 }))).await;
    assert!(text.contains("connect_timeout of 0.5 s"), "{text}");
}

#[tokio::test]
async fn a_large_answer_comes_whole_and_one_that_is_too_large_is_refused() {
    let (server, redis) = (server_with(&["[limits]", "value_bytes = 300000"]).await, redis().await);
    let of = |size: usize| json!([format!("return string.rep('x', {size})"), 0]);
    assert_eq!(done(&server, redis, "EVAL", of(200_000)).await.as_str().map(str::len), Some(200_000));
    let text = refused(&server, &with(redis, &json!({ "command": "EVAL", "args": of(50_000_000) }))).await;
    assert!(text.contains("more than 300000 bytes"), "{text}");
}

#[tokio::test]
async fn a_command_that_waits_is_given_up_in_time_and_by_a_cancel() {
    let (server, redis) = (server_with(&[]).await, redis().await);
    let waiting = |key: &str| json!({ "command": "BLPOP", "args": [key, 0] });
    let mut late = with(redis, &waiting("late"));
    late["timeout"] = json!(1.5);
    let text = refused(&server, &late).await;
    assert!(text.contains("timeout of 1.5 s"), "{text}");
    redis.until_under_way("blpop", 0).await;
    let id = server.launch("ask", &with(redis, &waiting("unwanted"))).await;
    redis.until_under_way("blpop", 1).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    redis.until_under_way("blpop", 0).await;
}

#[tokio::test]
async fn a_read_that_was_under_way_is_made_again_and_a_change_is_not() {
    let (mut server, redis) = (server_with(&[]).await, redis().await);
    let reading = with(redis, &json!({ "command": "XREAD", "args": ["BLOCK", 0, "STREAMS", "lost", "$"] }));
    let changing = with(redis, &json!({ "command": "BRPOP", "args": ["lost too", 0] }));
    let (reading, changing) = (server.launch("ask", &reading).await, server.launch("ask", &changing).await);
    redis.until_under_way("xread", 1).await;
    redis.until_under_way("brpop", 1).await;
    server.kill9().await;
    redis.until_under_way("xread", 0).await;
    server.restart().await;
    let ended = server.ended(&changing).await;
    let text = ended["output_value"]["refused"].as_str().unwrap_or_else(|| panic!("{ended}"));
    assert!(text.contains("whether it took effect is not known"), "{text}");
    redis.until_under_way("xread", 1).await;
    let all = connections(&server).await;
    assert!(all.iter().any(|each| each["status"] == "RUNNING"), "{all:?}");
    server.post(&format!("/execution/{reading}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&reading).await["status"], "ENDED_CANCELLED");
    redis.until_under_way("xread", 0).await;
}
