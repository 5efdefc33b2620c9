//! The audit log's chain: each entry's hash takes in the one before it, so that none can be changed, dropped or moved unseen.
//!
//! Hashes are keyed with a key that is not in the database. They are made by the writer, which alone knows the order. A fact
//! of the database, hashed too, says how far the log goes, so that its end cannot be cut off. The key may be replaced: the entries
//! before it keep their hashes, and those after it, which take them in, have theirs from the new one.

use serde_json::Value;

use super::row::Row;
use super::tx::Tx;
use super::unit::Write;
use crate::error::{Error, Result};
use crate::records;

pub(super) const TABLE: &str = "audit";
const HEAD: &str = "audit_head";
const SEGMENTS: &str = "audit_segments";
const START: &str = "audit_start";
type Hash = [u8; 32];

/// The two ends of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// After the last entry that was taken out.
    Start,
    End,
}

/// How far the log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 before the first.
    pub seq: i64,
    pub hash: Hash,
}

impl Head {
    /// `<number>:<hash>`, for people to keep.
    pub fn text(&self) -> String {
        format!("{}:{}", self.seq, hex::encode(self.hash))
    }

    /// The entry after this one; `row` has every column but `seq` and `hash`, or is one that was read.
    #[must_use]
    pub fn next(&self, key: &Hash, row: &Row) -> Head {
        let seq = self.seq + 1;
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&self.hash);
        hasher.update(&seq.to_le_bytes());
        hasher.update(canonical(row).as_bytes());
        Head { seq, hash: *hasher.finalize().as_bytes() }
    }

    /// What vouches for this being the one or the other end.
    fn seal(&self, key: &Hash, edge: Edge) -> String {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(match edge {
            Edge::Start => b"the start of the log".as_slice(),
            Edge::End => b"the end of the log".as_slice(),
        });
        hasher.update(self.text().as_bytes());
        format!("{}:{}", self.text(), hasher.finalize().to_hex())
    }

    /// The head that a fact of the database says, if it was sealed with this key.
    pub fn unseal(key: &Hash, edge: Edge, fact: &str) -> Option<Head> {
        let mut parts = fact.split(':');
        let (seq, hash) = (parts.next()?.parse().ok()?, parts.next()?);
        let head = Head { seq, hash: unhex(hash) };
        (head.seal(key, edge) == fact).then_some(head)
    }
}

/// A part of the log whose hashes are made with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The number of its first entry.
    pub from: i64,
    /// The number of the base that its key is derived from.
    pub base: u32,
}

impl Segment {
    /// The base of an entry's key.
    pub fn base_of(segments: &[Segment], seq: i64) -> u32 {
        segments.iter().rev().find(|segment| segment.from <= seq).map_or(1, |segment| segment.base)
    }

    /// `<from>:<base>`, and so on.
    fn text(segments: &[Segment]) -> String {
        segments.iter().map(|segment| format!("{}:{}", segment.from, segment.base)).collect::<Vec<_>>().join(" ")
    }

    fn parse(text: &str) -> Vec<Segment> {
        let one = |part: &str| {
            let (from, base) = part.split_once(':')?;
            Some(Segment { from: from.parse().ok()?, base: base.parse().ok()? })
        };
        text.split(' ').filter_map(one).collect()
    }
}

/// The columns that an entry's hash takes in, as one text.
fn canonical(row: &Row) -> String {
    let fields = records::find("AUDIT").map(|of| of.own).unwrap_or_default();
    let values = fields.iter().map(|field| field.name).filter(|name| !matches!(*name, "seq" | "hash"));
    Value::Array(values.map(|name| row.json(name).cloned().unwrap_or_default()).collect()).to_string()
}

/// The writer's end of the log.
#[derive(Clone, Default)]
pub(super) struct Chain {
    key: Option<Hash>,
    head: Option<Head>,
}

impl Chain {
    /// The entries among `writes` as the rows that they become, with the fact of the new end; and the chain after them.
    pub fn link(&self, writes: &[&Write]) -> Result<(Vec<Write>, Chain)> {
        let mut chain = self.clone();
        let mut made = Vec::new();
        for write in writes {
            let Write::Audit { row } = write else { continue };
            let (Some(key), Some(head)) = (&self.key, chain.head) else {
                return Err(Error::internal("an audit entry came before the log was opened"));
            };
            let next = head.next(key, row);
            let mut row = row.clone();
            row.set("seq", next.seq);
            row.set("hash", hex::encode(next.hash));
            made.push(Write::Insert { table: TABLE, key: &["seq"], row });
            chain.head = Some(next);
        }
        if let (Some(key), Some(head), false) = (&self.key, chain.head, made.is_empty()) {
            made.push(fact(HEAD, &head.seal(key, Edge::End)));
        }
        Ok((made, chain))
    }
}

