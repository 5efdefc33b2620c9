//! Retention on a real store with a clock moved by hand: each rule, what pins, and that nobody waits for it.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, kind, of};
use crate::clock;
use crate::error::Kind;
use crate::service::{Kept, RecordWrite, RetryRequest, Selector, Service};
use crate::store::{Filter, ListQuery, Row, Scope, Unit, Write};

/// An execution as tests put it into the store, ended unless it is live.
#[derive(Clone, Copy, Default)]
pub(super) struct Ran {
    pub parent: Option<Uuid>,
    pub root: Option<Uuid>,
    pub retried_from: Option<Uuid>,
    pub flow: Option<Uuid>,
    pub is_live: bool,
    pub steps: u32,
}

impl World {
    pub(super) fn days(&self, days: u64) {
        self.clock.advance(Duration::from_secs(days * 24 * 3600));
    }

    pub(super) async fn rules(&self, rules: Value) -> crate::error::Result<crate::service::Written> {
        let id = self.service.workspace_id().expect("it is made at the first start");
        let write = RecordWrite {
            selector: Some(Selector::Id(id)),
            ..RecordWrite::new(of("WORKSPACE"), super::columns(json!({ "retention": rules })))
        };
        self.service.record_update(&self.admin, write).await
    }

    pub(super) async fn put(&self, writes: Vec<Write>) {
        self.service.store().submit(Unit { writes, lazy: false }).wait().await.unwrap();
    }

    pub(super) async fn ran(&self, ran: Ran) -> Uuid {
        let (id, now) = (Service::new_id(), clock::format(self.clock.now()));
        let text = |id: Option<Uuid>| json!(id.map(|id| id.to_string()));
        let row = Row::from([
            ("id", json!(id.to_string())),
            ("name", json!("e")),
            ("created_at", json!(now)),
            ("modified_at", json!(now)),
            ("status", json!(if ran.is_live { "RUNNING" } else { "ENDED_SUCCESS" })),
            ("ended_at", if ran.is_live { Value::Null } else { json!(now) }),
            ("parent_execution_id", text(ran.parent)),
            ("root_execution_id", text(ran.root.or(Some(id)))),
            ("retried_from", text(ran.retried_from)),
            ("flow_id", text(ran.flow)),
        ]);
        let mut writes = vec![Write::Insert { table: "execution", key: &["id"], row }];
        let steps = (1..=ran.steps).map(|seq| {
            let row = Row::from([
                ("execution_id", json!(id.to_string())),
                ("epoch", json!(1)),
                ("seq", json!(seq)),
                ("op", json!("now")),
                ("args_hash", json!("")),
                ("started_at", json!(now)),
            ]);
            Write::Insert { table: "execution_step", key: &["execution_id", "epoch", "seq"], row }
        });
        writes.extend(steps);
        let place = ["count", "epoch", "first_seq", "first_n", "last_seq", "last_n"].map(|column| (column, json!(1)));
        let mut log = Row::from(place);
        log.set("execution_id", id.to_string());
        log.set("first_number", 1);
        log.set("at", now);
        log.set("entries", "[]");
        writes.push(Write::Insert { table: "execution_log", key: &["execution_id", "first_number"], row: log });
        self.put(writes).await;
        id
    }

    pub(super) async fn end(&self, id: Uuid) {
        let row = Row::from([
            ("id", json!(id.to_string())),
            ("status", json!("ENDED_SUCCESS")),
            ("ended_at", json!(clock::format(self.clock.now()))),
        ]);
        self.put(vec![Write::Update { table: "execution", key: &["id"], row }]).await;
    }

    pub(super) async fn row(&self, name: &str, id: Uuid) -> Option<Row> {
        self.service.store().row_get(of(name), id, &Scope::All).await.unwrap()
    }

    /// Which of these executions are there.
    pub(super) async fn there<const N: usize>(&self, ids: [Uuid; N]) -> [bool; N] {
        let mut there = [false; N];
        for (place, id) in there.iter_mut().zip(ids) {
            *place = self.row("EXECUTION", id).await.is_some();
        }
        there
    }

    pub(super) async fn count(&self, table: &'static str, column: &'static str, value: &str) -> usize {
        self.service.store().keys_of((table, &[column]), Some((column, value)), u32::MAX).await.unwrap().len()
    }

    /// Steps and chunks of log.
    async fn parts(&self, id: Uuid) -> (usize, usize) {
        let id = id.to_string();
        (self.count("execution_step", "execution_id", &id).await, self.count("execution_log", "execution_id", &id).await)
    }

