//! SQLPG and MYSQL against PostgreSQL and MariaDB: values, results, and how statements and logins fail.

use serde_json::{Value, json};

use super::database::{Database, PASSWORD, free_port, mariadb, postgres};
use crate::server::Server;

/// Connects as the inputs say, and gives the result or how it was refused.
pub const ASK: &str = "
def handler(system, this, inputs):
    try:
        return this.connect(connector_type=inputs.pop('type'), inputs=inputs).get('output_value')['result']
    except Exception as error:
        return {'refused': str(error)}
";

pub async fn server_with(config: &[&str]) -> Server {
    let server = Server::start_with(config).await;
    server.flow("ask", ASK, &Value::Null).await;
    server
}

pub async fn ask(server: &Server, inputs: &Value) -> Value {
    let ended = server.run("ask", inputs).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["output_value"].clone()
}

/// The result of a statement.
async fn done(server: &Server, database: &Database, more: Value) -> Value {
    let result = ask(server, &database.with(&more)).await;
    assert!(result["refused"].is_null(), "{more}: {result}");
    result
}

/// How it was refused. The password is never shown.
async fn refused(server: &Server, inputs: &Value) -> String {
    let result = ask(server, inputs).await;
    let text = result["refused"].as_str().unwrap_or_else(|| panic!("it was not refused: {result}")).to_owned();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

#[tokio::test]
async fn a_statement_gives_rows_a_row_a_value_or_a_count() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        let (first, second) = if database.kind == "SQLPG" { ("$1", "$2") } else { ("?", "?") };
        done(&server, database, json!({ "execute": "create table wants (id bigint primary key, name text)" })).await;
        let many =
            json!({ "executemany": format!("insert into wants values ({first}, {second})"), "args": [[1, "a"], [2, null], [3, "c"]] });
        assert_eq!(done(&server, database, many).await, 3);
        let all = json!({ "fetch": "select * from wants order by id" });
        assert_eq!(
            done(&server, database, all).await,
            json!([{ "id": 1, "name": "a" }, { "id": 2, "name": null }, { "id": 3, "name": "c" }])
        );
        let one = json!({ "fetchrow": format!("select name, id from wants where id = {first}"), "args": [3] });
        assert_eq!(done(&server, database, one).await, json!({ "name": "c", "id": 3 }));
        let value = format!("select name from wants where id = {first}");
        assert_eq!(done(&server, database, json!({ "fetchval": value, "args": [1] })).await, "a");
        assert_eq!(done(&server, database, json!({ "fetchval": value, "args": [9] })).await, Value::Null);
        assert_eq!(done(&server, database, json!({ "fetchrow": value, "args": [9] })).await, Value::Null);
        assert_eq!(done(&server, database, json!({ "fetch": value, "args": [9] })).await, json!([]));
        assert_eq!(done(&server, database, json!({ "execute": "update wants set name = 'x' where id > 1" })).await, 2);
        let text = format!("insert into wants values ({first}, 'd') returning id");
        assert_eq!(done(&server, database, json!({ "fetchval": text, "args": [4] })).await, 4);
        assert_eq!(done(&server, database, json!({ "fetchval": "select count(*) from wants" })).await, 4, "it took effect");
    }
}

