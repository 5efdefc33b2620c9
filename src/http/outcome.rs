//! The answers that a route has beside its usual one, told from what the route is: for the OpenAPI document, so that no
//! status comes that is not in it.

use super::route::{Auth, Route, Shape, Verb};

/// What an answer of another status carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The same as the usual answer.
    Same(&'static str),
    /// Nothing.
    Bare(&'static str),
    /// The schema Error.
    Refusal,
}

/// Every other status and what comes with it, in the order of the numbers. Faults of the server, 5XX, are not among them.
pub fn others(route: &Route) -> Vec<(u16, Outcome)> {
    if route.endpoint.auth == Auth::Webhook {
        let goes_on = (202, Outcome::Same("The execution goes on; this is its id."));
        return [goes_on].into_iter().chain([400, 401, 404, 409, 413, 422].map(|status| (status, Outcome::Refusal))).collect();
    }
    let mut found: Vec<(u16, Outcome)> = successes(route);
    found.extend(refusals(route).into_iter().map(|status| (status, Outcome::Refusal)));
    found.sort_by_key(|(status, _)| *status);
    found
}

/// Whether the answer has an ETag and may be asked for with `If-None-Match`.
pub(super) fn is_tagged(route: &Route) -> bool {
    let endpoint = route.endpoint;
    let is_record =
        matches!(endpoint.answer, Shape::Record(_) | Shape::Export) && endpoint.params.iter().any(|param| param.name == "fields");
    endpoint.verb == Verb::Get && (is_record || is_ranged(route) || matches!(endpoint.answer, Shape::Archive(_)))
}

/// Whether parts of the answer may be asked for with `Range`.
pub(super) fn is_ranged(route: &Route) -> bool {
    let endpoint = route.endpoint;
    endpoint.verb == Verb::Get && endpoint.answer == Shape::Bytes && endpoint.auth != Auth::Webhook
}

/// Whether `If-Match` keeps it from what was changed meanwhile.
pub(super) fn is_conditional(route: &Route) -> bool {
    match route.endpoint.verb {
        Verb::Patch => route.endpoint.body == Shape::Update,
        Verb::Delete => route.record_type.is_some(),
        Verb::Put => route.path_parameters().any(|name| name == "id"),
        Verb::Get | Verb::Post => false,
    }
}

fn successes(route: &Route) -> Vec<(u16, Outcome)> {
    let endpoint = route.endpoint;
    let mut found = Vec::new();
    match endpoint.body {
        Shape::Create if endpoint.status == 201 => found.push((200, Outcome::Same("It was there, and is now as given."))),
        Shape::Named("StartRequest" | "RunRequest" | "RetryRequest") => {
            found.push((200, Outcome::Same("The execution that the first request with this Idempotency-Key has started.")));
        }
        Shape::Bytes if endpoint.status == 201 => found.push((200, Outcome::Same("It was there, and has this content now."))),
        Shape::Bytes if endpoint.verb == Verb::Put => found.push((201, Outcome::Same("There was none; now there is."))),
        _ => {}
    }
    if endpoint.auth == Auth::Page && endpoint.status != 303 {
        found.push((303, Outcome::Bare("The way to the login, for a browser that is not logged in.")));
    }
    if is_tagged(route) {
        found.push((304, Outcome::Bare("It is as it was when `if-none-match` was read.")));
    }
    if is_ranged(route) {
        found.push((206, Outcome::Same("The part that `range` asks for.")));
        found.push((416, Outcome::Refusal));
    }
    found
}

fn refusals(route: &Route) -> Vec<u16> {
    let endpoint = route.endpoint;
    let is_write = endpoint.verb != Verb::Get;
    let has_body = endpoint.body != Shape::Empty;
    let is_about_one = route.path.contains('{');
    let mut statuses = vec![400];
    let is_known = endpoint.auth.is_login();
    if is_known || is_write {
        statuses.push(401);
    }
    if is_write && (is_known || matches!(endpoint.body, Shape::Form | Shape::Bytes)) {
        // Forbidden, and in the way of each other.
        statuses.extend([403, 409]);
    }
    // What is not there, or not for the caller: the record itself, or one that the body or a parameter names.
    if is_about_one || (is_known && (has_body || !endpoint.params.is_empty())) {
        statuses.push(404);
    }
    if is_conditional(route) {
        statuses.push(412);
    }
    if has_body {
        statuses.extend([413, 415]);
    }
    if endpoint.answer == Shape::Export {
        // A place with more in it than an archive takes.
        statuses.push(413);
    }
    if is_write || is_about_one || !endpoint.params.is_empty() {
        statuses.push(422);
    }
    // Where a password is given, it may be guessed.
    let is_user = route.record_type.is_some_and(|of| of.name == "USER") && matches!(endpoint.body, Shape::Create | Shape::Update);
    if is_user || (is_write && (route.path.contains("/auth/") || route.path.ends_with("/login"))) {
        statuses.push(429);
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::route::routes;

    #[test]
    fn no_status_of_a_route_is_there_twice() {
        for route in routes() {
            let mut statuses: Vec<u16> = others(&route).iter().map(|(status, _)| *status).collect();
            statuses.push(route.endpoint.status);
            let count = statuses.len();
            statuses.sort_unstable();
            statuses.dedup();
            assert_eq!(statuses.len(), count, "{}", route.operation);
        }
    }
}
