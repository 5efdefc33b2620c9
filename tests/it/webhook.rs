//! Webhooks: other systems call, flows answer.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::TestApp;
use crate::client::{Answer, User, answer};

const ECHO: &str = "def handler(system, this, inputs):\n    return inputs\n";
const KEY: &str = "It's a Secret to Everybody";

/// A server with one flow behind an enabled webhook `hook`, and somebody outside.
async fn served(script: &str, webhook: Value) -> (TestApp, User) {
    let app = TestApp::new().start().await;
    hook(&app, script, webhook).await;
    let nobody = app.nobody();
    (app, nobody)
}

async fn hook(app: &TestApp, script: &str, mut webhook: Value) {
    let admin = app.admin();
    let flow = admin.flow("behind", script).await;
    for (name, value) in [("name", json!("hook")), ("flow_id", json!(flow)), ("is_enabled", json!(true))] {
        webhook[name] = value;
    }
    admin.make("webhook", webhook).await;
}

async fn executions(app: &TestApp) -> Vec<Value> {
    let list = app.admin().get("/execution?plain=true&limit=1000").await.expect(200);
    list.as_array().expect("a list").clone()
}

fn signature(key: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key will do");
    mac.update(body.as_bytes());
    let digits = hex::encode(mac.finalize().into_bytes());
    format!("sha256={digits}")
}

#[tokio::test]
async fn a_call_starts_the_flow_with_the_request_and_is_answered_with_its_output() {
    let (app, nobody) = served(ECHO, json!({ "is_key_required": false, "is_productive": true })).await;
    let called =
        nobody.request("POST", "/webhook/hook/call/orders/7%208?a=1&a=2&b=%C3%BC").header("x-own", "yes").json(&json!({ "n": [1] }));
    let input = answer(called).await.expect(200);
    assert_eq!((&input["method"], &input["path"]), (&json!("POST"), &json!("/orders/7 8")));
    assert_eq!((&input["query"], &input["json"]), (&json!({ "a": ["1", "2"], "b": "\u{fc}" }), &json!({ "n": [1] })));
    assert_eq!(input["headers"]["x-own"], "yes");
    for (media, body, name, value) in [
        ("application/x-www-form-urlencoded", "a=1&b=2", "form", json!({ "a": "1", "b": "2" })),
        ("text/plain", "hello", "text", json!("hello")),
        ("application/octet-stream", "hello", "body_base64", json!("aGVsbG8=")),
    ] {
        let sent = nobody.request("PUT", "/webhook/hook/call").header("content-type", media).body(body);
        let input = answer(sent).await.expect(200);
        assert_eq!((&input[name], &input["path"], &input["method"]), (&value, &json!(""), &json!("PUT")), "{input}");
        assert!(input.get("json").is_none(), "{input}");
    }
    for method in ["GET", "DELETE", "PATCH"] {
        assert_eq!(nobody.send(method, "/webhook/hook/call", &Value::Null).await.expect(200)["method"], method);
    }
    let head = nobody.send("HEAD", "/webhook/hook/call", &Value::Null).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));

    let made = executions(&app).await;
    let webhook = app.admin().get("/webhook/hook?by=name&plain=true").await.expect(200);
    assert_eq!(made.len(), 8);
    for execution in &made {
        assert_eq!((&execution["webhook_id"], &execution["origin"]["kind"]), (&webhook["id"], &json!("webhook")), "{execution}");
        assert_eq!((&execution["created_by"], &execution["is_productive"]), (&webhook["id"], &json!(true)));
    }
    let filter = json!({ "and": [
        { "field": "operation", "op": "eq", "value": "start" }, { "field": "actor_type", "op": "eq", "value": "WEBHOOK" },
    ] });
    let entries = answer(app.admin().request("GET", "/audit").query(&[("filter", filter.to_string())])).await.expect(200);
    assert_eq!((&entries["total"], &entries["items"][0]["actor_name"]), (&json!(8), &json!("hook")), "{entries}");
}