#[tokio::test]
async fn every_value_of_postgresql_comes_out_as_it_is_and_goes_in_again() {
    let (server, database) = (server_with(&[]).await, postgres().await);
    done(&server, database, json!({ "execute": "create type mood as enum ('glad', 'sad')" })).await;
    done(&server, database, json!({ "execute": "create domain code as varchar(3)" })).await;
    let columns = [
        ("bool", json!(true)),
        ("smallint", json!(-32768)),
        ("int", json!(2_147_483_647)),
        ("bigint", json!(i64::MIN)),
        ("real", json!(0.1)),
        ("double precision", json!(-1.5e300)),
        ("double precision", json!("NaN")),
        ("numeric", json!("12345678901234567890.12345678900000")),
        ("numeric(6,2)", json!("-0.05")),
        ("text", json!("gr\u{fc}n \u{1f332}")),
        ("varchar(5)", json!("a\"b\\c")),
        ("char(3)", json!("abc")),
        ("bytea", json!({ "base64": "AP8=" })),
        ("date", json!("2026-11-21")),
        ("date", json!("0044-03-15 BC")),
        ("time", json!("23:59:59.000001")),
        ("timetz", json!("12:00:00+05:30")),
        ("timestamp", json!("2026-11-21T09:15:00.250000")),
        ("timestamptz", json!("2026-11-21T09:15:00+00:00")),
        ("timestamptz", json!("infinity")),
        ("timestamptz", json!("0044-03-15T12:00:00+00:00 BC")),
        ("interval", json!("P1Y2M3DT4H5M6.5S")),
        ("interval", json!("P-1M1DT-3H")),
        ("uuid", json!("0190a5b2-7c1e-7d6f-8a3b-2c4d5e6f7081")),
        ("json", json!({ "b": [1, null], "a": "x" })),
        ("jsonb", json!("a text")),
        ("int[]", json!([1, null, 3])),
        ("text[]", json!([["a,b", "{}"], ["NULL", "\"q\""]])),
        ("timestamptz[]", json!(["2026-11-21T09:15:00+00:00"])),
        ("bytea[]", json!([{ "base64": "AP8=" }])),
        ("inet", json!("10.0.0.7")),
        ("cidr", json!("fd00::/8")),
        ("macaddr", json!("08:00:2b:01:02:03")),
        ("bit varying", json!("10110")),
        ("mood", json!("sad")),
        ("mood[]", json!(["glad", null])),
        ("code", json!("abc")),
        ("int", Value::Null),
    ];
    let declared: Vec<String> = columns.iter().enumerate().map(|(at, (of, _))| format!("c{at} {of}")).collect();
    done(&server, database, json!({ "execute": format!("create table every ({})", declared.join(", ")) })).await;
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
    let values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
    let insert = json!({ "execute": format!("insert into every values ({})", places.join(", ")), "args": values });
    assert_eq!(done(&server, database, insert).await, 1);
    let row = done(&server, database, json!({ "fetchrow": "select * from every" })).await;
    for (at, (of, value)) in columns.iter().enumerate() {
        assert_eq!(&row[format!("c{at}")], value, "{of}");
    }
}

#[tokio::test]
async fn what_postgresql_has_no_place_or_no_form_for_is_told() {
    let (server, database) = (server_with(&[]).await, postgres().await);
    done(&server, database, json!({ "execute": "create table kept (is_kept bool)" })).await;
    // What a number is given for is what the placeholder is: exactly.
    let exact = json!({ "fetchrow": "select $1::numeric as n, $2::text as t, $3::float8 as f", "args": [9_007_199_254_740_993_i64, 5, 5] });
    assert_eq!(done(&server, database, exact).await, json!({ "n": "9007199254740993", "t": "5", "f": 5.0 }));
    let text = refused(&server, &database.with(&json!({ "fetch": "select int4range(1, 5) as span" }))).await;
    assert!(text.contains("'span'") && text.contains("column::text"), "{text}");
    let lost = json!({ "fetchval": "insert into kept values (true) returning int4range(1, 5)" });
    refused(&server, &database.with(&lost)).await;
    assert_eq!(done(&server, database, json!({ "fetchval": "select count(*) from kept" })).await, 0, "nothing was done");
    let text = refused(&server, &database.with(&json!({ "fetch": "select $1::timestamptz", "args": ["some day"] }))).await;
    assert!(text.contains("$1") && text.contains("some day"), "{text}");
    let text = refused(&server, &database.with(&json!({ "fetch": "select $1::bytea", "args": ["text"] }))).await;
    assert!(text.contains("$1") && text.contains("base64"), "{text}");
}

