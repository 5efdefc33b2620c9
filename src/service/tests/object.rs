//! Custom objects: values that keep the attributes of their template, whatever changes around them.

use serde_json::json;

use super::*;

struct Cars {
    world: World,
    template: Uuid,
}

impl Cars {
    /// A template with these attributes, besides `plate`, which is unique.
    async fn new(attributes: &[Value]) -> Cars {
        let world = World::new().await;
        let template = world.make(&world.admin, "OBJECT_TEMPLATE", json!({ "name": "car" })).await.unwrap().id;
        let cars = Cars { world, template };
        cars.attribute(json!({ "name": "plate", "datatype": "STRING", "is_unique": true })).await.unwrap();
        for attribute in attributes {
            cars.attribute(attribute.clone()).await.unwrap();
        }
        cars
    }

    async fn attribute(&self, mut payload: Value) -> crate::error::Result<Written> {
        payload["object_template_id"] = json!(self.template);
        self.world.make(&self.world.admin, "OBJECT_TEMPLATE_ATTRIBUTE", payload).await
    }

    async fn make(&self, name: &str, value: Value) -> crate::error::Result<Written> {
        let payload = json!({ "name": name, "object_template_id": self.template, "value": value });
        self.world.make(&self.world.admin, "CUSTOM_OBJECT", payload).await
    }

    async fn set(&self, id: Uuid, value: Value) -> crate::error::Result<Written> {
        self.world.change(&self.world.admin, "CUSTOM_OBJECT", id, json!({ "value": value })).await
    }

    async fn value(&self, id: Uuid) -> Value {
        let row = self.world.service.record_row(&self.world.admin, of("CUSTOM_OBJECT"), &Selector::Id(id)).await.unwrap();
        row.json("value").cloned().unwrap()
    }
}

