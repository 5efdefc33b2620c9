//! A call that waits for the execution it started: until that ends, asks something, takes too long, or goes on as a task.
//!
//! A question goes to the person at the client by the first way there is: with the end of the call, which is then made again with the
//! answers (newest era); in the middle of the call (older clients with a session); in the task; and else the answer has the
//! link of its page.

use std::collections::HashSet;
use std::pin::Pin;
use std::time::Duration;

use flowstead_wire::{Asks, Capabilities, Era, Fault, LogLevel, LogLine, Task, ToolCall};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Mcp;
use super::answer::Refusal;
use super::question::{self, Given, Question};
use super::run::{Reporter, SILENCE, has_ended};
use super::task;
use crate::error::{Error, Result};
use crate::records::Status;
use crate::service::{Actor, LogQuery, Row, StepQuery, Watch, status_of};

/// How long a call is a call before it goes on as a task, for clients that know tasks.
const GRACE: Duration = Duration::from_millis(1_500);
/// How often a client in a session is asked again after an answer that does not fit.
const TRIES: u32 = 3;

/// How a wait ends.
pub(super) enum Waited {
    Ended(Row),
    /// It goes on. If that is because of a question that nobody here answers, which one, and why.
    Open(Row, Option<Unanswered>),
    Asks(Asks),
    Task(Task),
}

/// A question that goes on waiting, and what the client made of it: nothing, or a word for it.
pub(super) struct Unanswered {
    pub(super) question: Question,
    pub(super) because: Option<&'static str>,
}

/// Who waits, and for how long.
pub(super) struct Patience<'a> {
    pub(super) mcp: &'a Mcp,
    pub(super) actor: &'a Actor,
    pub(super) call: &'a ToolCall,
    pub(super) limit: Duration,
    /// Whether the call may become a task, if its client knows tasks.
    pub(super) as_task: bool,
}

/// What identifies a call that is made again: the state it brings along is of this one only.
pub(super) fn fingerprint(call: &ToolCall) -> String {
    json!([call.name, call.arguments]).to_string()
}

/// The execution that a call goes on with which brought its state along; none for a call that begins.
pub(super) fn resumed(mcp: &Mcp, actor: &Actor, call: &ToolCall) -> Result<Option<Watch>> {
    let Some(state) = &call.state else { return Ok(None) };
    let id = mcp.service().call_state_open(actor, state, &fingerprint(call))?;
    Ok(Some(mcp.service().execution_watch_again(id)))
}

/// A state that is none is no matter for the agent: its client did not send back what it was given.
pub(super) fn refused(error: Error) -> Refusal {
    let fault = Fault::InvalidParams(error.message().to_owned());
    Refusal::from(error).fault(fault)
}

type Asking = Pin<Box<dyn Future<Output = Option<Value>> + Send>>;

/// One wait under way.
struct Wait<'a> {
    with: &'a Patience<'a>,
    capabilities: Capabilities,
    id: Uuid,
    reporter: Reporter<'a>,
    log: Log<'a>,
    steps: Steps,
    /// Questions whose answers came along, or whose pages were opened: they are not asked again.
    dealt: HashSet<Uuid>,
    /// What was wrong with answers, by the question.
    problems: Map<String, Value>,
    /// The question that is before the client of a session now.
    asking: Option<(Question, Asking)>,
    tries: u32,
    /// As it was seen last.
    last: Option<Row>,
}

