//! What a server acknowledged, and whether a store that lost its power still knows it.

use std::collections::HashMap;
use std::path::Path;

use flowstead::records;
use flowstead::store::{Durability, ListQuery, Options, Row, Scope, Store};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Types that the workload makes records of.
const TYPES: [&str; 4] = ["setting", "flow", "file", "execution"];

/// An acknowledgment.
pub struct Fact {
    /// Where the recording stood when it came.
    pub at: u64,
    pub id: Uuid,
    pub what: Known,
}

pub enum Known {
    /// A record was shown like this.
    Record(&'static str, Map<String, Value>),
    Trashed(&'static str),
    /// Deleted for good.
    Gone(&'static str),
    /// An execution that has ended recorded at least so many answered calls.
    Steps(usize),
    /// An idempotency key belongs to this execution.
    Key(String),
}

/// Opens the store in a folder and gives what is wrong with it or missing in it.
pub async fn faults(folder: &Path, facts: &[&Fact], deep: bool) -> Vec<String> {
    // What is asked is what the disk held at the cut, not whether it keeps what comes later.
    let store = match Store::open(Options { folder: folder.to_owned(), durability: Durability::Normal }).await {
        Ok(store) => store,
        Err(error) => return vec![format!("the store does not open: {error:?}")],
    };
    let mut faults = Vec::new();
    match Records::read(&store).await {
        Ok(records) => {
            for fact in facts {
                if let Some(fault) = records.fault(&store, fact, deep).await {
                    faults.push(format!("{} of {} at {}: {fault}", fact.what.name(), fact.id, fact.at));
                }
            }
        }
        Err(error) => faults.push(format!("the store cannot be read: {error:?}")),
    }
    if deep {
        faults.extend(integrity(folder).await);
    }
    store.close().await;
    faults
}

/// What SQLite itself finds wrong with the file.
async fn integrity(folder: &Path) -> Vec<String> {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("flowstead.db")).read_only(true);
    let mut connection = options.connect().await.expect("the store is open beside it");
    let found: Vec<String> =
        sqlx::query_scalar("pragma integrity_check").fetch_all(&mut connection).await.unwrap_or_else(|e| vec![e.to_string()]);
    connection.close().await.expect("a reader closes");
    found.into_iter().filter(|line| line != "ok").collect()
}

/// All live and trashed rows of the workload's types.
struct Records(HashMap<(&'static str, Uuid), Row>);

impl Records {
    async fn read(store: &Store) -> flowstead::error::Result<Records> {
        let mut rows = HashMap::new();
        for of in TYPES {
            let record_type = records::find(of).expect("it is a type");
            for trash in [false, true] {
                let page = store.row_list(record_type, &ListQuery { trash, ..ListQuery::default() }, &Scope::All).await?;
                rows.extend(page.items.into_iter().map(|row| ((of, row.id().expect("a row has an id")), row)));
            }
        }
        Ok(Records(rows))
    }

    async fn fault(&self, store: &Store, fact: &Fact, deep: bool) -> Option<String> {
        let row = |of: &'static str| self.0.get(&(of, fact.id));
        match &fact.what {
            Known::Record(of, shown) => {
                let Some(row) = row(of) else { return Some("it is missing".to_owned()) };
                let differs = differs(row, shown);
                match row.text("sha256") {
                    Some(hash) if differs.is_none() && deep => match store.blob(hash).await {
                        Ok(Some(_)) => None,
                        other => Some(format!("its content is not there: {other:?}")),
                    },
                    _ => differs,
                }
            }
            Known::Trashed(of) => {
                let in_trash = row(of).is_some_and(|row| row.text("deleted_at").is_some());
                (!in_trash).then(|| "it is not in the trash bin".to_owned())
            }
            Known::Gone(of) => row(of).map(|_| "it is there again".to_owned()),
            Known::Steps(count) => {
                let steps = store.steps(fact.id, 1).await.map_or(0, |steps| steps.iter().filter(|step| step.done_at.is_some()).count());
                (steps < *count).then(|| format!("it has {steps} answered calls, not {count}"))
            }
            Known::Key(key) => {
                let found = store.aside("idempotency", &["execution_id"], ("key", key)).await;
                let is_known = found.is_ok_and(|row| row.is_some_and(|row| row.uuid("execution_id") == Some(fact.id)));
                (!is_known).then(|| "the key is not known".to_owned())
            }
        }
    }
}

impl Known {
    fn name(&self) -> String {
        match self {
            Known::Record(of, _) => format!("record ({of})"),
            Known::Trashed(of) => format!("trashing ({of})"),
            Known::Gone(of) => format!("deletion ({of})"),
            Known::Steps(_) => "steps".to_owned(),
            Known::Key(key) => format!("idempotency key {key}"),
        }
    }
}

/// Where a row falls short of what was shown. It may have been changed since, but never back.
fn differs(row: &Row, shown: &Map<String, Value>) -> Option<String> {
    let version = shown.get("version").and_then(Value::as_i64).expect("a record has a version");
    if row.version() < version {
        return Some(format!("it has version {}, not {version}", row.version()));
    }
    let ended = shown.get("status").and_then(Value::as_str).is_some_and(|status| status.starts_with("ENDED_"));
    if row.version() > version && !ended {
        return None;
    }
    shown.iter().find_map(|(column, value)| {
        let (_, now) = row.columns().find(|(name, _)| name == column)?;
        (now != value).then(|| format!("its {column} is {now}, not {value}"))
    })
}