fn pointer<T>(result: crate::error::Result<T>) -> String {
    result.err().expect("it is refused").field_pointer().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_object_has_the_attributes_of_its_template_and_an_update_merges_them() {
    let seats = json!({ "name": "seats", "datatype": "INTEGER", "is_nullable": false });
    let cars = Cars::new(&[seats, json!({ "name": "built", "datatype": "DATE" })]).await;
    let made = cars.make("a", json!({ "seats": 4.0, "built": "2026-01-31" })).await.unwrap();
    assert_eq!(made.row.json("value"), Some(&json!({ "plate": null, "seats": 4, "built": "2026-01-31" })));
    let changed = cars.set(made.id, json!({ "seats": 5 })).await.unwrap();
    assert_eq!(changed.row.json("value"), Some(&json!({ "plate": null, "seats": 5, "built": "2026-01-31" })));
    let same = cars.set(made.id, json!({ "seats": 5 })).await.unwrap();
    assert_eq!(same.row.version(), changed.row.version(), "nothing was changed");
    cars.set(made.id, json!({ "built": null })).await.unwrap();
    assert_eq!(cars.value(made.id).await["built"], Value::Null);

    assert_eq!(pointer(cars.make("b", json!({})).await), "/value/seats", "an object needs it");
    assert_eq!(pointer(cars.set(made.id, json!({ "seats": null })).await), "/value/seats");
    assert_eq!(pointer(cars.set(made.id, json!({ "seats": "five" })).await), "/value/seats");
    let unknown = cars.set(made.id, json!({ "seat": 5 })).await.err().unwrap();
    assert!(unknown.message().contains("'seats'"), "{unknown}");
    assert_eq!(
        kind(cars.world.change(&cars.world.admin, "CUSTOM_OBJECT", made.id, json!({ "object_template_id": Uuid::nil() })).await),
        Kind::Invalid
    );
}

#[tokio::test]
async fn a_unique_value_is_free_again_when_its_object_is_deleted_or_changed() {
    let cars = Cars::new(&[]).await;
    let first = cars.make("a", json!({ "plate": "W 1" })).await.unwrap().id;
    assert_eq!(pointer(cars.make("b", json!({ "plate": "W 1" })).await), "/value/plate");
    let second = cars.make("b", json!({ "plate": "W 2" })).await.unwrap().id;
    assert_eq!(kind(cars.set(second, json!({ "plate": "W 1" })).await), Kind::Conflict);
    cars.set(first, json!({ "plate": "W 3" })).await.unwrap();
    cars.set(second, json!({ "plate": "W 1" })).await.unwrap();
    cars.make("c", json!({})).await.unwrap();
    cars.make("d", json!({})).await.unwrap();

    let (service, admin) = (&cars.world.service, &cars.world.admin);
    let third = Selector::Id(first);
    service.record_delete(admin, of("CUSTOM_OBJECT"), &third, false).await.unwrap().wait().await.unwrap();
    cars.make("e", json!({ "plate": "W 3" })).await.unwrap();
    assert_eq!(kind(service.record_restore(admin, of("CUSTOM_OBJECT"), &third).await), Kind::Conflict);
}

#[tokio::test]
async fn a_reference_names_what_is_there_and_of_the_right_type() {
    let cars = Cars::new(&[json!({ "name": "runs", "datatype": "RECORD_REFERENCE", "reference_record_type": "FLOW" })]).await;
    let template = cars.template;
    cars.attribute(json!({ "name": "tows", "datatype": "OBJECT_TEMPLATE_REFERENCE", "reference_object_template_id": template }))
        .await
        .unwrap();
    let world = &cars.world;
    let flow = world.make(&world.admin, "FLOW", json!({ "name": "f", "script": "" })).await.unwrap().id;
    let setting = world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap().id;
    let car = cars.make("a", json!({ "runs": flow })).await.unwrap().id;
    cars.set(car, json!({ "tows": car })).await.unwrap();
    assert_eq!(pointer(cars.set(car, json!({ "runs": setting })).await), "/value/runs");
    assert_eq!(pointer(cars.set(car, json!({ "tows": flow })).await), "/value/tows");
    let other = world.make(&world.admin, "OBJECT_TEMPLATE", json!({ "name": "boat" })).await.unwrap().id;
    let boat = world.make(&world.admin, "CUSTOM_OBJECT", json!({ "name": "boat", "object_template_id": other })).await.unwrap().id;
    assert_eq!(pointer(cars.set(car, json!({ "tows": boat })).await), "/value/tows");
}

#[tokio::test]
async fn an_attribute_changes_only_where_the_objects_there_keep_it() {
    let cars = Cars::new(&[]).await;
    let car = cars.make("a", json!({ "plate": "7" })).await.unwrap().id;
    let (world, admin) = (&cars.world, &cars.world.admin);
    let change = async |id: Uuid, payload: Value| world.change(admin, "OBJECT_TEMPLATE_ATTRIBUTE", id, payload).await;
    assert_eq!(kind(cars.attribute(json!({ "name": "color", "datatype": "STRING", "is_nullable": false })).await), Kind::Conflict);
    let color = cars.attribute(json!({ "name": "color", "datatype": "STRING" })).await.unwrap().id;
    assert_eq!(kind(change(color, json!({ "is_nullable": false })).await), Kind::Conflict);
    cars.set(car, json!({ "color": "red" })).await.unwrap();
    change(color, json!({ "is_nullable": false })).await.unwrap();
    assert_eq!(kind(change(color, json!({ "datatype": "INTEGER" })).await), Kind::Conflict);
    cars.make("b", json!({ "color": "red" })).await.unwrap();
    assert_eq!(kind(change(color, json!({ "is_unique": true })).await), Kind::Conflict);

    change(color, json!({ "name": "paint" })).await.unwrap();
    assert_eq!(cars.value(car).await, json!({ "plate": "7", "paint": "red" }));
    world.service.record_delete(admin, of("OBJECT_TEMPLATE_ATTRIBUTE"), &Selector::Id(color), true).await.unwrap().wait().await.unwrap();
    assert_eq!(cars.value(car).await, json!({ "plate": "7" }));
    let template = Selector::Id(cars.template);
    assert_eq!(kind(world.service.record_delete(admin, of("OBJECT_TEMPLATE"), &template, false).await), Kind::Conflict);
}

#[tokio::test]
async fn a_version_of_an_object_comes_back_whole() {
    let cars = Cars::new(&[json!({ "name": "color", "datatype": "STRING" })]).await;
    let car = cars.make("a", json!({ "plate": "7" })).await.unwrap().id;
    cars.set(car, json!({ "color": "red" })).await.unwrap();
    let version = VersionRef { record_type: of("CUSTOM_OBJECT"), record: Selector::Id(car), number: 1 };
    let restored = cars.world.service.version_restore(&cars.world.admin, &version, None).await.unwrap();
    restored.commit.wait().await.unwrap();
    assert_eq!(cars.value(car).await, json!({ "plate": "7", "color": null }));
}
