//! What `rmcp` calls for each request: finds out who asks, asks the behaviour, and puts its answer into the protocol's types.
#![allow(deprecated, reason = "older clients still use what the newest revision takes away")]

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult, CustomRequest,
    CustomResult, DiscoverResult, ErrorCode, ErrorData, Extensions, GetPromptRequestParams, GetPromptResponse, GetTaskParams,
    GetTaskResult, InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
    UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::around::Around;
use crate::behaviour::{Behaviour, Change, Era};
use crate::log::LogLevel;
use crate::news::{self, Subscriptions};
use crate::told::Told;
use crate::{along, convert, guard, outlet, parameter};

pub(crate) type Context = RequestContext<RoleServer>;
pub(crate) type Result<T> = std::result::Result<T, ErrorData>;

/// How long a client may take a list for current, milliseconds. Those who must know at once listen for changes.
const FRESH_MS: u64 = 5_000;

/// One value per request where there is no session, else one per session.
pub(crate) struct Server<B: Behaviour> {
    behaviour: Arc<B>,
    /// The server is about to end: waits end, streams close.
    closing: CancellationToken,
    session: Option<Session>,
    /// Taken before a listen stream is acknowledged, so that no change falls between.
    early: Mutex<Option<Receiver<Change>>>,
}

/// What a session has beyond its requests.
struct Session {
    subscriptions: Subscriptions,
    is_told: AtomicBool,
    /// The least that the client wants to hear of the log; nothing until it has said so.
    log_level: Mutex<Option<LogLevel>>,
    ended: CancellationToken,
    _end: DropGuard,
}

impl<B: Behaviour> Server<B> {
    pub(crate) fn for_request(behaviour: Arc<B>, closing: CancellationToken) -> Server<B> {
        Server { behaviour, closing, session: None, early: Mutex::default() }
    }

    pub(crate) fn for_session(behaviour: Arc<B>, closing: CancellationToken) -> Server<B> {
        let ended = closing.child_token();
        let session = Session {
            subscriptions: Subscriptions::default(),
            is_told: AtomicBool::new(false),
            log_level: Mutex::default(),
            _end: ended.clone().drop_guard(),
            ended,
        };
        Server { session: Some(session), ..Server::for_request(behaviour, closing) }
    }

    #[allow(clippy::unused_self, reason = "names the type of the caller")]
    pub(crate) fn caller(&self, extensions: &Extensions) -> Result<B::Caller> {
        along::find::<B::Caller>(extensions)
            .cloned()
            .ok_or_else(|| ErrorData::internal_error("The request came in without its caller.", None))
    }

    /// What may be told to clients: those that have no stream are promised no news.
    fn capabilities(is_heard: bool) -> ServerCapabilities {
        let mut capabilities =
            ServerCapabilities::builder().enable_tools().enable_prompts().enable_resources().enable_completions().enable_tasks().build();
        let news = is_heard.then_some(true);
        if let Some(tools) = &mut capabilities.tools {
            tools.list_changed = news;
        }
        if let Some(prompts) = &mut capabilities.prompts {
            prompts.list_changed = news;
        }
        if let Some(resources) = &mut capabilities.resources {
            resources.list_changed = news;
            resources.subscribe = news;
        }
        capabilities
    }

    async fn instructed(&self, mut info: ServerConfig, context: &Context) -> Result<ServerConfig> {
        let caller = self.caller(&context.extensions)?;
        info.instructions = Some(guard::run(&context.extensions, self.behaviour.instructions(&caller)).await?);
        Ok(info)
    }

    pub(crate) fn shared(&self) -> &Arc<B> {
        &self.behaviour
    }

    pub(crate) fn behaviour(&self) -> &B {
        &self.behaviour
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    pub(crate) fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// What the session was told that it wants to hear of the log.
    pub(crate) fn log_level(&self) -> Option<LogLevel> {
        *self.session.as_ref()?.log_level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, method: &str) -> Result<&Session> {
        let message = format!("{method} needs a session; this client has none, since it declared neither elicitation nor sampling.");
        self.session.as_ref().ok_or_else(|| ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None))
    }
}

pub(crate) fn era(context: &Context) -> Era {
    match context.protocol_version() {
        Some(version) if version.as_str() >= ProtocolVersion::V_2026_07_28.as_str() => Era::Modern,
        _ => Era::Legacy,
    }
}

/// Lists come whole, so that no cursor is ever given.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<()> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(cursor) => {
            Err(ErrorData::invalid_params(format!("There is no cursor '{cursor}': lists come whole, so leave 'cursor' out."), None))
        }
    }
}

