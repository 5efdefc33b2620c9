//! One call of a tool that another server offers.

use std::sync::{Arc, Mutex};

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotificationParam, ClientCapabilities, ClientConfig, ClientRequest,
    ErrorCode, Implementation, ProgressNotificationParam, ProtocolVersion, RequestId, ServerResult,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, NotificationContext, Peer, PeerRequestOptions, RunningService, ServiceError,
    serve_client_with_lifecycle,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::NeverRetry;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, RoleClient};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::carrier::{Carrier, Client};

/// What is called.
pub struct OutgoingCall {
    pub tool: String,
    pub arguments: Map<String, Value>,
    /// The version of this program.
    pub version: &'static str,
}

/// What comes back.
#[derive(Debug)]
pub struct Outcome {
    /// Blocks as the protocol has them.
    pub content: Value,
    pub structured: Option<Value>,
    /// The tool says that it failed.
    pub is_error: bool,
}

/// Calls a tool, in whichever half of the protocol the server speaks. What it tells on the way goes to `told`, a line each. Dropped
/// before its end, it tells the server that nobody waits any more. An error is a clause.
pub async fn call(carrier: Arc<dyn Carrier>, call: OutgoingCall, told: mpsc::UnboundedSender<String>) -> Result<Outcome, String> {
    let trouble = Arc::default();
    let client = Client { carrier, trouble: Arc::clone(&trouble) };
    // The carrier knows the address.
    let mut config = StreamableHttpClientTransportConfig::with_uri("").reinit_on_expired_session(false);
    config.retry_config = Arc::new(NeverRetry::default());
    let transport = StreamableHttpClientTransport::with_client(client, config);
    let lifecycle = ClientLifecycleMode::Auto { preferred_versions: vec![ProtocolVersion::LATEST], legacy_version: None };
    let running = serve_client_with_lifecycle(Listener { told, version: call.version }, transport, lifecycle).await;
    let running = running.map_err(|error| first(&trouble).unwrap_or_else(|| of_start(error)))?;
    let mut line = Line { running: Some(running), open: None };
    let done = line.call(&call).await.map_err(|error| first(&trouble).unwrap_or_else(|| of_call(error)));
    line.hang_up().await;
    let result = done?;
    let content = serde_json::to_value(&result.content).map_err(|error| error.to_string())?;
    Ok(Outcome { content, structured: result.structured_content, is_error: result.is_error == Some(true) })
}

/// A connection to a server. Dropped while a request is open, it still says so over there: servers of the older era go on with what
/// was asked of them when the stream of the answer closes.
struct Line {
    running: Option<RunningService<RoleClient, Listener>>,
    open: Option<RequestId>,
}

impl Line {
    async fn call(&mut self, call: &OutgoingCall) -> Result<CallToolResult, ServiceError> {
        match self.ask(call).await {
            // Some tools have arguments that must be said in headers too; their list says which.
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::HEADER_MISMATCH => {
                self.peer()?.list_all_tools().await?;
                self.ask(call).await
            }
            done => done,
        }
    }

    async fn ask(&mut self, call: &OutgoingCall) -> Result<CallToolResult, ServiceError> {
        let params = CallToolRequestParams::new(call.tool.clone()).with_arguments(call.arguments.clone());
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let asked = self.peer()?.send_cancellable_request(request, PeerRequestOptions::no_options()).await?;
        self.open = Some(asked.id.clone());
        let answer = asked.await_response().await;
        self.open = None;
        match answer? {
            ServerResult::CallToolResult(result) => Ok(result),
            // It was not told that it may ask back or answer later.
            _ => Err(ServiceError::UnexpectedResponse),
        }
    }

    fn peer(&self) -> Result<&Peer<RoleClient>, ServiceError> {
        self.running.as_ref().map(RunningService::peer).ok_or(ServiceError::TransportClosed)
    }

    async fn hang_up(mut self) {
        if let Some(running) = self.running.take() {
            // How the farewell goes changes nothing.
            let _ = running.cancel().await;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        // Without a runtime this program is about to be gone, and its sockets with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let open = self.open.take();
        runtime.spawn(async move {
            if let Some(id) = open {
                let params = CancelledNotificationParam::new(Some(id), Some("nobody waits for it any more".to_owned()));
                let _ = running.notify_cancelled(params).await;
            }
            let _ = running.cancel().await;
        });
    }
}

/// The first thing that went wrong on the way, which the protocol engine wraps into many words.
fn first(trouble: &Mutex<Option<String>>) -> Option<String> {
    trouble.lock().expect("no panic happens under this lock").clone()
}

fn of_start(error: ClientInitializeError) -> String {
    match error {
        ClientInitializeError::JsonRpcError(error) => format!("the server refused to begin: {} ({})", error.message, error.code.0),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => of_start(*fallback),
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => "the server speaks no revision of MCP that is known here".to_owned(),
        ClientInitializeError::ConnectionClosed(_) => "the exchange broke off before it began".to_owned(),
        other => format!("the server does not begin as MCP does: {other}"),
    }
}

fn of_call(error: ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => format!("the server refused it: {} ({})", error.message, error.code.0),
        ServiceError::TransportSend(_) | ServiceError::TransportClosed | ServiceError::Cancelled { .. } => {
            "the exchange broke off".to_owned()
        }
        other => other.to_string(),
    }
}

/// What hears the server meanwhile.
struct Listener {
    told: mpsc::UnboundedSender<String>,
    version: &'static str,
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("flowstead", self.version))
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let total = progress.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let message = progress.message.map(|message| format!(": {message}")).unwrap_or_default();
        // Nobody reads on when the call is over.
        let _ = self.told.send(format!("{}{total}{message}", progress.progress));
    }
}
