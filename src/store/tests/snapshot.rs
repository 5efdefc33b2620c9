//! Copies of the database beside the writer.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::*;

/// Enough that a copy takes more steps than pass between two calls of who follows it.
const ROWS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_a_copy_is_made_is_written_at_once_and_is_not_in_it() {
    let (_folder, store) = store().await;
    let rows = (0..ROWS).map(|n| setting(Uuid::now_v7(), &format!("before {n}"), &json!(n)));
    let writes = rows.flat_map(|row| insert(row).writes).collect();
    store.submit(Unit { writes, lazy: false }).wait().await.expect("written");

    let elsewhere = tempfile::tempdir().expect("a folder");
    let to = elsewhere.path().join("flowstead.db");
    let (in_the_middle, reached) = mpsc::channel();
    let (written, is_written) = mpsc::channel();
    let mut is_first = true;
    let follow = Box::new(move |_, total| {
        // The copy stands here until a write was done beside it.
        if std::mem::take(&mut is_first) {
            in_the_middle.send(total).expect("the test waits");
            is_written.recv_timeout(Duration::from_secs(60)).expect("a write is not held up by a copy");
        }
        true
    });
    let copying = tokio::spawn({
        let (store, to) = (store.clone(), to.clone());
        async move { store.snapshot(&to, follow).await }
    });
    let total = tokio::task::spawn_blocking(move || reached.recv_timeout(Duration::from_secs(60))).await.expect("no panic");
    assert!(total.expect("the copy is followed") > 500_000, "it says how much there is");
    store.submit(insert(setting(Uuid::now_v7(), "meanwhile", &json!(1)))).wait().await.expect("written");
    written.send(()).expect("the copy waits");
    let bytes = copying.await.expect("no panic").expect("copied");
    assert_eq!(bytes, to.metadata().expect("it is there").len());

    let copy = Store::open(Options { folder: elsewhere.path().to_owned(), durability: Durability::Full }).await.expect("opens");
    let by_name = async |store: &Store, name: &str| store.row_by_name(setting_type(), name, &Scope::All).await.expect("read");
    assert!(by_name(&copy, &format!("before {}", ROWS - 1)).await.is_some());
    assert!(by_name(&copy, "meanwhile").await.is_none() && by_name(&store, "meanwhile").await.is_some());
}

#[tokio::test]
async fn a_copy_that_is_given_up_says_so() {
    let (_folder, store) = store().await;
    let rows = (0..ROWS).map(|n| setting(Uuid::now_v7(), &format!("row {n}"), &json!(n)));
    let writes = rows.flat_map(|row| insert(row).writes).collect();
    store.submit(Unit { writes, lazy: false }).wait().await.expect("written");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let given_up = store.snapshot(&elsewhere.path().join("copy.db"), Box::new(|_, _| false)).await.expect_err("it was given up");
    assert!(given_up.message().contains("given up"), "{given_up}");
}
