//! The audit log as the service writes and checks it: who did what, through which door, with which key. Reads leave no entry.

use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::{Actor, Identity};
use super::handle::Service;
use super::identity::record_type;
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;
use crate::store::{Edge, Filter, Head, ListQuery, Op, Order, Row, Scope, Segment, Unit, Write};

/// Entries read at once by a check.
const PAGE: u32 = 1000;
/// The entry of a start that did not find the log as it was left.
pub(super) const BREAK: &str = "chain_break";
const PURPOSE: &str = "audit log";

/// What an entry tells, besides who did it.
#[derive(Clone, Copy, Default)]
pub(super) struct Deed<'a> {
    pub(super) operation: &'a str,
    pub(super) record_type: Option<&'a str>,
    pub(super) id: Option<Uuid>,
    pub(super) name: Option<&'a str>,
    pub(super) details: Option<&'a Value>,
}

impl<'a> Deed<'a> {
    /// Something done to a record.
    pub(super) fn on(operation: &'a str, of: &'a RecordType, row: &'a Row) -> Deed<'a> {
        let name = row.text("name").or_else(|| row.text("key"));
        Deed { operation, record_type: Some(of.name), id: row.id(), name, details: None }
    }
}

/// What a check of the log found.
#[derive(Debug)]
pub struct Verified {
    /// Entries that are as they were written, from the first one that is kept.
    pub entries: i64,
    /// How many came before that one: retention took them out.
    pub purged: i64,
    /// `<number>:<hash>` of the last of them.
    pub head: String,
    /// What is wrong with the first that is not; `None` where all are whole.
    pub broken: Option<String>,
}

impl Service {
    /// The entry of something that was done, for the unit of writes that does it.
    pub(super) fn audit(&self, actor: &Actor, deed: Deed<'_>) -> Write {
        Write::Audit { row: self.audit_row(actor, deed, "ok") }
    }

    /// Notes that something was refused for want of a right. Other errors leave no entry: nothing was done.
    pub(super) fn audit_refusal(&self, actor: &Actor, error: &Error, (operation, of): (&str, &RecordType), selector: Option<&Selector>) {
        if error.kind() != Kind::Forbidden {
            return;
        }
        let (id, name) = match selector {
            Some(Selector::Id(id)) => (Some(*id), None),
            Some(Selector::Name(name)) => (None, Some(name.as_str())),
            None => (None, None),
        };
        let details = json!({ "reason": error.message() });
        let deed = Deed { operation, record_type: Some(of.name), id, name, details: Some(&details) };
        self.audit_alone(actor, deed, "denied");
    }

    /// An entry without a change. Nobody waits for it.
    pub(super) fn audit_alone(&self, actor: &Actor, deed: Deed<'_>, outcome: &str) {
        let writes = vec![Write::Audit { row: self.audit_row(actor, deed, outcome) }];
        drop(self.store().submit(Unit { writes, lazy: true }));
    }

    fn audit_row(&self, actor: &Actor, deed: Deed<'_>, outcome: &str) -> Row {
        let (actor_type, actor_name) = match &actor.identity {
            Identity::User { name, .. } => (Some("USER"), Some(name.as_ref())),
            Identity::Execution(_) => (Some("EXECUTION"), None),
            Identity::Trigger(trigger) => (Some(trigger.record_type), Some(trigger.name.as_ref())),
            Identity::System => (None, None),
        };
        let id = |id: Option<Uuid>| json!(id.map(|id| id.to_string()));
        Row::from([
            ("id", json!(Service::new_id().to_string())),
            ("at", json!(self.now_text())),
            ("operation", json!(deed.operation)),
            ("record_type", json!(deed.record_type)),
            ("record_id", id(deed.id)),
            ("record_name", json!(deed.name)),
            ("outcome", json!(outcome)),
            ("door", json!(actor.door.name())),
            ("actor_type", json!(actor_type)),
            ("actor_id", id(actor.id())),
            ("actor_name", json!(actor_name)),
            ("user_id", id(actor.user_id())),
            ("api_key_id", id(actor.key.as_ref().map(|key| key.id))),
            ("client", json!(actor.client.as_deref())),
            ("address", json!(actor.address.map(|address| address.to_string()))),
            ("details", deed.details.cloned().unwrap_or_default()),
        ])
    }

    /// The key of the entries made under a base; `None` where there is no such base.
    pub(super) fn audit_key(&self, base: u32) -> Option<[u8; 32]> {
        Some(self.seals().base(base)?.derive(PURPOSE, b""))
    }

