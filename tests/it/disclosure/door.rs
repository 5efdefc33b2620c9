//! Everything that can be asked about a world, at every door: with the names and ids of what is hidden too.

use flowstead::records;
use flowstead_wire::Subject;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::world::{KINDS, Made, World};

/// A prompt of the workspace whose arguments are completed.
pub const PROMPT: &str = "disclosure";

/// One question.
pub enum Ask {
    Rest {
        method: &'static str,
        path: String,
        body: Value,
    },
    Tool {
        name: &'static str,
        arguments: Value,
    },
    Complete {
        argument: &'static str,
        value: String,
    },
    Read(String),
    /// What an agent is shown without asking for anything.
    Shown,
}

fn get(path: String) -> Ask {
    Ask::Rest { method: "GET", path, body: Value::Null }
}

fn send(method: &'static str, path: String, body: Value) -> Ask {
    Ask::Rest { method, path, body }
}

fn tool(name: &'static str, arguments: Value) -> Ask {
    Ask::Tool { name, arguments }
}

impl Ask {
    /// What is asked, as text: what is in it may stand in the answer.
    pub fn text(&self) -> String {
        match self {
            Ask::Rest { method, path, body } => format!("{method} {path} {body}"),
            Ask::Tool { name, arguments } => format!("{name} {arguments}"),
            Ask::Complete { argument, value } => format!("complete {argument} {value}"),
            Ask::Read(uri) => format!("read {uri}"),
            Ask::Shown => "tools, prompts, resources, instructions".to_owned(),
        }
    }

    /// The same question about another id.
    fn about(&self, (id, other): (&str, &str)) -> Ask {
        let swapped = |value: &Value| serde_json::from_str(&value.to_string().replace(id, other)).expect("an id for an id leaves JSON");
        match self {
            Ask::Rest { method, path, body } => Ask::Rest { method, path: path.replace(id, other), body: swapped(body) },
            Ask::Tool { name, arguments } => Ask::Tool { name, arguments: swapped(arguments) },
            Ask::Complete { argument, value } => Ask::Complete { argument, value: value.replace(id, other) },
            Ask::Read(uri) => Ask::Read(uri.replace(id, other)),
            Ask::Shown => Ask::Shown,
        }
    }

    /// The whole answer, but for the ids of requests.
    pub async fn answer(&self, world: &World) -> String {
        let agent = &world.agent;
        let text = match self {
            Ask::Rest { method, path, body } => {
                let answer = world.user.send(method, path, body).await;
                format!("{} {} {}", answer.status, answer.header("etag"), answer.text)
            }
            Ask::Tool { name, arguments } => format!("{:?}", agent.call(name, arguments.clone()).await),
            Ask::Complete { argument, value } => {
                format!("{:?}", agent.complete(Subject::Prompt(PROMPT.to_owned()), argument, value).await)
            }
            Ask::Read(uri) => format!("{:?}", agent.read(uri).await),
            Ask::Shown => {
                let tools = agent.tools().await;
                format!("{tools:?} {:?} {:?} {}", agent.prompts().await, agent.resources().await, agent.instructions().await)
            }
        };
        without_request_ids(&text)
    }
}

fn without_request_ids(text: &str) -> String {
    let mut parts = text.split("request_id");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `":"` and 36 characters, maybe with backslashes before the quotes.
        out.extend(part.chars().skip_while(|c| "\\\":".contains(*c)).skip(36));
    }
    out
}