impl Tx {
    /// Begins to keep the log, with the key of its hashes. Says what is wrong with its end, if anything is: entries go on
    /// after the last one that is there.
    pub async fn audit_open(&mut self, key: Hash) -> Result<Option<String>> {
        let fact = self.aside("meta", &["value"], ("key", HEAD)).await?;
        let last = self.last_entry().await?;
        let head = fact.as_ref().and_then(|row| row.text("value"));
        let fault = match (head, last) {
            (None, None) => None,
            (None, Some(last)) => Some(format!("it has entries up to number {}, but nothing says where it ends", last.seq)),
            (Some(head), last) => match Head::unseal(&key, Edge::End, head) {
                None => Some("what says where it ends is not this server's own".to_owned()),
                Some(head) if Some(head) == last => None,
                Some(head) => Some(format!("it should end with entry {}, but the last one is {}", head.seq, last.map_or(0, |l| l.seq))),
            },
        };
        self.session.chain = Chain { key: Some(key), head: Some(last.unwrap_or_default()) };
        Ok(fault)
    }

    /// The parts of the log by their keys, ascending; a log whose key was never replaced has one.
    pub async fn audit_segments(&mut self) -> Result<Vec<Segment>> {
        let row = self.aside("meta", &["value"], ("key", SEGMENTS)).await?;
        let all = row.as_ref().and_then(|row| row.text("value")).map(Segment::parse).unwrap_or_default();
        Ok(if all.is_empty() { vec![Segment { from: 1, base: 1 }] } else { all })
    }

    /// Makes the hashes of the entries to come with another key, derived from this base, unless that is so already.
    pub async fn audit_rekey(&mut self, base: u32, key: Hash) -> Result<()> {
        let mut segments = self.audit_segments().await?;
        if segments.last().is_some_and(|last| last.base == base) {
            return Ok(());
        }
        let head = self.session.chain.head.ok_or_else(|| Error::internal("the audit log's key was replaced before the log was opened"))?;
        segments.push(Segment { from: head.seq + 1, base });
        let mut facts = vec![fact(SEGMENTS, &Segment::text(&segments)), fact(HEAD, &head.seal(&key, Edge::End))];
        // What did not vouch for the start before does not begin to.
        let start = self.audit_fact(Edge::Start).await?.zip(self.session.chain.key);
        let start = start.and_then(|(start, old)| Head::unseal(&old, Edge::Start, &start));
        facts.extend(start.map(|start| fact(START, &start.seal(&key, Edge::Start))));
        self.apply(&facts).await?;
        self.session.chain.key = Some(key);
        Ok(())
    }

    /// Lets the log begin after this entry: those up to it are taken out in the same transaction.
    pub async fn audit_begin_after(&mut self, head: Head) -> Result<()> {
        let key = self.session.chain.key.ok_or_else(|| Error::internal("the audit log was cut before it was opened"))?;
        self.apply(&[fact(START, &head.seal(&key, Edge::Start))]).await
    }

    async fn last_entry(&mut self) -> Result<Option<Head>> {
        let Some(of) = records::find("AUDIT") else { return Ok(None) };
        let order = vec![super::Order { column: "seq", descending: true }];
        let query = super::ListQuery { order, limit: 1, ..super::ListQuery::default() };
        let row = self.row_list(of, &query, &super::Scope::All).await?.items.pop();
        Ok(row.map(|row| Head { seq: row.integer("seq").unwrap_or_default(), hash: unhex(row.text("hash").unwrap_or_default()) }))
    }

    /// What the database says about an end of the log.
    pub async fn audit_fact(&mut self, edge: Edge) -> Result<Option<String>> {
        let name = match edge {
            Edge::Start => START,
            Edge::End => HEAD,
        };
        let fact = self.aside("meta", &["value"], ("key", name)).await?;
        Ok(fact.and_then(|row| row.text("value").map(str::to_owned)))
    }
}

/// The write of a fact of the database.
fn fact(key: &str, value: &str) -> Write {
    let mut row = Row::new();
    row.set("key", key);
    row.set("value", value);
    Write::Upsert { table: "meta", key: &["key"], row }
}

/// Zeroes for what is no hash: nothing follows from it.
fn unhex(text: &str) -> Hash {
    let mut hash = [0; 32];
    if hex::decode_to_slice(text, &mut hash).is_ok() { hash } else { [0; 32] }
}