impl<B: Behaviour> ServerHandler for Server<B> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(Self::capabilities(true)).with_server_info(convert::implementation(self.behaviour.implementation()))
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    async fn initialize(&self, request: InitializeRequestParams, context: Context) -> Result<InitializeResult> {
        context.peer.set_peer_info(request.clone());
        let mut info = self.negotiate_initialize(&request)?;
        info.capabilities = Self::capabilities(self.session.is_some());
        info.capabilities.logging = Some(rmcp::model::JsonObject::default());
        self.instructed(info, &context).await
    }

    async fn discover(&self, context: Context) -> Result<DiscoverResult> {
        let info = self.instructed(self.get_info(), &context).await?;
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, info).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(&self, request: Option<PaginatedRequestParams>, context: Context) -> Result<ListToolsResult> {
        only_page(request)?;
        let caller = self.caller(&context.extensions)?;
        let tools = guard::run(&context.extensions, self.behaviour.tools(&caller, era(&context))).await?;
        let tools = match Around::of(&context.extensions) {
            Some(around) => {
                around.leave(tools.text().clone());
                Vec::new()
            }
            None => tools.iter().map(convert::tool).collect(),
        };
        Ok(ListToolsResult::with_all_items(tools).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse> {
        // On the heap: the engine's own future, which holds one of every kind of request, stays small.
        Box::pin(self.tool_call(request, context)).await
    }

    async fn list_prompts(&self, request: Option<PaginatedRequestParams>, context: Context) -> Result<ListPromptsResult> {
        only_page(request)?;
        let caller = self.caller(&context.extensions)?;
        let prompts = guard::run(&context.extensions, self.behaviour.prompts(&caller)).await?;
        let prompts = prompts.into_iter().map(convert::prompt).collect();
        Ok(ListPromptsResult::with_all_items(prompts).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn get_prompt(&self, request: GetPromptRequestParams, context: Context) -> Result<GetPromptResponse> {
        Box::pin(self.prompt_call(request, context)).await
    }

    async fn get_task(&self, request: GetTaskParams, context: Context) -> Result<GetTaskResult> {
        Box::pin(self.task_get(request, context)).await
    }

    async fn update_task(&self, request: UpdateTaskParams, context: Context) -> Result<()> {
        Box::pin(self.task_update(request, context)).await
    }

    async fn cancel_task(&self, request: CancelTaskParams, context: Context) -> Result<()> {
        Box::pin(self.task_end(request, context)).await
    }

    async fn list_resources(&self, request: Option<PaginatedRequestParams>, context: Context) -> Result<ListResourcesResult> {
        only_page(request)?;
        let caller = self.caller(&context.extensions)?;
        let resources = guard::run(&context.extensions, self.behaviour.resources(&caller)).await?;
        let resources = resources.into_iter().map(convert::resource).collect();
        Ok(ListResourcesResult::with_all_items(resources).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourceTemplatesResult> {
        only_page(request)?;
        let caller = self.caller(&context.extensions)?;
        let templates = guard::run(&context.extensions, self.behaviour.templates(&caller)).await?;
        let templates = templates.into_iter().map(convert::template).collect();
        Ok(ListResourceTemplatesResult::with_all_items(templates).with_ttl_ms(FRESH_MS).with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(&self, request: ReadResourceRequestParams, context: Context) -> Result<ReadResourceResponse> {
        let caller = self.caller(&context.extensions)?;
        let read = guard::run(&context.extensions, self.behaviour.read(&caller, &request.uri)).await;
        let contents = read.map_err(|mut error| {
            if error.code == ErrorCode::RESOURCE_NOT_FOUND {
                error.data = Some(serde_json::json!({ "uri": request.uri }));
            }
            error
        })?;
        let contents = contents.into_iter().map(convert::resource_content).collect();
        // A resource may be an execution under way: what was read is never current for long.
        Ok(ReadResourceResult::new(contents).with_ttl_ms(0).with_cache_scope(CacheScope::Private).into())
    }

    async fn complete(&self, request: CompleteRequestParams, context: Context) -> Result<CompleteResult> {
        let caller = self.caller(&context.extensions)?;
        let Some(request) = convert::completion_request(request) else {
            return Err(ErrorData::invalid_params("Completion is for 'ref/prompt' and 'ref/resource' only.", None));
        };
        let completed = guard::run(&context.extensions, self.behaviour.complete(&caller, &request)).await?;
        Ok(CompleteResult::new(convert::completed(completed)))
    }

    async fn set_level(&self, request: SetLevelRequestParams, context: Context) -> Result<()> {
        if era(&context) == Era::Modern {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "logging/setLevel", None));
        }
        // Without a session there is nobody to remember it for, and nothing is sent.
        if let Some(session) = &self.session {
            *session.log_level.lock().unwrap_or_else(PoisonError::into_inner) = Some(outlet::least(request.level));
        }
        Ok(())
    }

    async fn subscribe(&self, request: SubscribeRequestParams, _: Context) -> Result<()> {
        self.session("resources/subscribe")?.subscriptions.add(request.uri);
        Ok(())
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _: Context) -> Result<()> {
        self.session("resources/unsubscribe")?.subscriptions.remove(&request.uri);
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let Some(session) = &self.session else { return };
        let Ok(caller) = self.caller(&context.extensions) else { return };
        if !session.is_told.swap(true, Ordering::Relaxed) {
            let rest = (session.subscriptions.clone(), session.ended.clone());
            tokio::spawn(news::tell(Arc::clone(&self.behaviour), caller, context.peer, self.behaviour.changes(), rest));
        }
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        *self.early.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.behaviour.changes());
        Some(requested.clone())
    }

    async fn listen(&self, stream: SubscriptionContext) -> Result<()> {
        let caller = self.caller(&stream.request_context().extensions)?;
        let changes = self.early.lock().unwrap_or_else(PoisonError::into_inner).take();
        let changes = changes.unwrap_or_else(|| self.behaviour.changes());
        let mut tasks = Told::new(self.behaviour.as_ref(), stream.request_context());
        news::listen((self.behaviour.as_ref(), &caller), changes, (&stream, &mut tasks), &self.closing).await;
        Ok(())
    }

    async fn on_custom_request(&self, request: CustomRequest, context: Context) -> Result<CustomResult> {
        match parameter::reason(&request, era(&context)) {
            Some(reason) => Err(ErrorData::invalid_params(reason, None)),
            None => Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("There is no method '{}'.", request.method), None)),
        }
    }
}
