//! No door shows more than `get`: worlds drawn at random, looked at from every side by somebody who may see a part of them.
//!
//! Every record has marks, texts that are nowhere else. Whatever `get` does not show must be in no answer, lists and totals are exactly
//! what `get` shows, and all answers stay the same, byte for byte, when what is hidden is changed, deleted and added to: what
//! would tell of it is an oracle. The names of records are apart: one that is taken is refused to others, who learn that it is.

mod door;
mod world;

use std::collections::BTreeSet;

use flowstead::records::{self, Storage, TYPES};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::app::TestApp;
use door::{PROMPT, filter};
use world::{KINDS, Plan, World, plan};

/// `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for more, and for others.
const CASES: u32 = 8;
const SEED: u64 = 11;

#[test]
fn no_door_shows_more_than_get() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime can be built");
    let app = runtime.block_on(started());
    #[allow(clippy::disallowed_methods, reason = "asks the person who runs the test, not the surroundings of the server")]
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let config = ProptestConfig {
        cases: asked("PROPTEST_CASES").and_then(|n| n.try_into().ok()).unwrap_or(CASES),
        rng_seed: RngSeed::Fixed(asked("PROPTEST_RNG_SEED").unwrap_or(SEED)),
        failure_persistence: None,
        max_shrink_iters: 12,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&plan(), |plan| runtime.block_on(check(&app, &plan)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A server whose workspace has a prompt with arguments that are completed.
async fn started() -> TestApp {
    let app = TestApp::new().manual_clock().start().await;
    let workspaces = app.admin().get("/workspace?plain=true&fields=id").await.expect(200);
    let data = json!({"arguments": [{"name": "flow_name"}, {"name": "execution_id"}], "template": "x"});
    let note = json!({"record_id": workspaces[0]["id"], "key": format!("mcp_prompt:{PROMPT}"), "data": data});
    app.admin().make("record_metadata", note).await;
    app
}

async fn check(app: &TestApp, plan: &Plan) -> Result<(), TestCaseError> {
    let admin = app.admin();
    let mut world = World::new(app, plan).await;
    let inputs = flow_inputs(&world);
    let by_flow = run(&world, inputs.clone()).await;
    lists_are_what_get_shows(&world).await?;
    let asks = world.asks();
    let mut before = Vec::with_capacity(asks.len());
    for ask in &asks {
        let answer = ask.answer(&world).await;
        says_nothing_hidden(&world, (&ask.text(), &answer))?;
        before.push(answer);
    }
    for (ask, ghost, (id, other)) in world.ghosts() {
        let (hidden, none) = (ask.answer(&world).await, ghost.answer(&world).await);
        prop_assert_eq!(hidden, none.replace(&other, &id), "what is hidden is told from what was never there by: {}", ask.text());
    }
    if let Some(answer) = &by_flow {
        says_nothing_hidden(&world, (&inputs.to_string(), answer))?;
    }
    world.change_hidden(admin).await;
    for (ask, before) in asks.iter().zip(&before) {
        let after = ask.answer(&world).await;
        prop_assert_eq!(before, &after, "what is hidden changed, and so did the answer to: {}", ask.text());
        says_nothing_hidden(&world, (&ask.text(), &after))?;
    }
    lists_are_what_get_shows(&world).await?;
    if let Some(before) = by_flow {
        prop_assert_eq!(Some(before), run(&world, inputs).await, "flow code learns of what is hidden");
    }
    Ok(())
}

fn says_nothing_hidden(world: &World, (asked, answer): (&str, &str)) -> Result<(), TestCaseError> {
    for hidden in world.forbidden() {
        prop_assert!(!answer.contains(&hidden) || asked.contains(&hidden), "{} is hidden, and shown to: {}\n{}", hidden, asked, answer);
    }
    Ok(())
}

/// Lists have all that `get` shows and nothing else, and totals count just that.
async fn lists_are_what_get_shows(world: &World) -> Result<(), TestCaseError> {
    for kind in KINDS.iter().copied().chain(["project"]) {
        for is_trashed in [false, true] {
            let of_kind = world.records.iter().filter(|made| made.kind == kind && made.is_trashed == is_trashed && made.is_visible);
            let expected: BTreeSet<&str> = of_kind.map(|made| made.id.as_str()).collect();
            let path = format!("/{kind}?filter={}&trash={is_trashed}&fields=id&limit=1000", filter(&world.named_here()));
            let list = world.user.get(&path).await;
            if list.status != 200 && is_trashed {
                continue;
            }
            let list = list.expect(200);
            let items = list["items"].as_array().expect("a list");
            let listed: BTreeSet<&str> = items.iter().filter_map(|item| item["id"].as_str()).collect();
            prop_assert_eq!(&listed, &expected, "{}", &path);
            prop_assert_eq!(list["total"].as_u64(), Some(expected.len() as u64), "the total of {}", &path);
        }
    }
    Ok(())
}

fn flow_inputs(world: &World) -> Value {
    let wanted = world.records.iter().filter(|made| made.kind != "execution");
    let keys: Vec<Value> = wanted.map(|made| json!([made.kind, made.id, made.name])).collect();
    let plurals: Vec<&str> = KINDS.iter().filter_map(|kind| records::find(kind)).map(|of| of.plural).collect();
    json!({"records": keys, "plurals": plurals, "filter": world.named_here()})
}

/// What the user's own flow is told; nothing where the user, or its key, may not run it.
async fn run(world: &World, inputs: Value) -> Option<String> {
    let body = json!({"flow_name": world.flow, "input_value": inputs});
    let ran = world.user.post("/execution?wait=true&timeout=100&plain=true", body).await;
    if ran.status != 201 {
        return None;
    }
    assert_eq!(ran.body["status"], "ENDED_SUCCESS", "{}", ran.text);
    Some(ran.body["output_value"].to_string())
}

/// What no `get` shows cannot be asked for by a filter or an order either, by whoever.
#[tokio::test]
async fn no_filter_and_no_order_looks_into_columns_that_get_does_not_show() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    for of in TYPES.iter().filter(|of| of.is_listed()) {
        for field in of.fields().filter(|field| !field.is_readable() || field.storage != Storage::Column) {
            let comparisons = ["set", "eq", "like", "gt"].map(|op| json!({"field": field.name, "op": op, "value": "x"}));
            for comparison in comparisons {
                let hidden = json!({"or": [comparison, {"field": "id", "op": "set"}]});
                admin.get(&format!("/{}?filter={}", of.singular, filter(&hidden))).await.refusal(422, "invalid");
            }
            admin.get(&format!("/{}?order=-{}", of.singular, field.name)).await.refusal(422, "invalid");
        }
        if let Some(field) = of.fields().find(|field| field.storage == Storage::Sealed || field.storage == Storage::Hidden) {
            let (tool, kind) = if of.is_subrecord() { ("list_subrecords", "subrecord_type") } else { ("list_records", "record_type") };
            for arguments in
                [json!({"filter_": {"field": field.name, "op": "set"}}), json!({"order": [field.name]}), json!({"fields": [field.name]})]
            {
                let mut arguments = arguments;
                arguments[kind] = json!(of.name);
                agent.refused(tool, arguments, "invalid").await;
            }
        }
    }
}
