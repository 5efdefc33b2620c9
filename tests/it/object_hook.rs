//! Each change of an object has its one execution of the flow that follows it, whatever happens to the server in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use flowstead::clock::Clock;
use flowstead::config::Config;
use flowstead::records::find;
use flowstead::service::{ADMIN, Actor, Commands, Door, RecordDelete, RecordWrite, Selector, Service};
use flowstead::store::{Durability, Options, Store};
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::client::User;
use super::kill::{limit_files, until_failures};
use super::server::{Server, answer};

const NOTE: &str = "def handler(system, this, inputs):\n    return inputs['operation']\n";
/// Makes objects of a template, changes each, and deletes every second one.
const MAKER: &str = "
def handler(system, this, inputs):
    for n in range(inputs['count']):
        car = system.custom_object(f'flow {n}').save(object_template_id=inputs['template'], value={'n': 1})
        this.sleep(0.05)
        car.save(value={'n': 2})
        if n % 2:
            car.delete()
";

/// A template whose every change is followed by the flow `note`.
async fn template(server: &Server) -> String {
    server.flow("note", NOTE, &Value::Null).await;
    let flow = server.get("/flow/note?by=name&plain=true").await.body["id"].clone();
    let body = json!({ "name": "car", "on_create": flow, "on_update": flow, "on_delete": flow });
    let made = server.post("/object_template?plain=true", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let template = made.body["id"].as_str().expect("an id").to_owned();
    let attribute = json!({ "object_template_id": template, "name": "n", "datatype": "INTEGER" });
    let made = server.post("/object_template_attribute", &attribute).await;
    assert_eq!(made.status, 201, "{made:?}");
    template
}

/// All records of a type.
async fn records(server: &Server, of: &str, trash: bool) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let trashed = if trash { "&trash=true" } else { "" };
        let page = server.get(&format!("/{of}?plain=true&order=id&limit=1000&offset={}{trashed}", all.len())).await.body;
        let items = page.as_array().cloned().unwrap_or_else(|| panic!("{page}"));
        if items.is_empty() {
            return all;
        }
        all.extend(items);
    }
}

fn text(record: &Value, column: &str) -> String {
    record[column].as_str().unwrap_or_default().to_owned()
}

/// Waits for the end of all that followed changes, and compares it with what the objects have been through.
async fn each_change_was_followed_once(server: &Server) -> usize {
    let mut expected = BTreeMap::new();
    for is_gone in [false, true] {
        for object in records(server, "custom_object", is_gone).await {
            let updates = object["version"].as_u64().expect("a number") - 1 - u64::from(is_gone);
            let mut hooks = vec!["on_create".to_owned()];
            hooks.extend((0..updates).map(|_| "on_update".to_owned()));
            hooks.extend(is_gone.then(|| "on_delete".to_owned()));
            expected.insert(text(&object, "id"), hooks);
        }
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for execution in records(server, "execution", false).await {
        if execution["flow_name"] != "note" {
            continue;
        }
        let ended = server.ended(&text(&execution, "id")).await;
        assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
        found.entry(text(&ended, "custom_object_id")).or_default().push(text(&ended, "output_value"));
        count += 1;
    }
    for hooks in found.values_mut().chain(expected.values_mut()) {
        hooks.sort();
    }
    assert_eq!(found, expected);
    count
}

/// The service on the data of a server that is down, as in a server that dies before its engine hears of anything.
async fn deaf(server: &Server) -> (Service, Store) {
    let mut config = Config::default();
    config.server.data = server.folder();
    let store = Store::open(Options { folder: server.folder(), durability: Durability::Full }).await.expect("nobody else has it");
    let service = Service::open(store.clone(), Clock::system(), &config, Commands::none()).await.expect("opens");
    assert!(service.seed().await.expect("read").is_none(), "it is not new");
    (service, store)
}

fn columns(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[tokio::test]
async fn a_server_that_dies_between_a_change_and_the_flow_that_follows_starts_it_at_its_next_start() {
    let mut server = Server::start().await;
    let template = template(&server).await;
    let me = text(&server.get("/auth/me").await.body, "identity_id");
    server.stop().await;

    let (service, store) = deaf(&server).await;
    let actor = Actor::user(me.parse::<Uuid>().expect("an id"), ADMIN, Door::Rest);
    let of = find("CUSTOM_OBJECT").expect("a type");
    let new = json!({ "name": "mini", "object_template_id": template, "value": { "n": 1 } });
    let made = service.record_create(&actor, RecordWrite::new(of, columns(&new))).await.expect("made");
    let selector = Selector::Id(made.id);
    let change = RecordWrite::new(of, columns(&json!({ "value": { "n": 2 } })));
    service.record_update(&actor, RecordWrite { selector: Some(selector.clone()), ..change }).await.expect("changed");
    let delete = RecordDelete::new(of, selector, false);
    service.record_remove(&actor, delete).await.expect("deleted").wait().await.expect("on disk");
    drop(service);
    store.close().await;

    server.restart().await;
    assert_eq!(each_change_was_followed_once(&server).await, 3);
    server.kill9().await;
    server.restart().await;
    assert_eq!(each_change_was_followed_once(&server).await, 3);
}

/// What clients at work share.
#[derive(Default)]
struct Shift {
    rounds: AtomicUsize,
    is_over: AtomicBool,
}

/// Makes, changes and deletes objects until the shift is over or the server is gone. A request that is refused changed nothing.
async fn work(user: User, template: String, name: String, shift: Arc<Shift>) {
    for n in 0.. {
        if shift.is_over.load(Ordering::Relaxed) {
            return;
        }
        let body = json!({ "name": format!("{name} {n}"), "object_template_id": template, "value": { "n": 1 } });
        match one(&user, &body, n % 2 == 1).await {
            Ok(true) => drop(shift.rounds.fetch_add(1, Ordering::Relaxed)),
            Ok(false) => tokio::task::yield_now().await,
            Err(_) => return,
        }
    }
}

/// The life of one object; `false` where a request of it was refused.
async fn one(user: &User, body: &Value, is_short: bool) -> reqwest::Result<bool> {
    let Some(made) = ask(user.request("POST", "/custom_object?plain=true").json(body)).await? else { return Ok(false) };
    let path = format!("/custom_object/{}", text(&made, "id"));
    if ask(user.request("PATCH", &path).json(&json!({ "value": { "n": 2 } }))).await?.is_none() {
        return Ok(false);
    }
    Ok(!is_short || ask(user.request("DELETE", &path)).await?.is_some())
}

/// The answer; `None` if it is an error, `Err` if there is none.
async fn ask(request: reqwest::RequestBuilder) -> reqwest::Result<Option<Value>> {
    let response = request.send().await?;
    if !response.status().is_success() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&response.text().await?).unwrap_or_default()))
}

