//! Filters against plain evaluation in memory, and what is said about wrong ones.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;

const NAMES: &[&str] = &["", "a", "A", "ab", "a%", "a_b", "axb", "é", "É", "\u{1f600}", "zz"];
const IDS: &[&str] = &["0198f0a0-0000-7000-8000-000000000001", "0198f0a0-0000-7000-8000-000000000002"];
const TIMES: &[&str] = &["2026-11-21T00:00:00.000000+00:00", "2026-11-21T00:00:00.000001+00:00", "2027-01-01T00:00:00.000000+00:00"];
const STATUS: &[&str] = &["PENDING", "RUNNING", "ENDED_ERROR"];

fn execution_type() -> &'static RecordType {
    records::find("EXECUTION").expect("registered")
}

fn text(among: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(among).prop_map(|text| json!(text)).boxed()
}

fn any_json() -> BoxedStrategy<Value> {
    select(vec![json!({"b": 1, "a": [1.0, null]}), json!("a"), json!([]), json!(1), json!(1.5), json!(false)]).boxed()
}

/// A column of each kind, and its values.
fn columns() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    vec![
        ("name", text(NAMES)),
        ("message", text(NAMES)),
        ("flow_id", text(IDS)),
        ("scheduled_for", text(TIMES)),
        ("status", text(STATUS)),
        ("duration_ms", (-2_i64..3).prop_map(|n| json!(n)).boxed()),
        ("max_runtime_minutes", select(vec![json!(-1.5), json!(0), json!(0.1), json!(2)]).boxed()),
        ("orphan", any::<bool>().prop_map(|flag| json!(flag)).boxed()),
        ("input_value", any_json()),
    ]
}

fn never_null(column: &str) -> bool {
    matches!(column, "name" | "status" | "orphan")
}

fn row() -> impl Strategy<Value = Row> {
    let values: Vec<BoxedStrategy<Value>> = columns()
        .into_iter()
        .map(|(name, values)| if never_null(name) { values } else { prop_oneof![2 => values, 1 => Just(Value::Null)].boxed() })
        .collect();
    values.prop_map(|values| {
        let names = columns().into_iter().map(|(name, _)| name.to_owned());
        let mut row = Row::from(names.zip(values).collect::<Map<_, _>>());
        row.set("id", json!(Uuid::now_v7()));
        row.set("created_at", TIMES[0]);
        row.set("modified_at", TIMES[0]);
        row
    })
}

fn comparison() -> impl Strategy<Value = Value> {
    select((0..columns().len()).collect::<Vec<_>>()).prop_flat_map(|index| {
        let (name, values) = columns().swap_remove(index);
        let compare = |ops: &'static [&'static str], values: BoxedStrategy<Value>| {
            (select(ops), values).prop_map(move |(op, value)| json!({"field": name, "op": op, "value": value})).boxed()
        };
        let mut kinds = vec![
            compare(&["eq", "neq"], values.clone()),
            compare(&["in", "notin"], prop::collection::vec(values.clone(), 0..3).prop_map(Value::from).boxed()),
            select(&["set", "unset"][..]).prop_map(move |op| json!({"field": name, "op": op})).boxed(),
        ];
        if name != "input_value" {
            kinds.push(compare(&["lt", "gt", "lte", "gte"], values));
        }
        if !matches!(name, "duration_ms" | "max_runtime_minutes" | "orphan") {
            kinds.push(compare(&["like", "notlike"], text(&["%", "a%", "%b", "_", "a_b", "", "É", "%1", "\"a\"", "%[%"])));
        }
        prop::strategy::Union::new(kinds)
    })
}

fn filter() -> impl Strategy<Value = Value> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        (select(&["and", "or"][..]), prop::collection::vec(inner, 0..3)).prop_map(|(word, parts)| json!({ word: parts }))
    })
}

/// What a filter means, said a second time.
fn holds(filter: &Value, row: &Row) -> bool {
    if let Some(parts) = filter["and"].as_array() {
        return parts.iter().all(|part| holds(part, row));
    }
    if let Some(parts) = filter["or"].as_array() {
        return parts.iter().any(|part| holds(part, row));
    }
    let (field, value) = (filter["field"].as_str().expect("given"), &filter["value"]);
    let stored = row.json(field);
    let order = |value: &Value| stored.map(|stored| compared(stored, value));
    let among = || value.as_array().expect("given").iter().any(|item| order(item) == Some(Ordering::Equal));
    let is_like = || {
        let text = stored.map(|stored| if field == "input_value" { stored.to_string() } else { stored.as_str().expect("text").to_owned() });
        text.is_some_and(|text| like(&text.chars().collect::<Vec<_>>(), &value.as_str().expect("given").chars().collect::<Vec<_>>()))
    };
    match filter["op"].as_str().expect("given") {
        "set" => stored.is_some(),
        "unset" => stored.is_none(),
        "eq" => order(value) == Some(Ordering::Equal),
        "neq" => order(value) != Some(Ordering::Equal),
        "lt" => order(value) == Some(Ordering::Less),
        "gt" => order(value) == Some(Ordering::Greater),
        "lte" => order(value).is_some_and(Ordering::is_le),
        "gte" => order(value).is_some_and(Ordering::is_ge),
        "in" => among(),
        "notin" => !among(),
        "like" => is_like(),
        _ => !is_like(),
    }
}

