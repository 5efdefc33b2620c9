//! The page of a form, as a browser without scripts uses it: logged in, or with a link.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{APPROVAL, answer, asking, output};
use crate::app::TestApp;
use crate::client::{self, Answer, User};

/// A browser of somebody who logs in on the login page; gives its cookie and where it is led to.
async fn log_in(app: &TestApp, name: &str, password: &str, message: &str) -> (Answer, String) {
    let fields = [("user_name", name), ("password", password), ("message", message)];
    let answer = client::answer(from_here(app, app.nobody().request("POST", "//login")).form(&fields)).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    (answer, cookie)
}

fn from_here(app: &TestApp, request: RequestBuilder) -> RequestBuilder {
    request.header("origin", &app.url)
}

async fn send(app: &TestApp, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    client::answer(from_here(app, app.nobody().request("POST", path)).header("cookie", cookie).form(fields)).await
}

async fn get(app: &TestApp, cookie: &str, path: &str) -> Answer {
    client::answer(app.nobody().request("GET", path).header("cookie", cookie)).await
}

/// What holds for every page: nothing foreign in it, every input has its label, every reference leads somewhere.
fn check_page(page: &Answer) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{}", page.text);
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe") && !page.text.contains("<script"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text.contains("<html lang=\"en\">") && page.text.matches("<h1>").count() == 1, "{}", page.text);
    let values = |attribute: &str| -> Vec<String> {
        let mark = format!(" {attribute}=\"");
        let parts = page.text.split(mark.as_str()).skip(1);
        parts.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let ids = values("id");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id is there twice: {ids:?}");
    for attribute in ["for", "aria-describedby", "aria-labelledby"] {
        for target in values(attribute).iter().flat_map(|value| value.split(' ')) {
            assert!(ids.iter().any(|id| id == target), "{attribute} leads to {target}, which is not there: {}", page.text);
        }
    }
    for tag in ["<input", "<select", "<textarea"] {
        for control in page.text.split(tag).skip(1).filter(|rest| !rest.starts_with(" type=\"hidden\"")) {
            let id = control.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an input has an id");
            assert!(values("for").iter().any(|target| target == id), "{id} has no label");
        }
    }
}

