//! A page that shows the OpenAPI document: one file, no outside resources, nothing executed but its own script.

use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::on;

use super::route::{Endpoint, Shape, Verb};

pub(super) static ENDPOINTS: &[Endpoint] =
    &[Endpoint::new(Verb::Get, "/docs", "docs", "A page that shows every route, made from the OpenAPI document.")
        .open()
        .answer(200, Shape::Text("text/html"))
        .once(|verb| on(verb, serve))];

static PAGE: &str = include_str!("docs.html");
/// The page may fetch the document from here and use its inline script and style; nothing else.
const POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_from_outside() {
        assert!(!PAGE.contains("://"), "an absolute address");
        assert!(!PAGE.contains("innerHTML"), "text of the document must stay text");
    }
}
