//! Time travel: an execution's flow is run again in a process of its own, on its journal alone, and shown where it stands.
//! No engine is needed for it, and nothing of the execution changes.

use std::path::PathBuf;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::dispatch::{read_journal, restore_link};
use super::slot::{SlotEvent, SlotReader, SlotWriter};
use super::zygote::{Zygote, ZygoteEvent, ZygoteOptions, ZygoteReader};
use crate::error::{Error, Kind, Result};
use crate::protocol::{Done, FrameKind, Limits, LogKey, Op, Recorded, Reply, Run, Sight, Standing, Travel};
use crate::records;
use crate::service::{Actor, Selector, Service, is_purged};

/// An execution and its journal, as far as a replay needs them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Package {
    /// Without a limit on where to stop.
    pub run: Run,
    pub status: String,
    pub status_message: Option<String>,
    pub hash_seed: u32,
    /// The packages of its environment.
    #[serde(default)]
    pub site_dirs: Vec<PathBuf>,
}

impl Package {
    /// Reads an execution, live or ended, in its present epoch. Needs READ.
    pub async fn read(service: &Service, actor: &Actor, id: Uuid) -> Result<Package> {
        service.store().barrier().await?;
        let executions = records::find("EXECUTION").ok_or_else(|| Error::internal("the registry has no EXECUTION"))?;
        let row = service.record_row(actor, executions, &Selector::Id(id)).await?;
        if is_purged(&row) {
            return Err(Error::conflict("Retention has taken its journal, so there is nothing that a replay could follow."));
        }
        let text = |column: &str| row.text(column).map(str::to_owned);
        let number = |column: &str| row.integer(column).unwrap_or_default();
        let epoch = u32::try_from(number("epoch")).unwrap_or(1);
        let first = row.uuid("journal_of");
        let base = u32::try_from(number("key_base")).unwrap_or(1);
        let mut journal = read_journal(service.store(), id, epoch).await?;
        restore_links(service, actor, &mut journal.calls).await?;
        let limits = &service.config().limits;
        let hash_seed = service.store().meta("hash_seed", "1").await?;
        let (status, status_message) = (text("status").unwrap_or_default(), text("status_message"));
        let (name, script_name) = (text("name").unwrap_or_default(), text("flow_name").unwrap_or_else(|| "script".to_owned()));
        let seed = number("seed").cast_unsigned();
        let site_dirs = match row.text("environment_key") {
            Some(key) => vec![service.environment_ready(key).await?.path.clone()],
            None => Vec::new(),
        };
        let loaded = service.execution_load(row).await?;
        let run = Run {
            execution_id: id,
            name,
            script_name,
            script: loaded.script.to_string(),
            code: None,
            epoch,
            attempt: 1,
            inputs: RawValue::from_string(loaded.inputs.to_string()).map_err(|_| Error::internal("the inputs are not JSON"))?,
            hash_key: blake3::Hash::from(service.hash_key(base, first.unwrap_or(id))).to_hex().to_string(),
            first,
            journal: journal.calls,
            // Its log has these entries already.
            logs_after: LogKey { seq: u32::MAX, n: u32::MAX },
            logs_delivered: Vec::new(),
            seed,
            escaped: false,
            cancelled: false,
            limits: Limits {
                memory_bytes: limits.memory_bytes,
                cpu_seconds: limits.cpu_seconds,
                file_bytes: limits.file_bytes,
                value_bytes: limits.value_bytes,
                work_bytes: limits.work_bytes,
                work_files: limits.work_files,
            },
            travel: Some(Travel::default()),
        };
        Ok(Package { run, status, status_message, hash_seed: hash_seed.parse().unwrap_or(1), site_dirs })
    }

    /// The recorded calls.
    pub fn journal(&self) -> &[Recorded] {
        &self.run.journal
    }
}

