//! Calls of flow code that the service carries out, as that execution: records, files, who and where it is.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{fault, ok};
use super::core::Core;
use super::event::{Answer, CallRef, Event};
use super::live::Pending;
use super::park::Waits;
use super::row::Started;
use crate::error::{Error, Kind, Result};
use crate::protocol::{Call, Op, Reply};
use crate::records::{self, RecordType, Status};
use crate::service::{Actor, Journal, ListRequest, RecordDelete, RecordWrite, Selector, Service};
use crate::store::Row;

/// The type whose saves may wait for a flow: they must not hold the turn which that flow needs.
const HOOKED: &str = "custom_object";
/// Names listed at most when a flow gives no limit.
const LIST_PAGE: u32 = 1000;

impl Core {
    /// Hands the call to the service on a task of its own; [`Event::Answered`] brings the answer back.
    pub(super) fn call_service(&mut self, at: CallRef, call: Call) {
        let epoch = self.epoch(at);
        let ask = Ask {
            at,
            epoch,
            hash: self.call_hash(at, &call),
            service: self.service.clone(),
            actor: match self.live_call(at) {
                Some(live) => live.actor.clone(),
                None => return,
            },
            call: call.clone(),
        };
        let may_wait = call.op == Op::RecordSave && call.target == HOOKED;
        let parked = call.clone();
        if let Some(live) = self.live_call(at) {
            live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
        }
        if may_wait {
            let waits =
                Waits { status: Status::WaitingDependency, words: "the save of an object, with the flow before it".into(), until: None };
            self.park(at, &parked, waits);
        }
        let (store, events) = (self.store.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let answer = match store.barrier().await {
                Ok(()) => ask.answer().await,
                Err(error) => Err(error),
            };
            let answer = answer.unwrap_or_else(|error| Answer { reply: Reply::Err(fault(&error)), journaled: false, recorded: None });
            let _ = events.send(Event::Answered(at, answer));
        });
    }
}

/// One call on its way through the service.
struct Ask {
    at: CallRef,
    epoch: u32,
    hash: String,
    service: Service,
    actor: Actor,
    call: Call,
}

impl Ask {
    async fn answer(self) -> Result<Answer> {
        let args: Map<String, Value> = serde_json::from_str(self.call.args.get())
            .map_err(|e| Error::invalid(format!("The arguments of this call could not be read: {e}.")))?;
        match self.call.op {
            Op::RecordSave => self.save(args).await,
            Op::RecordDelete | Op::RecordRestore => self.delete(&args).await,
            Op::FileWrite => self.file_write(&args).await,
            Op::MessageLink => {
                let seconds = args.get("seconds").and_then(Value::as_f64);
                let link = self.service.message_link(&self.actor, &Selector::parse(&self.call.target), seconds).await?;
                Ok(Answer { reply: ok(&json!(link.url)), journaled: false, recorded: Some(ok(&json!(link.recorded))) })
            }
            _ => {
                let value = self.read(args).await?;
                Ok(Answer { reply: ok(&value), journaled: false, recorded: None })
            }
        }
    }

