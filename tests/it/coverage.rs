//! Every route as nobody, as a stranger, as a reader and as the owner: the whole table, so that none is forgotten.

use std::fmt::Write;

use flowstead::http::outcome;
use flowstead::http::route::{Auth, BASE, Route, Shape, Verb, routes};
use flowstead::records;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};
use crate::fixture;
use crate::mcp_client::modern;

/// Who tries.
const WHO: [&str; 4] = ["nobody", "stranger", "reader", "owner"];

/// A server, and a client for each of [`WHO`].
struct Walk {
    app: TestApp,
    clients: [User; 4],
}

impl Walk {
    async fn start() -> Walk {
        let app = TestApp::new().user("stranger").user("reader").config(|config| config.auth.login_tries = 1000).start().await;
        let admin = app.admin();
        let reads_all = admin.make("role", json!({"name": "reads all"})).await;
        admin.make("role_permission", json!({"role_id": reads_all, "operation": "READ"})).await;
        let me = app.user("reader").get("/auth/me").await.expect(200);
        admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": reads_all})).await;
        let clients = [app.nobody(), app.user("stranger").clone(), app.user("reader").clone(), admin.clone()];
        Walk { app, clients }
    }

    /// The number of a version of this record, made by a change.
    async fn version(&self, of: &str, id: &str) -> String {
        let admin = self.app.admin();
        admin.patch(&format!("/{of}/{id}"), fixture::change(of)).await.expect(200);
        let list = admin.get(&format!("/{of}/{id}/versions?plain=true")).await.expect(200);
        list[0]["number"].to_string()
    }

    async fn record(&self, of: &str) -> String {
        let of = records::find(of).map_or("execution", |ty| ty.singular);
        fixture::any_record(&self.app.service, self.app.admin(), of).await
    }

    /// The id of a session of the owner.
    async fn session(&self) -> String {
        let login = json!({ "user_name": "admin", "password": self.app.admin_password });
        self.clients[0].post("/auth/login", login).await.expect(200);
        let sessions = self.app.admin().get("/auth/session").await.expect(200);
        sessions["items"][0]["id"].as_str().expect("a session has an id").to_owned()
    }

    /// One request to `route` as `who`, on a record of its own.
    async fn attempt(&self, route: &Route, who: usize) -> Answer {
        let admin = self.app.admin();
        let first = route.path.strip_prefix(BASE).unwrap_or(&route.path).split('/').nth(1).unwrap_or_default();
        let mut path = match route.path.strip_prefix(BASE) {
            Some(rest) => rest.to_owned(),
            None => format!("/{}", route.path),
        };
        if path.contains("{id}") {
            let id = if route.operation == "auth_session_end" { self.session().await } else { self.record(first).await };
            match route.operation.as_str() {
                // One that is under way is neither deleted nor retried.
                "execution_delete" | "execution_retry" => {
                    admin.post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
                    admin.get(&format!("/execution/{id}/wait")).await.expect(200);
                }
                name if name.ends_with("_restore") && !name.ends_with("_version_restore") => {
                    admin.delete(&format!("/{first}/{id}")).await.expect(204);
                }
                _ => {}
            }
            path = path.replace("{id}", &id);
            if path.contains("{number}") {
                path = path.replace("{number}", &self.version(first, &id).await);
            }
        }
        if path.contains("{name}") {
            path = path.replace("{name}", &fixture::open_webhook(admin).await).replace("{path}", "any/thing");
        }
        if path.contains("{token}") {
            let upload = admin.post("/file/upload", json!({"name": fixture::fresh_name()})).await.expect(201);
            let url = upload["upload_url"].as_str().expect("an address");
            path = path.replace("{token}", url.rsplit('/').next().unwrap_or_default());
        }
        if matches!(route.operation.as_str(), "execution_wait") {
            path.push_str("?timeout=0");
        }
        if matches!(route.operation.as_str(), "flow_run") {
            path.push_str("?wait=true");
        }
        let request = self.clients[who].request(route.endpoint.verb.name(), &path);
        answer(match body(admin, route, first).await {
            Value::Null if route.endpoint.body == Shape::Bytes => request.body("bytes"),
            Value::Null if route.endpoint.body == Shape::Documents => {
                request.header("content-type", "application/yaml").body(format!("setting:\n  name: {}\n", fixture::fresh_name()))
            }
            Value::Null if route.endpoint.body == Shape::Form => request.form(&[("/OK", "true")]),
            Value::Null => request,
            body => request.json(&body),
        })
        .await
    }

    /// Ends what the walk only made.
    async fn finish(self) {
        let admin = self.app.admin();
        let made = admin.get("/execution?limit=1000&plain=true&fields=id,status").await.expect(200);
        for execution in made.as_array().expect("a list") {
            let path = format!("/execution/{}", execution["id"].as_str().expect("an id"));
            admin.post(&format!("{path}/cancel"), Value::Null).await.expect(200);
            admin.get(&format!("{path}/wait")).await.expect(200);
        }
    }
}