    /// The key of the ends of the log. Only a base that is in the key file vouches for them: an older one may be known to others.
    fn audit_end_key(&self, segments: &[Segment]) -> [u8; 32] {
        let keys = self.seals().keys();
        let last = segments.last().and_then(|segment| keys.bases.get(&segment.base));
        last.copied().unwrap_or(keys.base().1).derive(PURPOSE, b"")
    }

    /// Goes on with the log under the newest base, unless that is done. On disk when this returns.
    pub(super) async fn audit_rekey(&self) -> Result<()> {
        let (base, key) = self.seals().keys().base();
        let key = key.derive(PURPOSE, b"");
        let ((), commit) = self.store().transact(move |tx| Box::pin(async move { tx.audit_rekey(base, key).await })).await?;
        commit.wait().await
    }

    /// Takes the log up where it ends. What is wrong with its end is an entry, which cannot be taken back.
    pub(super) async fn audit_open(&self) -> Result<()> {
        let service = self.clone();
        let open = self.store().transact(move |tx| {
            Box::pin(async move {
                let segments = tx.audit_segments().await?;
                tx.audit_open(service.audit_end_key(&segments)).await
            })
        });
        let (fault, commit) = open.await?;
        commit.wait().await?;
        if let Some(fault) = fault {
            tracing::error!("the audit log is not as this server left it: {fault}; see `flowstead audit verify`");
            let details = json!({ "fault": fault });
            let deed = Deed { operation: BREAK, details: Some(&details), ..Deed::default() };
            let row = self.audit_row(&Actor::system(super::Door::Server), deed, "failed");
            self.store().submit(Unit { writes: vec![Write::Audit { row }], lazy: false }).wait().await?;
        }
        Ok(())
    }

    /// Notes that the server starts.
    pub(crate) fn audit_start(&self) {
        let details = json!({ "version": env!("CARGO_PKG_VERSION") });
        let deed = Deed { operation: "server_start", details: Some(&details), ..Deed::default() };
        self.audit_alone(&Actor::system(super::Door::Server), deed, "ok");
    }

    /// Where the log begins and ends, as the database says.
    pub(super) async fn audit_bounds(&self) -> Result<Bounds> {
        let service = self.clone();
        let look = self.store().transact(move |tx| {
            Box::pin(async move {
                let (start, end) = (tx.audit_fact(Edge::Start).await?, tx.audit_fact(Edge::End).await?);
                let segments = tx.audit_segments().await?;
                let key = service.audit_end_key(&segments);
                let end = end.map_or(End::Unsaid, |fact| Head::unseal(&key, Edge::End, &fact).map_or(End::Forged, End::At));
                let start = start.map_or(Some(Head::default()), |fact| Head::unseal(&key, Edge::Start, &fact));
                Ok(Bounds { start, end, segments })
            })
        });
        Ok(look.await?.0)
    }

    /// Reads the whole log and says which entry is the first that is not as it was written. `expected` is a head that an
    /// earlier check gave and that was kept elsewhere. Needs READ on AUDIT in the whole workspace.
    pub async fn audit_verify(&self, actor: &Actor, expected: Option<&str>) -> Result<Verified> {
        let of = record_type("AUDIT");
        let access = self.access(actor).await?;
        access.require(super::Operation::Read, &super::access::Subject::new_in(of.name, None))?;
        let expected = expected.map(expectation).transpose()?;
        loop {
            let bounds = self.audit_bounds().await?;
            let verified = self.audit_verify_in(&bounds, expected.as_ref()).await?;
            // Entries that retention took out meanwhile are not missing.
            if verified.broken.is_none() || self.audit_bounds().await?.start == bounds.start {
                return Ok(verified);
            }
        }
    }

