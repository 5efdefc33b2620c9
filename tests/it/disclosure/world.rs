//! A small world of records with marks on them, and somebody who may see a part of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use flowstead::records;
use flowstead::service::Door;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::door::filter;
use crate::agent::Agent;
use crate::app::TestApp;
use crate::client::User;

/// The kinds of records in it, besides projects.
pub const KINDS: &[&str] = &[
    "setting",
    "flow",
    "file",
    "schema",
    "secret",
    "connector",
    "mcp_user_tool",
    "schedule",
    "webhook",
    "object_template",
    "custom_object",
    "message",
    "bundle",
    "tag",
    "execution",
    "role",
    "user",
];
const OPERATIONS: &[&str] = &["CREATE", "READ", "UPDATE", "DELETE"];
const PROJECTS: usize = 3;

/// A record to be made.
#[derive(Clone, Debug)]
pub struct Draw {
    kind: usize,
    /// A project, or beyond them the workspace.
    place: usize,
    is_trashed: bool,
}

/// A permission; what is unset is any.
#[derive(Clone, Debug)]
pub struct Right {
    operation: Option<usize>,
    kind: Option<usize>,
    place: Option<usize>,
}

/// What a world is made from.
#[derive(Clone, Debug)]
pub struct Plan {
    draws: Vec<Draw>,
    rights: Vec<Right>,
    /// What the key is narrowed to.
    scopes: Option<Vec<Right>>,
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let draw = (0..KINDS.len(), 0..=PROJECTS, prop::bool::weighted(0.15));
    let draw = draw.prop_map(|(kind, place, is_trashed)| Draw { kind, place, is_trashed });
    // Rights to read are what most is about.
    let operation = prop_oneof![4 => Just(Some(1)), 1 => prop::option::of(0..OPERATIONS.len())];
    let right = (operation, prop::option::weighted(0.8, 0..=KINDS.len()), prop::option::weighted(0.7, 0..PROJECTS));
    let right = right.prop_map(|(operation, kind, place)| Right { operation, kind, place }).boxed();
    let rights = prop::collection::vec(right.clone(), 1..9);
    let scopes = prop::option::weighted(0.25, prop::collection::vec(right, 1..5));
    (prop::collection::vec(draw, 5..12), rights, scopes).prop_map(|(draws, rights, scopes)| Plan { draws, rights, scopes })
}

/// A record of the world.
pub struct Made {
    pub kind: &'static str,
    pub id: String,
    pub name: String,
    /// Texts in it that are nowhere else: its name, its description, its value.
    pub marks: Vec<String>,
    /// What nobody ever sees of it.
    sealed: Vec<String>,
    /// The id of its metadata, which has a mark too.
    pub note: Option<(String, String)>,
    place: usize,
    pub is_trashed: bool,
    pub is_visible: bool,
}

pub struct World {
    pub number: u64,
    pub records: Vec<Made>,
    pub user: User,
    pub agent: Agent,
    pub reads_audit: bool,
    /// The flow that the user runs, as one more door.
    pub flow: String,
    /// The project it is in, where the user may make records.
    pub here: String,
    /// Rows about rights that name projects: path and id.
    rights: Vec<(&'static str, String)>,
    marks: usize,
    projects: Vec<String>,
    /// Marks and ids that the user has seen by `get`.
    allowed: BTreeSet<String>,
}

impl World {
    pub async fn new(app: &TestApp, plan: &Plan) -> World {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let admin = app.admin();
        let mut world = World {
            number,
            records: Vec::new(),
            user: admin.clone(),
            agent: app.agent("admin"),
            reads_audit: false,
            flow: format!("door {number}"),
            here: String::new(),
            rights: Vec::new(),
            marks: 0,
            projects: Vec::new(),
            allowed: BTreeSet::new(),
        };
        for place in 0..PROJECTS {
            let project = world.make(admin, "project", place).await;
            world.projects.push(world.records[project].id.clone());
        }
        for draw in &plan.draws {
            let made = world.make(admin, KINDS[draw.kind], draw.place).await;
            let made = &mut world.records[made];
            if draw.is_trashed && matches!(made.kind, "setting" | "file" | "schema" | "tag" | "secret" | "connector") {
                admin.delete(&format!("/{}/{}", made.kind, made.id)).await.expect(204);
                made.is_trashed = true;
            }
        }
        world.let_in(app, plan).await;
        world.look().await;
        world
    }

    fn mark(&mut self, letter: char) -> String {
        self.marks += 1;
        format!("K{}x{}{letter}", self.number, self.marks)
    }