    pub(super) fn purged(&self, kept: Kept) -> u64 {
        self.service.retained().count(kept)
    }
}

#[tokio::test]
async fn journals_and_logs_go_before_their_execution_and_each_at_its_time() {
    let world = World::new().await;
    world.rules(json!({ "executions": 20, "journals": 5, "logs": 10 })).await.unwrap();
    let id = world.ran(Ran { steps: 3, ..Ran::default() }).await;
    let tag = world.make(&world.admin, "TAG", json!({ "name": "t" })).await.unwrap().id;
    world.make(&world.admin, "RECORD_TAG", json!({ "record_id": id, "tag_id": tag })).await.unwrap();
    world.make(&world.admin, "MESSAGE", json!({ "subject": "?", "execution_id": id })).await.unwrap();
    let mut seen = Vec::new();
    for days in [4, 2, 5, 10] {
        world.days(days);
        world.service.purge().await.unwrap();
        let row = world.row("EXECUTION", id).await;
        seen.push((row.map(|row| row.json("purged").cloned().unwrap_or_default()), world.parts(id).await));
    }
    assert_eq!(seen[0], (Some(Value::Null), (3, 1)));
    assert_eq!(seen[1], (Some(json!(["journals"])), (0, 1)));
    assert_eq!(seen[2], (Some(json!(["journals", "logs"])), (0, 0)));
    assert_eq!(seen[3], (None, (0, 0)));
    let id = id.to_string();
    assert_eq!((world.count("record_tag", "record_id", &id).await, world.count("message", "execution_id", &id).await), (0, 0));
    assert_eq!([Kept::Executions, Kept::Journals, Kept::Logs].map(|kept| world.purged(kept)), [1, 1, 1]);
}

#[tokio::test]
async fn what_live_executions_need_stays_whole_and_goes_after_their_end() {
    let world = World::new().await;
    let ended = Ran { steps: 1, ..Ran::default() };
    let root = world.ran(Ran { is_live: true, ..ended }).await;
    let child = world.ran(Ran { parent: Some(root), root: Some(root), ..ended }).await;
    let grandchild = world.ran(Ran { parent: Some(child), root: Some(root), ..ended }).await;
    // An orphan outlives who started it.
    let parent = world.ran(ended).await;
    let orphan = world.ran(Ran { parent: Some(parent), root: Some(parent), is_live: true, ..ended }).await;
    // A retry of a retry: its journal names children of the first.
    let first = world.ran(ended).await;
    let of_first = world.ran(Ran { parent: Some(first), root: Some(first), ..ended }).await;
    let second = world.ran(Ran { retried_from: Some(first), ..ended }).await;
    let third = world.ran(Ran { retried_from: Some(second), is_live: true, ..ended }).await;
    let alone = world.ran(ended).await;
    world.days(200);
    world.service.purge().await.unwrap();
    assert_eq!(world.there([root, child, grandchild, parent, orphan, first, of_first, second, third]).await, [true; 9]);
    assert_eq!(world.there([alone]).await, [false]);
    assert_eq!(world.parts(grandchild).await, (1, 1), "of what is pinned nothing goes");
    world.end(third).await;
    world.end(root).await;
    world.service.purge().await.unwrap();
    assert_eq!(world.there([child, grandchild, first, of_first, second]).await, [false; 5]);
    assert_eq!(world.there([root, parent, orphan, third]).await, [true; 4], "the time counts from the end");
}

#[tokio::test]
async fn a_purge_waits_for_a_retry_that_is_being_made() {
    let world = World::new().await;
    let id = world.ran(Ran::default()).await;
    world.days(200);
    let retry = world.service.retained().gate().read().await;
    let purge = tokio::spawn({
        let service = world.service.clone();
        async move { service.purge().await }
    });
    // Nobody else gets in any more once the purge waits at the gate.
    while !purge.is_finished() && world.service.retained().gate().try_read().is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!purge.is_finished() && world.there([id]).await == [true]);
    drop(retry);
    purge.await.unwrap().unwrap();
    assert_eq!(world.there([id]).await, [false]);
}

