//! A plan carried out in one transaction: records, then their parts, then what refers in circles. One refusal undoes it all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use super::super::access::Access;
use super::super::actor::Actor;
use super::super::handle::Service;
use super::super::location::Place;
use super::super::payload::Payload;
use super::super::record_write::{Call, IfExists};
use super::super::row::{find, id_of, rows_where};
use super::plan::{Job, Told, Work};
use super::{IfThere, Outcome};
use crate::error::{Error, Result};
use crate::records::{Family, RecordType, Storage};
use crate::store::{Commit, Row, Scope, Tx};

/// How it is carried out.
pub(super) struct Options {
    pub(super) if_there: IfThere,
    pub(super) dry_run: bool,
    pub(super) commit_message: Option<String>,
}

/// What goes on inside the transaction.
struct Run {
    service: Service,
    actor: Actor,
    access: Access,
    commit_message: Option<String>,
    now: String,
    told: HashMap<usize, Result<Outcome>>,
    /// What was written or deleted, for who listens.
    news: Vec<(&'static RecordType, Row, bool)>,
}

impl Service {
    /// `None` when nothing was written: a refusal, or a dry run.
    pub(super) async fn import_work(
        &self,
        actor: &Actor,
        access: &Access,
        (told, jobs): (Told, Vec<Job>),
        options: Options,
    ) -> Result<Option<Commit>> {
        let must_fail = options.dry_run
            || told.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|note| matches!(note.1, Ok(Outcome::Refused)));
        let mut run = Run {
            service: self.clone(),
            actor: actor.clone(),
            access: access.clone(),
            commit_message: options.commit_message,
            now: self.now_text(),
            told: HashMap::new(),
            news: Vec::new(),
        };
        let came_through = Arc::new(AtomicBool::new(false));
        let seen = came_through.clone();
        let outcome = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    let done = run.all(tx, jobs).await;
                    let is_refused = run.told.values().any(Result::is_err);
                    told.lock().unwrap_or_else(PoisonError::into_inner).extend(run.told.drain());
                    done?;
                    seen.store(true, Ordering::Release);
                    if must_fail || is_refused {
                        // Undoes everything; what became of each document is told already.
                        return Err(Error::conflict(""));
                    }
                    for (of, row, is_gone) in std::mem::take(&mut run.news) {
                        run.call(of, None).announce(&row, is_gone);
                    }
                    Ok(())
                })
            })
            .await;
        match outcome {
            Ok(((), commit)) => Ok(Some(commit)),
            Err(_) if came_through.load(Ordering::Acquire) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Run {
    fn call(&self, of: &'static RecordType, message: Option<String>) -> Call {
        Call {
            service: self.service.clone(),
            actor: self.actor.clone(),
            access: self.access.clone(),
            record_type: of,
            now: self.now.clone(),
            commit_message: message.or_else(|| self.commit_message.clone()),
        }
    }

    async fn all(&mut self, tx: &mut Tx, mut jobs: Vec<Job>) -> Result<()> {
        // Objects are checked against the attributes of their templates, which are parts.
        for is_object in [false, true] {
            for job in jobs.iter_mut().filter(|job| (job.of.name == "CUSTOM_OBJECT") == is_object) {
                let outcome = self.record(tx, job).await;
                self.tell(job.index, outcome);
            }
            for job in jobs.iter_mut().filter(|job| (job.of.name == "CUSTOM_OBJECT") == is_object) {
                self.parts(tx, job, |part, of| matches!(part.family, Family::Subrecord { parent, .. } if parent == of.name)).await;
            }
        }
        for job in &mut jobs {
            self.parts(tx, job, |_, _| true).await;
        }
        // A place that becomes read-only takes no more changes.
        let is_place = |job: &Job| matches!(job.of.name, "PROJECT" | "BUNDLE");
        for places in [false, true] {
            for job in jobs.iter_mut().filter(|job| is_place(job) == places) {
                self.last(tx, job).await;
            }
        }
        Ok(())
    }

    fn is_refused(&self, index: usize) -> bool {
        matches!(self.told.get(&index), Some(Err(_)))
    }

    /// The first refusal of a document stays; a change outdoes that there was none.
    fn tell(&mut self, index: usize, outcome: Result<Outcome>) {
        let stands = matches!((self.told.get(&index), &outcome), (Some(Err(_)), _) | (Some(Ok(_)), Ok(Outcome::Unchanged)));
        let is_created = matches!(self.told.get(&index), Some(Ok(Outcome::Created))) && outcome.is_ok();
        if !stands && !is_created {
            self.told.insert(index, outcome);
        }
    }

    async fn record(&mut self, tx: &mut Tx, job: &mut Job) -> Result<Outcome> {
        if job.needs.iter().any(|needed| self.is_refused(*needed)) {
            return Err(Error::conflict("It refers to a record of this file that is refused."));
        }
        let Some(mut payload) = job.work.payload.take() else { return Ok(Outcome::Unchanged) };
        let call = self.call(job.of, payload.commit_message.take());
        let row =
            if job.of.is_single() { find(tx, job.of, job.work.id).await? } else { tx.row_by_name(job.of, &job.name, &Scope::All).await? };
        let is_as_planned = match (&row, job.version) {
            (None, None) => true,
            (Some(row), Some(version)) => id_of(row) == job.work.id && row.version() == version,
            _ => false,
        };
        if !is_as_planned {
            let text = format!("The {} '{}' was changed while the file was read; import it again.", job.of.singular, job.name);
            return Err(Error::conflict(text));
        }
        if let Some(row) = &row
            && is_same(job.of, &payload, row)
        {
            return Ok(Outcome::Unchanged);
        }
        for blob in payload.blobs.drain(..) {
            tx.apply(&[blob]).await?;
        }
        let (after, outcome) = match row {
            None => (call.create(tx, payload).await?, Outcome::Created),
            Some(row) => {
                call.may_overwrite(tx, &row, IfExists::Overwrite).await?;
                let version = row.version();
                let after = call.update(tx, row, payload, None).await?;
                let outcome = if after.version() == version { Outcome::Unchanged } else { Outcome::Updated };
                (after, outcome)
            }
        };
        if outcome != Outcome::Unchanged {
            self.news.push((job.of, after, false));
        }
        Ok(outcome)
    }

    /// Brings the lists of parts that are given to what they say.
    async fn parts(&mut self, tx: &mut Tx, job: &mut Job, takes: impl Fn(&RecordType, &RecordType) -> bool) {
        for (part, works) in &mut job.parts {
            if self.is_refused(job.index) || !takes(part, job.of) || works.iter().any(|work| work.payload.is_none()) {
                continue;
            }
            let outcome = self.part_list(tx, (part, job.work.id), works).await;
            self.tell(job.index, outcome.map(|is_changed| if is_changed { Outcome::Updated } else { Outcome::Unchanged }));
        }
        let is_done = |(part, works): &(&'static RecordType, Vec<Work>)| takes(part, job.of) && works.is_empty();
        job.parts.retain(|entry| !is_done(entry));
    }

    async fn part_list(&mut self, tx: &mut Tx, (part, parent): (&'static RecordType, Uuid), works: &mut [Work]) -> Result<bool> {
        let Some(column) = part.parent_column() else { return Err(Error::internal("a part is no subrecord")) };
        let call = self.call(part, None);
        let mut rows = rows_where(tx, part, column, &parent.to_string()).await?;
        let mut is_changed = false;
        let mut new = Vec::new();
        for work in works {
            let Some(payload) = work.payload.take() else { continue };
            let is_it = |row: &Row| match (&work.key, part.pair()) {
                (Some(key), Some((_, second))) => row.text(second) == Some(key.as_str()),
                _ => is_same(part, &payload, row),
            };
            match rows.iter().position(is_it) {
                Some(at) => {
                    let row = rows.swap_remove(at);
                    work.id = id_of(&row);
                    if !is_same(part, &payload, &row) {
                        let after = call.update(tx, row, payload, None).await?;
                        is_changed = true;
                        self.news.push((part, after, false));
                    }
                }
                None => new.push((work, payload)),
            }
        }
        // What is left is not in the file. It goes first: a new part may take its place.
        for row in rows {
            call.delete(tx, &row, true).await?;
            is_changed = true;
            self.news.push((part, row, true));
        }
        for (work, payload) in new {
            let row = call.create(tx, payload).await?;
            work.id = id_of(&row);
            is_changed = true;
            self.news.push((part, row, false));
        }
        Ok(is_changed)
    }

    /// What was put off until everything is there.
    async fn last(&mut self, tx: &mut Tx, job: &mut Job) {
        let mut works: Vec<(&'static RecordType, &mut Work)> = Vec::new();
        for (part, list) in &mut job.parts {
            works.extend(list.iter_mut().map(|work| (*part, work)));
        }
        works.push((job.of, &mut job.work));
        for (of, work) in works {
            let Some(payload) = work.later.take().filter(|_| !matches!(self.told.get(&job.index), Some(Err(_)))) else { continue };
            let outcome = self.later(tx, (of, work.id), payload).await;
            self.tell(job.index, outcome);
        }
    }

    async fn later(&mut self, tx: &mut Tx, (of, id): (&'static RecordType, Uuid), mut payload: Payload) -> Result<Outcome> {
        let Some(row) = find(tx, of, id).await? else { return Err(Error::internal("a record that was written is not there")) };
        if is_same(of, &payload, &row) {
            return Ok(Outcome::Unchanged);
        }
        payload.is_whole = of.name == "CUSTOM_OBJECT";
        let after = self.call(of, None).update(tx, row, payload, None).await?;
        self.news.push((of, after, false));
        Ok(Outcome::Updated)
    }
}

/// Whether a payload would change nothing. Then no right is asked for either: what is as it should be needs no writing.
fn is_same(of: &'static RecordType, payload: &Payload, row: &Row) -> bool {
    let same = |(name, value): (&String, &Value)| {
        let is_stored = of.field(name).is_none_or(|field| field.storage != Storage::Input);
        !is_stored || row.json(name).unwrap_or(&Value::Null) == value
    };
    payload.columns.iter().all(same) && payload.derived.iter().all(same) && payload.wish.is_at(Place::of(row))
}
