//! Pages for people: forms that need no script, in one frame, with a policy that lets nothing else in.

mod endpoint;
mod input;
mod login;
mod markdown;
mod response;
mod view;

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

pub(super) use endpoint::ENDPOINTS;
pub(super) use login::leads_there;

use crate::error::{Error, Kind};

/// The type of every page.
pub(super) const MEDIA: &str = "text/html; charset=utf-8";

static STYLE: &str = include_str!("page/style.css");

/// Nothing but the page's own style, which is named by its digest; forms go to this server alone.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).expect("a policy is plain ASCII")
});

/// A page: what stands in its title and in its body.
fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let text = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " – Flowstead" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA)),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        // The address of a page can be a secret; for our own forms the browser still says where they come from.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text.into_string()).into_response()
}

/// What a handler of a page answers.
type Shown = std::result::Result<Response, Refused>;

/// An error as a page. What the server itself does wrong is answered, and logged, as everywhere.
struct Refused(Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused(error) = self;
        let title = match error.kind() {
            Kind::Internal => return error.into_response(),
            Kind::NotFound => "Not found",
            Kind::Conflict => "Already answered",
            Kind::Forbidden => "Not allowed",
            _ => "This did not work",
        };
        let body = html! { h1 { (title) } p { (error.message()) } };
        page(error.kind().status(), title, &body)
    }
}