#[tokio::test]
async fn a_retry_of_what_has_no_journal_any_more_runs_it_from_the_top_or_not_at_all() {
    let world = World::with_engine().await;
    let flow = world.flow("f", world.project("p").await).await;
    let id = world.service.execution_start(&world.admin, super::start::run("f", json!({ "n": 1 }))).await.unwrap().id;
    world.end(id).await;
    world.days(31);
    world.service.purge().await.unwrap();
    let retry = |from_seq| world.service.execution_retry(&world.admin, id, RetryRequest { from_seq, ..RetryRequest::default() });
    let refused = retry(None).await.err().expect("there is nothing to take over");
    assert!(refused.kind() == Kind::Conflict && refused.message().contains("Retention has taken its journal"), "{refused}");
    let heir = retry(Some(0)).await.unwrap();
    assert_eq!(heir.row.uuid("flow_id"), Some(flow));
    heir.commit.wait().await.unwrap();
    world.days(100);
    world.service.purge().await.unwrap();
    assert_eq!(world.there([id, heir.id]).await, [true; 2], "it is pinned by its heir");
}

#[tokio::test]
async fn fifty_thousand_rows_go_in_pieces_and_others_write_in_between() {
    let world = World::new().await;
    let id = world.ran(Ran { steps: 50_000, ..Ran::default() }).await;
    world.days(31);
    let purge = tokio::spawn({
        let service = world.service.clone();
        async move { service.purge().await }
    });
    // Each of these waits until it is on disk; all of them find a place between two pieces.
    let mut between = 0;
    while !purge.is_finished() {
        world.make(&world.admin, "SETTING", json!({ "name": format!("s{between}"), "value": 1 })).await.unwrap();
        between += 1;
    }
    purge.await.unwrap().unwrap();
    assert_eq!(world.parts(id).await, (0, 0));
    assert!(between > 10, "only {between} writes came in between");
}

#[tokio::test]
async fn a_purge_that_is_cut_off_leaves_nothing_half_there_and_the_next_goes_on() {
    let world = World::new().await;
    let id = world.ran(Ran { steps: 20_000, ..Ran::default() }).await;
    world.days(200);
    let purge = tokio::spawn({
        let service = world.service.clone();
        async move { service.purge().await }
    });
    while world.parts(id).await.0 == 20_000 {
        tokio::task::yield_now().await;
    }
    purge.abort();
    let _ = purge.await;
    assert_eq!(world.there([id]).await, [false], "the execution goes before its parts");
    let left = world.parts(id).await.0;
    assert!(left > 0, "it was cut off");
    world.service.purge().await.unwrap();
    assert_eq!(world.parts(id).await, (0, 0));
    assert_eq!(world.count("remains", "record_id", &id.to_string()).await, 0);
}

#[tokio::test]
async fn what_was_in_the_trash_long_enough_goes_for_good_with_its_history() {
    let world = World::new().await;
    let project = world.project("p").await;
    let flow = world.flow("f", project).await;
    let setting = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1, "project_id": project })).await.unwrap().id;
    world.change(&world.admin, "SETTING", setting, json!({ "value": 2 })).await.unwrap();
    let kept = world.make(&world.admin, "SETTING", json!({ "name": "kept", "value": 1 })).await.unwrap().id;
    let live = world.ran(Ran { flow: Some(flow), is_live: true, ..Ran::default() }).await;
    let trash = |name: &'static str, id| {
        let selector = Selector::Id(id);
        let service = &world.service;
        let admin = &world.admin;
        async move { service.record_delete(admin, of(name), &selector, false).await.unwrap() }
    };
    trash("FLOW", flow).await;
    trash("SETTING", setting).await;
    trash("SETTING", kept).await;
    world.days(29);
    world.service.record_restore(&world.admin, of("SETTING"), &Selector::Id(kept)).await.unwrap();
    trash("PROJECT", project).await;
    world.service.purge().await.unwrap();
    assert!(world.row("SETTING", setting).await.is_some(), "not yet");
    world.days(2);
    world.service.purge().await.unwrap();
    assert!(world.row("SETTING", setting).await.is_none() && world.row("SETTING", kept).await.is_some());
    assert_eq!(world.count("record_version", "record_id", &setting.to_string()).await, 0);
    assert!(world.row("FLOW", flow).await.is_some(), "a live execution runs it");
    world.end(live).await;
    world.days(31);
    world.service.purge().await.unwrap();
    assert!(world.row("FLOW", flow).await.is_none() && world.row("PROJECT", project).await.is_none());
    assert_eq!(world.purged(Kept::Trash), 3);
}