#[tokio::test]
async fn every_value_of_mariadb_comes_out_as_it_is_and_goes_in_again() {
    let (server, database) = (server_with(&[]).await, mariadb().await);
    let columns = [
        ("boolean", json!(1)),
        ("tinyint unsigned", json!(255)),
        ("smallint", json!(-32768)),
        ("mediumint", json!(-8_388_608)),
        ("int unsigned", json!(4_294_967_295_u32)),
        ("bigint", json!(i64::MIN)),
        ("bigint unsigned", json!(u64::MAX)),
        ("float", json!(0.1)),
        ("double", json!(-1.5e300)),
        ("decimal(30,10)", json!("12345678901234567890.1234567890")),
        ("varchar(20) collate utf8mb4_bin", json!("gr\u{fc}n \u{1f332}")),
        ("text", json!("a\"b\\c")),
        ("longtext collate utf8mb4_bin", json!("bin")),
        ("blob", json!({ "base64": "AP8=" })),
        ("varbinary(5)", json!({ "base64": "AQI=" })),
        ("date", json!("2026-11-21")),
        ("time(6)", json!("-838:59:58.999999")),
        ("datetime(6)", json!("2026-11-21T09:15:00.250000")),
        ("timestamp null", json!("2026-11-21T09:15:00")),
        ("year", json!(2026)),
        ("enum('glad','sad')", json!("sad")),
        ("set('a','b')", json!("a,b")),
        ("uuid", json!("0190a5b2-7c1e-7d6f-8a3b-2c4d5e6f7081")),
        ("int", Value::Null),
    ];
    let declared: Vec<String> = columns.iter().enumerate().map(|(at, (of, _))| format!("c{at} {of}")).collect();
    done(&server, database, json!({ "execute": format!("create table every ({}) character set utf8mb4", declared.join(", ")) })).await;
    let places = vec!["?"; columns.len()].join(", ");
    let values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(done(&server, database, json!({ "execute": format!("insert into every values ({places})"), "args": values })).await, 1);
    let row = done(&server, database, json!({ "fetchrow": "select * from every" })).await;
    for (at, (of, value)) in columns.iter().enumerate() {
        assert_eq!(&row[format!("c{at}")], value, "{of}");
    }
    let more = json!({ "fetchrow": "select b'101' as bits, cast('0000-00-00' as date) as zero, ? as doc, ? is true as yes", "args": [{ "a": [1] }, true] });
    assert_eq!(
        done(&server, database, more).await,
        json!({ "bits": { "base64": "BQ==" }, "zero": "0000-00-00", "doc": "{\"a\":[1]}", "yes": 1 })
    );
    let text = refused(&server, &database.with(&json!({ "fetch": "select point(1, 2) as place" }))).await;
    assert!(text.contains("'place'") && text.contains("ST_AsText"), "{text}");
}

#[tokio::test]
async fn a_wrong_login_a_closed_port_a_wrong_certificate_and_a_broken_statement_are_told() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        let other = postgres_or(database).await;
        for (more, words) in [
            (json!({ "password": "wrong-7d1f" }), vec!["refuses the login", "flow"]),
            (json!({ "port": free_port() }), vec!["no connection"]),
            (json!({ "cacert": other }), vec!["certificate", "cacert"]),
            (json!({ "host": "127.0.0.1" }), vec!["certificate"]),
            (json!({ "host": "/run/postgresql" }), vec!["'host'"]),
            (json!({ "fetch": "selec 1" }), vec!["selec", "SQLSTATE"]),
            (json!({ "fetch": "select * from nowhere" }), vec!["nowhere"]),
            (json!({ "args": [1] }), vec!["0 placeholders", "1 values"]),
            (json!({ "timeout": "long" }), vec!["timeout"]),
        ] {
            let mut more = more;
            if more.get("fetch").is_none() {
                more["fetch"] = json!("select 1");
            }
            let text = refused(&server, &database.with(&more)).await;
            assert!(words.iter().all(|word| text.contains(word)), "{} {more}: {text}", database.kind);
            assert!(!text.contains("wrong-7d1f"), "{text}");
        }
        for tls in ["require", "off"] {
            assert_eq!(done(&server, database, json!({ "host": "127.0.0.1", "tls": tls, "fetchval": "select 7" })).await, 7, "{tls}");
        }
    }
}