    fn record_type(&self) -> Result<&'static RecordType> {
        records::find(&self.call.target).ok_or_else(|| {
            let near = crate::error::did_you_mean(&self.call.target, records::TYPES.iter().map(|t| t.singular));
            Error::invalid(format!("There is no record type '{}'.{near}", self.call.target))
        })
    }

    async fn read(&self, args: Map<String, Value>) -> Result<Value> {
        let (service, actor) = (&self.service, &self.actor);
        match self.call.op {
            Op::RecordGet => Ok(Value::Object(self.get(&args).await?)),
            Op::RecordExists => match service.record_row(actor, self.record_type()?, &selector(&args)?).await {
                Ok(_) => Ok(json!(true)),
                Err(error) if error.kind() == Kind::NotFound => Ok(json!(false)),
                Err(error) => Err(error),
            },
            Op::RecordList => self.list(args).await,
            Op::RecordExport => {
                let of = self.record_type()?;
                let found = service.record_get(actor, of, &selector(&args)?, None).await?;
                Ok(export_document(of, found.record))
            }
            Op::FileRead => {
                use base64::Engine as _;
                let content = service.file_content(actor, &Selector::parse(&self.call.target)).await?;
                Ok(json!(base64::engine::general_purpose::STANDARD.encode(&content.content)))
            }
            Op::OwnUser => self.own("USER", actor.user_id()).await,
            Op::OwnWorkspace => self.own("WORKSPACE", service.workspace_id()).await,
            Op::EnvName => Ok(json!("default")),
            other => Err(Error::internal(format!("{other:?} is not answered by the service"))),
        }
    }

    /// The readable columns asked for. What lies in the trash bin is not there for a flow.
    async fn get(&self, args: &Map<String, Value>) -> Result<Map<String, Value>> {
        let of = self.record_type()?;
        let asked: Option<Vec<String>> = args.get("fields").filter(|v| !v.is_null()).and_then(|v| serde_json::from_value(v.clone()).ok());
        Ok(self.service.record_get(&self.actor, of, &selector(args)?, asked.as_deref()).await?.record)
    }

    /// Who or where the execution acts for: id and name, the name where it may be read.
    async fn own(&self, of: &'static str, id: Option<Uuid>) -> Result<Value> {
        let (Some(id), Some(of)) = (id, records::find(of)) else { return Ok(Value::Null) };
        let name = match self.service.record_row(&self.actor, of, &Selector::Id(id)).await {
            Ok(row) => row.text("name").map(str::to_owned),
            Err(_) => None,
        };
        Ok(json!({ "id": id.to_string(), "name": name }))
    }

    async fn list(&self, args: Map<String, Value>) -> Result<Value> {
        let of = self.record_type()?;
        let wanted = args.get("limit").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let order = match args.get("order") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            // Oldest first, so that children come in the order of their making.
            _ => of.field("created_at").map(|f| f.name.to_owned()).into_iter().collect(),
        };
        let fields = if of.field("name").is_some() { vec!["id".to_owned(), "name".to_owned()] } else { vec!["id".to_owned()] };
        let mut request = ListRequest {
            filter: args.get("filter_").filter(|v| !v.is_null()).cloned(),
            order,
            fields: Some(fields),
            ..ListRequest::default()
        };
        let mut items = Vec::new();
        loop {
            let left = wanted.map_or(LIST_PAGE, |w| w.saturating_sub(request.offset).min(LIST_PAGE));
            if left == 0 {
                break;
            }
            request.limit = Some(left);
            let page = self.service.record_list(&self.actor, of, &request).await?;
            let count = page.items.len();
            items.extend(page.items.into_iter().map(Value::Object));
            if count < left as usize {
                break;
            }
            request.offset += left;
        }
        Ok(Value::Array(items))
    }

    fn now(&self) -> String {
        crate::clock::format(self.service.clock().now())
    }

    /// The journal row that goes into the transaction of an effect, and the answer it records.
    fn journal(&self, reply: impl Fn(&Row) -> Value + Send + 'static) -> Journal {
        let (at, epoch, hash) = (self.at, self.epoch, self.hash.clone());
        let call = self.call.clone();
        let now = self.service.clock().now();
        let rows = Box::new(move |row: &Row| {
            let reply = ok(&reply(row));
            let started = Started {
                execution: at.execution,
                epoch,
                seq: at.seq,
                call: &call,
                hash: &hash,
                due: None,
                waits: None,
                reply: Some(&reply),
                next: at.seq + 1,
            };
            vec![started.write(now)]
        });
        Journal { execution: at.execution, attempt: at.attempt, rows }
    }

    async fn save(&self, args: Map<String, Value>) -> Result<Answer> {
        let of = self.record_type()?;
        let fields = match args.get("fields") {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        let mut write = RecordWrite::new(of, fields);
        write.selector = selector(&args).ok();
        let since = self.now();
        write.journal = Some(self.journal(saved(&since)));
        let written = self.service.record_save(&self.actor, write).await?;
        Ok(Answer { reply: ok(&saved(&since)(&written.row)), journaled: true, recorded: None })
    }

    async fn delete(&self, args: &Map<String, Value>) -> Result<Answer> {
        let permanently = args.get("permanently").and_then(Value::as_bool).unwrap_or(false);
        let journal = Some(self.journal(|_| Value::Null));
        let request = RecordDelete { journal, ..RecordDelete::new(self.record_type()?, selector(args)?, permanently) };
        if self.call.op == Op::RecordDelete {
            self.service.record_remove(&self.actor, request).await?;
        } else {
            self.service.record_bring_back(&self.actor, request).await?;
        }
        Ok(Answer { reply: ok(&Value::Null), journaled: true, recorded: None })
    }

    async fn file_write(&self, args: &Map<String, Value>) -> Result<Answer> {
        use base64::Engine as _;
        let text = args.get("content").and_then(Value::as_str).unwrap_or_default();
        let content = base64::engine::general_purpose::STANDARD
            .decode(text)
            .map_err(|e| Error::invalid(format!("The content is not base64: {e}.")).field("/content"))?;
        let since = self.now();
        let journal = Some(self.journal(saved(&since)));
        let written = self.service.file_write(&self.actor, Selector::parse(&self.call.target), content, journal).await?;
        Ok(Answer { reply: ok(&saved(&since)(&written.row)), journaled: true, recorded: None })
    }
}

/// The answer to a save that began at `since`, a time stamp: what is older was there before.
fn saved(since: &str) -> impl Fn(&Row) -> Value + Send + 'static {
    let since = since.to_owned();
    move |row| {
        let is_new = row.version() == 1 && row.text("created_at").is_some_and(|at| at >= since.as_str());
        json!({ "id": row.text("id"), "name": row.text("name"), "created": is_new })
    }
}

/// `{"id"}` or `{"name"}`.
fn selector(args: &Map<String, Value>) -> Result<Selector> {
    if let Some(id) = args.get("id").and_then(Value::as_str) {
        return id.parse().map(Selector::Id).map_err(|_| Error::invalid(format!("'{id}' is not an id; ids are UUIDs.")).field("/id"));
    }
    match args.get("name").and_then(Value::as_str) {
        Some(name) => Ok(Selector::Name(name.trim().to_owned())),
        None => Err(Error::invalid("This handle has neither an id nor a name yet; save it first.")),
    }
}

/// The export document: top key the type, below it the exported columns that have a value.
fn export_document(of: &'static RecordType, record: Map<String, Value>) -> Value {
    let exported = |name: &str| of.field(name).is_some_and(|f| matches!(f.export, records::Export::Both | records::Export::Export));
    let columns: Map<String, Value> = record.into_iter().filter(|(name, value)| exported(name) && !value.is_null()).collect();
    json!({ of.singular: columns })
}
