//! What a commit promises, and what happens when it cannot be kept.

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::super::session::Refusal;
use super::*;
use crate::error::{Error, Kind};
use crate::protocol::LogKey;

fn options(folder: &tempfile::TempDir) -> Options {
    Options { folder: folder.path().to_owned(), durability: Durability::Full }
}

/// Lets the database grow by no more than a few pages.
async fn fill(store: &Store) {
    let filled = store
        .transact(|tx| {
            Box::pin(async move {
                // It cannot be set below what is used.
                tx.session.execute("pragma max_page_count = 1".to_owned()).await.map_err(Refusal::into_error)
            })
        })
        .await;
    filled.expect("set").1.wait().await.expect("committed");
}

async fn empty(store: &Store) {
    let emptied = store
        .transact(|tx| {
            Box::pin(async move { tx.session.execute("pragma max_page_count = 1000000".to_owned()).await.map_err(Refusal::into_error) })
        })
        .await;
    emptied.expect("set").1.wait().await.expect("committed");
}

fn large(name: &str) -> Unit {
    insert(setting(Uuid::now_v7(), name, &json!("x".repeat(200_000))))
}

#[tokio::test]
async fn a_full_disk_fails_the_whole_commit_and_says_so() {
    let (_folder, store) = store().await;
    let mut failed = store.commit_failed();
    fill(&store).await;
    let small = Uuid::now_v7();
    let commits = [store.submit(insert(setting(small, "small", &json!(1)))), store.submit(large("large"))];
    for commit in commits {
        assert_eq!(commit.wait().await.err().map(|e| e.kind()), Some(Kind::Unavailable));
    }
    assert!(failed.has_changed().expect("open"));
    failed.mark_unchanged();
    empty(&store).await;
    assert!(store.row_get(setting_type(), small, &Scope::All).await.expect("read").is_none());
    store.submit(large("large")).wait().await.expect("there is room again");
    assert!(!failed.has_changed().expect("open"));
}

#[tokio::test]
async fn behind_a_fence_nothing_is_written_that_may_build_on_what_is_lost() {
    let (_folder, store) = store().await;
    let mut fence = store.fence();
    fill(&store).await;
    let lost = store.submit(large("large"));
    assert!(lost.wait().await.is_err());
    fence.failed().await;
    let after = store.submit(insert(setting(Uuid::now_v7(), "after", &json!(1))));
    assert!(after.wait().await.is_err());
    assert!(store.barrier().await.is_err());
    assert!(store.transact(|_| Box::pin(async move { Ok(()) })).await.is_err());
    fence.lift();
    empty(&store).await;
    store.barrier().await.expect("settled");
    store.submit(insert(setting(Uuid::now_v7(), "after", &json!(1)))).wait().await.expect("written");
}

#[tokio::test]
async fn interactive_work_that_panics_harms_nobody() {
    let (_folder, store) = store().await;
    let before = store.submit(insert(setting(Uuid::now_v7(), "before", &json!(1))));
    let panicked = store
        .transact::<(), _>(|tx| {
            Box::pin(async move {
                tx.apply(&[Write::Insert { table: "setting", key: KEY, row: setting(Uuid::now_v7(), "undone", &json!(1)) }]).await?;
                panic!("in the middle")
            })
        })
        .await;
    assert_eq!(panicked.err().map(|e| e.kind()), Some(Kind::Internal));
    before.wait().await.expect("written");
    assert!(store.row_by_name(setting_type(), "undone", &Scope::All).await.expect("read").is_none());
    store.submit(insert(setting(Uuid::now_v7(), "after", &json!(1)))).wait().await.expect("written");
}

#[tokio::test]
async fn a_bad_unit_beside_interactive_work_fails_alone() {
    let (_folder, store) = store().await;
    store.submit(insert(setting(Uuid::now_v7(), "taken", &json!(1)))).wait().await.expect("written");
    let good = store.submit(insert(setting(Uuid::now_v7(), "good", &json!(1))));
    let bad = store.submit(insert(setting(Uuid::now_v7(), "taken", &json!(1))));
    let refused = store.transact::<(), _>(|_| Box::pin(async move { Err(Error::invalid("no")) }));
    let (seen, commit) = store
        .transact(|tx| Box::pin(async move { Ok(tx.row_by_name(setting_type(), "good", &Scope::All).await?.is_some()) }))
        .await
        .expect("runs");
    let last = store.submit(insert(setting(Uuid::now_v7(), "last", &json!(1))));
    assert!(refused.await.is_err());
    assert!(seen && good.wait().await.is_ok() && commit.wait().await.is_ok() && last.wait().await.is_ok());
    assert!(bad.wait().await.is_err());
}

