//! The store against a real database in a temporary folder.

use serde_json::json;
use uuid::Uuid;

mod commit;
mod filter;
mod lease;
mod order;
mod scope;
mod snapshot;

use super::*;
use crate::records::{self, RecordType};

const KEY: &[&str] = &["id"];

fn setting_type() -> &'static RecordType {
    records::find("SETTING").expect("registered")
}

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(Options { folder: folder.path().to_owned(), durability: Durability::Full }).await.expect("opens");
    (folder, store)
}

fn setting(id: Uuid, name: &str, value: &serde_json::Value) -> Row {
    let mut row = Row::new();
    for (column, value) in [
        ("id", json!(id)),
        ("name", json!(name)),
        ("value", value.clone()),
        ("created_at", json!("2026-11-21T00:00:00.000000+00:00")),
        ("modified_at", json!("2026-11-21T00:00:00.000000+00:00")),
    ] {
        row.set(column, value);
    }
    row
}

fn insert(row: Row) -> Unit {
    Unit { writes: vec![Write::Insert { table: "setting", key: KEY, row }], lazy: false }
}

#[tokio::test]
async fn a_row_comes_back_as_it_was_written() {
    let (_folder, store) = store().await;
    for (n, value) in
        [json!({"b": 1, "a": [1.5, null, "x"]}), json!("text"), json!(true), json!(9_007_199_254_740_993_i64)].iter().enumerate()
    {
        let id = Uuid::now_v7();
        store.submit(insert(setting(id, &format!("s{n}"), value))).wait().await.expect("written");
        let row = store.row_get(setting_type(), id, &Scope::All).await.expect("read").expect("there");
        assert_eq!(row.json("value"), Some(value));
        assert_eq!(row.version(), 1);
    }
}

#[tokio::test]
async fn a_bad_unit_fails_alone() {
    let (_folder, store) = store().await;
    let (a, b, c) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let commits = [
        store.submit(insert(setting(a, "one", &json!(1)))),
        store.submit(insert(setting(b, "one", &json!(2)))),
        store.submit(insert(setting(c, "three", &json!(3)))),
    ];
    let mut outcomes = Vec::new();
    for commit in commits {
        outcomes.push(commit.wait().await.is_ok());
    }
    assert_eq!(outcomes, [true, false, true]);
    assert!(store.row_get(setting_type(), b, &Scope::All).await.expect("read").is_none());
    assert!(store.row_get(setting_type(), c, &Scope::All).await.expect("read").is_some());
}

#[tokio::test]
async fn updates_of_one_row_in_one_batch_end_with_the_last_values() {
    let (_folder, store) = store().await;
    let id = Uuid::now_v7();
    let update = |column: &'static str, value: serde_json::Value| {
        let mut row = Row::new();
        row.set("id", json!(id));
        row.set(column, value);
        Write::Update { table: "setting", key: KEY, row }
    };
    let first = store.submit(insert(setting(id, "s", &json!(0))));
    let mut commits = vec![first];
    for n in 1..=50 {
        commits.push(store.submit(Unit { writes: vec![update("value", json!(n))], lazy: n % 2 == 0 }));
        commits.push(store.submit(Unit { writes: vec![update("description", json!(format!("d{n}")))], lazy: true }));
    }
    for commit in commits {
        commit.wait().await.expect("written");
    }
    let row = store.row_get(setting_type(), id, &Scope::All).await.expect("read").expect("there");
    assert_eq!((row.json("value"), row.text("description")), (Some(&json!(50)), Some("d50")));
}

#[tokio::test]
async fn interactive_work_sees_what_was_submitted_before_and_undoes_its_own_writes_on_error() {
    let (_folder, store) = store().await;
    let id = Uuid::now_v7();
    store.submit(Unit { lazy: true, ..insert(setting(id, "seen", &json!(1))) });
    let (seen, commit) = store
        .transact(move |tx| Box::pin(async move { Ok(tx.row_by_name(setting_type(), "seen", &Scope::All).await?.is_some()) }))
        .await
        .expect("runs");
    assert!(seen);
    commit.wait().await.expect("committed");
    let undone = store
        .transact(move |tx| {
            Box::pin(async move {
                tx.apply(&[Write::Delete { table: "setting", key: KEY, row: setting(id, "seen", &json!(1)) }]).await?;
                Err::<(), _>(crate::error::Error::invalid("no"))
            })
        })
        .await;
    assert_eq!(undone.err().map(|e| e.message().to_owned()).as_deref(), Some("no"));
    assert!(store.row_get(setting_type(), id, &Scope::All).await.expect("read").is_some());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let (folder, store) = store().await;
    let id = Uuid::now_v7();
    store.submit(insert(setting(id, "kept", &json!(1)))).wait().await.expect("written");
    drop(store);
    let options = Options { folder: folder.path().to_owned(), durability: Durability::Full };
    let again = loop {
        match Store::open(options.clone()).await {
            Ok(store) => break store,
            Err(error) => assert!(error.message().contains("in use"), "{error}"),
        }
        tokio::task::yield_now().await;
    };
    assert!(again.row_by_name(setting_type(), "kept", &Scope::All).await.expect("read").is_some());
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let (folder, _store) = store().await;
    let second = Store::open(Options { folder: folder.path().to_owned(), durability: Durability::Full }).await;
    assert!(second.err().is_some_and(|e| e.message().contains("in use by another flowstead process")));
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_counted_within_its_scope() {
    let (_folder, store) = store().await;
    let (mine, other) = (Uuid::now_v7(), Uuid::now_v7());
    for n in 0..20 {
        let mut row = setting(Uuid::now_v7(), &format!("s{n:02}"), &json!(n));
        row.set("project_id", json!(if n % 2 == 0 { mine } else { other }));
        store.submit(insert(row)).wait().await.expect("written");
    }
    let ty = setting_type();
    let filter = Filter::parse(&json!({"and": [{"field": "name", "op": "like", "value": "s0%"}]}), ty).expect("valid");
    let query = ListQuery {
        filter: Some(filter),
        order: vec![Order::parse("-name", ty).expect("valid")],
        limit: 2,
        total: true,
        ..ListQuery::default()
    };
    let scope = Scope::Within(Region { projects: vec![mine], ..Region::default() });
    let page = store.row_list(ty, &query, &scope).await.expect("listed");
    let names: Vec<_> = page.items.iter().filter_map(|r| r.text("name")).collect();
    assert_eq!((names, page.total), (vec!["s08", "s06"], Some(5)));
}

#[tokio::test]
async fn every_table_has_the_columns_that_the_registry_declares() {
    let (_folder, store) = store().await;
    for ty in records::TYPES.iter().filter(|t| !t.is_derived) {
        let actual = store.table_columns(ty.singular).await.expect("read");
        let declared: std::collections::BTreeSet<String> = ty.fields().filter(|f| f.has_column()).map(|f| f.name.to_owned()).collect();
        assert_eq!(actual, declared, "{}", ty.name);
    }
}

#[tokio::test]
async fn an_idle_store_sends_no_statements() {
    let (_folder, store) = store().await;
    store.barrier().await.expect("settled");
    let before = store.statements();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.statements(), before);
}