/// The certificate of another server.
async fn postgres_or(database: &Database) -> &'static str {
    if database.kind == "SQLPG" { &mariadb().await.pem } else { &postgres().await.pem }
}

#[tokio::test]
async fn many_are_all_done_or_none() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        let place = if database.kind == "SQLPG" { "$1" } else { "?" };
        done(&server, database, json!({ "execute": "create table whole (id int primary key)" })).await;
        let many = json!({ "executemany": format!("insert into whole values ({place})"), "args": [[1], [2], [1]] });
        let text = refused(&server, &database.with(&many)).await;
        assert!(text.contains("item 2") && text.contains("none of them"), "{text}");
        assert_eq!(done(&server, database, json!({ "fetchval": "select count(*) from whole" })).await, 0);
    }
}

#[tokio::test]
async fn a_large_result_comes_whole_and_one_that_is_too_large_is_refused() {
    let server = server_with(&["[limits]", "value_bytes = 300000"]).await;
    for database in [postgres().await, mariadb().await] {
        let text = done(&server, database, json!({ "fetchval": "select repeat('x', 200000)" })).await;
        assert_eq!(text.as_str().map(str::len), Some(200_000));
        let text = refused(&server, &database.with(&json!({ "fetch": "select repeat('x', 400000)" }))).await;
        assert!(text.contains("more than 300000 bytes"), "{text}");
    }
    // Rows are looked at as they come: all of these would not fit into memory.
    let endless =
        json!({ "fetch": "select repeat('x', 1000) from generate_series(1, 100000) a, generate_series(1, 100000) b /* endless */" });
    let text = refused(&server, &postgres().await.with(&endless)).await;
    assert!(text.contains("more than 300000 bytes"), "{text}");
    postgres().await.until_under_way("endless", 0).await;
}

#[tokio::test]
async fn what_the_database_undid_for_the_sake_of_another_is_tried_again() {
    let (server, database) = (server_with(&[]).await, postgres().await);
    done(&server, database, json!({ "execute": "create sequence tries" })).await;
    let function = "create function shy() returns text language plpgsql as $$ begin
        if nextval('tries') < 3 then raise exception 'not now' using errcode = '40001'; end if; return 'done'; end $$";
    done(&server, database, json!({ "execute": function })).await;
    assert_eq!(done(&server, database, json!({ "fetchval": "select shy()" })).await, "done");
    assert_eq!(done(&server, database, json!({ "fetchval": "select last_value from tries" })).await, 3);
    let all = super::connections(&server).await;
    let mut lines = Vec::new();
    for connection in all {
        lines.extend(server.messages(connection["id"].as_str().expect("an id")).await);
    }
    assert_eq!(lines.iter().filter(|line| line.contains("not now") && line.contains("tried again")).count(), 2, "{lines:?}");
}

#[tokio::test]
async fn what_is_protected_is_not_told_in_an_error() {
    let server = server_with(&[]).await;
    for database in [postgres().await, mariadb().await] {
        let place = if database.kind == "SQLPG" { "$1" } else { "?" };
        let script = format!(
            "
def handler(system, this, inputs):
    kind = inputs.pop('type')
    this.connect(connector_type=kind, execute='create table once (name varchar(40) primary key)', inputs=inputs['login'])
    for _ in range(2):
        last = this.connect(
            connector_type=kind, execute='insert into once values ({place})', args=inputs['names'], inputs=inputs['login'],
            init={{'protect_inputs': ['args']}}, wait=system.return_when.ALL_ENDED,
        )
    return last.get('status_message')
"
        );
        server.flow("once", &script, &Value::Null).await;
        let mut login = database.inputs();
        login.as_object_mut().expect("an object").remove("type");
        let ended = server.run("once", &json!({ "type": database.kind, "login": login, "names": ["a name to hide"] })).await;
        let text = ended["output_value"].as_str().unwrap_or_else(|| panic!("{ended}"));
        assert!(text.contains("uplicate") && text.contains("(protected)") && !text.contains("to hide"), "{text}");
    }
}
