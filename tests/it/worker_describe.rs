//! What a slot finds out about a script that describes itself, and what it does with handlers that are hinted.

use std::time::Duration;

use flowstead::error::Kind;
use flowstead::protocol::{Check, Checked};
use flowstead::service::{Actor, Door};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::slot_rig::{Rig, run_of};

/// Everything that can be in a hint.
const TYPED: &str = r#"
"""Orders something.

More about it.
"""
from __future__ import annotations
import enum
from dataclasses import dataclass, field
from typing import Annotated, Literal, NotRequired, Optional, TypedDict

class Color(enum.Enum):
    RED = 'red'
    BLUE = 'blue'

class Place(TypedDict):
    """Where to."""
    street: str
    """With the number."""
    floor: NotRequired[int | None]

@dataclass
class Order:
    item: Annotated[str, 'What to order', {'minLength': 1}]
    place: Place
    count: int = 1
    price: Optional[float] = None
    size: Literal['s', 'm', 'l'] = 'm'
    color: Color = Color.RED
    tags: list[str] = field(default_factory=list)
    notes: dict[str, list[int]] = field(default_factory=dict, metadata={'description': 'By page'})

@dataclass
class Receipt:
    number: int
    color: Color | None = None

print('imported')

def handler(system, this, inputs: Order) -> Receipt | None:
    return Receipt(len(inputs.item) * inputs.count, inputs.color)
"#;

async fn describe(rig: &mut Rig, script: &str) -> Checked {
    let mut slot = rig.slot();
    slot.writer.check(&Check { script: script.trim_start().into(), script_name: "the flow".into(), describe: true }).unwrap();
    rig.beside(slot.checked()).await
}

/// The problem that a script must have, and no schema.
async fn problem(rig: &mut Rig, script: &str) -> (String, u32, String) {
    let checked = describe(rig, script).await;
    assert!(checked.description.as_ref().is_none_or(|d| d.input_schema.is_none()), "{checked:?}");
    assert_eq!(checked.problems.len(), 1, "{checked:?}");
    let problem = &checked.problems[0];
    (problem.severity.clone(), problem.line, problem.message.clone())
}

fn json_of(schema: Option<&String>) -> Value {
    schema.map_or(Value::Null, |text| serde_json::from_str(text).expect("schemas are JSON"))
}

#[tokio::test]
async fn hints_become_schemas() {
    let mut rig = Rig::new().await;
    let checked = describe(&mut rig, TYPED).await;
    assert!(checked.problems.is_empty(), "{checked:?}");
    let description = checked.description.expect("it was asked for");
    assert_eq!(description.text.as_deref(), Some("Orders something.\n\nMore about it."));
    let (input, output) = (json_of(description.input_schema.as_ref()), json_of(description.output_schema.as_ref()));
    assert!(jsonschema::meta::is_valid(&input) && jsonschema::meta::is_valid(&output));
    insta::assert_json_snapshot!("schemas_of_hints", json!({"input": input, "output": output}));
}

#[tokio::test]
async fn a_handler_gets_the_dataclass_it_asks_for() {
    let mut rig = Rig::new().await;
    let inputs = json!({"item": "abc", "place": {"street": "x 1"}, "count": 2, "color": "blue"});
    let mut run = run_of(TYPED.trim_start());
    run.inputs = serde_json::value::to_raw_value(&inputs).unwrap();
    let mut slot = rig.slot();
    slot.writer.run(&run).unwrap();
    let report = rig.beside(slot.report(|_, _| None)).await;
    assert_eq!(report.output(), r#"{"number":6,"color":"blue"}"#);
    // A TypedDict is a dict, and hints that say nothing change nothing.
    for hint in ["dict", "'Nowhere'", "dict[str, int]", "list"] {
        let script = format!("def handler(system, this, inputs: {hint}):\n  return type(inputs).__name__");
        assert_eq!(rig.run(&script).await.output(), "\"dict\"", "{hint}");
    }
}

#[tokio::test]
async fn a_docstring_declares_schemas_and_nothing_is_imported_for_it() {
    let mut rig = Rig::new().await;
    let script = "'''Says hello.\n\n```json input_schema\n{\"type\": \"object\", \"required\": [\"name\"]}\n```\n'''\nraise SystemExit\n\
                  def handler(system, this, inputs: dict) -> None: pass";
    let checked = describe(&mut rig, script).await;
    assert!(checked.problems.is_empty(), "{checked:?}");
    let description = checked.description.unwrap();
    assert_eq!(description.text.as_deref(), Some("Says hello."));
    assert_eq!(json_of(description.input_schema.as_ref()), json!({"type": "object", "required": ["name"]}));
    let broken = "'''\n```json input_schema\n{\"a\": 1\n\n```\n'''\ndef handler(system, this, inputs): pass";
    let (severity, line, message) = problem(&mut rig, broken).await;
    assert_eq!((severity.as_str(), line), ("error", 5), "{message}");
}

#[tokio::test]
async fn what_cannot_be_derived_is_said_with_its_line() {
    let mut rig = Rig::new().await;
    let handler = "def handler(system, this, inputs: In): pass";
    for (script, expected) in [
        ("import datetime\nIn = datetime.date", ("warning", 3, "ISO 8601")),
        ("In = dict[int, str]", ("warning", 2, "keys of a JSON object")),
        ("from typing import TypedDict\nclass In(TypedDict):\n  next: 'In'", ("warning", 4, "contains itself")),
        ("x = 1", ("error", 2, "NameError")),
        ("x = 1\nIn = 1 / 0", ("error", 2, "ZeroDivisionError")),
        ("import sys\nsys.exit(3)", ("error", 2, "SystemExit: 3")),
        ("In = int\nimport flow_api\nflow_api.nothing", ("error", 3, "AttributeError")),
    ] {
        let (severity, line, message) = problem(&mut rig, &format!("{script}\n{handler}")).await;
        assert_eq!((severity.as_str(), line), (expected.0, expected.1), "{script}: {message}");
        assert!(message.contains(expected.2), "{script}: {message}");
    }
    let syntax = describe(&mut rig, "def handler(:").await;
    assert!(syntax.has_syntax_error && syntax.description.is_none());
}

#[tokio::test]
async fn an_import_that_never_ends_is_ended_and_one_that_kills_its_process_is_told() {
    let app = TestApp::new().manual_clock().start().await;
    let system = Actor::system(Door::Cli);
    let describe = async |first: &str| {
        let script = format!("{first}\nIn = int\ndef handler(system, this, inputs: In): pass");
        let told = app.service.script_describe(&system, (&script, "the flow"), None);
        let time_passes = async {
            loop {
                app.clock.advance(Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            told = told => told,
            () = time_passes => unreachable!("time has no end"),
        }
    };
    let error = describe("import time; time.sleep(1e6)").await.unwrap_err();
    assert!(error.message().contains("longer than 10 seconds"), "{error}");
    let error = describe("import os; os._exit(0)").await.unwrap_err();
    assert!(error.message().contains("ended the process") || error.message().contains("longer than"), "{error}");
}

#[tokio::test]
async fn only_who_may_run_scripts_may_have_one_imported() {
    let app = TestApp::new().user("stranger").start().await;
    let me = app.user("stranger").get("/auth/me").await.expect(200);
    let id = me["identity_id"].as_str().unwrap().parse().unwrap();
    let refused = app.service.script_describe(&Actor::user(id, "stranger", Door::Rest), ("def handler(a, b): pass", "x"), None).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Forbidden);
}
