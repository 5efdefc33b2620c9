//! `/llms.txt`: what this server is and where its descriptions are, for language models that find it by its address.

use std::fmt::Write;

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::on;

use super::route::{BASE, Endpoint, Shape, Verb};
use crate::records::TYPES;
use crate::records::artifact::ARTIFACTS;

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    Verb::Get,
    "//llms.txt",
    "llms_txt",
    "What this server is and where its descriptions are, for language models; Markdown, made from the registry.",
)
.open()
.answer(200, Shape::Text("text/plain"))
.once(|verb| on(verb, serve))];

async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text())
}

const HEAD: &str = "# Flowstead

> A server that hosts Python flows: it keeps them, runs them, remembers every step, and serves them to people and agents.

Requests need an API key: `Authorization: Bearer cldm_<prefix>_<secret>`. A person makes one with `flowstead key create`, or with
`POST /api/latest/api_key` after a login. What a key may not read does not exist for it. Errors are JSON with `error_message`, a sentence
that says what was wrong and what would be right.
";

/// The whole text.
fn text() -> String {
    let mut text = HEAD.to_owned();
    let mut section = |title: &str, lines: Vec<String>| {
        let _ = write!(text, "\n## {title}\n\n{}\n", lines.join("\n"));
    };
    let link = |name: &str, path: &str, doc: &str| format!("- [{name}]({BASE}{path}): {doc}");
    section(
        "Interfaces",
        vec![
            link("MCP", "/mcp", "The endpoint for agents: tools to write, run and mend flows, and guides as resources. Begin here."),
            link("OpenAPI", "/openapi.json", "Every REST route, parameter and schema."),
            link("Routes as a page", "/docs", "The same for people."),
            link("Alive", "/alive", "Whether the server is there, and its version."),
        ],
    );
    let artifacts = ARTIFACTS.iter().map(|artifact| link(artifact.name, artifact.endpoint, artifact.doc));
    let index = link("Index", "/developer-artifacts", "All of these with target path, hash and media type.");
    section("Work in an editor", std::iter::once(index).chain(artifacts).collect());
    let types = TYPES.iter().filter(|of| of.is_listed()).map(|of| link(of.name, &format!("/{}", of.singular), of.doc));
    section("Records", types.collect());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::route::routes;

    #[test]
    fn every_link_is_a_route() {
        let text = text();
        let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(links.len() > TYPES.len() / 2);
        for link in links.iter().filter(|link| !link.ends_with("/mcp")) {
            assert!(routes().iter().any(|route| route.path == *link && route.endpoint.verb == Verb::Get), "{link}");
        }
    }
}