#[tokio::test]
async fn a_form_is_answered_in_a_browser_after_a_login() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("approval", APPROVAL).await;
    let (id, message) = asking(admin, "approval", json!({})).await;
    let path = format!("//message/{message}");
    let nobody = app.nobody().get(&path).await;
    assert_eq!((nobody.status, nobody.header("location")), (303, format!("/login?message={message}").as_str()));
    check_page(&app.nobody().get(&format!("//login?message={message}")).await);
    let (wrong, _) = log_in(&app, "admin", "wrong", &message).await;
    check_page(&wrong);
    assert!(wrong.status == 401 && wrong.text.contains("role=\"alert\"") && !wrong.text.contains("value=\"wrong\""), "{}", wrong.text);
    let (right, cookie) = log_in(&app, "admin", &app.admin_password, &message).await;
    assert_eq!((right.status, right.header("location")), (303, format!("/message/{message}").as_str()));
    let list = get(&app, &cookie, "//message").await;
    check_page(&list);
    assert!(list.text.contains(&format!("href=\"/message/{message}\"")) && list.text.contains("Approve the order"), "{}", list.text);
    let page = get(&app, &cookie, &path).await;
    check_page(&page);
    assert!(page.text.contains("<strong>today</strong>") && page.text.contains("How much? (required)"), "{}", page.text);
    let at = |part: &str| page.text.find(part).unwrap_or_else(|| panic!("no {part} in {}", page.text));
    assert!(at("name=\"/amount\"") < at("name=\"/mail\"") && at("name=\"/mail\"") < at("name=\"/note\""));
    assert!(at("<button type=\"submit\" name=\"/yes\"") < at("<button type=\"submit\" name=\"/no\""));
    // What is wrong stands above the form and at each input, and what was entered stays.
    let wrong = send(&app, &cookie, &path, &[("/amount", "0.5"), ("/mail", "no <b>mail"), ("/note", "n"), ("/yes", "true")]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    check_page(&wrong);
    assert!(wrong.text.contains("<title>Error: Approve the order"), "{}", wrong.text);
    assert!(
        wrong.text.contains("There are 2 things to correct") && wrong.text.matches("aria-invalid=\"true\"").count() == 2,
        "{}",
        wrong.text
    );
    assert!(wrong.text.contains("value=\"no &lt;b&gt;mail\"") && wrong.text.contains("href=\"#in-2f-amount\""), "{}", wrong.text);
    let unread = send(&app, &cookie, &path, &[("/amount", "five"), ("/mail", "a@b.example")]).await;
    assert!(unread.status == 422 && unread.text.contains("is no number") && unread.text.contains("value=\"five\""), "{}", unread.text);
    let right = send(&app, &cookie, &path, &[("/amount", "5"), ("/mail", "a@b.example"), ("/note", ""), ("/no", "true")]).await;
    assert_eq!((right.status, right.header("location")), (303, format!("/message/{message}").as_str()), "{}", right.text);
    let response = json!({"amount": 5, "mail": "a@b.example", "note": "", "no": true, "yes": false});
    assert_eq!(output(admin, &id).await["response"], response);
    let closed = get(&app, &cookie, &path).await;
    check_page(&closed);
    assert!(closed.text.contains("by user") && closed.text.contains("admin") && !closed.text.contains("<form"), "{}", closed.text);
    let again = send(&app, &cookie, &path, &[("/amount", "6"), ("/mail", "a@b.example")]).await;
    check_page(&again);
    assert_eq!(again.status, 409, "{}", again.text);
    let record = admin.get(&format!("/message/{message}?plain=true")).await.expect(200);
    assert_eq!((&record["submitted_via"], &record["response"]), (&json!("page"), &response));
}

#[tokio::test]
async fn a_question_that_needs_a_login_is_answered_on_its_page_and_by_no_key() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "def handler(system, this, inputs):\n    return this.message('Sure?', request='Word', needs_login=True).get('response')\n";
    admin.flow("secure", script).await;
    let (id, message) = asking(admin, "secure", json!({})).await;
    let refused = answer(admin, &message, json!({"string": "yes"})).await.refusal(403, "forbidden");
    assert!(refused.contains("logged in") && refused.contains(&format!("/message/{message}")), "{refused}");
    let (_, cookie) = log_in(&app, "admin", &app.admin_password, &message).await;
    let right = send(&app, &cookie, &format!("//message/{message}"), &[("/string", "yes")]).await;
    assert_eq!(right.status, 303, "{}", right.text);
    assert_eq!(output(admin, &id).await, json!({"string": "yes"}));
}

#[tokio::test]
async fn a_page_of_somebody_else_can_neither_answer_nor_log_in() {
    let app = TestApp::new().start().await;
    let message = app.admin().make("message", json!({"subject": "s"})).await;
    let (_, cookie) = log_in(&app, "admin", &app.admin_password, "").await;
    let path = format!("//message/{message}");
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let request = app.nobody().request("POST", &path).header("cookie", &cookie).form(&[("/OK", "true")]);
        let forged = client::answer(match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        });
        assert_eq!(forged.await.status, 403, "{origin:?}");
        let login = app.nobody().request("POST", "//login").form(&[("user_name", "admin"), ("password", &app.admin_password)]);
        let forged = client::answer(match origin {
            Some(origin) => login.header("origin", origin),
            None => login,
        });
        let forged = forged.await;
        assert!(forged.status == 403 && forged.header("set-cookie").is_empty(), "{origin:?}");
    }
    assert_eq!(app.admin().get(&format!("/message/{message}?plain=true")).await.expect(200)["is_submitted"], false);
    // Nor does a login lead anywhere else.
    let (answer, _) = log_in(&app, "admin", &app.admin_password, "//evil.example").await;
    assert_eq!(answer.header("location"), "/message");
}

