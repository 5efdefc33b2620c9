//! What users see to themselves: second factors, passwords, sessions, lock-outs, and keys that take the place of others.

use std::time::Duration;

use serde_json::{Value, json};

use super::{World, kind, of};
use crate::error::{Error, Kind};
use crate::service::second_factor::code_of;
use crate::service::{ADMIN, Actor, Door, Expiry, KeyRequest, KeyRotation, ListRequest, Login, LoginRequest, Selector};

const STEP: Duration = Duration::from_secs(30);

impl World {
    async fn log_in(&self, password: &str, twofa_code: Option<&str>) -> crate::error::Result<Login> {
        let request = LoginRequest { user_name: ADMIN, password, twofa_code, address: None, client: Some("a browser") };
        self.service.login(request).await
    }

    async fn session(&self) -> Actor {
        let login = self.log_in(&self.first.password, None).await.unwrap();
        self.service.actor_by_session(&login.session_id, Door::Rest).await.unwrap()
    }

    async fn is_open(&self, login: &Login) -> bool {
        self.service.actor_by_session(&login.session_id, Door::Rest).await.is_ok()
    }

    /// With the second factor of `admin` on: its secret and its recovery codes.
    async fn with_factor() -> (World, String, Vec<String>) {
        let world = World::new().await;
        let secret = world.service.second_factor_enrol(&world.admin).await.unwrap().otp_secret;
        let codes = world.service.second_factor_confirm(&world.admin, &world.code(&secret)).await.unwrap();
        world.clock.advance(STEP);
        (world, secret, codes)
    }

    fn code(&self, secret: &str) -> String {
        code_of(secret, self.clock.now())
    }
}

fn reason(error: &Error) -> Value {
    error.detail_value().map(|details| details["reason"].clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_second_factor_counts_from_its_first_right_code_on() {
    let world = World::new().await;
    let enrolment = world.service.second_factor_enrol(&world.admin).await.unwrap();
    assert!(enrolment.provisioning_uri.starts_with("otpauth://totp/Flowstead"), "{}", enrolment.provisioning_uri);
    assert!(enrolment.provisioning_uri.contains(&enrolment.otp_secret));
    world.log_in(&world.first.password, None).await.expect("it does not count yet");
    let wrong = world.service.second_factor_confirm(&world.admin, "000000").await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.field_pointer()), (Kind::Unauthenticated, Some("/twofa_code")));
    let codes = world.service.second_factor_confirm(&world.admin, &world.code(&enrolment.otp_secret)).await.unwrap();
    assert_eq!(codes.len(), 10);
    let row = world.service.record_row(&world.admin, of("USER"), &Selector::Name(ADMIN.into())).await.unwrap();
    assert!(row.flag("is_2fa_enabled") && row.text("otp_secret").unwrap().starts_with("s1."), "it lies sealed");
    assert_eq!(kind(world.service.second_factor_enrol(&world.admin).await.map(|_| ())), Kind::Conflict);
    let shown = world.service.record_show(&world.admin, of("USER"), row).await.unwrap();
    assert!(!json!(shown).to_string().contains(&enrolment.otp_secret) && shown["has_otp_secret"] == true);
}

#[tokio::test]
async fn a_login_needs_a_code_that_is_right_now_and_was_not_used_before() {
    let (world, secret, _) = World::with_factor().await;
    let password = world.first.password.clone();
    let without = world.log_in(&password, None).await.unwrap_err();
    assert_eq!((without.kind(), reason(&without)), (Kind::Unauthenticated, json!("twofa_required")));
    let blind = world.log_in("a wrong password", None).await.unwrap_err();
    assert_eq!(reason(&blind), Value::Null, "who does not know the password learns nothing of the second factor");
    let code = world.code(&secret);
    world.log_in(&password, Some(&code)).await.unwrap();
    let again = world.log_in(&password, Some(&code)).await.unwrap_err();
    assert_eq!(reason(&again), json!("twofa_wrong"), "a code that was seen is of no use");
    world.clock.advance(STEP);
    let next = world.code(&secret);
    world.clock.advance(STEP * 3);
    assert_eq!(reason(&world.log_in(&password, Some(&next)).await.unwrap_err()), json!("twofa_wrong"), "it is too old");
    world.log_in(&password, Some(&world.code(&secret))).await.unwrap();
}

#[tokio::test]
async fn a_recovery_code_is_good_once() {
    let (world, _, codes) = World::with_factor().await;
    let password = world.first.password.clone();
    world.log_in(&password, Some(&codes[3])).await.unwrap();
    assert_eq!(reason(&world.log_in(&password, Some(&codes[3])).await.unwrap_err()), json!("twofa_wrong"));
    world.log_in(&password, Some(&codes[4])).await.unwrap();
}

