//! Values on their way: JSON to Python and back unchanged, and what JSON has no form for refused with its place.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::slot_rig::{Rig, handler, plain_answer, raw, run_of};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has finite numbers only", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..8).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn json_comes_back_as_it_went() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let script = handler("return inputs");
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    for _ in 0..300 {
        let value = json().new_tree(&mut runner).unwrap().current();
        if value.is_null() {
            continue;
        }
        let mut run = run_of(&script);
        run.inputs = raw(&value);
        slot.writer.run(&run).unwrap();
        let report = rig.beside(slot.report(plain_answer)).await;
        assert_eq!(report.output(), run.inputs.get());
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    let mut rig = Rig::new().await;
    for (value, pointer, reason) in [
        ("{'a': [1, float('nan')]}", "/a/1", "NaN or infinite"),
        ("{'big': 2 ** 64}", "/big", "outside 64 bits"),
        ("[b'x']", "/0", "base64"),
        ("{'a/b': {1, 2}}", "/a~1b", "sorted"),
        ("{'d': __import__('datetime').datetime(2020, 1, 1)}", "/d", "isoformat"),
        ("{(1, 2): 3}", "", "string keys"),
        ("['\\ud800']", "/0", "surrogate"),
        ("object()", "", "no JSON value"),
    ] {
        let body = format!("try:\n  this.save(output_value={value})\nexcept flow_api.InvalidInputError as e:\n  return [e.field, str(e)]");
        let report = rig.run(&handler(&body)).await;
        let (field, text): (String, String) = serde_json::from_str(&report.output()).unwrap();
        assert_eq!(field, pointer, "{value}");
        assert!(text.contains(reason), "{value}: {text}");
    }
    let endless = rig.run(&handler("x = []\nx.append(x)\nreturn x")).await;
    assert!(endless.error().contains("contains itself"), "{endless:?}");
    let deep = rig.run(&handler("x = 1\nfor _ in range(90): x = [x]\nthis.save(output_value=x)\nreturn x")).await;
    assert!(deep.output().starts_with("[[["), "{deep:?}");
}

#[tokio::test]
async fn keys_and_tuples_become_what_pythons_json_makes_of_them() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("import enum\nclass E(enum.IntEnum): A = 3\nreturn {1: (2, E.A), True: None, None: 1.0}")).await;
    assert_eq!(report.output(), r#"{"1":null,"null":1.0}"#);
    let report = rig.run(&handler("return {2: (2, 'x'), 1.5: None}")).await;
    assert_eq!(report.output(), r#"{"2":[2,"x"],"1.5":null}"#);
}

#[tokio::test]
async fn values_over_the_limit_are_refused() {
    let mut rig = Rig::new().await;
    let body = "try:\n  this.save(output_value='x' * (17 << 20))\nexcept flow_api.InvalidInputError as e:\n  this.log(str(e))\nreturn 'x' * (17 << 20)";
    let report = rig.run(&handler(body)).await;
    assert!(report.messages()[0].contains("the limit is 16777216"), "{:?}", report.messages());
    assert!(report.error().contains("the limit is 16777216"));
}