/// A filter as it stands in a query string.
pub fn filter(filter: &Value) -> String {
    filter.to_string().bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

fn compare(field: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({"field": field, "op": op, "value": value.into()})
}

impl World {
    /// Records whose name begins as all in this world do.
    pub fn named_here(&self) -> Value {
        compare("name", "like", format!("K{}x%", self.number))
    }

    /// All questions. None of them changes anything: what would is about something hidden.
    pub fn asks(&self) -> Vec<Ask> {
        let mut asks = vec![Ask::Shown, get("/auth/me".to_owned())];
        for kind in KINDS.iter().copied().chain(["project"]) {
            self.lists(kind, &mut asks);
        }
        if !self.reads_audit {
            asks.push(get(format!("/audit?filter={}", filter(&compare("record_name", "like", format!("K{}%", self.number))))));
        }
        for made in &self.records {
            self.about(made, &mut asks);
            match made.kind {
                "execution" => about_execution(made, &mut asks),
                "flow" => about_flow(made, &mut asks),
                "file" => asks.extend([
                    get(format!("/file/{}/content", made.id)),
                    get(format!("/file/{}/content?by=name", made.name)),
                    send("HEAD", format!("/file/{}/content", made.id), Value::Null),
                ]),
                _ => {}
            }
            if !made.is_visible {
                self.writes(made, &mut asks);
            }
        }
        asks
    }

    /// Questions about what is hidden, each with its like about what was never there, and the two ids.
    pub fn ghosts(&self) -> Vec<(Ask, Ask, (String, String))> {
        let mut pairs = Vec::new();
        for made in self.records.iter().filter(|made| !made.is_visible) {
            let mut asks = Vec::new();
            self.about(made, &mut asks);
            self.writes(made, &mut asks);
            for ask in asks.into_iter().filter(|ask| ask.text().contains(&made.id)) {
                let ghost = Uuid::now_v7().to_string();
                let other = ask.about((&made.id, &ghost));
                pairs.push((ask, other, (made.id.clone(), ghost)));
            }
        }
        pairs
    }

    fn lists(&self, kind: &'static str, asks: &mut Vec<Ask>) {
        let here = filter(&self.named_here());
        asks.extend([
            get(format!("/{kind}?filter={here}&order=name")),
            get(format!("/{kind}?filter={here}&order=-modified_at,name&limit=1&offset=1&fields=id")),
            get(format!("/{kind}?filter={here}&order=description,-created_by&plain=true")),
            get(format!("/{kind}?filter={here}&order=name&trash=true")),
            tool(
                "list_records",
                json!({"record_type": kind.to_uppercase(), "filter_": self.named_here(), "fields": ["*"], "order": ["name"]}),
            ),
        ]);
        // References to what is hidden, and texts in it.
        for made in self.records.iter().filter(|made| !made.is_visible) {
            let column = format!("{}_id", made.kind);
            if records::find(kind).and_then(|of| of.field(&column)).is_some_and(records::Field::has_column) {
                asks.push(get(format!("/{kind}?filter={}&fields=id", filter(&compare(&column, "eq", made.id.clone())))));
            }
            if made.kind == kind {
                let texts = made.marks.iter().map(|mark| compare("description", "like", format!("%{mark}%")));
                let any = json!({"or": texts.chain([compare("name", "eq", made.name.clone())]).collect::<Vec<_>>()});
                asks.push(get(format!("/{kind}?filter={}&fields=id&order=name", filter(&any))));
                asks.push(get(format!("/{kind}?filter={}&fields=id", filter(&compare("id", "in", vec![made.id.clone()])))));
            }
        }
    }

    fn about(&self, made: &Made, asks: &mut Vec<Ask>) {
        let Made { kind, id, name, .. } = made;
        let of = kind.to_uppercase();
        // A typing error in it: what is near is offered.
        let wrong = format!("{name}e");
        asks.extend([
            get(format!("/{kind}/{id}")),
            get(format!("/{kind}/{id}?trash=true&plain=true")),
            get(format!("/{kind}/{id}?fields=name")),
            get(format!("/{kind}/{id}?download=export")),
            get(format!("/{kind}/{name}?by=name")),
            get(format!("/{kind}/{wrong}?by=name")),
            get(format!("/{kind}/{id}/versions")),
            get(format!("/{kind}/{id}/versions/1")),
            get(format!("/{kind}/{id}/versions/1/diff")),
            get(format!("/{kind}/{id}/versions/7/diff?with=1")),
            get(format!("/record_version?filter={}&order=number", filter(&compare("record_id", "eq", id.clone())))),
            get(format!("/record_metadata?filter={}", filter(&compare("record_id", "eq", id.clone())))),
            get(format!("/record_tag?filter={}", filter(&compare("tag_id", "eq", id.clone())))),
            get(format!("/identity_role?filter={}", filter(&compare("identity_id", "eq", id.clone())))),
            get(format!("/role_permission?filter={}", filter(&compare("project_id", "eq", id.clone())))),
            tool("get_record", json!({"record_type": of, "record_id": id})),
            tool("get_record", json!({"record_type": of, "name": name})),
            tool("get_record", json!({"record_type": of, "name": wrong})),
            tool("list_subrecords", json!({"subrecord_type": "RECORD_METADATA", "parent_record_id": id, "fields": ["*"]})),
            tool(
                "list_subrecords",
                json!({"subrecord_type": "RECORD_VERSION", "parent_record_id": id, "fields": ["*"], "order": ["number"]}),
            ),
        ]);
        if let Some((note, mark)) = &made.note {
            asks.extend([
                get(format!("/record_metadata/{note}")),
                get(format!("/record_metadata?filter={}", filter(&compare("data", "eq", mark.clone())))),
                tool("get_subrecord", json!({"subrecord_type": "RECORD_METADATA", "id": note})),
            ]);
        }
        if *kind == "project" {
            asks.push(tool("list_executions", json!({"project": name, "filter_": self.named_here()})));
        }
    }

    /// Changes of what is hidden, and changes that refer to it.
    fn writes(&self, made: &Made, asks: &mut Vec<Ask>) {
        let Made { kind, id, name, .. } = made;
        let of = kind.to_uppercase();
        let path = format!("/{kind}/{id}");
        asks.extend([
            send("PATCH", path.clone(), json!({"description": "x"})),
            send("PATCH", format!("/{kind}/{name}?by=name"), json!({"description": "x"})),
            send("PATCH", format!("{path}?plain=true"), Value::Object(Map::new())),
            send("DELETE", path.clone(), Value::Null),
            send("DELETE", format!("{path}?permanently=true"), Value::Null),
            send("POST", format!("{path}/restore"), Value::Null),
            send("POST", format!("{path}/clone"), Value::Null),
            send("POST", format!("{path}/versions/1/restore"), Value::Null),
            send("POST", "/record_metadata".to_owned(), json!({"record_id": id, "key": "k", "data": 1})),
            send("POST", "/identity_role".to_owned(), json!({"identity_id": id, "role_id": id})),
            tool("update_record", json!({"record_type": of, "record_id": id, "payload": {"description": "x"}})),
            tool("delete_record", json!({"record_type": of, "record_id": id})),
            tool("create_subrecord", json!({"subrecord_type": "RECORD_METADATA", "payload": {"record_id": id, "key": "k", "data": 1}})),
        ]);
        let (fresh, here) = (format!("made in {}", self.number), &self.here);
        match *kind {
            "project" => asks.extend([
                send("POST", "/setting".to_owned(), json!({"name": fresh, "project_id": id})),
                send("POST", "/setting".to_owned(), json!({"name": fresh, "project_name": name})),
                send("POST", "/setting".to_owned(), json!({"name": fresh, "project_name": format!("{name}e")})),
            ]),
            "bundle" => asks.push(send("POST", "/setting".to_owned(), json!({"name": fresh, "bundle_name": name}))),
            "flow" => asks.extend([
                send("POST", "/mcp_user_tool".to_owned(), json!({"name": "made_here", "flow_id": id, "project_id": here})),
                send("POST", "/webhook".to_owned(), json!({"name": fresh, "flow_id": id, "project_id": here})),
                send("POST", format!("{path}/run"), Value::Null),
                send("POST", "/execution".to_owned(), json!({"flow_name": name})),
                tool("run_flow", json!({"flow_id": id})),
            ]),
            "schema" => {
                let script = "def handler(system, this, inputs):\n    pass\n";
                let reference = json!({"$ref": format!("schema:{name}")});
                asks.push(send(
                    "POST",
                    "/flow".to_owned(),
                    json!({"name": fresh, "script": script, "input_schema": reference, "project_id": here}),
                ));
            }
            "object_template" => {
                asks.push(send("POST", "/custom_object".to_owned(), json!({"name": fresh, "object_template_id": id, "project_id": here})));
            }
            "tag" => asks.push(send("POST", "/record_tag".to_owned(), json!({"record_id": id, "tag_id": id}))),
            "execution" => {
                asks.extend(["cancel", "pause", "resume", "retry"].map(|verb| send("POST", format!("{path}/{verb}"), Value::Null)));
            }
            _ => {}
        }
    }
}

fn about_execution(made: &Made, asks: &mut Vec<Ask>) {
    let id = &made.id;
    asks.extend(["logs", "events", "explain", "wait?timeout=0"].map(|part| get(format!("/execution/{id}/{part}"))));
    for name in ["get_execution", "get_execution_logs", "get_execution_events", "explain_execution"] {
        asks.push(tool(name, json!({"execution_id": id})));
    }
    asks.push(tool("wait_for_executions", json!({"execution_ids": [id], "timeout_sec": 0})));
    asks.extend(["", "/output", "/logs"].map(|part| Ask::Read(format!("execution://{id}{part}"))));
    asks.push(Ask::Complete { argument: "execution_id", value: id[..8].to_owned() });
}

fn about_flow(made: &Made, asks: &mut Vec<Ask>) {
    let Made { id, name, .. } = made;
    let wrong = format!("{name}e");
    asks.extend([
        send("POST", format!("/flow/{id}/validate"), Value::Null),
        send("POST", "/execution".to_owned(), json!({"flow_name": wrong})),
        tool("run_flow", json!({"flow_name": wrong})),
        tool("validate_flow", json!({"flow_id": id})),
        tool("list_executions", json!({"flow_id": id, "fields": ["*"]})),
        tool("list_executions", json!({"flow_name": name, "fields": ["*"]})),
        Ask::Complete { argument: "flow_name", value: name.clone() },
        Ask::Complete { argument: "flow_name", value: name[..2].to_owned() },
    ]);
}
