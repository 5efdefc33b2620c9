//! The one list of routes: the router, the OpenAPI document and the coverage walk are loops over it.
//!
//! Each noun's file declares its [`Endpoint`]s as data next to the handlers; a route that is not in the list cannot
//! be reached, and one that is in it cannot go undocumented.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodFilter, MethodRouter};

use super::param::Param;
use super::state::HttpState;
use super::{
    artifact, auth, docs, execution, explain, file, flow, gate, guide, health, import, key, log, message, openapi, page, record, session,
    upload, version, webhook,
};
use crate::records::{RecordType, TYPES};

/// Where the interface lives.
pub const BASE: &str = "/api/latest";

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub const fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Patch => MethodFilter::PATCH,
            Verb::Delete => MethodFilter::DELETE,
        }
    }
}

/// Who may call it at all; the service decides the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Anyone.
    Open,
    /// Whoever shows a session or a key.
    Actor,
    /// The same; browsers without one are led to the login page.
    Page,
    /// Whoever the webhook lets in. Its query is for the flow.
    Webhook,
}

impl Auth {
    /// Whether a login or a key of this server is asked for.
    pub fn is_login(self) -> bool {
        matches!(self, Auth::Actor | Auth::Page)
    }
}

/// What a body or an answer looks like; the OpenAPI document has the schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing at all.
    Empty,
    /// `{"<type>": {...}}`, or the bare object with `plain=true`; of the route's type, or of the one named here.
    Record(Option<&'static str>),
    /// As [`Shape::Record`], or the record's export document: YAML, or a zip archive.
    Export,
    /// A page of records.
    Page,
    /// The fields a caller gives at creation.
    Create,
    /// The fields a caller may change.
    Update,
    /// A schema of [`openapi`] by name.
    Named(&'static str),
    /// A page of this schema, or the same live as an event stream.
    Feed(&'static str),
    /// A schema of [`openapi`] by name, or the same files as a zip archive.
    Archive(&'static str),
    /// Bytes of any type.
    Bytes,
    /// Export documents: YAML, or a zip archive of them.
    Documents,
    /// Text of this media type.
    Text(&'static str),
    /// What a browser sends of a form: names and texts.
    Form,
}

/// A route as declared, before it is spelled out for each record type.
pub struct Endpoint {
    pub verb: Verb,
    /// Below [`BASE`] unless it begins with `//`, which stands for the root. `{type}` is replaced. At its end, `{*name}` takes any
    /// number of segments.
    pub path: &'static str,
    /// Unique name in the OpenAPI document. `{type}` is replaced.
    pub operation: &'static str,
    /// What it does. `{type}` is replaced.
    pub doc: &'static str,
    pub auth: Auth,
    pub params: &'static [Param],
    pub body: Shape,
    /// Whether the body may be left out.
    pub body_optional: bool,
    /// Status of the usual answer.
    pub status: u16,
    pub answer: Shape,
    /// For which record types it exists; `None`: it stands once, for none.
    pub types: Option<fn(&RecordType) -> bool>,
    pub handler: fn(MethodFilter) -> MethodRouter<HttpState>,
}

impl Endpoint {
    /// A route that needs an actor, takes no parameter and no body, and answers 200 with nothing.
    #[allow(clippy::new_ret_no_self, reason = "a route is built up before it stands")]
    pub const fn new(verb: Verb, path: &'static str, operation: &'static str, doc: &'static str) -> EndpointBuilder {
        EndpointBuilder {
            verb,
            path,
            operation,
            doc,
            auth: Auth::Actor,
            params: &[],
            body: (Shape::Empty, false),
            answer: (200, Shape::Empty),
        }
    }
}

/// An [`Endpoint`] in the making, so that each declaration says only what is its own.
pub struct EndpointBuilder {
    verb: Verb,
    path: &'static str,
    operation: &'static str,
    doc: &'static str,
    auth: Auth,
    params: &'static [Param],
    body: (Shape, bool),
    answer: (u16, Shape),
}

impl EndpointBuilder {
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.auth = Auth::Open;
        self
    }

    #[must_use]
    pub const fn page(mut self) -> Self {
        self.auth = Auth::Page;
        self
    }

    #[must_use]
    pub const fn of_webhook(mut self) -> Self {
        self.auth = Auth::Webhook;
        self
    }

    #[must_use]
    pub const fn params(mut self, params: &'static [Param]) -> Self {
        self.params = params;
        self
    }

    #[must_use]
    pub const fn body(mut self, shape: Shape) -> Self {
        self.body = (shape, false);
        self
    }

    #[must_use]
    pub const fn optional_body(mut self, shape: Shape) -> Self {
        self.body = (shape, true);
        self
    }

    #[must_use]
    pub const fn answer(mut self, status: u16, shape: Shape) -> Self {
        self.answer = (status, shape);
        self
    }

    /// One route that belongs to no record type's list.
    pub const fn once(self, handler: fn(MethodFilter) -> MethodRouter<HttpState>) -> Endpoint {
        self.build(None, handler)
    }

    /// One route for each record type that `types` accepts.
    pub const fn each(self, types: fn(&RecordType) -> bool, handler: fn(MethodFilter) -> MethodRouter<HttpState>) -> Endpoint {
        self.build(Some(types), handler)
    }

    const fn build(self, types: Option<fn(&RecordType) -> bool>, handler: fn(MethodFilter) -> MethodRouter<HttpState>) -> Endpoint {
        Endpoint {
            verb: self.verb,
            path: self.path,
            operation: self.operation,
            doc: self.doc,
            auth: self.auth,
            params: self.params,
            body: self.body.0,
            body_optional: self.body.1,
            status: self.answer.0,
            answer: self.answer.1,
            types,
            handler,
        }
    }
}

/// Every declared endpoint, by noun.
pub static ENDPOINTS: &[&[Endpoint]] = &[
    health::ENDPOINTS,
    openapi::ENDPOINTS,
    docs::ENDPOINTS,
    auth::ENDPOINTS,
    session::ENDPOINTS,
    key::ENDPOINTS,
    record::ENDPOINTS,
    version::ENDPOINTS,
    execution::ENDPOINTS,
    explain::ENDPOINTS,
    message::ENDPOINTS,
    page::ENDPOINTS,
    flow::ENDPOINTS,
    log::ENDPOINTS,
    file::ENDPOINTS,
    upload::ENDPOINTS,
    import::ENDPOINTS,
    artifact::ENDPOINTS,
    guide::ENDPOINTS,
    webhook::ENDPOINTS,
];

/// A route as served.
pub struct Route {
    pub endpoint: &'static Endpoint,
    /// The whole path, with `{name}` for parameters.
    pub path: String,
    /// The same as the router takes it.
    pattern: String,
    pub operation: String,
    pub doc: String,
    pub record_type: Option<&'static RecordType>,
}

impl Route {
    fn new(endpoint: &'static Endpoint, record_type: Option<&'static RecordType>) -> Route {
        let name = record_type.map_or("", |t| t.singular);
        let spell = |text: &str| text.replace("{type}", name);
        let pattern = match endpoint.path.strip_prefix("//") {
            Some(rest) => format!("/{rest}"),
            None => format!("{BASE}{}", spell(endpoint.path)),
        };
        Route {
            endpoint,
            path: pattern.replace("{*", "{"),
            pattern,
            operation: spell(endpoint.operation),
            doc: spell(endpoint.doc),
            record_type,
        }
    }

    /// The names in braces in the path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Every route, spelled out for every record type.
pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for endpoint in ENDPOINTS.iter().copied().flatten() {
        match endpoint.types {
            None => routes.push(Route::new(endpoint, None)),
            Some(accepts) => routes.extend(TYPES.iter().filter(|t| accepts(t)).map(|t| Route::new(endpoint, Some(t)))),
        }
    }
    routes
}

/// The router of [`routes`], each behind its [`gate`].
pub(super) fn assemble(state: &HttpState) -> Router<HttpState> {
    routes().into_iter().map(Arc::new).fold(Router::new(), |router, route| {
        let handler = (route.endpoint.handler)(route.endpoint.verb.filter());
        let gate = axum::middleware::from_fn_with_state((state.clone(), Arc::clone(&route)), gate::pass);
        router.route(&route.pattern, handler.route_layer(gate))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_operation_and_every_verb_of_a_path_is_there_once() {
        let routes = routes();
        let operations: HashSet<_> = routes.iter().map(|r| r.operation.as_str()).collect();
        let places: HashSet<_> = routes.iter().map(|r| (r.endpoint.verb.name(), r.path.as_str())).collect();
        assert_eq!((operations.len(), places.len()), (routes.len(), routes.len()));
    }

    #[test]
    fn nothing_is_left_to_replace() {
        for route in routes() {
            assert!(!format!("{}{}{}", route.path, route.operation, route.doc).contains("{type}"), "{}", route.path);
            assert!(route.doc.ends_with('.'), "{}: {}", route.path, route.doc);
            assert!(route.endpoint.params.iter().all(|p| p.doc.ends_with('.')), "{}", route.path);
        }
    }
}
