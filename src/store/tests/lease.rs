//! Two stores on one file: who came first can write nothing any more.

use super::*;
use crate::error::{Error, Kind};

fn options(folder: &tempfile::TempDir) -> Options {
    Options { folder: folder.path().to_owned(), durability: Durability::Full }
}

/// As where locks of files do not hold.
async fn second(folder: &tempfile::TempDir) -> Store {
    std::fs::remove_file(folder.path().join("lock")).expect("the first store has it");
    Store::open(options(folder)).await.expect("opens beside the first")
}

async fn names(store: &Store) -> Vec<String> {
    let query = ListQuery { order: vec![Order { column: "name", descending: false }], ..ListQuery::default() };
    let page = store.row_list(setting_type(), &query, &Scope::All).await.expect("read");
    page.items.iter().map(|row| row.text("name").unwrap_or_default().to_owned()).collect()
}

fn named(name: &str) -> Unit {
    insert(setting(Uuid::now_v7(), name, &json!(1)))
}

async fn refusal(commit: Commit) -> String {
    let error = commit.wait().await.expect_err("it is refused");
    assert_eq!(error.kind(), Kind::Unavailable);
    error.message().to_owned()
}

#[tokio::test]
async fn a_store_whose_place_another_took_is_refused_whole_and_for_good() {
    let (folder, first) = store().await;
    first.submit(named("before")).wait().await.expect("written");
    let second = second(&folder).await;
    // What is refused alone, what is folded, and what reads first, in one transaction.
    let units = [first.submit(named("late")), first.submit(named("before")), first.submit(named("later"))];
    let seen = first.transact(|tx| Box::pin(async move { tx.row_by_name(setting_type(), "late", &Scope::All).await })).await;
    for unit in units {
        let words = refusal(unit).await;
        assert!(words.contains("taken over by process") && words.contains("with the number 2; this server's number 1"), "{words}");
    }
    assert!(seen.is_err());
    assert!(first.is_deposed());
    assert!(first.deposed().await.message().contains("Nothing of its last changes is written"));
    assert!(first.barrier().await.is_err());
    second.submit(named("of the second")).wait().await.expect("the newest may write");
    // There is no way back, with a fence or without.
    let fence = first.fence();
    fence.lift();
    assert!(refusal(first.submit(named("after"))).await.contains("taken over"));
    assert!(first.transact(|_| Box::pin(async move { Ok(()) })).await.is_err());
    first.close().await;
    assert_eq!(names(&second).await, ["before", "of the second"]);
}

#[tokio::test]
async fn an_interactive_unit_of_a_deposed_store_runs_nothing() {
    let (folder, first) = store().await;
    let _second = second(&folder).await;
    let ran = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = ran.clone();
    let work = first.transact(move |_| {
        Box::pin(async move {
            told.store(true, std::sync::atomic::Ordering::SeqCst);
            Ok(())
        })
    });
    assert_eq!(work.await.err().map(|error| error.kind()), Some(Kind::Unavailable));
    assert!(!ran.load(std::sync::atomic::Ordering::SeqCst), "nothing may be told early by who has lost the lease");
}

#[tokio::test]
async fn each_opening_takes_a_newer_number_and_says_who_it_is() {
    let (folder, first) = store().await;
    let lease = first.lease().await.expect("read");
    assert_eq!((lease.number, lease.holder.contains(&std::process::id().to_string())), (1, true), "{lease:?}");
    first.close().await;
    let again = Store::open(options(&folder)).await.expect("opens");
    assert_eq!(again.lease().await.expect("read").number, 2);
    again.submit(named("written")).wait().await.expect("the newest may write");
}

#[tokio::test]
async fn a_lease_that_is_raised_shuts_others_out_and_keeps_its_own_store() {
    let (folder, first) = store().await;
    let second = second(&folder).await;
    assert_eq!(second.lease_raise("restore of monday").await.expect("raised"), 3);
    second.submit(named("restored")).wait().await.expect("its own number rose too");
    assert!(refusal(first.submit(named("late"))).await.contains("taken over by restore of monday, process"));
    assert_eq!(names(&second).await, ["restored"]);
}

#[tokio::test]
async fn a_raise_that_is_undone_leaves_the_old_number() {
    let (_folder, store) = store().await;
    let undone = store.transact::<(), _>(|tx| {
        Box::pin(async move {
            tx.lease_raise("nobody").await?;
            Err(Error::invalid("no"))
        })
    });
    assert!(undone.await.is_err());
    assert_eq!(store.lease().await.expect("read").number, 1);
    store.submit(named("written")).wait().await.expect("its number is still the newest");
}

/// The check costs one statement that finds no row.
#[tokio::test]
async fn a_commit_is_four_statements() {
    let (_folder, store) = store().await;
    store.submit(named("one")).wait().await.expect("written");
    let before = store.statements();
    store.submit(named("two")).wait().await.expect("written");
    assert_eq!(store.statements() - before, 4, "begin, the check of the lease, the row, commit");
}