/// Waits. Dropping the future ends the wait, never the execution. What it does now and then is on the heap meanwhile only: many
/// calls wait at once.
pub(super) async fn wait(with: &Patience<'_>, mut watch: Watch) -> Result<Waited> {
    let clock = with.mcp.service().clock().clone();
    let (due, grace) = (clock.instant().plus(with.limit), clock.instant().plus(GRACE));
    let as_task = with.as_task && with.call.capabilities.tasks;
    let mut wait = Wait::new(with, watch.id);
    let (mut asked, mut below) = (with.mcp.asked(), None);
    loop {
        let silence = clock.instant().plus(SILENCE);
        tokio::select! {
            biased;
            row = watch.next() => {
                if let Some(waited) = Box::pin(wait.look(row?)).await? {
                    return Ok(waited);
                }
            }
            Ok(id) = asked.recv() => {
                if id != wait.id && Box::pin(is_below(with, (id, wait.id))).await {
                    below = Some(with.mcp.service().execution_watch_again(id));
                }
            }
            child = news_of(&mut below) => {
                let Ok(child) = child else {
                    // It was deleted: it asks nothing any more.
                    below = None;
                    continue;
                };
                if status_of(&child) == Some(Status::WaitingMessage)
                    && let Some(row) = wait.last.clone()
                    && let Some(waited) = Box::pin(wait.look(row)).await?
                {
                    return Ok(waited);
                }
            }
            reply = answered(&mut wait.asking) => {
                if let Some(unanswered) = Box::pin(wait.take(reply)).await? {
                    return Ok(Waited::Open(watch.now().await?, Some(unanswered)));
                }
            }
            () = with.call.gone.cancelled() => break,
            () = clock.sleep_until(due) => break,
            // What was promised a client must be there: its task is on disk.
            () = clock.sleep_until(grace), if as_task => {
                let row = watch.now().await?;
                return if has_ended(&row) { Ok(Waited::Ended(row)) } else { Box::pin(becomes_task(with, &row)).await };
            }
            () = clock.sleep_until(silence), if with.call.progress.is_some() => wait.reporter.again(),
        }
    }
    let row = watch.now().await?;
    Ok(if has_ended(&row) { Waited::Ended(row) } else { Waited::Open(row, None) })
}

/// News of the execution that asked last among those below the one that is waited for; never, where none did.
async fn news_of(below: &mut Option<Watch>) -> Result<Row> {
    match below {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

async fn becomes_task(with: &Patience<'_>, row: &Row) -> Result<Waited> {
    task::of_row(with.mcp, with.actor, (row, with.call.capabilities)).await.map(Waited::Task)
}

/// Whether the first of two executions, which asks something, is below the second.
async fn is_below(with: &Patience<'_>, (id, above): (Uuid, Uuid)) -> bool {
    with.mcp.service().execution_of(with.actor, id).await.is_ok_and(|row| row.uuid("root_execution_id") == Some(above))
}

/// The reply to the question before the client, if there is one; else never.
async fn answered(asking: &mut Option<(Question, Asking)>) -> Option<Value> {
    match asking {
        Some((_, reply)) => reply.await,
        None => std::future::pending().await,
    }
}

impl<'a> Wait<'a> {
    fn new(with: &'a Patience<'a>, id: Uuid) -> Wait<'a> {
        Wait {
            with,
            capabilities: with.call.capabilities,
            id,
            reporter: Reporter::new(with.call),
            log: Log { call: with.call, after: 0 },
            steps: Steps::default(),
            dealt: HashSet::new(),
            problems: Map::new(),
            asking: None,
            tries: 0,
            last: None,
        }
    }

    /// News of the execution: what ends the wait, if something does.
    async fn look(&mut self, row: Row) -> Result<Option<Waited>> {
        let (mcp, actor) = (self.with.mcp, self.with.actor);
        Box::pin(self.log.tell(mcp, actor, self.id)).await?;
        if has_ended(&row) {
            return Ok(Some(Waited::Ended(row)));
        }
        if self.reporter.is_heard() {
            Box::pin(self.steps.look(mcp, actor, self.id)).await;
        }
        self.reporter.execution(&row, self.steps.last.as_deref());
        self.last = Some(row.clone());
        if !matches!(status_of(&row), Some(Status::WaitingMessage | Status::WaitingDependency)) {
            return Ok(None);
        }
        let open = Box::pin(question::list(mcp, actor, &row)).await?;
        if self.asking.as_ref().is_some_and(|(asked, _)| !open.iter().any(|question| question.id == asked.id)) {
            // Somebody else answered, elsewhere.
            self.asking = None;
        }
        let mut left = Vec::new();
        for question in open.into_iter().filter(|question| !self.dealt.contains(&question.id)).collect::<Vec<_>>() {
            let Some(reply) = self.with.call.responses.get(&question.key) else {
                left.push(question);
                continue;
            };
            self.dealt.insert(question.id);
            match Box::pin(question.answer(mcp, actor, reply)).await? {
                Given::Taken | Given::Opened => {}
                Given::Refused(word) => return Ok(Some(Waited::Open(row, Some(Unanswered { question, because: Some(word) })))),
                Given::Bad(problem) => {
                    self.problems.insert(question.key.clone(), problem.into());
                    left.push(question);
                }
            }
        }
        if left.is_empty() || self.asking.is_some() {
            return Ok(None);
        }
        Box::pin(self.ask(left, row)).await
    }

    /// Puts questions to the client, by the first way there is.
    async fn ask(&mut self, mut open: Vec<Question>, row: Row) -> Result<Option<Waited>> {
        let (mcp, actor, call) = (self.with.mcp, self.with.actor, self.with.call);
        let problem = |question: &Question| self.problems.get(&question.key).and_then(Value::as_str);
        let request = |question: &Question| question.request(mcp, self.capabilities, problem(question));
        if call.era == Era::Modern {
            let requests: Vec<_> = open.iter().filter_map(|question| Some((question.key.clone(), request(question)?))).collect();
            if !requests.is_empty() {
                let state = mcp.service().call_state(actor, self.id, &fingerprint(call));
                return Ok(Some(Waited::Asks(Asks { requests, state: Some(state) })));
            }
        } else if let Some(asker) = &call.asker
            && let Some((at, request)) = open.iter().enumerate().find_map(|(at, question)| Some((at, request(question)?)))
        {
            let asker = asker.clone();
            self.asking = Some((open.swap_remove(at), Box::pin(async move { asker.ask(request).await })));
            return Ok(None);
        }
        if self.with.as_task && self.capabilities.tasks {
            return Box::pin(becomes_task(self.with, &row)).await.map(Some);
        }
        let question = open.swap_remove(0);
        Ok(Some(Waited::Open(row, Some(Unanswered { question, because: None }))))
    }

    /// What the client of a session answered. A question that it does not answer ends the wait.
    async fn take(&mut self, reply: Option<Value>) -> Result<Option<Unanswered>> {
        let (mcp, actor) = (self.with.mcp, self.with.actor);
        let Some((question, _)) = self.asking.take() else { return Ok(None) };
        let Some(reply) = reply else { return Ok(Some(Unanswered { question, because: None })) };
        match Box::pin(question.answer(mcp, actor, &reply)).await? {
            Given::Taken | Given::Opened => {
                self.dealt.insert(question.id);
                Ok(None)
            }
            Given::Refused(word) => Ok(Some(Unanswered { question, because: Some(word) })),
            Given::Bad(problem) => {
                self.tries += 1;
                let request = question.request(mcp, self.capabilities, Some(&problem)).filter(|_| self.tries < TRIES);
                match (request, &self.with.call.asker) {
                    (Some(request), Some(asker)) => {
                        let asker = asker.clone();
                        self.asking = Some((question, Box::pin(async move { asker.ask(request).await })));
                        Ok(None)
                    }
                    _ => Ok(Some(Unanswered { question, because: Some("not answered in a way that fits its form") })),
                }
            }
        }
    }
}

/// The log of the execution, as far as the client has been told of it.
struct Log<'a> {
    call: &'a ToolCall,
    after: u64,
}