    async fn audit_verify_in(&self, bounds: &Bounds, expected: Option<&(i64, String)>) -> Result<Verified> {
        // First the end, then the entries: what is added meanwhile lies beyond it.
        self.store().barrier().await?;
        let end = bounds.end;
        let mut head = bounds.start.unwrap_or_default();
        let purged = head.seq;
        let mut broken = match bounds.start {
            None => Some("What says where the log begins is not this server's own; its first entries may be gone.".to_owned()),
            Some(start) => fault_at_start(start, expected)?,
        };
        while broken.is_none() {
            let filter = Filter::Compare { column: "seq", op: Op::Gt, value: head.seq.into() };
            let order = vec![Order { column: "seq", descending: false }];
            let query = ListQuery { filter: Some(filter), order, limit: PAGE, ..ListQuery::default() };
            let rows = self.store().row_list(record_type("AUDIT"), &query, &Scope::All).await?.items;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let base = Segment::base_of(&bounds.segments, head.seq + 1);
                broken = match self.audit_key(base) {
                    Some(key) => fault(&mut head, &key, row, (end, expected)),
                    None => Some(format!("Entry {} cannot be checked: base key number {base} is not there.", head.seq + 1)),
                };
                if broken.is_some() {
                    break;
                }
            }
        }
        let broken = broken.or_else(|| fault_at_end(head, end, expected));
        Ok(Verified { entries: head.seq - purged, purged, head: head.text(), broken })
    }
}

/// What is wrong with the next entry; `head` goes on to it when nothing is.
fn fault(head: &mut Head, key: &[u8; 32], row: &Row, (end, expected): (End, Option<&(i64, String)>)) -> Option<String> {
    let seq = row.integer("seq").unwrap_or_default();
    if seq != head.seq + 1 {
        return Some(format!("Entry {} is missing: after {} comes {seq}.", head.seq + 1, head.seq));
    }
    let next = head.next(key, row);
    if next.text() != format!("{seq}:{}", row.text("hash").unwrap_or_default()) {
        return Some(format!("Entry {seq} is not as it was written: it was changed, or another one was put in its place."));
    }
    if row.text("operation") == Some(BREAK) {
        let fault = row.json("details").and_then(|details| details.get("fault")).and_then(Value::as_str).unwrap_or_default();
        return Some(format!("Entry {seq}, of {}, says that the log was cut before it: {fault}.", row.text("at").unwrap_or_default()));
    }
    if matches!(end, End::At(end) if end.seq == seq && end != next) {
        return Some(format!("Entry {seq} is not the one that the log ended with: the log was replaced."));
    }
    if expected.is_some_and(|(at, text)| *at == seq && *text != next.text()) {
        return Some(format!("Entry {seq} is not the one that was expected: the log was put back to an earlier state, or replaced."));
    }
    *head = next;
    None
}

/// What is expected may be the last entry that was taken out; of those before it nothing is known any more.
fn fault_at_start(start: Head, expected: Option<&(i64, String)>) -> Result<Option<String>> {
    match expected {
        Some((at, _)) if *at < start.seq => Err(Error::invalid(format!(
            "Entry {at} cannot be compared any more: retention took out the entries up to {}. Give one that a later check gave.",
            start.seq
        ))),
        Some((at, text)) if *at == start.seq && *text != start.text() => {
            Ok(Some(format!("Entry {at}, the last one taken out, is not the one that was expected: the log was replaced.")))
        }
        _ => Ok(None),
    }
}

/// The ends of the log.
pub(super) struct Bounds {
    /// The last entry that retention took out, number 0 if none was; `None` if what says so is not this server's own.
    pub(super) start: Option<Head>,
    end: End,
    pub(super) segments: Vec<Segment>,
}

/// What the database says about where the log ends.
#[derive(Clone, Copy)]
enum End {
    Unsaid,
    Forged,
    At(Head),
}

fn fault_at_end(head: Head, end: End, expected: Option<&(i64, String)>) -> Option<String> {
    match end {
        End::Unsaid if head.seq == 0 => Some("The log is empty, though every start of the server writes an entry.".to_owned()),
        End::Unsaid => Some("Nothing says where the log ends; its last entries may be gone.".to_owned()),
        End::Forged => Some("What says where the log ends is not this server's own; its last entries may be gone.".to_owned()),
        End::At(end) if head.seq < end.seq => {
            Some(format!("Entry {} is missing: the log goes up to {}, but ends with {}.", head.seq + 1, end.seq, head.seq))
        }
        End::At(_) => expected
            .filter(|(at, _)| *at > head.seq)
            .map(|(at, _)| format!("Entry {at} was expected, but the log ends with {}: it was put back to an earlier state.", head.seq)),
    }
}

/// `<number>:<hash>`, and the number.
fn expectation(text: &str) -> Result<(i64, String)> {
    let seq = text.split_once(':').filter(|(_, hash)| hash.len() == 64).and_then(|(seq, _)| seq.parse().ok());
    let seq = seq.ok_or_else(|| Error::invalid("What is expected must read `<number>:<hash>`, as an earlier check gave it."))?;
    Ok((seq, text.to_lowercase()))
}