/// A push as GitHub's documentation shows it, shortened.
fn push() -> String {
    let person = json!({ "name": "Codertocat", "email": "21031067+Codertocat@users.noreply.github.com" });
    json!({
        "ref": "refs/tags/simple-tag",
        "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
        "after": "0000000000000000000000000000000000000000",
        "created": false, "deleted": true, "forced": false, "base_ref": null,
        "compare": "https://github.com/Codertocat/Hello-World/compare/6113728f27ae...000000000000",
        "commits": [{ "id": "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "message": "Adding a .gitignore file", "author": person }],
        "head_commit": null,
        "repository": {
            "id": 186_853_002, "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=", "name": "Hello-World",
            "full_name": "Codertocat/Hello-World", "private": false, "html_url": "https://github.com/Codertocat/Hello-World",
        },
        "pusher": person,
        "sender": { "login": "Codertocat", "id": 21_031_067, "type": "User", "site_admin": false },
    })
    .to_string()
}

fn delivery(user: &User, body: &str, signature: &str) -> reqwest::RequestBuilder {
    user.request("POST", "/webhook/hook/call")
        .header("content-type", "application/json")
        .header("user-agent", "GitHub-Hookshot/044aadd")
        .header("x-github-event", "push")
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .header("x-github-hook-id", "292430182")
        .header("x-hub-signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6")
        .header("x-hub-signature-256", signature)
        .body(body.to_owned())
}

const ON_PUSH: &str = "
def handler(system, this, inputs):
    headers, push = inputs['headers'], inputs['json']
    assert headers['x-github-event'] == 'push'
    return {'repository': push['repository']['full_name'], 'messages': [commit['message'] for commit in push['commits']]}
";

#[tokio::test]
async fn a_delivery_of_github_is_let_in_by_its_signature_and_by_no_other() {
    let (app, nobody) = served(ON_PUSH, json!({ "key": KEY })).await;
    let body = push();
    let right = signature(KEY, &body);
    let output = answer(delivery(&nobody, &body, &right)).await.expect(200);
    assert_eq!(output, json!({ "repository": "Codertocat/Hello-World", "messages": ["Adding a .gitignore file"] }));
    let changed = body.replace("Hello-World", "Hello-Wor1d");
    for (body, signature) in [(&changed, &right), (&body, &signature("another", &body)), (&body, &"sha256=".to_owned())] {
        answer(delivery(&nobody, body, signature)).await.refusal(401, "unauthenticated");
    }
    // Who signs wrongly is not let in by showing the key too.
    answer(delivery(&nobody, &changed, &right).bearer_auth(KEY)).await.refusal(401, "unauthenticated");
    assert_eq!(executions(&app).await.len(), 1);
}

#[tokio::test]
async fn a_key_is_shown_in_any_of_its_places_and_reaches_no_flow() {
    let (app, nobody) = served(ECHO, json!({ "key": "k e&y" })).await;
    let get = |path: &str| nobody.request("GET", &format!("/webhook/hook/call{path}"));
    let calls = [
        get("?key=k+e%26y&a=1"),
        get("").bearer_auth("k e&y"),
        nobody.request("POST", "/webhook/hook/call").json(&json!({ "key": "k e&y", "a": 1 })),
        get("").header("x-signature-256", signature("k e&y", "")),
    ];
    for call in calls {
        let input = answer(call).await.expect(200);
        assert!(!input.to_string().contains("k e&y"), "{input}");
    }
    for refused in [get(""), get("?key=K+e%26y"), get("?key="), get("").bearer_auth("key"), get("").header("x-signature-256", "00")] {
        answer(refused).await.refusal(401, "unauthenticated");
    }
    // Broken JSON has no key in it; what is wrong with it is told to who has shown the key.
    let broken = |path: &str| {
        let call = nobody.request("POST", &format!("/webhook/hook/call{path}")).header("content-type", "application/json");
        answer(call.body("{\"key\": \"k e&y\""))
    };
    broken("").await.refusal(401, "unauthenticated");
    broken("?key=k+e%26y").await.refusal(400, "malformed");
    assert!(executions(&app).await.iter().all(|execution| !execution.to_string().contains("k e&y")));
    assert_eq!(executions(&app).await.len(), 4);

    app.admin().patch("/webhook/hook?by=name", json!({ "is_enabled": false })).await.expect(200);
    let disabled = answer(get("?key=k+e%26y")).await.refusal(404, "not_found");
    assert_eq!(disabled.replace("hook", "none"), nobody.get("/webhook/none/call").await.refusal(404, "not_found").replace("hook", "none"));
    app.admin().patch("/webhook/hook?by=name", json!({ "is_enabled": true, "key": null })).await.expect(200);
    answer(get("?key=")).await.refusal(401, "unauthenticated");
}

const ANSWERS: &str = "
def handler(system, this, inputs):
    what = inputs['query']['what']
    if what == 'json':
        return this.webhook_response({'ok': True}, status=201, headers={'x-own': 'yes', 'content-security-policy': 'none'})
    if what == 'text':
        return this.webhook_response('plain')
    if what == 'bytes':
        return this.webhook_response(b'\\x00\\xff', headers={'content-type': 'image/x-own'})
    if what == 'empty':
        return this.webhook_response(status=204)
    if what == 'html':
        return this.webhook_html_response('<h1>\\u00fc</h1>')
    if what == 'wrong':
        for call in (lambda: this.webhook_response('x', status=99), lambda: this.webhook_response('x', headers={'a': 'b\\nc'}),
                     lambda: this.webhook_html_response(b'x'), lambda: this.webhook_response({'x': object()})):
            try:
                call()
            except Exception as error:
                this.log(type(error).__name__)
            else:
                raise AssertionError('it was taken')
        return 'refused'
    raise ValueError('a secret of the flow')
";

#[tokio::test]
async fn a_flow_answers_what_it_likes() {
    let (app, nobody) = served(ANSWERS, json!({ "is_key_required": false })).await;
    let call = async |what: &str| -> Answer { nobody.get(&format!("/webhook/hook/call?what={what}")).await };
    let of = |answer: &Answer| (answer.status, answer.header("content-type").to_owned(), answer.text.clone());
    let json = call("json").await;
    assert_eq!(of(&json), (201, "application/json".into(), "{\"ok\":true}".into()));
    assert_eq!(json.header("x-own"), "yes");
    assert_eq!(of(&call("text").await), (200, "text/plain; charset=utf-8".into(), "plain".into()));
    let html = call("html").await;
    assert_eq!(of(&html), (200, "text/html; charset=utf-8".into(), "<h1>\u{fc}</h1>".into()));
    for answer in [&json, &html] {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("sandbox") && !policy.contains("same-origin"), "{policy}");
    }
    let bytes = nobody.request("GET", "/webhook/hook/call?what=bytes").send().await.expect("an answer");
    assert_eq!(bytes.headers()["content-type"], "image/x-own");
    assert_eq!(bytes.bytes().await.expect("a body").as_ref(), b"\x00\xff");
    assert_eq!(of(&call("empty").await), (204, String::new(), String::new()));
    assert_eq!(call("wrong").await.expect(200), json!("refused"));
    let failed = call("other").await;
    assert_eq!((failed.status, &failed.body["code"]), (500, &json!("flow_failed")));
    assert!(!failed.text.contains("secret of the flow") && !failed.text.contains("ValueError"), "{failed:?}");
    let id = failed.body["execution_id"].as_str().expect("an id");
    let record = app.admin().get(&format!("/execution/{id}?plain=true")).await.expect(200);
    assert!(record["status_message"].as_str().is_some_and(|text| text.contains("a secret of the flow")), "{record}");
}

#[tokio::test]
async fn who_does_not_wait_and_who_waits_too_long_get_the_id() {
    let app = TestApp::new().manual_clock().start().await;
    hook(&app, "def handler(system, this, inputs):\n    this.sleep(100000)\n", json!({ "is_key_required": false })).await;
    let nobody = app.nobody();
    let at_once = nobody.post("/webhook/hook/call?async=1", json!({})).await.expect(202);
    let waiting = tokio::spawn({
        let nobody = nobody.clone();
        async move { nobody.post("/webhook/hook/call", json!({})).await }
    });
    while !waiting.is_finished() {
        app.clock.advance(Duration::from_secs(301));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let too_long = waiting.await.expect("it is answered").expect(202);
    for answer in [at_once, too_long] {
        let id = answer["execution_id"].as_str().expect("an id").to_owned();
        app.admin().post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
        app.admin().get(&format!("/execution/{id}/wait")).await.expect(200);
    }
}

const TRIES: &str = "
def handler(system, this, inputs):
    tried = {}
    for name, act in {
        'read': lambda: system.setting('shown').get('value'),
        'write': lambda: system.setting('shown').save(value=2),
        'user': lambda: system.user('admin').get('name'),
    }.items():
        try:
            tried[name] = str(act() is not None)
        except Exception as error:
            tried[name] = type(error).__name__
    return tried
";

#[tokio::test]
async fn the_execution_holds_the_propagated_roles_of_the_webhook_and_no_more() {
    let (app, nobody) = served(TRIES, json!({ "is_key_required": false })).await;
    let admin = app.admin();
    admin.make("setting", json!({ "name": "shown", "value": 1 })).await;
    let tried = nobody.get("/webhook/hook/call").await.expect(200);
    assert_eq!(tried, json!({ "read": "True", "write": "PermissionDenied", "user": "ResourceNotFoundError" }));
    // What it keeps to itself lets it start the flow, and nothing more.
    let webhook = admin.get("/webhook/hook?by=name&plain=true").await.expect(200)["id"].clone();
    let filter = json!({ "field": "identity_id", "op": "eq", "value": webhook }).to_string();
    let held = answer(admin.request("GET", "/identity_role?plain=true").query(&[("filter", filter)])).await.expect(200);
    let role = held[0]["id"].as_str().expect("it has the role Trigger").to_owned();
    admin.patch(&format!("/identity_role/{role}"), json!({ "propagate": false })).await.expect(200);
    let tried = nobody.get("/webhook/hook/call").await.expect(200);
    assert_eq!(tried["read"], "ResourceNotFoundError");
    admin.delete(&format!("/identity_role/{role}")).await.expect(204);
    let refused = nobody.get("/webhook/hook/call").await.refusal(503, "unavailable");
    assert!(!refused.contains("EXECUTION"), "which right is missing is for its owner: {refused}");
    assert_eq!(executions(&app).await.len(), 2);
}

#[tokio::test]
async fn bad_input_is_refused_where_it_comes_in() {
    let app = TestApp::new().config(|config| config.server.body_limit_bytes = 2000).start().await;
    let schema = json!({ "type": "object", "properties": { "json": { "type": "object", "required": ["n"] } }, "required": ["json"] });
    hook(&app, ECHO, json!({ "is_key_required": false })).await;
    app.admin().patch("/flow/behind?by=name", json!({ "input_schema": schema })).await.expect(200);
    let nobody = app.nobody();
    let refused = nobody.post("/webhook/hook/call", json!({ "m": 1 })).await;
    assert!(refused.text.contains("/json"), "{refused:?}");
    assert_eq!(refused.status, 422);
    let long = nobody.post("/webhook/hook/call", json!({ "n": "x".repeat(3000) })).await;
    long.refusal(413, "too_large");
    assert!(executions(&app).await.is_empty());
    nobody.post("/webhook/hook/call", json!({ "n": 1 })).await.expect(200);
}

#[tokio::test]
async fn a_call_that_is_repeated_with_its_idempotency_key_runs_once() {
    let (app, nobody) = served("def handler(system, this, inputs):\n    return this.uuid()\n", json!({ "is_key_required": false })).await;
    let call = |body: Value, tries: &str| {
        let call = nobody.request("POST", "/webhook/hook/call").header("idempotency-key", "once").header("x-try", tries);
        answer(call.json(&body))
    };
    let first = call(json!(1), "1").await.expect(200);
    assert_eq!(call(json!(1), "2").await.expect(200), first);
    call(json!(2), "1").await.refusal(409, "conflict");
    assert_eq!(executions(&app).await.len(), 1);
}