#[tokio::test]
async fn a_closed_store_has_written_all_and_takes_no_more() {
    let (folder, store) = store().await;
    let kept = store.submit(insert(setting(Uuid::now_v7(), "kept", &json!(1))));
    store.close().await;
    kept.wait().await.expect("written before the end");
    let late = store.submit(insert(setting(Uuid::now_v7(), "late", &json!(1))));
    assert_eq!(late.wait().await.err().map(|e| e.kind()), Some(Kind::Unavailable));
    let again = Store::open(options(&folder)).await.expect("the folder is free");
    assert!(again.row_by_name(setting_type(), "kept", &Scope::All).await.expect("read").is_some());
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (folder, store) = store().await;
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (999, 'later', true, x'00', 0)";
    let moved =
        store.transact(move |tx| Box::pin(async move { tx.session.execute(newer.to_owned()).await.map_err(Refusal::into_error) })).await;
    moved.expect("written").1.wait().await.expect("committed");
    store.close().await;
    let refused = Store::open(options(&folder)).await.err().expect("refused");
    assert!(refused.message().contains("made by a newer flowstead"), "{refused}");
}

#[tokio::test]
async fn content_of_any_size_comes_back_whole() {
    let (_folder, store) = store().await;
    for size in [0, 1, 70_000, 1 << 20, 5_000_001] {
        let content = Bytes::from((0..size).map(|n| u8::try_from(n % 251).expect("below 251")).collect::<Vec<u8>>());
        let hash = blob_hash(&content);
        assert_eq!(store.blob(&hash).await.expect("read"), None);
        assert_eq!(store.blob_put(content.clone()).await.expect("put"), hash);
        assert_eq!(store.blob_put(content.clone()).await.expect("put again"), hash);
        let unit = Unit { writes: vec![Write::Blob { hash: hash.clone(), content: content.clone() }], lazy: false };
        store.submit(unit).wait().await.expect("once more");
        assert_eq!(store.blob_size(&hash).await.expect("read"), Some(content.len() as u64));
        assert!(store.blob(&hash).await.expect("read") == Some(content));
    }
}

#[tokio::test]
async fn parts_of_content_are_read_piece_by_piece() {
    let (_folder, store) = store().await;
    let content = Bytes::from((0..2_500_000_u32).map(|n| (n % 251) as u8).collect::<Vec<u8>>());
    let hash = store.blob_put(content.clone()).await.expect("put");
    let size = content.len() as u64;
    for range in [0..size, 0..0, 0..1, 1_048_575..1_048_577, 1_048_576..1_048_577, 2_499_999..size, 3..2_097_153] {
        let mut reader = store.blob_read(&hash, range.clone());
        let mut read = Vec::new();
        while let Some(part) = reader.next().await.expect("read") {
            assert!(!part.is_empty() && part.len() <= 1 << 20, "{}", part.len());
            read.extend_from_slice(&part);
        }
        let expected = usize::try_from(range.start).expect("small")..usize::try_from(range.end).expect("small");
        assert!(read == content[expected], "{range:?}");
    }
    let mut beyond = store.blob_read(&hash, 0..size + 1);
    while let Ok(Some(_)) = beyond.next().await {}
    assert_eq!(beyond.next().await.err().map(|e| e.kind()), Some(Kind::Internal), "less than was promised is no end");
    assert_eq!(store.blob_read("nothing", 0..1).next().await.err().map(|e| e.kind()), Some(Kind::Internal));
}

#[tokio::test]
async fn content_whose_put_was_cut_off_does_not_exist_yet() {
    let (_folder, store) = store().await;
    let content = Bytes::from(vec![7; 3 << 20]);
    let hash = blob_hash(&content);
    let piece = Write::BlobPiece { hash: hash.clone(), number: 0, content: content.slice(..1 << 20) };
    store.submit(Unit { writes: vec![piece], lazy: false }).wait().await.expect("written");
    assert_eq!(store.blob(&hash).await.expect("read"), None);
    store.blob_put(content.clone()).await.expect("put");
    assert!(store.blob(&hash).await.expect("read") == Some(content));
}