fn compared(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) if a.is_number() && b.is_number() && (a.is_f64() == b.is_f64() || a.as_f64() != b.as_f64()) => {
            a.as_f64().expect("number").total_cmp(&b.as_f64().expect("number"))
        }
        // JSON columns: the same text or not.
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

/// ASCII letters match in either case, other characters as they are.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|n| like(&text[n..], rest)),
        Some(('_', rest)) => !text.is_empty() && like(&text[1..], rest),
        Some((c, rest)) => text.split_first().is_some_and(|(t, text)| t.eq_ignore_ascii_case(c) && like(text, rest)),
    }
}

async fn agree(rows: Vec<Row>, filters: Vec<Value>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(Options { folder: folder.path().to_owned(), durability: Durability::Normal }).await.expect("opens");
    let writes = rows.iter().map(|row| Write::Insert { table: "execution", key: KEY, row: row.clone() }).collect();
    store.submit(Unit { writes, lazy: false }).wait().await.expect("written");
    for filter in filters {
        let parsed = Filter::parse(&filter, execution_type()).expect("a valid filter");
        let query = ListQuery { filter: Some(parsed), total: true, ..ListQuery::default() };
        let page = store.row_list(execution_type(), &query, &Scope::All).await.expect("listed");
        let mut found: Vec<Uuid> = page.items.iter().filter_map(Row::id).collect();
        let mut expected: Vec<Uuid> = rows.iter().filter(|row| holds(&filter, row)).filter_map(Row::id).collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(page.total, Some(expected.len() as u64), "{}", filter);
        prop_assert_eq!(found, expected, "{}", filter);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_finds_what_it_says(rows in prop::collection::vec(row(), 0..12), filters in prop::collection::vec(filter(), 60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(agree(rows, filters))?;
    }
}

#[test]
fn a_wrong_filter_is_refused_with_its_place_and_what_would_be_right() {
    let deep = (0..20).fold(json!({"field": "name", "value": "x"}), |inner, _| json!({"and": [inner]}));
    let wide = json!({"or": vec![json!({"field": "name", "value": "x"}); 201]});
    let hollow = json!({"or": vec![json!({"and": []}); 300]});
    let cases = [
        (json!([]), "", "A filter is an object"),
        (json!({"field": "nam", "op": "eq", "value": "x"}), "/field", "Did you mean 'name'?"),
        (json!({"field": "grant_id", "op": "set"}), "/field", "has no field 'grant_id'"),
        (json!({"field": "script", "op": "set"}), "/field", "has no field 'script'"),
        (json!({"field": "name", "op": "is", "value": "x"}), "/op", "there are eq, neq, like"),
        (json!({"field": "name", "op": "eq"}), "", "which is missing"),
        (json!({"field": "name", "op": "eq", "val": 1}), "/val", "not 'val'"),
        (json!({"and": [{"field": "name", "op": "eq", "value": 1}]}), "/and/0/value", "compared with text"),
        (json!({"field": "priority", "op": "in", "value": [1, "2"]}), "/value/1", "compared with an integer"),
        (json!({"field": "priority", "op": "in", "value": 1}), "/value", "take a list"),
        (json!({"field": "priority", "op": "like", "value": "1%"}), "/value", "holds none"),
        (json!({"field": "priority", "op": "lt", "value": null}), "/value", "'set' and 'unset'"),
        (json!({"field": "status", "op": "eq", "value": "RUNING"}), "/value", "Did you mean 'RUNNING'?"),
        (json!({"field": "created_at", "op": "gt", "value": "yesterday"}), "/value", "is not a time stamp"),
        (json!({"field": "input_value", "op": "gt", "value": 1}), "/value", "has no order"),
        (json!({"field": "name", "op": "like", "value": "%".repeat(10_001)}), "/value", "at most 10000 bytes"),
        (json!({"and": {}}), "/and", "takes a list"),
        (json!({"and": [], "or": []}), "", "stands alone"),
        (deep, &"/and/0".repeat(17), "nested deeper than 16"),
        (wide, "/or/200", "at most 200 comparisons"),
        (hollow, "/or/199", "at most 200 'and' and 'or'"),
    ];
    for (filter, pointer, message) in cases {
        let error = Filter::parse(&filter, execution_type()).expect_err(message);
        assert_eq!(error.field_pointer(), Some(pointer), "{error}");
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn an_order_is_a_field_with_a_sign() {
    let parsed = |text: &str| Order::parse(text, execution_type()).map(|o| (o.column, o.descending));
    assert_eq!(parsed("-created_at").ok(), Some(("created_at", true)));
    for text in ["created_at", "+created_at", " created_at"] {
        assert_eq!(parsed(text).ok(), Some(("created_at", false)));
    }
    assert!(parsed("input_value").is_err() && parsed("-grant_id").is_err() && parsed("").is_err());
}

#[test]
fn time_stamps_and_ids_are_compared_in_the_form_they_are_stored_in() {
    let value = |field: &str, value: &str| match Filter::parse(&json!({"field": field, "op": "eq", "value": value}), execution_type()) {
        Ok(Filter::Compare { value, .. }) => value,
        other => panic!("{other:?}"),
    };
    assert_eq!(value("created_at", "2026-11-21T01:00:00+01:00"), json!("2026-11-21T00:00:00.000000+00:00"));
    assert_eq!(value("flow_id", "0198F0A0000070008000000000000001"), json!(IDS[0]));
}