#[tokio::test]
async fn what_flows_write_is_shown_and_never_run() {
    let app = TestApp::new().start().await;
    let bad = "<img src=x onerror=alert(1)>";
    let form = json!({"type": "object", "properties": {
        bad: {"type": "string", "label": bad, "description": bad, "example": bad, "default": format!("\">{bad}")},
        "pick": {"enum": [bad, 2]}, "text": {"element": "text", "default": format!("</textarea>{bad}")},
        "part": {"type": "object", "title": bad, "properties": {"on": {"type": "boolean"}}},
        "go": {"element": "submit", "label": bad}, "words": {"element": "markdown", "description": format!("**b** {bad}")},
    }});
    let message =
        app.admin().make("message", json!({"subject": bad, "message": format!("{bad}\n\n[x](javascript:alert(1))"), "body": form})).await;
    let page = app.admin().get(&format!("//message/{message}")).await;
    check_page(&page);
    assert!(page.status == 200 && !page.text.contains("<img") && !page.text.contains("javascript:"), "{}", page.text);
    let answered = client::answer(app.admin().request("POST", &format!("//message/{message}")).form(&[
        (format!("/{bad}").as_str(), "x"),
        ("/pick", "1"),
        ("/text", "t"),
        ("/part/on", "on"),
        ("/go", "true"),
    ]));
    assert_eq!(answered.await.status, 303);
    let record = app.admin().get(&format!("/message/{message}?plain=true")).await.expect(200);
    assert_eq!(record["response"], json!({bad: "x", "pick": 2, "text": "t", "part": {"on": true}, "go": true}));
}

#[tokio::test]
async fn who_may_only_read_a_message_sees_no_form() {
    let app = TestApp::new().user("reader").user("stranger").start().await;
    let admin = app.admin();
    let role = admin.make("role", json!({"name": "reads messages"})).await;
    admin.make("role_permission", json!({"role_id": role, "operation": "READ", "permission_record_type": "MESSAGE"})).await;
    let me = app.user("reader").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    let path = format!("//message/{}", admin.make("message", json!({"subject": "s"})).await);
    let page = app.user("reader").get(&path).await;
    check_page(&page);
    assert!(page.status == 200 && page.text.contains("UPDATE on MESSAGE") && !page.text.contains("<form"), "{}", page.text);
    let page = app.user("stranger").get(&path).await;
    check_page(&page);
    assert_eq!(page.status, 404, "{}", page.text);
}

async fn link(user: &User, message: &str, seconds: Value) -> String {
    let made = user.post(&format!("/message/{message}/link"), json!({"valid_seconds": seconds})).await.expect(200);
    let url = made["url"].as_str().expect("a link is text");
    format!("//{}", url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("a whole address").1)
}

#[tokio::test]
async fn a_link_answers_its_message_once_and_nothing_else() {
    let app = TestApp::new().manual_clock().start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let form = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let message = admin.make("message", json!({"subject": "How many?", "body": form})).await;
    let path = link(admin, &message, json!(3600)).await;
    let page = nobody.get(&path).await;
    check_page(&page);
    assert!(page.status == 200 && page.text.contains("How many?"), "{}", page.text);
    let post = async |path: &str, n: &str| client::answer(nobody.request("POST", path).form(&[("/n", n)])).await;
    let wrong = post(&path, "1.5").await;
    check_page(&wrong);
    assert!(wrong.status == 422 && wrong.text.contains("value=\"1.5\""), "{}", wrong.text);
    let done = post(&path, "3").await;
    assert_eq!((done.status, format!("/{}", done.header("location"))), (303, path.clone()), "{}", done.text);
    let after = nobody.get(&path).await;
    check_page(&after);
    assert!(after.status == 200 && !after.text.contains("How many?") && after.text.contains("Thank you"), "{}", after.text);
    assert_eq!(post(&path, "4").await.status, 409);
    let record = admin.get(&format!("/message/{message}?plain=true")).await.expect(200);
    assert_eq!((&record["response"], &record["submitted_via"], &record["submitted_by"]), (&json!({"n": 3}), &json!("link"), &Value::Null));
    let text = answer(admin, &message, json!({"n": 5})).await.refusal(409, "conflict");
    assert!(text.contains("over its link"), "{text}");
    admin.post(&format!("/message/{message}/link"), Value::Null).await.refusal(409, "conflict");
}

