//! Whatever a record holds: exported, imported elsewhere and exported there, it is the same bytes.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        " ",
        "\n",
        "\n\n",
        "\t",
        "a",
        "b: c",
        "- ",
        "#",
        "\"",
        "'",
        "\\",
        "yes",
        "012",
        "1.5",
        "2026-11-21",
        "---",
        "|",
        "é",
        "\u{85}",
        "\r",
        "\u{1}",
        "~",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<char>().prop_filter("U+0000 is no text", |c| *c != '\0'), 0..12).prop_map(String::from_iter),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

async fn exported(world: &World, name: &str, of_name: &str) -> String {
    let selector = Selector::Name(name.to_owned());
    let exported = world.service.record_export(&world.admin, of(of_name), &selector, false).await.unwrap();
    String::from_utf8(exported.content.to_vec()).unwrap()
}

/// A record with a note, here and there.
async fn there_and_back((here, there): (&World, &World), of_name: &str, payload: Value, note: Value) {
    let name = payload["name"].as_str().unwrap().trim().to_owned();
    let id = here.make(&here.admin, of_name, payload).await.unwrap().id;
    here.make(&here.admin, "RECORD_METADATA", json!({ "record_id": id, "key": name, "data": note })).await.unwrap();
    let first = exported(here, &name, of_name).await;
    let request = |text: &str| ImportRequest {
        file: ImportFile::Yaml(text.to_owned()),
        if_exists: IfThere::Overwrite,
        dry_run: false,
        commit_message: None,
    };
    let report = there.service.import(&there.admin, request(&first)).await.unwrap_or_else(|e| panic!("{e}\n{first}"));
    assert!(matches!(report[0].outcome, ImportOutcome::Created | ImportOutcome::Updated | ImportOutcome::Unchanged));
    assert_eq!(exported(there, &name, of_name).await, first);
    let again = here.service.import(&here.admin, request(&first)).await.unwrap();
    assert_eq!(again[0].outcome, ImportOutcome::Unchanged, "{first}");
}

#[test]
fn any_record_comes_back_as_the_same_bytes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (here, there) = runtime.block_on(async { (World::new().await, World::new().await) });
    let name = "[^\\p{C}]{1,40}".prop_filter("a name is not blank", |name| !name.trim().is_empty());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(120));
    let outcome = runner.run(&(name, value(), text(), text()), |(name, value, description, script)| {
        runtime.block_on(async {
            let both = (&here, &there);
            let setting = json!({ "name": name, "value": value, "description": description });
            there_and_back(both, "SETTING", setting, value.clone()).await;
            let flow = json!({ "name": name, "script": script, "description": description, "breakpoints": value });
            there_and_back(both, "FLOW", flow, json!(script)).await;
        });
        Ok(())
    });
    outcome.unwrap();
}