#[tokio::test]
async fn of_old_versions_the_last_of_each_record_stays() {
    let world = World::new().await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap().id;
    world.change(&world.admin, "SETTING", id, json!({ "value": 2 })).await.unwrap();
    world.days(300);
    world.change(&world.admin, "SETTING", id, json!({ "value": 3 })).await.unwrap();
    let numbers = || async {
        let query = ListQuery { filter: Some(Filter::eq("record_id", id.to_string())), ..ListQuery::default() };
        let left = world.service.store().row_list(of("RECORD_VERSION"), &query, &Scope::All).await.unwrap().items;
        left.iter().filter_map(|row| row.integer("number")).collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    world.days(66);
    world.service.purge().await.unwrap();
    assert_eq!(numbers().await, [3]);
    world.days(1000);
    world.service.purge().await.unwrap();
    assert_eq!(numbers().await, [3]);
}

#[tokio::test]
async fn messages_go_unless_a_live_execution_asked() {
    let world = World::new().await;
    let live = world.ran(Ran { is_live: true, ..Ran::default() }).await;
    let asked = world.make(&world.admin, "MESSAGE", json!({ "subject": "?", "execution_id": live })).await.unwrap().id;
    let alone = world.make(&world.admin, "MESSAGE", json!({ "subject": "!" })).await.unwrap().id;
    // One that another has asked, which has ended.
    let awaited = world.make(&world.admin, "MESSAGE", json!({ "subject": "?" })).await.unwrap().id;
    let wait = Row::from([
        ("execution_id", json!(live.to_string())),
        ("epoch", json!(1)),
        ("seq", json!(1)),
        ("op", json!("message_wait")),
        ("args_hash", json!("")),
        ("waits", json!({ "message": { "message": awaited } })),
        ("started_at", json!(clock::format(world.clock.now()))),
    ]);
    world.put(vec![Write::Insert { table: "execution_step", key: &["execution_id", "epoch", "seq"], row: wait }]).await;
    world.days(89);
    world.service.purge().await.unwrap();
    assert!(world.row("MESSAGE", alone).await.is_some());
    world.days(2);
    world.service.purge().await.unwrap();
    assert!(world.row("MESSAGE", alone).await.is_none() && world.row("MESSAGE", asked).await.is_some());
    assert!(world.row("MESSAGE", awaited).await.is_some(), "a live execution waits for its answer");
    world.end(live).await;
    world.service.purge().await.unwrap();
    assert!(world.row("MESSAGE", asked).await.is_none() && world.row("MESSAGE", awaited).await.is_none());
}

#[tokio::test]
async fn rules_that_cannot_be_are_refused_and_null_keeps_for_ever() {
    let world = World::new().await;
    assert_eq!(kind(world.rules(json!({ "journal": 3 })).await), Kind::Invalid);
    assert_eq!(kind(world.rules(json!([])).await), Kind::Invalid);
    let id = world.ran(Ran { steps: 1, ..Ran::default() }).await;
    let expires = || async {
        let found = world.service.record_get(&world.admin, of("EXECUTION"), &Selector::Id(id), Some(&["expires_at".to_owned()])).await;
        found.unwrap().record["expires_at"].clone()
    };
    assert_eq!(expires().await, "2027-02-19T09:00:00.000000+00:00");
    world.rules(json!({ "executions": null, "journals": null, "logs": null, "audit": null })).await.unwrap();
    assert_eq!(expires().await, Value::Null);
    world.days(5000);
    world.service.purge().await.unwrap();
    assert_eq!(world.parts(id).await, (1, 1));
}

#[tokio::test]
async fn a_purge_does_not_look_again_at_what_it_has_cleared_but_at_what_was_pinned() {
    let world = World::new().await;
    let pinned = world.ran(Ran { is_live: true, ..Ran::default() }).await;
    let first = world.ran(Ran { steps: 1, ..Ran::default() }).await;
    world.days(1);
    let child = world.ran(Ran { root: Some(pinned), parent: Some(pinned), steps: 1, ..Ran::default() }).await;
    world.days(1);
    let last = world.ran(Ran { steps: 1, ..Ran::default() }).await;
    world.days(31);
    world.service.purge().await.unwrap();
    assert_eq!([world.parts(first).await.0, world.parts(child).await.0, world.parts(last).await.0], [0, 1, 0]);
    world.end(pinned).await;
    world.service.purge().await.unwrap();
    assert_eq!(world.parts(child).await, (0, 0));
    let before = world.service.statements();
    world.service.purge().await.unwrap();
    let idle = world.service.statements() - before;
    for _ in 0..1000 {
        world.ran(Ran::default()).await;
    }
    world.days(31);
    world.service.purge().await.unwrap();
    let before = world.service.statements();
    world.service.purge().await.unwrap();
    assert!(world.service.statements() - before <= idle + 2, "it went through all of them again");
}