#[tokio::test]
async fn a_second_factor_goes_with_password_and_code_or_from_the_command_line() {
    let (world, secret, codes) = World::with_factor().await;
    let password = world.first.password.clone();
    let refused = world.service.second_factor_disable(&world.admin, "a wrong password", &codes[0]).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unauthenticated);
    assert_eq!(kind(world.service.second_factor_disable(&world.admin, &password, "000000").await), Kind::Unauthenticated);
    world.service.second_factor_disable(&world.admin, &password, &world.code(&secret)).await.unwrap();
    world.log_in(&password, None).await.unwrap();

    let (world, ..) = World::with_factor().await;
    let reset = world.service.user_reset(&Actor::system(Door::Cli), ADMIN, true).await.unwrap();
    world.log_in(&reset.password, None).await.unwrap();
}

#[tokio::test]
async fn who_changes_its_own_password_shows_the_old_one_and_keeps_this_session_alone() {
    let world = World::new().await;
    let other = world.log_in(&world.first.password, None).await.unwrap();
    let login = world.log_in(&world.first.password, None).await.unwrap();
    let me = world.service.actor_by_session(&login.session_id, Door::Rest).await.unwrap();
    let id = world.first.user_id;
    let new = "quite another password";
    for old in [json!({ "password": new }), json!({ "password": new, "old_password": "a wrong password" })] {
        let refused = world.change(&me, "USER", id, old).await.err().unwrap();
        assert_eq!((refused.kind(), refused.field_pointer()), (Kind::Invalid, Some("/old_password")));
    }
    assert!(world.is_open(&other).await, "nothing was changed");
    world.change(&me, "USER", id, json!({ "password": new, "old_password": world.first.password })).await.unwrap();
    assert!(world.is_open(&login).await && !world.is_open(&other).await);
    assert_eq!(kind(world.log_in(&world.first.password, None).await), Kind::Unauthenticated);
    assert!(!world.log_in(new, None).await.unwrap().must_change_password);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_user_and_by_who_may_change_it() {
    let world = World::new().await;
    let me = world.session().await;
    let other = world.log_in(&world.first.password, None).await.unwrap();
    let listed = world.service.session_list(&me, None).await.unwrap();
    assert_eq!((listed.len(), listed.iter().filter(|s| s.is_current).count()), (2, 1));
    assert_eq!(listed[0].row.text("client"), Some("a browser"));
    assert!(listed.iter().all(|s| !s.row.contains("id_hash")));
    let reader = world.user("reader", &[("READ", "USER", None)]).await;
    let stranger = world.user("stranger", &[]).await;
    let manager = world.user("manager", &[("READ", "USER", None), ("UPDATE", "USER", None)]).await;
    let admin = Some(world.first.user_id);
    assert_eq!(kind(world.service.session_list(&reader, admin).await.map(|_| ())), Kind::Forbidden);
    assert_eq!(kind(world.service.session_list(&stranger, admin).await.map(|_| ())), Kind::NotFound);
    let id = listed.iter().find(|s| !s.is_current).unwrap().row.uuid("id").unwrap();
    assert_eq!(kind(world.service.session_end(&stranger, id).await), Kind::NotFound);
    assert_eq!(kind(world.service.session_end(&reader, id).await), Kind::Forbidden);
    world.service.session_end(&me, id).await.unwrap();
    assert!(!world.is_open(&other).await);
    let third = world.log_in(&world.first.password, None).await.unwrap();
    world.service.session_end_all(&me, None).await.unwrap();
    assert!(!world.is_open(&third).await);
    assert_eq!(world.service.session_list(&me, None).await.unwrap().len(), 1, "this one goes on");
    world.service.session_end_all(&manager, admin).await.unwrap();
    assert!(world.service.session_list(&me, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn too_many_wrong_logins_in_a_row_lock_a_user_out_until_time_or_an_administrator_lets_it_in() {
    let world = World::new().await;
    let wrong = async || {
        while kind(world.log_in("a wrong password", None).await) == Kind::Throttled {
            world.clock.advance(Duration::from_secs(60));
        }
    };
    for _ in 0..20 {
        wrong().await;
        world.clock.advance(Duration::from_secs(16 * 60));
    }
    let row = async || {
        world.service.store().barrier().await.unwrap();
        world.service.record_row(&world.admin, of("USER"), &Selector::Name(ADMIN.into())).await.unwrap()
    };
    assert!(row().await.text("locked_until").is_some(), "slow guesses are counted too");
    let locked = world.log_in(&world.first.password, None).await.unwrap_err();
    assert_eq!(locked.kind(), Kind::Throttled);
    assert!(locked.detail_value().unwrap()["retry_after"].as_u64().unwrap() > 30 * 60);
    let reader = world.user("reader", &[("READ", "USER", None)]).await;
    assert_eq!(kind(world.service.user_unlock(&reader, world.first.user_id).await), Kind::Forbidden);
    world.service.user_unlock(&world.admin, world.first.user_id).await.unwrap();
    world.log_in(&world.first.password, None).await.unwrap();
    assert!(row().await.text("locked_until").is_none());
}

#[tokio::test]
async fn whoever_the_name_belongs_to_a_wrong_login_costs_one_comparison_and_reads_the_same() {
    let world = World::new().await;
    let disabled = world.user("disabled", &[]).await;
    world
        .change(&world.admin, "USER", disabled.id().unwrap(), json!({ "is_enabled": false, "password": "a disabled password" }))
        .await
        .unwrap();
    for (user_name, password) in
        [(ADMIN, "a wrong password"), ("nobody of this name", "a wrong password"), ("disabled", "a disabled password")]
    {
        let before = world.service.passwords().compared();
        let request = LoginRequest { user_name, password, twofa_code: Some("123456"), address: None, client: None };
        let refused = world.service.login(request).await.unwrap_err();
        assert_eq!((refused.kind(), reason(&refused)), (Kind::Unauthenticated, Value::Null), "{user_name}");
        assert_eq!(refused.message(), "The user name or the password is wrong.");
        assert_eq!(world.service.passwords().compared() - before, 1, "{user_name}");
    }
}

#[tokio::test]
async fn a_lock_out_outlives_a_restart_of_the_server() {
    let world = World::new().await;
    let until = crate::clock::format(world.clock.now().saturating_add(jiff::SignedDuration::from_mins(10)).unwrap());
    let columns = [("id", json!(world.first.user_id.to_string())), ("locked_until", json!(until))];
    let write = crate::store::Write::Update { table: "user", key: &["id"], row: crate::store::Row::from(columns) };
    world.service.store().submit(crate::store::Unit { writes: vec![write], lazy: false }).wait().await.unwrap();
    let locked = world.log_in(&world.first.password, None).await.unwrap_err();
    assert_eq!(locked.detail_value().unwrap()["retry_after"], 600);
    world.clock.advance(Duration::from_secs(601));
    world.log_in(&world.first.password, None).await.unwrap();
}

#[tokio::test]
async fn of_many_rotations_of_one_key_at_once_one_is_done() {
    let world = World::new().await;
    let request = KeyRequest { user_id: world.first.user_id, name: "ci".into(), ..KeyRequest::default() };
    let id = world.service.key_create(&world.admin, request).await.unwrap().row.id().unwrap();
    let keys = async || world.service.record_list(&world.admin, of("API_KEY"), &ListRequest::default()).await.unwrap().total;
    let before = keys().await;
    let rotate = || world.service.key_rotate(&world.admin, id, KeyRotation::default());
    let all = tokio::join!(rotate(), rotate(), rotate(), rotate());
    let done = [all.0, all.1, all.2, all.3].into_iter().flatten().count();
    assert_eq!(done, 1);
    assert_eq!(keys().await, before + 1);
}

#[tokio::test]
async fn a_rotated_key_and_the_one_in_its_place_are_both_good_for_a_while() {
    let world = World::new().await;
    let scopes = json!([{ "operation": "READ", "record_type": "SETTING" }]);
    let request = KeyRequest { user_id: world.first.user_id, name: "ci".into(), scopes: scopes.clone(), ..KeyRequest::default() };
    let old = world.service.key_create(&world.admin, request).await.unwrap();
    let id = old.row.id().unwrap();
    let new = world.service.key_rotate(&world.admin, id, KeyRotation::default()).await.unwrap();
    assert_eq!((new.row.text("name"), new.row.json("scopes")), (Some("ci"), Some(&scopes)));
    let opens = async |token: &str| world.service.actor_by_key(token, Door::Rest).await;
    assert!(opens(&old.token).await.is_ok() && opens(&new.token).await.is_ok());
    let row = world.service.record_row(&world.admin, of("API_KEY"), &Selector::Id(id)).await.unwrap();
    assert_eq!(row.uuid("replaced_by"), new.row.id());
    assert_eq!(kind(world.service.key_rotate(&world.admin, id, KeyRotation::default()).await.map(|_| ())), Kind::Conflict);
    let narrow = opens(&new.token).await.unwrap();
    let by_itself = world.service.key_rotate(&narrow, new.row.id().unwrap(), KeyRotation::default()).await;
    assert!(matches!(kind(by_itself.map(|_| ())), Kind::Forbidden | Kind::NotFound), "a narrow key mints no keys");
    world.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(reason(&opens(&old.token).await.unwrap_err()), json!("expired"));
    opens(&new.token).await.unwrap();

    let at_once = KeyRotation { overlap_hours: 0, expires_at: Expiry::Never };
    let last = world.service.key_rotate(&world.admin, new.row.id().unwrap(), at_once).await.unwrap();
    assert!(opens(&new.token).await.is_err() && last.row.json("expires_at").is_none());
    let beyond = KeyRotation { overlap_hours: 10_000, ..KeyRotation::default() };
    let refused = world.service.key_rotate(&world.admin, last.row.id().unwrap(), beyond).await.err().unwrap();
    assert_eq!(refused.field_pointer(), Some("/overlap_hours"));
}
