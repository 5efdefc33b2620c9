//! Whether a folded batch has the effect of its writes one after another.

use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::super::dialect::{self, Act};
use super::*;

const STEP: &[&str] = &["execution_id", "epoch", "seq"];

fn row(columns: &[(&'static str, Value)]) -> Row {
    let mut row = Row::new();
    for (column, value) in columns {
        row.set(*column, value.clone());
    }
    row
}

fn step(execution: Uuid, seq: u32) -> Write {
    let columns = [
        ("execution_id", json!(execution)),
        ("epoch", json!(1)),
        ("seq", json!(seq)),
        ("op", json!("save")),
        ("args_hash", json!("")),
        ("started_at", json!("2026-11-21T00:00:00.000000+00:00")),
    ];
    Write::Upsert { table: "execution_step", key: STEP, row: row(&columns) }
}

fn without_steps(execution: Uuid) -> Write {
    Write::Delete { table: "execution_step", key: &["execution_id"], row: row(&[("execution_id", json!(execution))]) }
}

async fn write(store: &Store, writes: Vec<Write>) -> crate::error::Result<()> {
    store.submit(Unit { writes, lazy: false }).wait().await
}

async fn seqs(store: &Store, execution: Uuid) -> Vec<u32> {
    store.steps(execution, 1).await.expect("read").iter().map(|step| step.seq).collect()
}

#[tokio::test]
async fn a_delete_by_another_key_keeps_its_place_among_the_writes() {
    let (_folder, store) = store().await;
    let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
    let writes = vec![without_steps(a), step(a, 1), step(b, 1), without_steps(a), step(a, 2), step(b, 2), without_steps(b), step(b, 3)];
    write(&store, writes).await.expect("written");
    assert_eq!((seqs(&store, a).await, seqs(&store, b).await), (vec![2], vec![3]));
}

#[tokio::test]
async fn a_row_deleted_and_inserted_again_has_nothing_of_the_old_one() {
    let (_folder, store) = store().await;
    let id = Uuid::now_v7();
    let mut old = setting(id, "old", &json!(1));
    old.set("description", "old");
    write(&store, vec![Write::Insert { table: "setting", key: KEY, row: old }]).await.expect("written");
    let gone = Write::Delete { table: "setting", key: KEY, row: row(&[("id", json!(id))]) };
    let new = Write::Insert { table: "setting", key: KEY, row: setting(id, "new", &json!(2)) };
    write(&store, vec![gone, new]).await.expect("written");
    let row = store.row_get(setting_type(), id, &Scope::All).await.expect("read").expect("there");
    assert_eq!((row.text("name"), row.text("description")), (Some("new"), None));
}

#[tokio::test]
async fn a_second_insert_of_a_key_is_refused_in_the_same_batch_too() {
    let (_folder, store) = store().await;
    let id = Uuid::now_v7();
    let first = store.submit(insert(setting(id, "first", &json!(1))));
    let second = store.submit(insert(setting(id, "second", &json!(2))));
    assert!(first.wait().await.is_ok());
    assert!(second.wait().await.is_err());
}

#[tokio::test]
async fn the_version_rises_with_every_write_also_when_they_are_folded() {
    let (_folder, store) = store().await;
    let id = Uuid::now_v7();
    let update = |value: i64| Write::Update { table: "setting", key: KEY, row: row(&[("id", json!(id)), ("value", json!(value))]) };
    let new = Write::Insert { table: "setting", key: KEY, row: setting(id, "s", &json!(0)) };
    write(&store, vec![new, update(1), update(2)]).await.expect("written");
    let read = || async { store.row_get(setting_type(), id, &Scope::All).await.expect("read").expect("there") };
    assert_eq!(read().await.version(), 3);
    write(&store, vec![update(3), update(4)]).await.expect("written");
    let row = read().await;
    assert_eq!((row.version(), row.json("value")), (5, Some(&json!(4))));
}

#[tokio::test]
async fn json_and_text_come_back_byte_for_byte() {
    let (_folder, store) = store().await;
    let values = [
        json!(null),
        json!("null"),
        json!({"z": 1, "a": {"b": [1, 2.5, -0.0, 1e300, "\u{0}\u{1f}\"\\/é😀", true, null]}, "": []}),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("plain"),
        json!(0.1 + 0.2),
    ];
    for (n, value) in values.iter().enumerate() {
        let id = Uuid::now_v7();
        let mut new = setting(id, &format!("s{n}"), value);
        let text = "tab\t quote\" back\\ nul\u{0}after é😀 \u{2028}";
        new.set("description", text);
        write(&store, vec![Write::Insert { table: "setting", key: KEY, row: new }]).await.expect("written");
        let row = store.row_get(setting_type(), id, &Scope::All).await.expect("read").expect("there");
        assert_eq!(row.json("value"), Some(value).filter(|v| !v.is_null()));
        assert_eq!(row.text("description"), Some(text));
    }
}

#[tokio::test]
async fn a_column_name_that_is_none_fails_its_unit_alone() {
    let (_folder, store) = store().await;
    let (good, bad) = (Uuid::now_v7(), Uuid::now_v7());
    let mut odd = setting(bad, "bad", &json!(1));
    odd.set("x\") select 1; drop table setting; --", 1);
    let odd = store.submit(insert(odd));
    let fine = store.submit(insert(setting(good, "good", &json!(1))));
    assert!(odd.wait().await.is_err());
    assert!(fine.wait().await.is_ok());
    assert!(store.row_get(setting_type(), good, &Scope::All).await.expect("read").is_some());
}

#[tokio::test]
async fn rows_are_found_by_an_index_whatever_the_batch() {
    let (_folder, store) = store().await;
    let keys: [(&str, &[&str], &[&str]); 5] = [
        ("execution", &["id", "status"], &["id"]),
        ("execution_step", &["done_at", "epoch", "execution_id", "seq"], STEP),
        ("execution_step", &["execution_id"], &["execution_id"]),
        ("setting_lock", &["setting_id"], &["setting_id"]),
        ("session", &["user_id"], &["user_id"]),
    ];
    for (table, columns, key) in keys {
        for act in [Act::Update, Act::Delete] {
            let parts = dialect::write(table, act, columns, key);
            let sql = format!("explain query plan {}$1{}", parts.head, parts.tail);
            let plan = sqlx::query(sqlx::AssertSqlSafe(sql)).bind("[]").fetch_all(store.readers()).await;
            let plan: Vec<String> = plan.expect("planned").iter().map(|row| row.get("detail")).collect();
            assert!(plan.iter().any(|line| line.starts_with(&format!("SEARCH {table} USING"))), "{act:?} {table}: {plan:?}");
        }
    }
}