    /// Makes a record in this place, and before it what it needs, in the next place. Gives its index.
    pub async fn make(&mut self, admin: &User, kind: &'static str, place: usize) -> usize {
        let needs = match kind {
            "mcp_user_tool" | "schedule" | "webhook" => Some("flow"),
            "execution" if self.marks.is_multiple_of(2) => Some("flow"),
            "custom_object" => Some("object_template"),
            _ => None,
        };
        let needed = match needs {
            Some(needs) => {
                let index = Box::pin(self.make(admin, needs, (place + 1) % (PROJECTS + 1))).await;
                Some(self.records[index].id.clone())
            }
            None => None,
        };
        let [name, description, value, sealed, data] = ['n', 'd', 'v', 's', 'm'].map(|letter| self.mark(letter));
        let mut body = body(kind, (&name, &value, &sealed), needed);
        body["name"] = json!(name);
        if records::find(kind).is_some_and(|of| of.in_project) {
            body["project_id"] = json!(self.projects.get(place));
        }
        let id = if kind == "execution" {
            let made = admin.post("/execution?wait=true&timeout=100&plain=true", body).await.expect(201);
            assert_eq!(made["status"], "ENDED_SUCCESS", "{made}");
            made["id"].as_str().expect("an id").to_owned()
        } else {
            let id = admin.make(kind, body).await;
            admin.patch(&format!("/{kind}/{id}"), json!({"description": description})).await.expect(200);
            id
        };
        if matches!(kind, "schedule" | "webhook") {
            let held = json!({"field": "identity_id", "op": "eq", "value": id});
            let held = admin.get(&format!("/identity_role?plain=true&filter={}", filter(&held))).await.expect(200);
            self.rights.push(("identity_role", held[0]["id"].as_str().expect("it has the role Trigger").to_owned()));
        }
        let note = admin.make("record_metadata", json!({"record_id": id, "key": format!("about {name}"), "data": data})).await;
        let note = Some((note, data));
        let (marks, sealed) = (vec![name.clone(), description, value], vec![sealed]);
        self.records.push(Made { kind, id, name, marks, sealed, note, place, is_trashed: false, is_visible: false });
        self.records.len() - 1
    }

    /// Makes the user, with a key, and a flow that it may run.
    async fn let_in(&mut self, app: &TestApp, plan: &Plan) {
        let admin = app.admin();
        let number = self.number;
        let role = admin.make("role", json!({"name": format!("role {number}")})).await;
        self.here = admin.make("project", json!({"name": format!("of the door {number}")})).await;
        let flow = json!({"name": self.flow, "project_id": self.here, "script": DOOR});
        admin.make("flow", flow).await;
        let kind = |kind: Option<usize>| kind.map(|k| KINDS.get(k).copied().unwrap_or("project").to_uppercase());
        let mut permissions: Vec<Value> = Vec::new();
        for right in &plan.rights {
            let operation = right.operation.map(|o| OPERATIONS[o]);
            let project = right.place.map(|place| self.projects[place].clone());
            permissions.push(json!({"operation": operation, "permission_record_type": kind(right.kind), "project_id": project}));
        }
        let makes = ["FLOW", "MCP_USER_TOOL", "WEBHOOK", "SETTING", "CUSTOM_OBJECT", "EXECUTION"].map(|of| ("CREATE", of));
        for (operation, of) in makes.into_iter().chain([("READ", "FLOW"), ("READ", "EXECUTION"), ("READ", "PROJECT")]) {
            permissions.push(json!({"operation": operation, "permission_record_type": of, "project_id": self.here}));
        }
        // Prompts are for who may read the workspace.
        permissions.push(json!({"operation": "READ", "permission_record_type": "WORKSPACE"}));
        for mut permission in permissions {
            permission["role_id"] = json!(role);
            let id = admin.make("role_permission", permission).await;
            self.rights.push(("role_permission", id));
        }
        let user = admin.make("user", json!({"name": format!("looker {number}")})).await;
        admin.make("identity_role", json!({"identity_id": user, "role_id": role})).await;
        let scopes = plan.scopes.as_ref().map(|scopes| {
            let scope = |right: &Right| {
                let project = right.place.map(|place| self.projects[place].clone());
                json!({"operation": right.operation.map(|o| OPERATIONS[o]), "record_type": kind(right.kind), "project": project})
            };
            scopes.iter().map(scope).collect::<Vec<_>>()
        });
        let key = admin.post("/api_key", json!({"name": "k", "user_id": user, "scopes": scopes})).await.expect(201);
        let token = key["token"].as_str().expect("a token");
        self.user = User::with_key(&app.url, token);
        self.agent = app.agent_of(app.service.actor_by_key(token, Door::Mcp).await.expect("the key is good"));
    }

    /// Finds out by `get` what the user may see: all that is allowed to show anywhere.
    async fn look(&mut self) {
        let known: Vec<String> = self.known();
        let mut allowed = BTreeSet::new();
        for made in &mut self.records {
            let trash = if made.is_trashed { "&trash=true" } else { "" };
            let seen = self.user.get(&format!("/{}/{}?plain=true{trash}", made.kind, made.id)).await;
            made.is_visible = seen.status == 200;
            if made.is_visible {
                allowed.insert(made.id.clone());
                allowed.extend(made.marks.iter().cloned());
            }
            let mut texts = vec![seen];
            if let Some((note, mark)) = &made.note {
                let seen = self.user.get(&format!("/record_metadata/{note}")).await;
                if seen.status == 200 {
                    allowed.extend([note.clone(), mark.clone()]);
                }
                texts.push(seen);
            }
            for text in texts.iter().filter(|seen| seen.status == 200) {
                allowed.extend(known.iter().filter(|known| text.text.contains(known.as_str())).cloned());
            }
        }
        for (of, id) in &self.rights {
            let seen = self.user.get(&format!("/{of}/{id}")).await;
            allowed.extend(known.iter().filter(|known| seen.status == 200 && seen.text.contains(known.as_str())).cloned());
        }
        self.allowed = allowed;
        self.reads_audit = self.user.get("/audit?limit=1").await.expect(200)["total"] != 0;
    }

