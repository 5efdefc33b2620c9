//! Sessions of older clients that can be asked: whose they are, how many there may be, and when they end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::{ServerSseMessage, SessionId};
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, LocalSessionManagerError};

use crate::behaviour::Holder;

/// Keeps sessions in memory and forgets whose they were once they end, however they end.
pub(crate) struct Sessions {
    local: LocalSessionManager,
    held: Mutex<Held>,
    per_key: usize,
}

#[derive(Default)]
struct Held {
    holders: HashMap<SessionId, Holder>,
    /// Of each key, oldest first.
    by_key: HashMap<String, VecDeque<SessionId>>,
}

impl Held {
    /// Takes a session in; the one that has to go for it is handed back.
    fn add(&mut self, id: SessionId, holder: Holder, limit: usize) -> Option<SessionId> {
        let ids = self.by_key.entry(holder.key.clone()).or_default();
        ids.push_back(Arc::clone(&id));
        let oldest = if ids.len() > limit { ids.pop_front() } else { None };
        self.holders.insert(id, holder);
        oldest.inspect(|oldest| self.remove(oldest))
    }

    fn remove(&mut self, id: &SessionId) {
        let Some(holder) = self.holders.remove(id) else { return };
        if let Some(ids) = self.by_key.get_mut(&holder.key) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_key.remove(&holder.key);
            }
        }
    }
}

impl Sessions {
    /// A session that nobody used for `idle` ends.
    pub(crate) fn new(per_key: usize, idle: Duration) -> Sessions {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(idle);
        // An event without data breaks clients of older revisions.
        local.session_config.sse_retry = None;
        Sessions { local, held: Mutex::default(), per_key }
    }

    /// Whether the session is there and this user's.
    pub(crate) fn is_of(&self, id: &str, holder: &Holder) -> bool {
        self.lock().holders.get(id).is_some_and(|known| known.user == holder.user)
    }

    /// Writes down whose a new session is and ends the oldest of the same key when there are too many.
    pub(crate) async fn hold(&self, id: &str, holder: Holder) {
        let id = SessionId::from(id);
        let oldest = self.lock().add(Arc::clone(&id), holder, self.per_key);
        if let Some(oldest) = oldest {
            tracing::info!(session = %oldest, "an MCP session ends, since its key has begun too many");
            self.close_quietly(&oldest).await;
        }
        // It may have ended before it was written down.
        if !matches!(self.local.has_session(&id).await, Ok(true)) {
            self.lock().remove(&id);
        }
    }

    async fn close_quietly(&self, id: &SessionId) {
        if let Err(error) = self.close_session(id).await {
            tracing::debug!(session = %id, %error, "an MCP session was gone already");
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.lock().holders.len()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Both maps are whole again after every step that can panic.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.local.create_session().await
    }

    async fn initialize_session(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.local.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.local.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.lock().remove(id);
        self.local.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.local.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.resume(id, last_event_id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(user: &str, key: &str) -> Holder {
        Holder { user: user.into(), key: key.into() }
    }

    #[test]
    fn the_oldest_session_of_a_key_goes_first_and_other_keys_keep_theirs() {
        let mut held = Held::default();
        assert_eq!(held.add("a".into(), holder("u", "k"), 2), None);
        assert_eq!(held.add("other".into(), holder("u", "l"), 2), None);
        assert_eq!(held.add("b".into(), holder("u", "k"), 2), None);
        assert_eq!(held.add("c".into(), holder("u", "k"), 2).as_deref(), Some("a"));
        assert_eq!(held.holders.len(), 3);
        assert_eq!(held.by_key["k"].iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["b", "c"]);
    }

    #[test]
    fn nothing_is_left_of_a_key_whose_sessions_have_ended() {
        let mut held = Held::default();
        held.add("a".into(), holder("u", "k"), 2);
        held.remove(&"a".into());
        held.remove(&"a".into());
        assert!(held.holders.is_empty() && held.by_key.is_empty());
    }

    #[tokio::test]
    async fn a_session_that_ended_at_once_is_not_held() {
        let sessions = Sessions::new(2, Duration::from_secs(1));
        sessions.hold("gone", holder("u", "k")).await;
        assert_eq!(sessions.count(), 0);
    }
}
