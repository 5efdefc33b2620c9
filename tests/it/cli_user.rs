//! Users and keys from the command line, beside a running server.

use std::process::Output;

use serde_json::{Value, json};
use tokio::process::Command;

use super::server::{Server, answer};

async fn cli(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowstead"));
    command.args(arguments).arg("--data").arg(server.folder());
    command.output().await.expect("the binary can be started")
}

async fn said(server: &Server, arguments: &[&str]) -> String {
    let output = cli(server, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

async fn status_with(server: &Server, token: &str) -> u16 {
    let request = reqwest::Client::builder().no_proxy().build().expect("a client").get(format!("{}/api/latest/auth/me", server.url));
    answer(request.bearer_auth(token)).await.status
}

async fn log_in(server: &Server, password: &str) -> super::server::Answer {
    server.post("/auth/login", &json!({ "user_name": "anna", "password": password })).await
}

#[tokio::test]
async fn a_user_who_lost_password_and_device_is_let_in_again_from_the_command_line() {
    let server = Server::start_with(&["[auth]", "login_tries = 100", "lockout_tries = 3"]).await;
    let password = said(&server, &["user", "create", "anna"]).await;
    let password = password.rsplit(' ').next().expect("it is the last word").to_owned();
    let token = said(&server, &["key", "create", "--user", "anna", "--name", "phone"]).await;
    let anna = |path: &str| server.request("POST", path).header("x-cloudomation-api-key", &token);
    let secret = answer(anna("/auth/2fa/enrol")).await.body["otp_secret"].as_str().expect("a secret").to_owned();
    let code = {
        let secret = totp_rs::Secret::try_from_base32(&secret).expect("base 32");
        let seconds = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        totp_rs::Builder::new().with_secret(secret.as_bytes().to_vec()).build_noncompliant().generate(seconds).to_string()
    };
    let confirmed = answer(anna("/auth/2fa/confirm").json(&json!({ "twofa_code": code }))).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let asked = log_in(&server, &password).await;
    assert_eq!((asked.status, &asked.body["details"]["reason"]), (401, &json!("twofa_required")));

    for _ in 0..3 {
        assert_eq!(log_in(&server, "a wrong password").await.status, 401);
    }
    assert_eq!(log_in(&server, &password).await.status, 429);
    said(&server, &["user", "unlock", "anna"]).await;
    assert_eq!(log_in(&server, &password).await.body["details"]["reason"], "twofa_required");

    let reset = said(&server, &["user", "reset", "anna", "--second-factor"]).await;
    assert_eq!(log_in(&server, &password).await.status, 401, "the old password is gone");
    let new = reset.rsplit(' ').next().expect("it is the last word");
    let login = log_in(&server, new).await;
    assert_eq!((login.status, &login.body["must_change_password"]), (200, &json!(true)));
    let other = cli(&server, &["user", "unlock", "ana"]).await;
    assert!(!other.status.success() && String::from_utf8_lossy(&other.stderr).contains("'ana'"), "{other:?}");
}

#[tokio::test]
async fn keys_are_made_listed_rotated_and_revoked_from_the_command_line() {
    let server = Server::start().await;
    let scopes = r#"[{"operation":"READ","record_type":"USER"}]"#;
    let make = ["key", "create", "--user", "admin", "--name", "ci", "--expires", "never", "--scopes", scopes];
    let old = said(&server, &make).await;
    assert_eq!(status_with(&server, &old).await, 200);
    let line = async || {
        let listed = said(&server, &["key", "list", "--user", "admin"]).await;
        assert!(!listed.contains(&old), "{listed}");
        listed.lines().find(|line| line.contains(" ci: ")).expect("it is listed").to_owned()
    };
    assert!(line().await.ends_with("good without end"), "{}", line().await);
    let id = line().await.split(' ').next().expect("an id").to_owned();
    let new = said(&server, &["key", "rotate", &id, "--overlap-hours", "0"]).await;
    assert_eq!((status_with(&server, &old).await, status_with(&server, &new).await), (401, 200));
    let listed = said(&server, &["key", "list", "--user", "admin"]).await;
    assert!(listed.lines().any(|line| line.starts_with(&id) && line.contains("replaced by")), "{listed}");
    let id = listed.lines().find(|line| line.contains(" ci: good")).expect("the new one").split(' ').next().expect("an id").to_owned();
    said(&server, &["key", "revoke", &id]).await;
    assert_eq!(status_with(&server, &new).await, 401);
    let refused = cli(&server, &["key", "rotate", &id]).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has ended"), "{refused:?}");
    let row: Value = server.get(&format!("/api_key/{id}?plain=true")).await.body;
    assert!(row["revoked_at"].is_string(), "{row}");
}