    /// Every mark and id.
    fn known(&self) -> Vec<String> {
        let of = |made: &Made| {
            let note = made.note.iter().flat_map(|(id, mark)| [id.clone(), mark.clone()]);
            let own = made.marks.iter().chain(&made.sealed).chain([&made.id]).cloned();
            own.chain(note).collect::<Vec<_>>()
        };
        self.records.iter().flat_map(of).collect()
    }

    /// What must show nowhere.
    pub fn forbidden(&self) -> Vec<String> {
        let sealed: BTreeSet<&String> = self.records.iter().flat_map(|made| &made.sealed).collect();
        self.known().into_iter().filter(|known| sealed.contains(known) || !self.allowed.contains(known)).collect()
    }

    /// Changes what the user cannot see in every way: some is deleted for good, some is changed, some is new.
    pub async fn change_hidden(&mut self, admin: &User) {
        let hidden: Vec<usize> = (0..self.records.len()).filter(|n| !self.records[*n].is_visible).collect();
        for n in &hidden {
            let (kind, path) = (self.records[*n].kind, format!("/{}/{}", self.records[*n].kind, self.records[*n].id));
            if n % 2 == 0 && kind != "project" && admin.delete(&format!("{path}?permanently=true")).await.status == 204 {
                continue;
            }
            let (name, description, data) = (self.mark('n'), self.mark('d'), self.mark('m'));
            // What is in the trash bin, or an execution's name, does not change; the rest does.
            admin.patch(&path, json!({"description": description, "name": name})).await;
            let made = &mut self.records[*n];
            if let Some((note, _)) = &made.note {
                admin.patch(&format!("/record_metadata/{note}"), json!({"data": data})).await;
            }
            made.marks.extend([name, description, data]);
        }
        for n in hidden.into_iter().filter(|n| self.records[*n].kind != "project").take(3).collect::<Vec<_>>() {
            let (kind, place) = (self.records[n].kind, self.records[n].place);
            let before = self.records.len();
            self.make(admin, kind, place).await;
            // What it needed may lie where the user sees it: then it is no hidden change, and goes again.
            if self.records.len() == before + 2 && self.seen(before).await {
                for made in [&self.records[before + 1], &self.records[before]] {
                    admin.delete(&format!("/{}/{}?permanently=true", made.kind, made.id)).await.expect(204);
                }
            }
        }
    }

    async fn seen(&self, n: usize) -> bool {
        self.user.get(&format!("/{}/{}", self.records[n].kind, self.records[n].id)).await.status == 200
    }
}

/// What creates a record of the kind, besides its name and place.
fn body(kind: &str, (name, value, sealed): (&str, &str, &str), needed: Option<String>) -> Value {
    let script =
        format!("def handler(system, this, inputs):\n    this.log('{value}')\n    this.step('one', int)\n    return {{'v': '{value}'}}\n");
    match kind {
        "setting" => json!({"value": {"k": value}}),
        "flow" => json!({"script": script}),
        "file" => json!({"content": base64::engine::general_purpose::STANDARD.encode(value)}),
        "schema" => json!({"value": {"type": "object", "description": value}}),
        "secret" => json!({"value": sealed}),
        "connector" => json!({"connector_type": "REST"}),
        "mcp_user_tool" => json!({"flow_id": needed, "is_enabled": true}),
        "schedule" => json!({"flow_id": needed, "configuration": {"interval_seconds": 60}, "input_value": value}),
        "webhook" => json!({"flow_id": needed, "key": sealed}),
        "custom_object" => json!({"object_template_id": needed}),
        "message" => json!({"subject": name, "message": value}),
        "execution" => match needed {
            Some(flow) => json!({"flow_id": flow, "input_value": {"v": value}}),
            None => json!({"script": script, "input_value": {"v": value}}),
        },
        _ => json!({}),
    }
}

/// Asks for every record by id and by name, and for lists.
const DOOR: &str = "
def handler(system, this, inputs):
    out = []
    def ask(what):
        try:
            out.append(repr(what()))
        except Exception as error:
            out.append(str(error))
    for kind, *keys in inputs['records']:
        # With a name, system.message makes one.
        for key in keys[:1] if kind == 'message' else keys:
            ask(lambda: getattr(system, kind)(key).get_dict())
    for plural in inputs['plurals']:
        ask(lambda: [r.get('name') for r in getattr(system, plural)(inputs['filter'], order='name')])
    return out
";
