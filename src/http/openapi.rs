//! The OpenAPI 3.1 document: a loop over the route table and the record types. Nothing is described by hand twice.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::{Map, Value, json};

use super::outcome::{self, Outcome};
use super::param::Param;
use super::route::{Auth, BASE, Endpoint, Route, Shape, Verb, routes};
use super::shape;
use super::state::HttpState;
use crate::records::{self, RecordType, TYPES, schema};

pub(super) static ENDPOINTS: &[Endpoint] =
    &[Endpoint::new(Verb::Get, "/openapi.json", "openapi", "This document: every route, parameter and schema, as OpenAPI 3.1.")
        .open()
        .answer(200, Shape::Named("Document"))
        .once(|verb| on(verb, serve))];

async fn serve(State(state): State<HttpState>) -> Response {
    let bytes = state.document(|| document().to_string().into());
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The whole document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let item = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        item[route.endpoint.verb.name().to_lowercase()] = operation(&route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Flowstead",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Hosts Python flows: keeps them, runs them, remembers every step. Every answer to a failed request has the \
                            schema Error, and every answer the header x-request-id. A schema whose name ends with Part is of records of \
                            which the caller may have asked for some columns only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"key": []}, {"session": []}, {"cookie": []}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {"Error": {
                "description": "What was wrong, and what would be right.",
                "content": {"application/json": {"schema": reference("Error")}},
            }},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `cldm_<prefix>_<secret>`."},
                "key": {"type": "apiKey", "in": "header", "name": super::gate::KEY_HEADER, "description": "An API key."},
                "session": {"type": "apiKey", "in": "header", "name": super::gate::SESSION_HEADER, "description": "The id of a session."},
                "cookie": {"type": "apiKey", "in": "cookie", "name": super::gate::COOKIE, "description": "The session cookie."},
            },
        },
    })
}

fn tags() -> Vec<Value> {
    let server = json!({"name": "server", "description": "The server itself: logins, health, this document."});
    std::iter::once(server).chain(TYPES.iter().map(|t| json!({"name": t.singular, "description": t.doc}))).collect()
}

/// The tag of a route: its record type, or the type whose name its path begins with.
fn tag(route: &Route) -> &'static str {
    let first = route.path.strip_prefix(BASE).and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
    route.record_type.or_else(|| records::find(first)).map_or("server", |t| t.singular)
}

fn operation(route: &Route) -> Value {
    let endpoint = route.endpoint;
    let mut out = json!({"operationId": route.operation, "tags": [tag(route)], "summary": route.doc});
    let parameters: Vec<Value> = route
        .path_parameters()
        .map(|name| path_parameter(name, route))
        .chain(endpoint.params.iter().map(query_parameter))
        .chain(headers(route))
        .collect();
    if !parameters.is_empty() {
        out["parameters"] = parameters.into();
    }
    if endpoint.body != Shape::Empty {
        out["requestBody"] = json!({"required": !endpoint.body_optional, "content": content(endpoint.body, route)});
    }
    let mut answer = json!({"description": if endpoint.answer == Shape::Empty { "Done." } else { "The answer." }});
    if endpoint.answer != Shape::Empty {
        answer["content"] = content(endpoint.answer, route);
    }
    let is_page = endpoint.answer == Shape::Text("text/html") || endpoint.body == Shape::Form;
    let refused = if is_page { page_error() } else { refusal() };
    let mut answers = Map::new();
    for (status, outcome) in outcome::others(route) {
        let described = match outcome {
            Outcome::Same(doc) => {
                let mut same = answer.clone();
                same["description"] = doc.into();
                same
            }
            Outcome::Bare(doc) => json!({"description": doc}),
            Outcome::Refusal => refused.clone(),
        };
        answers.insert(status.to_string(), described);
    }
    answers.insert(endpoint.status.to_string(), answer);
    answers.insert("5XX".into(), refused);
    out["responses"] = answers.into();
    if !endpoint.auth.is_login() {
        out["security"] = json!([]);
    }
    out
}

fn refusal() -> Value {
    json!({"$ref": "#/components/responses/Error"})
}

/// Pages say on a page what is wrong, and lead to the login.
fn page_error() -> Value {
    let html = json!({"schema": {"type": "string"}});
    let content = json!({"text/html": html, "application/json": {"schema": reference("Error")}});
    json!({"description": "A page that says what is wrong, or the way to the login.", "content": content})
}

fn path_parameter(name: &str, route: &Route) -> Value {
    let is_named = route.endpoint.params.iter().any(|param| param.name == "by");
    if name == "number" {
        let schema = json!({"type": "string"});
        return json!({"name": name, "in": "path", "required": true, "description": "The number of the version, from 1.", "schema": schema});
    }
    if name == "token" {
        return json!({"name": name, "in": "path", "required": true, "description": "The end of an address, as it was given.", "schema": {"type": "string"}});
    }
    if route.endpoint.auth == Auth::Webhook {
        let doc = if name == "name" { "The name of the webhook." } else { "Anything; the flow gets it as `path`." };
        return json!({"name": name, "in": "path", "required": true, "description": doc, "schema": {"type": "string"}});
    }
    let doc = if is_named { "The id, a UUID; with `by=name` the name." } else { "The id, a UUID." };
    json!({"name": name, "in": "path", "required": true, "description": doc, "schema": {"type": "string"}})
}

fn query_parameter(param: &Param) -> Value {
    json!({"name": param.name, "in": "query", "description": param.doc, "schema": param.kind.schema()})
}

