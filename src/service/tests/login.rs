//! Logins, sessions and keys.

use std::time::Duration;

use serde_json::json;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

impl World {
    async fn login(&self, user_name: &str, password: &str) -> crate::error::Result<Login> {
        self.service.login(LoginRequest { user_name, password, twofa_code: None, address: None, client: None }).await
    }

    async fn key(&self, scopes: Value) -> NewKey {
        let request = KeyRequest { user_id: self.first.user_id, name: "k".into(), scopes, ..KeyRequest::default() };
        self.service.key_create(&self.admin, request).await.unwrap()
    }
}

#[tokio::test]
async fn the_first_password_opens_a_session_and_a_wrong_one_does_not() {
    let world = World::new().await;
    let login = world.login(ADMIN, &world.first.password).await.unwrap();
    assert!(login.must_change_password);
    let actor = world.service.actor_by_session(&login.session_id, Door::Rest).await.unwrap();
    assert_eq!(actor.id(), Some(world.first.user_id));
    world.service.logout(&login.session_id).await.unwrap();
    assert_eq!(kind(world.service.actor_by_session(&login.session_id, Door::Rest).await), Kind::Unauthenticated);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer_and_then_a_wait() {
    let world = World::new().await;
    let unknown = world.login("nobody", "a wrong password").await.unwrap_err();
    let wrong = world.login(ADMIN, "a wrong password").await.unwrap_err();
    assert_eq!((unknown.kind(), unknown.message()), (wrong.kind(), wrong.message()));
    for _ in 0..4 {
        assert_eq!(kind(world.login(ADMIN, "a wrong password").await), Kind::Unauthenticated);
    }
    assert_eq!(kind(world.login(ADMIN, &world.first.password).await), Kind::Throttled, "even the right one has to wait");
    world.clock.advance(Duration::from_secs(5));
    world.login(ADMIN, &world.first.password).await.unwrap();
}

#[tokio::test]
async fn a_session_ends_when_idle_or_old_and_with_a_new_password() {
    let world = World::new().await;
    let first = world.login(ADMIN, &world.first.password).await.unwrap();
    let second = world.login(ADMIN, &world.first.password).await.unwrap();
    let alive = async |login: &Login| world.service.actor_by_session(&login.session_id, Door::Rest).await.is_ok();
    for _ in 0..5 {
        world.clock.advance(DAY * 5);
        assert!(alive(&first).await);
    }
    assert!(!alive(&second).await, "nobody used it for a week");
    world.service.store().barrier().await.unwrap();
    assert_eq!(world.service.sweep().await.unwrap(), 1, "its row goes before its 30 days are over");
    world.clock.advance(DAY * 5);
    assert!(!alive(&first).await, "30 days are over");
    let third = world.login(ADMIN, &world.first.password).await.unwrap();
    assert!(alive(&third).await);
    world
        .change(
            &world.admin,
            "USER",
            world.first.user_id,
            json!({ "password": "another long password", "old_password": world.first.password }),
        )
        .await
        .unwrap();
    assert!(!alive(&third).await);
    assert!(!world.login(ADMIN, "another long password").await.unwrap().must_change_password);
}

#[tokio::test]
async fn a_warm_key_costs_no_statement_and_a_revoked_one_is_refused_at_once() {
    let world = World::new().await;
    let key = world.key(Value::Null).await;
    assert!(key.row.text("secret_hash").is_some_and(|hash| !key.token.contains(hash)));
    let actor = world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
    world.service.store().barrier().await.unwrap();
    let before = world.service.statements();
    for _ in 0..10 {
        world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
    }
    assert_eq!(world.service.statements(), before);
    world.service.key_revoke(&actor, key.row.id().unwrap()).await.unwrap();
    assert_eq!(kind(world.service.actor_by_key(&key.token, Door::Rest).await), Kind::Unauthenticated);
}

#[tokio::test]
async fn the_use_of_a_key_is_written_down_once_a_minute() {
    let world = World::new().await;
    let key = world.key(Value::Null).await;
    let used = async || {
        world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
        world.service.store().barrier().await.unwrap();
        let found = world.service.record_get(&world.admin, of("API_KEY"), &Selector::Id(key.row.id().unwrap()), None).await.unwrap();
        found.record["last_used_at"].as_str().unwrap().to_owned()
    };
    let first = used().await;
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(used().await, first);
    world.clock.advance(Duration::from_secs(1));
    assert_ne!(used().await, first);
}

#[tokio::test]
async fn a_key_ends_after_its_days_unless_it_never_does() {
    let world = World::new().await;
    let usual = world.key(Value::Null).await;
    let request = KeyRequest { user_id: world.first.user_id, name: "k".into(), expires_at: Expiry::Never, ..KeyRequest::default() };
    let endless = world.service.key_create(&world.admin, request).await.unwrap();
    world.clock.advance(DAY * 91);
    assert_eq!(kind(world.service.actor_by_key(&usual.token, Door::Rest).await), Kind::Unauthenticated);
    world.service.actor_by_key(&endless.token, Door::Rest).await.unwrap();
    assert_eq!(Expiry::parse(Some(&json!("never"))).unwrap(), Expiry::Never);
    assert_eq!(Expiry::parse(Some(&json!("soon"))).unwrap_err().field_pointer(), Some("/expires_at"));
}

#[tokio::test]
async fn a_narrow_key_does_only_what_its_scopes_say_and_makes_no_keys() {
    let world = World::new().await;
    world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap();
    world.make(&world.admin, "FILE", json!({ "name": "f" })).await.unwrap();
    let key = world.key(json!([{ "operation": "READ", "record_type": "SETTING" }])).await;
    let actor = world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
    assert_eq!(world.names(&actor, "SETTING").await, ["s"]);
    assert!(world.names(&actor, "FILE").await.is_empty());
    assert_eq!(kind(world.make(&actor, "SETTING", json!({ "name": "t" })).await), Kind::Forbidden);
    let request = KeyRequest { user_id: world.first.user_id, name: "k".into(), ..KeyRequest::default() };
    assert_eq!(kind(world.service.key_create(&actor, request).await), Kind::Forbidden);
    let password = world.change(&actor, "USER", world.first.user_id, json!({ "password": "a password of mine" })).await;
    assert_eq!(kind(password), Kind::NotFound, "nor does it get around its scopes by a new password");
}

#[tokio::test]
async fn noise_in_the_form_of_a_key_is_refused_without_a_look() {
    let world = World::new().await;
    let before = world.service.statements();
    let noise = format!("cldm_{}_{}", "a".repeat(8), "b".repeat(42));
    assert_eq!(kind(world.service.actor_by_key(&noise, Door::Rest).await), Kind::Unauthenticated);
    assert_eq!(world.service.statements(), before);
}

#[tokio::test]
async fn the_command_line_makes_and_resets_users() {
    let world = World::new().await;
    let system = Actor::system(Door::Cli);
    let made = world.service.user_create(&system, "anna", &["Developer".to_owned()]).await.unwrap();
    world.login("anna", &made.password).await.unwrap();
    let reset = world.service.user_reset(&system, "anna", false).await.unwrap();
    assert_eq!(kind(world.login("anna", &made.password).await), Kind::Unauthenticated);
    world.login("anna", &reset.password).await.unwrap();
    let names: Vec<String> = world.service.user_list(&system).await.unwrap().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["admin", "anna"]);
    assert_eq!(kind(world.service.user_create(&system, "anna", &[]).await), Kind::Conflict);
}

#[tokio::test]
async fn a_session_past_its_end_is_swept_by_the_hourly_timer() {
    let world = World::new().await;
    let request = LoginRequest { user_name: ADMIN, password: &world.first.password, twofa_code: None, address: None, client: None };
    let login = world.service.login(request).await.unwrap();
    let hash = super::super::token::SecretHash::of(&login.session_id).to_hex();
    let timer = tokio::spawn(world.service.clone().expire());
    let is_there = || async { world.service.store().aside("session", &["user_id"], ("id_hash", &hash)).await.unwrap().is_some() };
    assert!(is_there().await);
    world.clock.advance(DAY * 31);
    let gone = async {
        while is_there().await {
            // Its first sweep may have looked before the month was over; then it is the next that counts.
            world.clock.advance(DAY);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("the timer sweeps");
    timer.abort();
}
