//! What statements of SQLITE may do, and that they get nowhere else.

use serde_json::{Value, json};

use super::*;

const LIMIT: usize = 1 << 20;

fn done(content: &[u8], inputs: &Value) -> Result<(Value, Option<Vec<u8>>), String> {
    let work = Work { content: content.to_vec(), output_limit: 10_000, file_limit: LIMIT, given_up: Arc::default() };
    let statement = Statement::read(inputs).map_err(|fault| Failure::from(fault).message)?;
    work.carry_out(&statement).map_err(|fault| Failure::from(fault).message)
}

/// A database with one table.
fn made() -> Vec<u8> {
    let made = done(&[], &json!({ "execute": "create table t (id integer primary key, v)" })).expect("it is made");
    made.1.expect("it is changed")
}

#[test]
fn what_changed_is_the_new_content_and_what_was_read_is_not() {
    let content = made();
    let many =
        json!({ "executemany": "insert into t (v) values (?)", "args": [[1], ["a"], [null], [1.5], [{ "base64": "AP8=" }], [true]] });
    let (count, content) = done(&content, &many).expect("they are in");
    let content = content.expect("it is changed");
    assert_eq!(count, 6);
    let (rows, new) = done(&content, &json!({ "fetch": "select v from t order by id" })).expect("rows");
    assert_eq!(rows, json!([{ "v": 1 }, { "v": "a" }, { "v": null }, { "v": 1.5 }, { "v": { "base64": "AP8=" } }, { "v": 1 }]));
    assert_eq!(new, None);
    assert_eq!(done(&content, &json!({ "execute": "delete from t where id = ?", "args": [99] })).expect("none"), (json!(0), None));
    let (value, new) = done(&content, &json!({ "fetchval": "insert into t (v) values (7) returning id" })).expect("it is in");
    assert!(value == 7 && new.is_some());
    let (columns, _) = done(&content, &json!({ "fetch": "pragma table_info(t)" })).expect("what it is made of");
    assert_eq!(columns[1]["name"], "v");
}

#[test]
fn a_statement_does_not_leave_its_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.db");
    rusqlite::Connection::open(&file).and_then(|other| other.execute_batch("create table secret (x)")).expect("another database");
    let file = file.display();
    let content = made();
    for text in [
        format!("attach '{file}' as other"),
        format!("vacuum into '{file}2'"),
        "vacuum".to_owned(),
        "detach main".to_owned(),
        "pragma hard_heap_limit = 1".to_owned(),
        "pragma soft_heap_limit = 1".to_owned(),
        "pragma temp_store_directory = '/tmp'".to_owned(),
        "pragma writable_schema = on".to_owned(),
        "pragma max_page_count = 4000000000".to_owned(),
        "select load_extension('x')".to_owned(),
        "begin".to_owned(),
        "savepoint s".to_owned(),
    ] {
        for how in ["fetch", "execute"] {
            let text = done(&content, &json!({ how: text })).expect_err(&text);
            assert!(text.contains("not authorized") || text.contains("no such function"), "{text}");
        }
    }
    let hidden = "create trigger g after insert on t begin select load_extension('x'); end";
    let (_, hidden) = done(&content, &json!({ "execute": hidden })).expect("a trigger is only text");
    let text = done(&hidden.expect("it is changed"), &json!({ "execute": "insert into t (v) values (1)" })).expect_err("it is not run");
    assert!(text.contains("not authorized") || text.contains("load_extension"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no file came into being");
}

#[test]
fn what_is_wrong_is_said() {
    let content = made();
    for (inputs, word) in [
        (json!({ "fetch": "selec 1" }), "selec"),
        (json!({ "fetch": "select 1; select 2" }), "one statement"),
        (json!({ "fetch": "select ?" }), "1 placeholders, and 0 values"),
        (json!({ "fetch": "select ?", "args": [u64::MAX] }), "the argument 1"),
        (json!({ "fetch": "select cast(x'ff' as text) as bad" }), "'bad'"),
        (json!({ "fetch": "select zeroblob(100000)" }), "more than 10000 bytes"),
        (json!({ "execute": "insert into t (v) values (zeroblob(2000000))" }), "file_limit_bytes"),
        (json!({ "executemany": "insert into t values (?, 1)", "args": [[1], [1]] }), "item 1"),
    ] {
        let text = done(&content, &inputs).expect_err("it is refused");
        assert!(text.contains(word), "{inputs}: {text}");
    }
    assert!(done(b"no database at all", &json!({ "fetch": "select 1" })).expect_err("none").contains("no SQLite database"));
    let mut broken = content;
    broken[4096..4200].fill(0xff);
    assert!(done(&broken, &json!({ "fetch": "select * from t" })).is_err());
}

#[test]
fn a_database_that_was_in_wal_mode_is_read_too() {
    let mut content = made();
    content[18..20].fill(2);
    assert_eq!(done(&content, &json!({ "fetchval": "select count(*) from t" })).expect("it is read"), (json!(0), None));
}

#[test]
fn a_statement_that_nobody_waits_for_stops() {
    let given_up = Arc::new(AtomicBool::new(true));
    let work = Work { content: made(), output_limit: 1000, file_limit: LIMIT, given_up };
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
    let statement = Statement::read(&json!({ "fetchval": endless })).expect("a statement");
    let text = Failure::from(work.carry_out(&statement).expect_err("it stops")).message;
    assert!(text.contains("interrupt"), "{text}");
}