#[tokio::test]
async fn a_link_that_is_over_or_was_changed_leads_nowhere() {
    let app = TestApp::new().manual_clock().start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let message = admin.make("message", json!({"subject": "s"})).await;
    let other = admin.make("message", json!({"subject": "other"})).await;
    let path = link(admin, &message, json!(60)).await;
    let (head, token) = path.rsplit_once('/').unwrap();
    let mut changed: Vec<char> = token.chars().collect();
    changed[5] = if changed[5] == 'A' { 'B' } else { 'A' };
    let changed: String = changed.into_iter().collect();
    for bad in [changed.as_str(), "", "AAAA", &token[..20], &other] {
        let page = nobody.get(&format!("{head}/{bad}")).await;
        assert_eq!(page.status, 404, "{bad}: {}", page.text);
    }
    app.clock.advance(Duration::from_secs(59));
    assert_eq!(nobody.get(&path).await.status, 200);
    app.clock.advance(Duration::from_secs(1));
    let over = nobody.get(&path).await;
    check_page(&over);
    assert_eq!(over.status, 404);
    let late = client::answer(nobody.request("POST", &path).form(&[("/OK", "true")])).await;
    assert_eq!(late.status, 404, "{}", late.text);
    for seconds in [json!(0), json!(-1), json!(1e12), json!("1")] {
        let refused = admin.post(&format!("/message/{message}/link"), json!({"valid_seconds": seconds})).await;
        assert_eq!((refused.status, &refused.body["field"]), (422, &json!("/valid_seconds")), "{seconds}: {}", refused.text);
    }
    let gone = link(admin, &other, json!(60)).await;
    admin.delete(&format!("/message/{other}?permanently=true")).await.expect(204);
    assert_eq!(nobody.get(&gone).await.status, 404);
}

#[tokio::test]
async fn a_flow_gets_a_link_for_an_e_mail() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "
def handler(system, this):
    asked = this.message('Who?', request='Name', wait=False)
    this.save(message=asked.get_link(valid_seconds=60))
    return asked.wait().get('response')
";
    admin.flow("mail", script).await;
    let (id, _) = asking(admin, "mail", Value::Null).await;
    let record = admin.get(&format!("/execution/{id}?plain=true")).await.expect(200);
    let url = record["message"].as_str().expect("the link");
    let path = format!("//{}", &url[url.find("message/link").expect("a link to a message")..]);
    let done = client::answer(app.nobody().request("POST", &path).form(&[("/string", "Ada")])).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(output(admin, &id).await, json!({"string": "Ada"}));
}

#[tokio::test]
async fn an_input_that_takes_json_says_so() {
    let app = TestApp::new().start().await;
    let script = "
def handler(system, this):
    body = {'type': 'object', 'properties': {
        'tags': {'type': 'array', 'items': {'type': 'string'}}, 'free': {'type': 'string', 'element': 'json'}}}
    return this.message('Tags?', body=body).get('response')
";
    app.admin().flow("tags", script).await;
    let (id, message) = asking(app.admin(), "tags", Value::Null).await;
    let path = link(app.admin(), &message, json!(60)).await;
    let page = app.nobody().get(&path).await;
    check_page(&page);
    assert_eq!(page.text.matches("written as JSON").count(), 1, "{}", page.text);
    assert!(page.text.contains("aria-describedby=\"in-2f-tags-hint\""), "{}", page.text);
    let done = client::answer(app.nobody().request("POST", &path).form(&[("/tags", "[\"a\"]"), ("/free", "b")])).await;
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(output(app.admin(), &id).await, json!({"tags": ["a"], "free": "b"}));
}