/// A body that the route takes.
async fn body(admin: &User, route: &Route, of: &str) -> Value {
    match route.endpoint.body {
        Shape::Create => fixture::body(admin, of).await,
        Shape::Update if route.operation.ends_with("_clone") => json!({"name": fixture::fresh_name_of(of)}),
        Shape::Update => fixture::change(of),
        Shape::Named("LoginRequest") => json!({"user_name": "nobody", "password": "wrong"}),
        Shape::Named("PasswordRequest") => json!({"old_password": "not the one", "new_password": "a long enough password"}),
        Shape::Named("ConfirmRequest") => json!({"twofa_code": "000000"}),
        Shape::Named("DisableRequest") => json!({"password": "not the one", "twofa_code": "000000"}),
        Shape::Named("NewKeyRequest") => fixture::body(admin, "api_key").await,
        Shape::Named("StartRequest") => fixture::body(admin, "execution").await,
        Shape::Named("UploadRequest") => json!({"name": fixture::fresh_name()}),
        Shape::Named("RunRequest" | "RetryRequest" | "AnswerRequest" | "LinkRequest") => json!({}),
        Shape::Named("VersionRestore") => json!({"commit_message": "back"}),
        _ => Value::Null,
    }
}

/// What must hold for every route, those of types to come included.
fn check(route: &Route, statuses: [u16; 4]) {
    let name = &route.operation;
    let [nobody, stranger, reader, owner] = statuses;
    let others = outcome::others(route);
    for status in statuses {
        let is_known = status == route.endpoint.status || others.iter().any(|(other, _)| *other == status);
        assert!(is_known, "{name} answers {status}, and the OpenAPI document does not say so");
    }
    assert!(statuses.iter().all(|status| *status < 500), "{name}: {statuses:?}");
    if !route.endpoint.auth.is_login() {
        assert_eq!(nobody, owner, "{name} is open");
        return;
    }
    if route.endpoint.auth == Auth::Page {
        assert_eq!(nobody, 303, "{name} as nobody: it leads to the login");
    } else {
        assert_eq!(nobody, 401, "{name} as nobody");
    }
    // A user may always see to itself.
    let is_own = name.starts_with("auth_") && name != "auth_session_end";
    if route.path.contains("{id}") {
        assert_eq!(stranger, 404, "{name} as a stranger: what one may not read does not exist");
    } else if route.endpoint.verb != Verb::Get && !is_own {
        assert!(matches!(stranger, 403 | 404), "{name} as a stranger: {stranger}");
    }
    if route.endpoint.verb == Verb::Get {
        assert_eq!(reader, 200, "{name} as a reader");
    } else if name == "flow_validate" {
        assert_eq!(reader, 200, "{name} changes nothing");
    } else if !is_own {
        assert_eq!(reader, 403, "{name} as a reader: seen, but not changed");
    }
    assert!(
        matches!(owner, 200..=204)
            || (route.endpoint.auth == Auth::Page && owner == 303)
            || name == "auth_logout"
            || name.starts_with("auth_2fa")
            || name == "auth_password",
        "{name} as the owner: {owner}"
    );
}

#[tokio::test]
async fn every_route_keeps_out_who_must_be_kept_out() {
    let walk = Walk::start().await;
    let mut matrix = format!("{:<28}{:>10}{:>10}{:>10}{:>10}\n", "operation", WHO[0], WHO[1], WHO[2], WHO[3]);
    for route in routes() {
        let mut statuses = [0; 4];
        for (who, status) in statuses.iter_mut().enumerate() {
            *status = walk.attempt(&route, who).await.status;
        }
        let [a, b, c, d] = statuses;
        let _ = writeln!(matrix, "{:<28}{a:>10}{b:>10}{c:>10}{d:>10}", route.operation);
        check(&route, statuses);
    }
    // The one address beside the table: every agent comes in there with a key, and its tools have a walk of their own.
    let mut agents = [0; 4];
    for (who, status) in agents.iter_mut().enumerate() {
        *status = modern(&walk.clients[who], "tools/list", &json!({})).await.status;
    }
    assert_eq!(agents, [401, 200, 200, 200], "mcp");
    let [a, b, c, d] = agents;
    let _ = writeln!(matrix, "{:<28}{a:>10}{b:>10}{c:>10}{d:>10}", "mcp");
    assert_eq!(matrix.lines().count(), routes().len() + 2, "every route has a row");
    walk.finish().await;
    insta::assert_snapshot!("coverage", matrix);
}

#[tokio::test]
async fn lists_show_a_stranger_nothing_but_itself() {
    let walk = Walk::start().await;
    let admin = walk.app.admin();
    for route in routes().iter().filter(|route| route.endpoint.answer == Shape::Page) {
        let of = route.record_type.expect("a list is of a type").singular;
        walk.record(of).await;
        let list = walk.clients[1].get(&format!("/{of}")).await.expect(200);
        let own = usize::from(matches!(of, "user" | "api_key" | "record_version"));
        assert_eq!((&list["total"], list["items"].as_array().map(Vec::len)), (&json!(own), Some(own)), "{of}: {list}");
        let seen = walk.clients[2].get(&format!("/{of}")).await.expect(200);
        let all = admin.get(&format!("/{of}")).await.expect(200);
        // Entries of what was done before may still be on their way into the audit log.
        let is_whole = if of == "audit" { seen["total"].as_u64() <= all["total"].as_u64() } else { seen["total"] == all["total"] };
        assert!(is_whole && seen["total"] != 0, "{of}: {} of {}", seen["total"], all["total"]);
    }
    walk.finish().await;
}