#[tokio::test]
async fn a_log_is_paged_by_number_and_its_position_known() {
    let (_folder, store) = store().await;
    let execution = Uuid::now_v7();
    let entry = |n: u64| LogEntry {
        at: "2026-11-21T00:00:00.000000+00:00".to_owned(),
        level: if n.is_multiple_of(10) { "error" } else { "info" }.to_owned(),
        stream: (n.is_multiple_of(2)).then(|| "stdout".to_owned()),
        message: format!("line {n}"),
        data: None,
        step: Some(0),
        raw: n.is_multiple_of(50),
    };
    let mut first_number = 1;
    for (epoch, size) in [(1, 40), (1, 60), (2, 100)] {
        let numbers = first_number..first_number + size;
        let key = |n: u64| LogKey { seq: u32::try_from(n).expect("small"), n: 0 };
        let chunk = LogChunk {
            execution,
            epoch,
            first_number,
            first: key(numbers.start),
            last: key(numbers.end - 1),
            raw_lines: numbers.clone().filter(|n| n.is_multiple_of(50)).count() as u64,
            bytes: 10 * size,
            delivered: Vec::new(),
            entries: numbers.map(entry).collect(),
        };
        store.submit(Unit { writes: vec![chunk.write()], lazy: false }).wait().await.expect("written");
        first_number += size;
    }
    let position = store.log_position(execution, 1).await.expect("read");
    assert_eq!(position, LogPosition { key: LogKey { seq: 100, n: 0 }, delivered: Vec::new(), count: 200, raw_lines: 2, bytes: 2_000 });
    assert_eq!(store.log_position(execution, 3).await.expect("read").key, LogKey::default());
    assert_eq!(store.log_position(Uuid::now_v7(), 1).await.expect("read"), LogPosition::default());
    let numbers = |query: LogQuery| {
        let store = store.clone();
        async move { store.log_page(execution, &query).await.expect("read").into_iter().map(|(n, _)| n).collect::<Vec<_>>() }
    };
    assert_eq!(numbers(LogQuery { after: 38, limit: 4, ..LogQuery::default() }).await, [39, 40, 41, 42]);
    assert_eq!(numbers(LogQuery { limit: 3, tail: true, ..LogQuery::default() }).await, [198, 199, 200]);
    let errors = LogQuery { after: 150, level: Some("error".to_owned()), ..LogQuery::default() };
    assert_eq!(numbers(errors).await, [160, 170, 180, 190, 200]);
    assert_eq!(numbers(LogQuery { contains: Some("line 19".to_owned()), limit: 2, ..LogQuery::default() }).await, [19, 190]);
}

#[tokio::test]
async fn what_queues_up_goes_to_disk_in_few_statements() {
    let (_folder, store) = store().await;
    let row = |columns: &[(&str, serde_json::Value)]| {
        Row::from(columns.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>())
    };
    let before = store.statements();
    let mut commits = Vec::new();
    let ids: Vec<Uuid> = (0..2_000).map(|_| Uuid::now_v7()).collect();
    for id in &ids {
        let now = json!("2026-11-21T00:00:00.000000+00:00");
        let new = row(&[("id", json!(id)), ("name", json!("n")), ("created_at", now.clone()), ("modified_at", now)]);
        commits.push(store.submit(Unit { writes: vec![Write::Insert { table: "execution", key: KEY, row: new }], lazy: false }));
        for status in ["RUNNING", "ENDED_SUCCESS"] {
            let change = row(&[("id", json!(id)), ("status", json!(status))]);
            commits.push(store.submit(Unit { writes: vec![Write::Update { table: "execution", key: KEY, row: change }], lazy: false }));
        }
    }
    for commit in commits {
        commit.wait().await.expect("written");
    }
    let statements = store.statements() - before;
    assert!(statements <= 30, "{statements} statements for 6,000 units");
    let ty = records::find("EXECUTION").expect("registered");
    let query = ListQuery { filter: Some(Filter::eq("status", "ENDED_SUCCESS")), limit: 1, total: true, ..ListQuery::default() };
    assert_eq!(store.row_list(ty, &query, &Scope::All).await.expect("listed").total, Some(2_000));
}
