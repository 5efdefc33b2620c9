//! What schedules have to do: which of their times are used, which are missed, and that none is used twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, of};
use crate::service::{Present, Row, Selector, Turn};
use crate::store::{Scope, Unit, Write};

fn at(seconds: i64) -> Timestamp {
    "2026-11-21T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

impl World {
    async fn schedule(&self, configuration: Value) -> Uuid {
        let flow = self.make(&self.admin, "FLOW", json!({ "name": "f", "script": "def handler(system, this): pass" })).await.unwrap().id;
        let payload =
            json!({ "name": "s", "flow_id": flow, "configuration": configuration, "is_enabled": true, "input_value": { "n": 1 } });
        self.make(&self.admin, "SCHEDULE", payload).await.unwrap().id
    }

    /// What it has to do some seconds after nine o'clock.
    async fn turn(&self, id: Uuid, seconds: i64) -> Turn {
        let at = at(seconds);
        self.service.schedule_turn(id, Present { wall: at, steady: at }).await.unwrap()
    }

    async fn put_down(&self, writes: Vec<Write>) -> crate::error::Result<()> {
        self.service.store().submit(Unit { writes, lazy: false }).wait().await
    }
}

/// The time that the flow was started for, and the execution.
fn started(turn: Turn) -> (String, Row) {
    let Turn::Start(new, _) = turn else { panic!("it is not to be started") };
    (new.row.text("schedule_due").unwrap()[..19].to_owned(), new.row)
}

fn waits(turn: &Turn) -> Option<String> {
    let Turn::Wait { until, .. } = turn else { panic!("it is to wait") };
    until.map(|at| at.to_string())
}

#[tokio::test]
async fn a_time_is_used_once() {
    let world = World::new().await;
    let id = world.schedule(json!({ "interval_seconds": 60 })).await;
    assert_eq!(waits(&world.turn(id, 0).await).as_deref(), Some("2026-11-21T09:01:00Z"));
    let (due, mut execution) = started(world.turn(id, 61).await);
    assert_eq!(due, "2026-11-21T09:01:00");
    assert_eq!(waits(&world.turn(id, 61).await).as_deref(), Some("2026-11-21T09:02:00Z"));
    world.service.store().barrier().await.unwrap();
    let row = world.service.record_row(&world.admin, of("SCHEDULE"), &Selector::Id(id)).await.unwrap();
    assert_eq!(row.text("last_run_at").map(|at| &at[..19]), Some("2026-11-21T09:01:01"));
    assert_eq!(row.version(), 1, "who reads it and writes it back is not in its way");
    // Nor by another server, if there were one.
    execution.set("id", Uuid::now_v7().to_string());
    let again = vec![Write::Insert { table: "execution", key: &["id"], row: execution }];
    world.put_down(again).await.expect_err("the same time cannot be used twice");
}

#[tokio::test]
async fn the_execution_is_the_schedules_own() {
    let world = World::new().await;
    let id = world.schedule(json!({ "times": ["2026-11-21T10:00:00+01:00", "2026-11-21T11:00:00+01:00"] })).await;
    assert_eq!(waits(&world.turn(id, 0).await).as_deref(), Some("2026-11-21T10:00:00Z"), "nine o'clock is over when it is made");
    let (_, execution) = started(world.turn(id, 3600).await);
    assert_eq!(execution.uuid("schedule_id"), Some(id));
    assert_eq!(execution.json("input_value"), Some(&json!({ "n": 1 })));
    assert_eq!(execution.json("origin").unwrap()["kind"], "schedule");
    assert_eq!(execution.uuid("created_by"), Some(id));
    assert_eq!(waits(&world.turn(id, 7200).await), None, "there are no more");
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once_or_skipped() {
    for (missed, runs) in [(json!(null), true), (json!("run_once"), true), (json!("skip"), false)] {
        let world = World::new().await;
        let mut configuration = json!({ "cron": "*/10 * * * *" });
        if !missed.is_null() {
            configuration["missed"] = missed.clone();
        }
        let id = world.schedule(configuration).await;
        assert!(waits(&world.turn(id, 0).await).is_some());
        // Down for an hour and a half.
        if runs {
            assert_eq!(started(world.turn(id, 5500).await).0, "2026-11-21T10:30:00", "the last of them");
        }
        assert_eq!(waits(&world.turn(id, 5500).await).as_deref(), Some("2026-11-21T10:40:00Z"), "{missed}");
        // A little late is not missed.
        assert_eq!(started(world.turn(id, 6030).await).0, "2026-11-21T10:40:00", "{missed}");
    }
}

#[tokio::test]
async fn a_schedule_that_becomes_another_one_begins_anew() {
    let world = World::new().await;
    let id = world.schedule(json!({ "interval_seconds": 60 })).await;
    assert!(waits(&world.turn(id, 0).await).is_some());
    world.change(&world.admin, "SCHEDULE", id, json!({ "is_enabled": false })).await.unwrap();
    assert!(matches!(world.turn(id, 600).await, Turn::Off));
    world.change(&world.admin, "SCHEDULE", id, json!({ "is_enabled": true })).await.unwrap();
    assert_eq!(waits(&world.turn(id, 600).await).as_deref(), Some("2026-11-21T09:11:00Z"), "what was due meanwhile is not missed");
    world.change(&world.admin, "SCHEDULE", id, json!({ "description": "renamed" })).await.unwrap();
    assert_eq!(started(world.turn(id, 665).await).0, "2026-11-21T09:11:00", "another text changes nothing");
    world.change(&world.admin, "SCHEDULE", id, json!({ "configuration": { "interval_seconds": 30 } })).await.unwrap();
    assert_eq!(waits(&world.turn(id, 670).await).as_deref(), Some("2026-11-21T09:11:40Z"));
    world.service.record_delete(&world.admin, of("SCHEDULE"), &Selector::Id(id), false).await.unwrap().wait().await.unwrap();
    assert!(matches!(world.turn(id, 900).await, Turn::Off));
    world.service.record_restore(&world.admin, of("SCHEDULE"), &Selector::Id(id)).await.unwrap().commit.wait().await.unwrap();
    assert_eq!(waits(&world.turn(id, 900).await).as_deref(), Some("2026-11-21T09:15:30Z"));
}

#[tokio::test]
async fn a_jump_of_the_wall_clock_moves_cron_and_no_interval() {
    let world = World::new().await;
    let id = world.schedule(json!({ "interval_seconds": 60 })).await;
    let late = Present { wall: at(7200), steady: at(30) };
    assert!(waits(&world.service.schedule_turn(id, Present { wall: at(0), steady: at(0) }).await.unwrap()).is_some());
    assert_eq!(waits(&world.service.schedule_turn(id, late).await.unwrap()).as_deref(), Some("2026-11-21T09:01:00Z"));
    world.change(&world.admin, "SCHEDULE", id, json!({ "configuration": { "cron": "0 * * * *" } })).await.unwrap();
    assert!(waits(&world.turn(id, 10).await).is_some());
    assert_eq!(started(world.service.schedule_turn(id, late).await.unwrap()).0, "2026-11-21T11:00:00");
}

#[tokio::test]
async fn a_run_that_cannot_be_started_is_seen() {
    let world = World::new().await;
    let id = world.schedule(json!({ "interval_seconds": 60 })).await;
    assert!(waits(&world.turn(id, 0).await).is_some());
    let schema = json!({ "type": "object", "properties": { "n": { "type": "string" } } });
    let flow = world.service.record_row(&world.admin, of("FLOW"), &Selector::Name("f".into())).await.unwrap().id().unwrap();
    world.change(&world.admin, "FLOW", flow, json!({ "input_schema": schema })).await.unwrap();
    for seconds in [60, 120] {
        let Turn::Failed(execution, commit) = world.turn(id, seconds).await else { panic!("it cannot be started") };
        commit.wait().await.unwrap();
        let row = world.service.store().row_get(of("EXECUTION"), execution, &Scope::All).await.unwrap().unwrap();
        assert_eq!((row.text("status"), row.uuid("schedule_id"), row.uuid("flow_id")), (Some("ENDED_ERROR"), Some(id), Some(flow)));
        let message = row.text("status_message").unwrap();
        assert!(message.starts_with("The schedule could not start its flow. "), "{message}");
        let shown = world.service.record_show(&world.admin, of("EXECUTION"), row).await.unwrap();
        assert_eq!(shown["flow_name"], "f");
        assert!(waits(&world.turn(id, seconds).await).is_some(), "it goes on");
        if seconds == 60 {
            world.service.record_delete(&world.admin, of("FLOW"), &Selector::Id(flow), false).await.unwrap().wait().await.unwrap();
        }
    }
}