/// The links that the flow was given, for those who could have them anyway. For others they stay as the journal has them, and
/// their replay ends at the call that passes one on.
async fn restore_links(service: &Service, actor: &Actor, calls: &mut [Recorded]) -> Result<()> {
    let messages = records::find("MESSAGE").ok_or_else(|| Error::internal("the registry has no MESSAGE"))?;
    for call in calls.iter_mut().filter(|call| call.op == Op::MessageLink) {
        let Ok(row) = service.record_row(actor, messages, &Selector::parse(&call.target)).await else { continue };
        if service.message_may_answer(actor, &row).await? {
            restore_link(service, call);
        }
    }
    Ok(())
}

/// What a replay came by, in order, and how it ended.
#[derive(Debug, Default)]
pub struct Journey {
    pub sights: Vec<Sight>,
    /// Where it was stopped, or where the exception came from.
    pub standing: Option<Standing>,
    /// How the handler ended, if it was not stopped before.
    pub done: Option<Done>,
    /// What the process wrote past Python's streams, and why it is gone; for when nothing else was heard.
    pub last_words: Vec<String>,
}

/// Runs a package in a zygote of its own, below `options.work_root`.
pub async fn travel(package: &mut Package, mut options: ZygoteOptions, to: Option<u32>) -> Result<Journey> {
    options.hash_seed = package.hash_seed;
    options.site_dirs.clone_from(&package.site_dirs);
    package.run.travel = Some(Travel { to });
    let (zygote, mut news, _) = Zygote::spawn(options).await?;
    let (writer, mut reader) = zygote.fork(1)?;
    writer.run(&package.run)?;
    let mut journey = Journey::default();
    watch((&writer, &mut reader), &mut news, &mut journey).await;
    zygote.kill(1, libc::SIGKILL, true)?;
    zygote.stop();
    let nothing = journey.standing.is_none() && journey.done.is_none();
    if nothing {
        let words = journey.last_words.join("\n");
        return Err(Error::new(Kind::Unavailable, format!("The replay's process ended before it could be looked at. {words}")));
    }
    Ok(journey)
}

/// Until it stands, is done, or is gone.
async fn watch((writer, reader): (&SlotWriter, &mut SlotReader), news: &mut ZygoteReader, journey: &mut Journey) {
    let mut has_zygote = true;
    while journey.done.is_none() {
        let event = tokio::select! {
            event = reader.next() => event,
            // The zygote tells of the slot's end too; its socket says when everything was read.
            told = news.next(), if has_zygote => {
                has_zygote = !matches!(told, ZygoteEvent::Gone { .. });
                continue;
            }
        };
        match event {
            SlotEvent::Frame { kind: FrameKind::Travel, payload, .. } => match serde_json::from_slice(&payload) {
                Ok(Sight::Stood(standing)) => journey.standing = Some(standing),
                Ok(sight) => journey.sights.push(sight),
                Err(error) => journey.last_words.push(format!("A frame of it cannot be read: {error}.")),
            },
            SlotEvent::Frame { kind: FrameKind::Done, payload, .. } => journey.done = serde_json::from_slice(&payload).ok(),
            SlotEvent::Frame { .. } => {}
            SlotEvent::Knock(knock) if knock.is_excused => writer.pass(&knock),
            SlotEvent::Knock(knock) => {
                writer.refuse(&knock, Errno::EPERM);
                journey.last_words.push(format!(
                    "A replay reaches nothing outside flow_api; native code was kept from {} {}.",
                    knock.call, knock.argument
                ));
            }
            SlotEvent::Line { text, .. } => journey.last_words.push(text),
            SlotEvent::Closed { reason } => {
                journey.last_words.extend(reason);
                return;
            }
        }
    }
}

/// Whether a recorded call has its answer, and whether that is a result.
pub fn outcome(call: &Recorded) -> Option<bool> {
    call.reply.as_ref().map(|reply| matches!(reply, Reply::Ok(_)))
}
