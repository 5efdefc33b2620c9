//! What users do about their own logins over HTTP: second factors, lock-outs, sessions, passwords, and keys that end.

use std::time::Duration;

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};

const STEP: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

/// What an authenticator that was given `secret` shows at this moment.
fn code(app: &TestApp, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("base 32");
    let authenticator = Builder::new().with_secret(secret.as_bytes().to_vec()).build_noncompliant();
    authenticator.generate(app.clock.now().as_second().try_into().expect("after 1970")).to_string()
}

/// Another one, of the same length.
fn wrong(code: &str) -> String {
    code.chars().map(|c| if c == '9' { '0' } else { char::from(c as u8 + 1) }).collect()
}

async fn log_in(app: &TestApp, name: &str, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "user_name": name, "password": password });
    if let Some(code) = code {
        body["twofa_code"] = json!(code);
    }
    app.nobody().post("/auth/login", body).await
}

/// A browser: it shows its session by header, which needs no origin.
struct Browser<'a> {
    app: &'a TestApp,
    session: String,
}

impl<'a> Browser<'a> {
    async fn open(app: &'a TestApp, name: &str, password: &str, code: Option<&str>) -> Browser<'a> {
        let body = log_in(app, name, password, code).await.expect(200);
        Browser { app, session: body["session_id"].as_str().expect("a session has an id").to_owned() }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.app.nobody().request(method, path).header("x-cloudomation-session-id", &self.session);
        answer(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn is_open(&self) -> bool {
        let seen = self.send("GET", "/auth/me", Value::Null).await;
        if seen.status == 401 {
            seen.refusal(401, "unauthenticated");
            return false;
        }
        seen.expect(200);
        true
    }
}

#[tokio::test]
async fn a_second_factor_is_set_up_asked_for_and_taken_off_again() {
    let app = TestApp::new().manual_clock().config(|config| config.auth.login_tries = 100).start().await;
    let password = app.admin_password.clone();
    let browser = Browser::open(&app, "admin", &password, None).await;
    browser.send("POST", "/auth/2fa/confirm", json!({ "twofa_code": "123456" })).await.refusal(409, "conflict");
    let enrolled = browser.send("POST", "/auth/2fa/enrol", Value::Null).await.expect(200);
    let secret = enrolled["otp_secret"].as_str().expect("a secret to type in");
    assert!(
        enrolled["provisioning_uri"].as_str().is_some_and(|uri| uri.starts_with("otpauth://totp/") && uri.contains(secret)),
        "{enrolled}"
    );
    log_in(&app, "admin", &password, None).await.expect(200);

    let shown = code(&app, secret);
    let refused = browser.send("POST", "/auth/2fa/confirm", json!({ "twofa_code": wrong(&shown) })).await.expect(401);
    assert_eq!(refused["field"], "/twofa_code");
    let confirmed = browser.send("POST", "/auth/2fa/confirm", json!({ "twofa_code": shown })).await.expect(200);
    assert_eq!(confirmed["recovery_codes"].as_array().map(Vec::len), Some(10));

    let asked = log_in(&app, "admin", &password, None).await.expect(401);
    assert_eq!((&asked["field"], &asked["details"]["reason"]), (&json!("/twofa_code"), &json!("twofa_required")));
    let replayed = log_in(&app, "admin", &password, Some(&shown)).await.expect(401);
    assert_eq!(replayed["details"]["reason"], "twofa_wrong", "the code that confirmed was used");
    app.clock.advance(STEP);
    let shown = code(&app, secret);
    assert_eq!(log_in(&app, "admin", &password, Some(&wrong(&shown))).await.expect(401)["details"]["reason"], "twofa_wrong");
    log_in(&app, "admin", &password, Some(&shown)).await.expect(200);
    assert_eq!(log_in(&app, "admin", &password, Some(&shown)).await.expect(401)["details"]["reason"], "twofa_wrong");

    let recovery = confirmed["recovery_codes"][7].as_str().expect("a code");
    log_in(&app, "admin", &password, Some(recovery)).await.expect(200);
    assert_eq!(log_in(&app, "admin", &password, Some(recovery)).await.expect(401)["details"]["reason"], "twofa_wrong");

    app.clock.advance(STEP);
    let off = |password: &str, code: &str| json!({ "password": password, "twofa_code": code });
    let shown = code(&app, secret);
    browser.send("POST", "/auth/2fa/disable", off("not the password", &shown)).await.refusal(401, "unauthenticated");
    browser.send("POST", "/auth/2fa/disable", off(&password, &wrong(&shown))).await.refusal(401, "unauthenticated");
    browser.send("POST", "/auth/2fa/disable", off(&password, &shown)).await.expect(204);
    log_in(&app, "admin", &password, None).await.expect(200);
}

#[tokio::test]
async fn what_the_second_factor_is_made_of_is_in_no_other_answer() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let enrolled = admin.post("/auth/2fa/enrol", Value::Null).await.expect(200);
    let secret = enrolled["otp_secret"].as_str().expect("a secret");
    let confirmed = admin.post("/auth/2fa/confirm", json!({ "twofa_code": code(&app, secret) })).await.expect(200);
    let id = admin.get("/auth/me").await.expect(200)["identity_id"].as_str().expect("an id").to_owned();
    let mut hidden = vec![secret.to_owned(), app.admin_password.clone(), "$argon2id$".to_owned()];
    hidden.extend(confirmed["recovery_codes"].as_array().expect("codes").iter().map(|code| code.as_str().expect("text").to_owned()));
    let browser = Browser::open(&app, "admin", &app.admin_password, Some(&hidden[3])).await;
    hidden.push(browser.session.clone());
    for path in ["/user", &format!("/user/{id}"), "/auth/me", "/auth/session", "/audit?limit=200", "/api_key"] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        for value in &hidden {
            assert!(!answer.text.contains(value.as_str()), "{path} shows {value}: {}", answer.text);
        }
    }
    let user = admin.get(&format!("/user/{id}?plain=true")).await.expect(200);
    assert_eq!((&user["has_otp_secret"], &user["has_password"], &user["is_2fa_enabled"]), (&json!(true), &json!(true), &json!(true)));
    for column in ["otp_secret", "otp_last_step", "recovery_codes", "password"] {
        assert!(user.get(column).is_none(), "{user}");
        assert_eq!(admin.get(&format!("/user?order={column}")).await.status, 422, "nobody sorts by {column}");
    }
    for (column, value) in [("is_2fa_enabled", json!(false)), ("otp_secret", json!("x")), ("locked_until", json!("2030-01-01T00:00:00Z"))] {
        let refused = admin.patch(&format!("/user/{id}"), json!({ column: value })).await;
        assert_eq!(refused.status, 422, "{column} is written by nobody: {}", refused.text);
    }
}

/// Wrong logins, each after the wait that the one before was answered with. Gives the last refusal.
async fn guess_until_locked_out(app: &TestApp, name: &str) -> Answer {
    for _ in 0..200 {
        let refused = log_in(app, name, "a wrong password", None).await;
        let seconds: u64 = refused.header("retry-after").parse().unwrap_or_default();
        if seconds > 15 * 60 {
            return refused;
        }
        app.clock.advance(Duration::from_secs(seconds));
    }
    panic!("{name} is never locked out");
}

#[tokio::test]
async fn who_guesses_too_often_is_locked_out_until_the_clock_or_an_administrator_lets_it_in() {
    let app = TestApp::new().manual_clock().user("reader").start().await;
    let admin = app.admin();
    let open = Browser::open(&app, "admin", &app.admin_password, None).await;
    let refused = guess_until_locked_out(&app, "admin").await;
    assert_eq!(refused.header("retry-after"), "3600");
    let message = refused.refusal(429, "throttled");
    assert_eq!(
        message,
        guess_until_locked_out(&app, "nobody of this name").await.refusal(429, "throttled"),
        "it tells nothing about the user"
    );
    log_in(&app, "admin", &app.admin_password, None).await.refusal(429, "throttled");
    assert!(open.is_open().await, "sessions that are open go on");
    let id = admin.get("/auth/me").await.expect(200)["identity_id"].as_str().expect("an id").to_owned();
    assert!(admin.get(&format!("/user/{id}?plain=true")).await.expect(200)["locked_until"].is_string());

    app.user("reader").post(&format!("/user/{id}/unlock"), Value::Null).await.refusal(404, "not_found");
    app.user("reader").post("/user/admin/unlock?by=name", Value::Null).await.refusal(404, "not_found");
    admin.post("/user/admin/unlock?by=name", Value::Null).await.expect(204);
    // What is held against the address where the guesses came from is another matter.
    app.clock.advance(HOUR / 4);
    log_in(&app, "admin", &app.admin_password, None).await.expect(200);

    guess_until_locked_out(&app, "admin").await.refusal(429, "throttled");
    app.clock.advance(Duration::from_secs(3599));
    assert_eq!(log_in(&app, "admin", &app.admin_password, None).await.header("retry-after"), "1");
    app.clock.advance(Duration::from_secs(1));
    log_in(&app, "admin", &app.admin_password, None).await.expect(200);
    assert_eq!(admin.get(&format!("/user/{id}?plain=true")).await.expect(200)["locked_until"], Value::Null);
}

#[tokio::test]
async fn guesses_at_the_second_factor_lock_out_as_guesses_at_the_password_do() {
    let app = TestApp::new().manual_clock().start().await;
    let secret = app.admin().post("/auth/2fa/enrol", Value::Null).await.expect(200)["otp_secret"].as_str().expect("a secret").to_owned();
    app.admin().post("/auth/2fa/confirm", json!({ "twofa_code": code(&app, &secret) })).await.expect(200);
    let mut tries = 0;
    let seconds = loop {
        // Who knows the password gets nothing taken back by leaving the code out in between.
        log_in(&app, "admin", &app.admin_password, None).await;
        let refused = log_in(&app, "admin", &app.admin_password, Some("not it")).await;
        let seconds: u64 = refused.header("retry-after").parse().unwrap_or_default();
        tries += u32::from(refused.status == 401);
        if seconds > 15 * 60 {
            break seconds;
        }
        app.clock.advance(Duration::from_secs(seconds));
    };
    assert_eq!((seconds, tries), (3600, 20));
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_user_and_by_who_manages_users() {
    let app = TestApp::new().manual_clock().user("stranger").user("reader").start().await;
    let admin = app.admin();
    let role = admin.make("role", json!({ "name": "reads all" })).await;
    admin.make("role_permission", json!({ "role_id": role, "operation": "READ" })).await;
    let reader_id = app.user("reader").get("/auth/me").await.expect(200)["identity_id"].clone();
    admin.make("identity_role", json!({ "identity_id": reader_id, "role_id": role })).await;
    let anna = admin.make("user", json!({ "name": "anna", "password": "a password of anna" })).await;
    let anna_opens = async || Browser::open(&app, "anna", "a password of anna", None).await;
    let (first, second) = (anna_opens().await, anna_opens().await);

    let listed = first.send("GET", "/auth/session", Value::Null).await.expect(200);
    let items = listed["items"].as_array().expect("a list");
    assert_eq!((items.len(), items.iter().filter(|item| item["is_current"] == true).count()), (2, 1));
    for column in ["id", "user_id", "created_at", "last_seen_at", "expires_at", "address"] {
        assert!(items[0][column].is_string(), "{listed}");
    }
    assert!(!listed.to_string().contains(&first.session) && items[0].get("id_hash").is_none(), "{listed}");
    let other = items.iter().find(|item| item["is_current"] == false).expect("the other one")["id"].as_str().expect("an id").to_owned();
    let path = format!("/auth/session/{other}");
    app.user("stranger").delete(&path).await.refusal(404, "not_found");
    app.user("reader").delete(&path).await.refusal(403, "forbidden");
    assert!(second.is_open().await, "others ended nothing");
    first.send("DELETE", &path, Value::Null).await.expect(204);
    assert!(first.is_open().await && !second.is_open().await);
    first.send("DELETE", &path, Value::Null).await.refusal(404, "not_found");

    let third = anna_opens().await;
    first.send("DELETE", "/auth/session", Value::Null).await.expect(204);
    assert!(first.is_open().await && !third.is_open().await, "all but the one that asks");
    let of_anna = format!("/auth/session?user_id={anna}");
    app.user("stranger").get(&of_anna).await.refusal(404, "not_found");
    app.user("reader").get(&of_anna).await.refusal(403, "forbidden");
    let listed = admin.get(&of_anna).await.expect(200);
    let id = listed["items"][0]["id"].as_str().expect("an id");
    admin.delete(&format!("/auth/session/{id}")).await.expect(204);
    assert!(!first.is_open().await);
    let last = anna_opens().await;
    admin.delete(&of_anna).await.expect(204);
    assert!(!last.is_open().await);

    let idle = anna_opens().await;
    app.clock.advance(8 * 24 * HOUR);
    assert!(!idle.is_open().await, "nobody swept it, and still it is over");
    assert_eq!(admin.get(&of_anna).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let app = TestApp::new().start().await;
    let old = app.admin_password.clone();
    let (here, elsewhere) = (Browser::open(&app, "admin", &old, None).await, Browser::open(&app, "admin", &old, None).await);
    let change = |old: &str, new: &str| json!({ "old_password": old, "new_password": new });
    let new = "quite another password";
    assert_eq!(here.send("POST", "/auth/password", change("not the old one", new)).await.expect(422)["field"], "/old_password");
    assert_eq!(here.send("POST", "/auth/password", change(&old, "short")).await.expect(422)["field"], "/new_password");
    let id = app.admin().get("/auth/me").await.expect(200)["identity_id"].as_str().expect("an id").to_owned();
    let by_record = here.send("PATCH", &format!("/user/{id}"), json!({ "password": new })).await.expect(422);
    assert_eq!(by_record["field"], "/old_password", "there is no way round it");
    assert!(elsewhere.is_open().await, "nothing was changed");

    here.send("POST", "/auth/password", change(&old, new)).await.expect(204);
    assert!(here.is_open().await && !elsewhere.is_open().await);
    log_in(&app, "admin", &old, None).await.refusal(401, "unauthenticated");
    assert_eq!(log_in(&app, "admin", new, None).await.expect(200)["must_change_password"], false);
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let app = TestApp::new().manual_clock().start().await;
    let made = app.admin().post("/api_key", json!({ "name": "short", "expires_at": "2026-11-21T10:00:00Z" })).await.expect(201);
    let user = User::with_key(&app.url, made["token"].as_str().expect("a token"));
    app.clock.advance(Duration::from_secs(3599));
    user.get("/auth/me").await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    let refused = user.get("/auth/me").await.expect(401);
    assert_eq!(refused["details"]["reason"], "expired", "{refused}");
    let past = app.admin().post("/api_key", json!({ "name": "past", "expires_at": "2020-01-01T00:00:00Z" })).await;
    assert_eq!(past.expect(422)["field"], "/expires_at");
}

#[tokio::test]
async fn a_rotated_key_and_its_successor_are_both_good_for_a_while() {
    let app = TestApp::new().manual_clock().user("reader").start().await;
    let scopes = json!([{ "operation": "READ", "record_type": "SETTING" }]);
    let made = app.admin().post("/api_key", json!({ "name": "ci", "scopes": scopes })).await.expect(201);
    let id = made["api_key"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api_key/{id}/rotate");
    app.user("reader").post(&path, Value::Null).await.refusal(404, "not_found");
    let old = User::with_key(&app.url, made["token"].as_str().expect("a token"));
    old.post(&path, Value::Null).await.refusal(404, "not_found");
    assert_eq!(app.admin().post(&path, json!({ "overlap_hours": 721 })).await.expect(422)["field"], "/overlap_hours");

    let rotated = app.admin().post(&path, json!({ "overlap_hours": 2 })).await.expect(201);
    let successor = User::with_key(&app.url, rotated["token"].as_str().expect("a token"));
    assert_eq!((&rotated["api_key"]["name"], &rotated["api_key"]["scopes"]), (&json!("ci"), &scopes));
    old.get("/setting").await.expect(200);
    successor.get("/setting").await.expect(200);
    successor.post("/setting", json!({ "name": "x", "value": 1 })).await.refusal(403, "forbidden");
    let shown = app.admin().get(&format!("/api_key/{id}?plain=true")).await.expect(200);
    assert_eq!(shown["replaced_by"], rotated["api_key"]["id"]);
    assert!(!shown.to_string().contains(old.key().expect("it has one")), "{shown}");
    app.admin().post(&path, Value::Null).await.refusal(409, "conflict");
    app.clock.advance(2 * HOUR);
    assert_eq!(old.get("/setting").await.expect(401)["details"]["reason"], "expired");
    successor.get("/setting").await.expect(200);
}

#[tokio::test]
async fn an_idempotency_key_is_forgotten_after_its_day_even_before_it_is_swept() {
    let app = TestApp::new().manual_clock().start().await;
    app.admin().flow("one", "def handler(system, this, inputs):\n    return inputs").await;
    let start = async || {
        let body = json!({ "flow_name": "one", "run": false });
        let request = app.admin().request("POST", "/execution?plain=true").header("idempotency-key", "k").json(&body);
        answer(request).await.body["id"].as_str().expect("an execution has an id").to_owned()
    };
    let first = start().await;
    app.clock.advance(23 * HOUR);
    assert_eq!(start().await, first);
    app.clock.advance(HOUR + Duration::from_secs(1));
    let second = start().await;
    assert_ne!(second, first);
    for id in [first, second] {
        app.admin().post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
    }
}