/// Request headers that change what a route does.
fn headers(route: &Route) -> impl Iterator<Item = Value> {
    let header = |name: &str, doc: &str| json!({"name": name, "in": "header", "description": doc, "schema": {"type": "string"}});
    let endpoint = route.endpoint;
    let etag = outcome::is_conditional(route);
    let starts = matches!(endpoint.body, Shape::Named("StartRequest" | "RunRequest" | "RetryRequest"));
    let live = matches!(endpoint.answer, Shape::Feed(_));
    let (tagged, ranged) = (outcome::is_tagged(route), outcome::is_ranged(route));
    [
        (etag, "If-Match", "The ETag that was read before; if the record was changed since, the answer is 412."),
        (starts, "Idempotency-Key", "At most 128 characters. The same key again answers the execution that the first request made."),
        (tagged, "If-None-Match", "The ETag that was read before; if nothing was changed since, the answer is 304 without content."),
        (ranged, "Range", "The bytes wanted, such as `bytes=0-1023`."),
        (ranged, "If-Range", "The ETag of what `range` is of; if it is another by now, the answer is the whole."),
        (live, "Last-Event-ID", "Goes on behind this event; sent by browsers when they connect again."),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(move |(_, name, doc)| header(name, doc))
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The media types and schemas of a body.
fn content(shape: Shape, route: &Route) -> Value {
    let of_type = |suffix: &str| {
        let record_type = route.record_type.unwrap_or_else(|| unreachable!("{} has no record type", route.path));
        reference(&format!("{}{suffix}", record_type.class_name()))
    };
    let json_of = |schema: Value| json!({"application/json": {"schema": schema}});
    match shape {
        Shape::Empty => json!({}),
        Shape::Record(named) => {
            let record_type = named.and_then(records::find).or(route.record_type).unwrap_or_else(|| unreachable!("{}", route.path));
            let part = if is_partial(route) { "Part" } else { "" };
            json_of(reference(&format!("{}{part}Answer", record_type.class_name())))
        }
        Shape::Export => json!({
            "application/json": {"schema": of_type("PartAnswer")},
            "application/yaml": {"schema": reference("ExportDocument")},
            "application/zip": {"schema": {}},
        }),
        Shape::Page => json_of(of_type("Page")),
        Shape::Create => json_of(of_type("Create")),
        Shape::Update => json_of(of_type("Update")),
        Shape::Named("Document") => json_of(json!({"type": "object"})),
        Shape::Named(name) => json_of(reference(name)),
        Shape::Feed(name) => json!({
            "application/json": {"schema": feed(&reference(name))},
            "text/event-stream": {"schema": {"type": "string"}},
        }),
        Shape::Archive(name) => json!({
            "application/json": {"schema": if name == "Document" { json!({"type": "object"}) } else { reference(name) }},
            "application/zip": {"schema": {}},
        }),
        Shape::Documents => json!({
            "application/yaml": {"schema": reference("ExportDocument")},
            "application/zip": {"schema": {}},
        }),
        Shape::Bytes => json!({"*/*": {"schema": {}}}),
        Shape::Text(media) => json!({media: {"schema": {"type": "string"}}}),
        Shape::Form => {
            json!({"application/x-www-form-urlencoded": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}})
        }
    }
}

/// Whether the caller says which columns the answer has.
fn is_partial(route: &Route) -> bool {
    route.endpoint.params.iter().any(|param| param.name == "fields")
}

/// A single record: below its type's name, or bare with `plain=true`. `part` is appended to the name of its schema.
fn wrapped(record_type: &RecordType, part: &str) -> Value {
    let record = reference(&format!("{}{part}", record_type.class_name()));
    let object = json!({"type": "object", "required": [record_type.singular], "properties": {record_type.singular: record}});
    json!({"anyOf": [object, record]})
}

fn page(record: &Value) -> Value {
    let items = json!({"type": "array", "items": record});
    let object = json!({
        "type": "object",
        "required": ["items", "total", "limit", "offset"],
        "properties": {
            "items": items,
            "total": {"type": "integer", "description": "How many there are in all; exact up to 10,000."},
            "total_is_lower_bound": {"type": "boolean", "description": "There and true when there are more than `total`."},
            "limit": {"type": "integer"},
            "offset": {"type": "integer"},
        },
    });
    json!({"anyOf": [object, items]})
}

fn feed(entry: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next", "has_more", "has_ended"],
        "properties": {
            "items": {"type": "array", "items": entry},
            "next": {"type": "integer", "description": "Give it as `after` to go on behind these entries."},
            "has_more": {"type": "boolean", "description": "Whether there are more entries by now."},
            "has_ended": {"type": "boolean", "description": "Whether the execution has ended and these are its last entries."},
        },
    })
}

fn schemas() -> Value {
    let mut out = shape::named();
    for record_type in TYPES {
        let name = record_type.class_name();
        if record_type.is_listed() {
            out.insert(format!("{name}Create"), schema::create(record_type));
            out.insert(format!("{name}Update"), schema::update(record_type));
            out.insert(format!("{name}Answer"), wrapped(record_type, ""));
            out.insert(format!("{name}PartAnswer"), wrapped(record_type, "Part"));
            out.insert(format!("{name}Page"), page(&reference(&format!("{name}Part"))));
        }
        let mut part = schema::read(record_type);
        let required = part.as_object_mut().and_then(|schema| schema.shift_remove("required")).unwrap_or_else(|| json!([]));
        out.insert(format!("{name}Part"), part);
        let whole = json!({"description": record_type.doc, "allOf": [reference(&format!("{name}Part"))], "required": required});
        out.insert(name, whole);
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(text) if key == "$ref" => out.push(text.clone()),
                        _ => references(value, out),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, out)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leaves the document"));
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_schema_is_a_schema() {
        for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
            assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
        }
    }
}