/// Lets three clients change objects; gives back when they have done so a few times, and are on their way.
async fn under_way(server: &Server, template: &str, round: usize) -> (Arc<Shift>, Vec<JoinHandle<()>>) {
    let shift = Arc::new(Shift::default());
    let names = (0..3).map(|client| format!("{round}-{client}"));
    let user = || User::with_key(&server.url, &server.key);
    let tasks = names.map(|name| tokio::spawn(work(user(), template.to_owned(), name, shift.clone()))).collect();
    for _ in 0..6000 {
        if shift.rounds.load(Ordering::Relaxed) >= 6 {
            return (shift, tasks);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("objects are not changed:\n{}", server.log());
}

#[tokio::test]
async fn each_change_of_an_object_is_followed_once_over_kills_and_commits_that_failed() {
    let mut server = Server::start().await;
    let template = template(&server).await;
    server.flow("maker", MAKER, &json!({ "on_loss": "resume" })).await;
    let maker = server.launch("maker", &json!({ "template": template, "count": 20 })).await;
    let mut failures = 0;
    for round in 0..4 {
        let (shift, clients) = under_way(&server, &template, round).await;
        if round.is_multiple_of(2) {
            server.kill9().await;
            server.restart().await;
        } else {
            limit_files(&server, "4096");
            failures += 1;
            until_failures(&server, failures).await;
            limit_files(&server, "unlimited");
            shift.is_over.store(true, Ordering::Relaxed);
        }
        for client in clients {
            client.await.expect("it ends with its shift or the server");
        }
    }
    let maker = server.ended(&maker).await;
    assert_eq!(maker["status"], "ENDED_SUCCESS", "{maker}");
    assert!(each_change_was_followed_once(&server).await > 60);
    let of_the_flow = json!({ "field": "name", "op": "like", "value": "flow %" }).to_string();
    let made = answer(server.request("GET", "/custom_object").query(&[("filter", of_the_flow.as_str())])).await.body;
    assert_eq!(made["total"], 10, "{made}");
}

#[tokio::test]
async fn a_change_whose_flow_does_not_accept_what_it_is_told_is_refused_as_a_whole() {
    let server = Server::start().await;
    let template = template(&server).await;
    let schema = json!({ "type": "object", "required": ["color"], "properties": { "color": { "type": "string" } } });
    server.flow("note", NOTE, &json!({ "input_schema": schema })).await;
    let refused = server.post("/custom_object", &json!({ "name": "mini", "object_template_id": template })).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let said = text(&refused.body, "error_message");
    assert!(said.contains("on_create") && said.contains("color"), "{said}");
    assert_eq!(server.get("/custom_object/mini?by=name").await.status, 404);
    server.flow("note", NOTE, &json!({ "input_schema": null })).await;
    let made = server.post("/custom_object", &json!({ "name": "mini", "object_template_id": template })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(each_change_was_followed_once(&server).await, 1);
}
