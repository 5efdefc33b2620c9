//! Keys that are over and grants that nobody acts with go; the others stay.

use serde_json::json;
use uuid::Uuid;

use super::{World, of};
use crate::clock;
use crate::service::{Expiry, Kept, KeyRequest, Selector};
use crate::store::{Row, Write};

#[tokio::test]
async fn api_keys_that_are_over_go_after_a_year_and_others_stay() {
    let world = World::new().await;
    let key = async |name: &str, expires_at: Expiry| {
        let request = KeyRequest { user_id: world.first.user_id, name: name.into(), expires_at, ..KeyRequest::default() };
        world.service.key_create(&world.admin, request).await.unwrap().row.id().unwrap()
    };
    let ids = [key("used", Expiry::Never).await, key("over", Expiry::Default).await, key("revoked", Expiry::Never).await];
    let there = async || {
        let mut there = [false; 3];
        for (place, id) in there.iter_mut().zip(ids) {
            *place = world.row("API_KEY", id).await.is_some();
        }
        there
    };
    world.service.record_delete(&world.admin, of("API_KEY"), &Selector::Id(ids[2]), false).await.unwrap();
    world.days(364);
    world.service.purge().await.unwrap();
    assert_eq!(there().await, [true; 3]);
    world.days(2);
    world.service.purge().await.unwrap();
    assert_eq!(there().await, [true, true, false], "a key is good for 90 days, and then is kept for a year");
    world.days(90);
    world.service.purge().await.unwrap();
    assert_eq!(there().await, [true, false, false]);
    assert_eq!(world.purged(Kept::Keys), 2);
}

#[tokio::test]
async fn a_grant_goes_with_the_last_execution_that_acts_with_it() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let start = async || {
        let started = world.service.execution_start(&world.admin, super::start::run("f", json!({ "n": 1 }))).await.unwrap();
        started.commit.wait().await.unwrap();
        started.id
    };
    let (old, live) = (start().await, start().await);
    world.end(old).await;
    let unused = Row::from([
        ("id", json!(Uuid::from_u128(1).to_string())),
        ("hash", json!("1")),
        ("content", json!("{}")),
        ("created_at", json!(clock::format(world.clock.now()))),
    ]);
    world.put(vec![Write::Insert { table: "grant_row", key: &["id"], row: unused }]).await;
    let grants = async || world.service.store().keys_of(("grant_row", &["id"]), None, 10).await.unwrap().len();
    assert_eq!(grants().await, 2);
    world.days(100);
    world.service.purge().await.unwrap();
    assert_eq!((world.there([old, live]).await, grants().await), ([false, true], 1));
    world.end(live).await;
    world.days(100);
    world.service.purge().await.unwrap();
    assert_eq!((world.there([live]).await, grants().await), ([false], 0));
    start().await;
    assert_eq!(grants().await, 1, "one that is known to the server is written again");
}
