//! Work on the writer's connection that must see what it changes: checks and writes in one unit.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::filter::ListQuery;
use super::read::{self, Page, Scope};
use super::row::Row;
use super::session::{Refusal, Session};
use super::unit::Write;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;

/// The future of interactive work.
pub type TxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The open transaction. It sees everything submitted before, committed or not.
pub struct Tx {
    pub(super) session: Session,
}

impl Tx {
    /// One row, trashed ones too.
    pub async fn row_get(&mut self, ty: &'static RecordType, id: Uuid, scope: &Scope) -> Result<Option<Row>> {
        read::by_column(&mut self.session.connection, &self.session.statements, ty, ("id", &id.to_string()), scope).await
    }

    /// The live row of this name.
    pub async fn row_by_name(&mut self, ty: &'static RecordType, name: &str, scope: &Scope) -> Result<Option<Row>> {
        read::by_column(&mut self.session.connection, &self.session.statements, ty, ("name", name), scope).await
    }

    /// Rows in order.
    pub async fn row_list(&mut self, ty: &'static RecordType, query: &ListQuery, scope: &Scope) -> Result<Page> {
        read::list(&mut self.session.connection, &self.session.statements, ty, query, scope).await
    }

    /// One row of a table that is no record type, as text columns.
    pub async fn aside(&mut self, table: &'static str, columns: &[&'static str], key: (&'static str, &str)) -> Result<Option<Row>> {
        read::aside(&mut self.session.connection, &self.session.statements, (table, columns), key).await
    }

    /// All rows of a table that is no record type with this value in a column, as text columns.
    pub async fn aside_list(&mut self, table: &'static str, columns: &[&'static str], key: (&'static str, &str)) -> Result<Vec<Row>> {
        read::aside_list(&mut self.session.connection, &self.session.statements, (table, columns), &[key], "").await
    }

    /// Writes rows now.
    pub async fn apply(&mut self, writes: &[Write]) -> Result<()> {
        let refs: Vec<&Write> = writes.iter().collect();
        self.session.write("", &refs, "").await.map_err(Refusal::into_error)
    }
}

/// Work whose value is handed out early, before the commit.
pub(super) trait Interactive: Send {
    /// Runs it; an error undoes its writes alone.
    fn run(self: Box<Self>, tx: &mut Tx) -> TxFuture<'_, ()>;
}

/// A closure with the channel for its early value.
pub(super) struct WithValue<F, T> {
    pub work: F,
    pub early: oneshot::Sender<Result<T>>,
}

impl<F, T> Interactive for WithValue<F, T>
where
    F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    T: Send + 'static,
{
    fn run(self: Box<Self>, tx: &mut Tx) -> TxFuture<'_, ()> {
        Box::pin(async move {
            let WithValue { work, early } = *self;
            match work(tx).await {
                Ok(value) => {
                    // Whoever asked may be gone; the work stands.
                    let _ = early.send(Ok(value));
                    Ok(())
                }
                Err(error) => {
                    let _ = early.send(Err(error));
                    Err(Error::new(Kind::Conflict, "The unit was refused by its own checks."))
                }
            }
        })
    }
}
