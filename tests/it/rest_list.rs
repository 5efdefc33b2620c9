//! Lists over HTTP: filters, order, columns, pages.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;

/// Settings `a` to `e` with values 1 to 5.
async fn five(user: &User) {
    for (value, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        user.make("setting", json!({"name": name, "value": value + 1, "description": if value < 2 { Value::Null } else { json!("late") }}))
            .await;
    }
}

async fn names(user: &User, query: &str) -> Vec<String> {
    let list = user.get(&format!("/setting?plain=true&{query}")).await.expect(200);
    let items = list.as_array().expect("a plain list is an array");
    items.iter().map(|item| item["name"].as_str().expect("a name is a text").to_owned()).collect()
}

fn filter(value: &Value) -> String {
    let mut out = String::from("filter=");
    for byte in value.to_string().bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

#[tokio::test]
async fn a_filter_chooses_and_an_order_sorts() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    five(admin).await;
    let of = async |value: Value, order: &str| names(admin, &format!("{}&order={order}", filter(&value))).await;
    assert_eq!(of(json!({"field": "name", "op": "in", "value": ["e", "a", "x"]}), "-name").await, ["e", "a"]);
    assert_eq!(of(json!({"field": "description", "op": "unset"}), "name").await, ["a", "b"]);
    let either = json!({"or": [{"field": "name", "op": "eq", "value": "b"}, {"field": "name", "op": "gt", "value": "d"}]});
    assert_eq!(of(either, "%2Bname").await, ["b", "e"]);
    assert_eq!(
        of(json!({"and": [{"field": "name", "op": "gte", "value": "b"}, {"field": "name", "op": "like", "value": "%"}]}), "+name").await,
        ["b", "c", "d", "e"]
    );
    assert_eq!(names(admin, "order=-description,-name").await[..3], ["e", "d", "c"]);
}

#[tokio::test]
async fn pages_tell_where_they_are_and_how_many_there_are() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    five(admin).await;
    let page = admin.get("/setting?order=name&limit=2&offset=2&fields=name").await.expect(200);
    assert_eq!(page, json!({"items": [{"name": "c"}, {"name": "d"}], "total": 5, "limit": 2, "offset": 2}));
    let beyond = admin.get("/setting?offset=50").await.expect(200);
    assert_eq!((&beyond["items"], &beyond["total"], &beyond["limit"]), (&json!([]), &json!(5), &json!(50)));
}

#[tokio::test]
async fn a_bad_filter_names_its_place_and_what_would_be_right() {
    let app = TestApp::new().start().await;
    let refused = async |value: Value| app.admin().get(&format!("/setting?{}", filter(&value))).await.expect(422);
    let unknown = refused(json!({"and": [{"field": "name", "op": "eq", "value": "x"}, {"field": "nmae", "op": "eq", "value": "x"}]})).await;
    assert_eq!(unknown["field"], "/and/1/field");
    assert!(unknown["error_message"].as_str().unwrap().contains("name"), "{unknown}");
    assert_eq!(refused(json!({"field": "name", "op": "equals", "value": "x"})).await["field"], "/op");
    assert_eq!(refused(json!({"field": "name", "op": "eq", "value": 5})).await["field"], "/value");
    let deep = (0..20).fold(json!({"field": "name", "op": "set"}), |inner, _| json!({"and": [inner]}));
    assert_eq!(refused(deep).await["code"], "invalid");
}

#[tokio::test]
async fn bad_parameters_of_a_list_are_refused() {
    let app = TestApp::new().start().await;
    for query in ["limit=0", "limit=1001", "offset=-1", "limt=5", "plain=yes", "filter=%7B", "order=name&order=id", "by=name"] {
        app.admin().get(&format!("/setting?{query}")).await.refusal(400, "malformed");
    }
    for query in ["order=nmae", "fields=nmae", "fields=content_hash"] {
        app.admin().get(&format!("/setting?{query}")).await.refusal(422, "invalid");
    }
}
