//! Work on the writer's connection that must see what it changes: checks and writes in one unit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sqlx::SqliteConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::filter::ListQuery;
use super::read::{self, Page, Scope};
use super::row::Row;
use super::writer::{self, Write};
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;

/// The future of interactive work.
pub type TxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The open transaction. It sees everything submitted before, committed or not.
pub struct Tx {
    pub(super) connection: SqliteConnection,
    pub(super) statements: Arc<AtomicU64>,
}

impl Tx {
    /// One row, trashed ones too.
    pub async fn row_get(&mut self, ty: &'static RecordType, id: Uuid, scope: &Scope) -> Result<Option<Row>> {
        read::by_column(&mut self.connection, &self.statements, ty, ("id", &id.to_string()), scope).await
    }

    /// The live row of this name.
    pub async fn row_by_name(&mut self, ty: &'static RecordType, name: &str, scope: &Scope) -> Result<Option<Row>> {
        read::by_column(&mut self.connection, &self.statements, ty, ("name", name), scope).await
    }

    /// Rows in order.
    pub async fn row_list(&mut self, ty: &'static RecordType, query: &ListQuery, scope: &Scope) -> Result<Page> {
        read::list(&mut self.connection, &self.statements, ty, query, scope).await
    }

    /// One row of a table that is no record type, as text columns.
    pub async fn aside(&mut self, table: &'static str, columns: &[&'static str], key: (&'static str, &str)) -> Result<Option<Row>> {
        read::aside(&mut self.connection, &self.statements, (table, columns), key).await
    }

    /// Writes rows now.
    pub async fn apply(&mut self, writes: &[Write]) -> Result<()> {
        let refs: Vec<&Write> = writes.iter().collect();
        writer::apply(&mut self.connection, &self.statements, &refs).await
    }
}

/// Work whose value is handed out early, before the commit.
pub(super) trait Interactive: Send {
    /// Runs it; an error undoes its writes alone.
    fn run<'a>(self: Box<Self>, tx: &'a mut Tx) -> TxFuture<'a, ()>;
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
    fn run<'a>(self: Box<Self>, tx: &'a mut Tx) -> TxFuture<'a, ()> {
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
