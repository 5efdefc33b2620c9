//! Lists inside a scope of rights, whatever the filter says about projects.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_filter_that_names_projects_opens_none_that_the_scope_does_not() {
    let (_folder, store) = store().await;
    let [mine, also, other] = [1, 2, 3].map(Uuid::from_u128);
    for (name, project) in [("a", Some(mine)), ("b", Some(also)), ("c", Some(other)), ("d", None)] {
        let mut row = setting(Uuid::now_v7(), name, &json!(1));
        row.set("project_id", project.map(|id| id.to_string()));
        store.submit(insert(row)).wait().await.expect("written");
    }
    let scope = Scope::Within(Region { projects: vec![mine, also], ..Region::default() });
    let one = |id: Uuid| json!({"field": "project_id", "op": "eq", "value": id});
    let among = |ids: &[Uuid]| json!({"field": "project_id", "op": "in", "value": ids});
    let named = |name: &str| json!({"field": "name", "op": "eq", "value": name});
    for (filter, expected) in [
        (one(mine), "a"),
        (one(other), ""),
        (among(&[mine, also]), "ab"),
        (among(&[mine, other]), "a"),
        (among(&[]), ""),
        (json!({"and": [one(mine), named("a")]}), "a"),
        (json!({"or": [one(mine), one(also)]}), "ab"),
        (json!({"or": [one(mine), one(other)]}), "a"),
        (json!({"or": [one(mine), named("c"), named("d")]}), "a"),
        (json!({"or": []}), ""),
        (json!({"and": []}), "ab"),
        (json!({"and": [{"or": [one(mine), named("c")]}, one(other)]}), ""),
        (json!({"field": "project_id", "op": "neq", "value": mine}), "b"),
        (json!({"field": "project_id", "op": "notin", "value": [mine]}), "b"),
        (json!({"field": "project_id", "op": "unset"}), ""),
        (json!({"field": "project_id", "op": "like", "value": "%"}), "ab"),
    ] {
        let parsed = Filter::parse(&filter, setting_type()).expect("a valid filter");
        let order = vec![Order { column: "name", descending: false }];
        let query = ListQuery { filter: Some(parsed), order, total: true, ..ListQuery::default() };
        let page = store.row_list(setting_type(), &query, &scope).await.expect("listed");
        let found: String = page.items.iter().filter_map(|row| row.text("name")).collect();
        assert_eq!((found.as_str(), page.total), (expected, Some(expected.len() as u64)), "{filter}");
    }
}
