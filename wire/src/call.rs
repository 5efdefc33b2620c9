//! Requests that may take long or ask back: tool calls, prompts, tasks.
#![allow(deprecated, reason = "older clients still read logs")]

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, GetPromptRequestParams, GetPromptResponse, GetTaskParams,
    GetTaskResult, UpdateTaskParams,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::behaviour::{Answer, Behaviour, Capabilities, Era, ProgressSink, PromptAnswer, PromptCall, ToolCall};
use crate::guard::Mishap;
use crate::input::Asker;
use crate::leave::{Away, Leave, STAY, Work};
use crate::log::{LogLevel, LogSink};
use crate::outlet::{self, Outlet};
use crate::server::{Context, Result, Server, era};
use crate::{along, convert, guard};

/// What tells a call that is made again, in its `_meta` or as a header.
const KEY_IN_META: &str = "flowstead/idempotencyKey";
const KEY_HEADER: &str = "idempotency-key";

fn capabilities(context: &Context) -> Capabilities {
    convert::capabilities(context.client_capabilities().as_ref())
}

fn idempotency_key(context: &Context) -> Option<String> {
    let in_meta = context.meta.get(KEY_IN_META).and_then(|key| key.as_str());
    let parts = along::head(&context.extensions);
    let in_header = || parts?.headers.get(KEY_HEADER)?.to_str().ok();
    in_meta.or_else(in_header).map(str::to_owned)
}

impl<B: Behaviour> Server<B> {
    /// What a client wants to hear of the log: a request of the newest era says it, a session has been told.
    fn least_level(&self, context: &Context) -> Option<LogLevel> {
        match era(context) {
            Era::Modern => context.meta.log_level().map(outlet::least),
            Era::Legacy => self.log_level(),
        }
    }

    pub(crate) async fn tool_call(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse> {
        let leave = Leave::of(&context.extensions);
        if let Some(outcome) = leave.and_then(Leave::outcome) {
            return outcome;
        }
        let caller = self.caller(&context.extensions)?;
        let gone = CancellationToken::new();
        let token = context.meta.get_progress_token();
        let (sink, reports) = ProgressSink::channel();
        let (asker, asked) = Asker::channel();
        let (log, lines) = match self.least_level(&context) {
            Some(least) => {
                let (log, lines) = LogSink::channel(least);
                (Some(log), lines)
            }
            None => (None, mpsc::channel(1).1),
        };
        let era = era(&context);
        let call = ToolCall {
            capabilities: capabilities(&context),
            responses: convert::responses(request.input_responses),
            state: request.request_state,
            idempotency_key: idempotency_key(&context),
            progress: token.is_some().then_some(sink),
            log,
            // Of the newest era nobody is asked in between: a call ends with its questions.
            asker: (era == Era::Legacy && self.has_session()).then_some(asker),
            gone: gone.clone(),
            ..ToolCall::new(request.name, request.arguments.unwrap_or_default(), era)
        };
        let is_quiet = call.progress.is_none() && call.log.is_none() && call.asker.is_none();
        let mut work = self.work(caller, call, Mishap::of(&context.extensions));
        let here = heeding(&mut work, &context.ct, &gone);
        let (Some(leave), Some(parts), true) = (leave, along::head(&context.extensions), is_quiet) else {
            leave.inspect(|leave| leave.stay());
            return outlet::forward(&context.peer, Outlet { token, reports, lines, asked }, here).await;
        };
        tokio::select! {
            biased;
            outcome = here => return outcome,
            () = tokio::time::sleep(STAY) => {}
        }
        leave.go(Away::new(work, gone, parts.clone()));
        Ok(CallToolResult::success(Vec::new()).into())
    }

    /// What a call does, whoever waits for it.
    fn work(&self, caller: B::Caller, call: ToolCall, mishap: Option<Mishap>) -> Work {
        let (behaviour, closing, gone) = (Arc::clone(self.shared()), self.closing().clone(), call.gone.clone());
        Box::pin(async move {
            let mut work = std::pin::pin!(guard::caught(mishap, behaviour.call(&caller, call)));
            // A server that ends lets its calls say what they have, instead of dropping them.
            let answer = heeding(&mut work, &closing, &gone).await?;
            Ok(match answer {
                Answer::Done(result) => convert::tool_result(result).into(),
                Answer::Asks(asks) => convert::asks(asks).into(),
                Answer::Task(task) => convert::created(&task).into(),
            })
        })
    }

    pub(crate) async fn prompt_call(&self, request: GetPromptRequestParams, context: Context) -> Result<GetPromptResponse> {
        let caller = self.caller(&context.extensions)?;
        let call = PromptCall {
            name: request.name,
            arguments: request.arguments.unwrap_or_default(),
            era: era(&context),
            capabilities: capabilities(&context),
            responses: convert::responses(request.input_responses),
        };
        Ok(match guard::run(&context.extensions, self.behaviour().prompt(&caller, call)).await? {
            PromptAnswer::Text(text) => convert::prompt_text(text).into(),
            PromptAnswer::Asks(asks) => convert::asks(asks).into(),
        })
    }

    pub(crate) async fn task_get(&self, request: GetTaskParams, context: Context) -> Result<GetTaskResult> {
        let caller = self.caller(&context.extensions)?;
        let task = self.behaviour().task(&caller, &request.task_id, capabilities(&context));
        Ok(convert::found(guard::run(&context.extensions, task).await?))
    }

    pub(crate) async fn task_update(&self, request: UpdateTaskParams, context: Context) -> Result<()> {
        let caller = self.caller(&context.extensions)?;
        let responses = convert::responses(Some(request.input_responses));
        guard::run(&context.extensions, self.behaviour().task_answer(&caller, &request.task_id, responses)).await
    }

    pub(crate) async fn task_end(&self, request: CancelTaskParams, context: Context) -> Result<()> {
        let caller = self.caller(&context.extensions)?;
        guard::run(&context.extensions, self.behaviour().task_cancel(&caller, &request.task_id)).await
    }
}

/// `work`, which is told by `gone` once `ends` is cancelled and then has the last word.
async fn heeding<T>(mut work: impl Future<Output = T> + Unpin, ends: &CancellationToken, gone: &CancellationToken) -> T {
    tokio::select! {
        biased;
        answer = &mut work => return answer,
        () = ends.cancelled() => gone.cancel(),
    }
    work.await
}