impl Log<'_> {
    async fn tell(&mut self, mcp: &Mcp, actor: &Actor, id: Uuid) -> Result<()> {
        let Some(sink) = &self.call.log else { return Ok(()) };
        let query = LogQuery { after: self.after, ..LogQuery::default() };
        // Whoever may start but not read it hears nothing.
        let Ok(page) = mcp.service().execution_logs(actor, id, &query).await else { return Ok(()) };
        self.after = page.next;
        for (_, entry) in page.entries {
            let level = match entry.level.to_ascii_lowercase().as_str() {
                "debug" => LogLevel::Debug,
                "warning" => LogLevel::Warning,
                "error" | "critical" => LogLevel::Error,
                _ => LogLevel::Info,
            };
            sink.tell(LogLine { level, logger: entry.stream, data: entry.message.into() });
        }
        Ok(())
    }
}

/// The journal of the execution, as far as it was looked at.
#[derive(Default)]
struct Steps {
    after: u64,
    count: usize,
    /// The last call, in words.
    last: Option<String>,
}

impl Steps {
    async fn look(&mut self, mcp: &Mcp, actor: &Actor, id: Uuid) {
        loop {
            let query = StepQuery { after: self.after, limit: 1_000, open: true };
            // Whoever may start but not read it hears less.
            let Ok(page) = mcp.service().execution_events(actor, id, query).await else { return };
            self.after = page.next;
            self.count += page.entries.len();
            if let Some((_, step)) = page.entries.last() {
                let text = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
                self.last = Some(format!("call {}: {} {}", self.count, text("op"), text("target")).trim_end().to_owned());
            }
            if !page.has_more {
                return;
            }
        }
    }
}
