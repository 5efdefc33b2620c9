//! SQLPG, MYSQL and SQLITE: one SQL statement on a database. What they share is here; each has a file or folder of its own.
//!
//! What may be done twice: a fetch whose statement only reads, as far as its words tell ([`Statement::only_reads`]). A statement that
//! the database itself undid whole (a deadlock, a failed serialisation) is tried again, whatever it is, and so is a login that the
//! server has no room for yet. Nothing else is.

mod mysql;
mod postgres;
mod remote;
mod server;
mod sqlite;
mod statement;

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

pub(super) use self::mysql::MySql;
pub(super) use self::postgres::Postgres;
pub(super) use self::sqlite::Sqlite;
use self::statement::{Statement, Want};
use super::value::weight;
use super::{Failure, Job};
use crate::clock::Clock;

/// Tries of what may be tried again.
const TRIES: u32 = 5;
/// The pause after the first; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(200);
/// How long it may take to tell a server that nobody waits any more.
const FAREWELL: Duration = Duration::from_secs(10);

/// Why a try failed: a whole sentence.
#[derive(Debug)]
enum Fault {
    /// It would fail again.
    Lasting(String),
    /// Nothing was done, or all of it was undone; it may go better next time.
    Passing(String),
    /// It would fail again, and what the statement does may still go on at the server.
    Cut(String),
}

impl Fault {
    fn lasting(message: impl Into<String>) -> Fault {
        Fault::Lasting(message.into())
    }

    /// The same fault with more said about where.
    fn at(self, place: &str) -> Fault {
        match self {
            Fault::Lasting(message) => Fault::Lasting(format!("{message} {place}")),
            Fault::Passing(message) => Fault::Passing(format!("{message} {place}")),
            Fault::Cut(message) => Fault::Cut(format!("{message} {place}")),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        let (Fault::Lasting(message) | Fault::Passing(message) | Fault::Cut(message)) = fault;
        Failure::new(message)
    }
}

/// Does what `once` does until it succeeds, fails for good, or was tried often enough.
async fn tried<'a>(job: &'a Job<'a>, mut once: impl FnMut() -> BoxFuture<'a, Result<Value, Fault>>) -> Result<Value, Failure> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match once().await {
            Ok(result) => return Ok(json!({ "result": result })),
            Err(Fault::Passing(message)) => {
                job.log.warning(format!("{message} It is tried again in {:.1} s.", pause.as_secs_f64()));
                job.clock.sleep_until(job.clock.instant().plus(pause)).await;
                pause *= 2;
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(json!({ "result": once().await? }))
}

/// Tells a server to give a statement up when nobody waits for it any more: when this is dropped before it is let go.
struct Leash {
    farewell: Option<(BoxFuture<'static, ()>, Clock)>,
}

impl Leash {
    fn new(farewell: BoxFuture<'static, ()>, clock: Clock) -> Leash {
        Leash { farewell: Some((farewell, clock)) }
    }

    /// The statement is over.
    fn let_go(mut self) {
        self.farewell = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let Some((farewell, clock)) = self.farewell.take() else { return };
        // Without a runtime the server is about to be gone, and its sockets with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let until = clock.instant().plus(FAREWELL);
            tokio::select! {
                () = farewell => {}
                () = clock.sleep_until(until) => {}
            }
        });
    }
}

/// What comes back of a statement, as far as it has come.
struct Answer {
    want: Want,
    rows: Vec<Value>,
    /// Rows that were changed.
    count: u64,
    /// About how many bytes `rows` have as JSON, and how many they may have.
    size: usize,
    limit: usize,
}

impl Answer {
    fn new(want: Want, limit: usize) -> Answer {
        Answer { want, rows: Vec::new(), count: 0, size: 0, limit }
    }

    /// Whether another row is of use; it is read all the same, since what a statement does may end with its last row.
    fn wants_row(&self) -> bool {
        match self.want {
            Want::Rows => true,
            Want::Row | Want::Value => self.rows.is_empty(),
            Want::Count | Want::Many => false,
        }
    }

    /// Takes a row. Of columns with one name the last stays, as in a dict.
    fn row(&mut self, row: Map<String, Value>) -> Result<(), Fault> {
        let row = Value::Object(row);
        self.size += weight(&row);
        if self.size > self.limit {
            let text = format!(
                "The result has more than {} bytes, which is the most that an output may have; fetch fewer rows or columns at a time.",
                self.limit
            );
            return Err(Fault::Cut(text));
        }
        self.rows.push(row);
        Ok(())
    }

    fn result(mut self) -> Value {
        match self.want {
            Want::Rows => self.rows.into(),
            Want::Count | Want::Many => self.count.into(),
            Want::Row if self.rows.is_empty() => Value::Null,
            Want::Row => self.rows.swap_remove(0),
            Want::Value => match self.rows.into_iter().next() {
                Some(Value::Object(row)) => row.into_iter().next().map_or(Value::Null, |(_, value)| value),
                _ => Value::Null,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn an_answer_is_what_was_asked_for() {
        let result = |want: Want| {
            let mut answer = Answer::new(want, 1000);
            for each in [json!({ "a": 1, "b": 2 }), json!({ "a": 3, "b": 4 })] {
                if answer.wants_row() {
                    answer.row(row(&each)).expect("it fits");
                }
            }
            answer.count = 7;
            answer.result()
        };
        assert_eq!(result(Want::Rows), json!([{ "a": 1, "b": 2 }, { "a": 3, "b": 4 }]));
        assert_eq!(result(Want::Row), json!({ "a": 1, "b": 2 }));
        assert_eq!((result(Want::Value), result(Want::Count), result(Want::Many)), (json!(1), json!(7), json!(7)));
        for (want, nothing) in [(Want::Rows, json!([])), (Want::Row, Value::Null), (Want::Value, Value::Null)] {
            assert_eq!(Answer::new(want, 1000).result(), nothing);
        }
    }

    #[test]
    fn a_result_that_is_too_large_is_refused_before_it_is_whole() {
        let mut answer = Answer::new(Want::Rows, 100);
        let each = row(&json!({ "text": "x".repeat(60) }));
        assert!(answer.row(each.clone()).is_ok());
        assert!(matches!(answer.row(each), Err(Fault::Cut(text)) if text.contains("more than 100 bytes")));
    }
}
