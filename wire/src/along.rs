//! What goes along with a request beside its message: its head, and in that what the front and the lanes put there.

use http::request::Parts;
use rmcp::model::Extensions;

/// The head of the request.
pub(crate) fn head(extensions: &Extensions) -> Option<&Parts> {
    extensions.get()
}

/// What of this type was put into the request.
pub(crate) fn find<T: Send + Sync + 'static>(extensions: &Extensions) -> Option<&T> {
    head(extensions)?.extensions.get()
}
