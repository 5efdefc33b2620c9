//! Facts about this database that are decided once.

use super::open::Store;
use super::row::Row;
use super::unit::{Unit, Write};
use crate::error::{Error, Result};

impl Store {
    /// The fact of this name; `initial` becomes it if there is none yet. On disk when this returns.
    pub async fn meta(&self, key: &'static str, initial: &str) -> Result<String> {
        let initial = initial.to_owned();
        let (value, commit) = self
            .transact(move |tx| {
                Box::pin(async move {
                    if let Some(row) = tx.aside("meta", &["value"], ("key", key)).await? {
                        return row.text("value").map(str::to_owned).ok_or_else(|| Error::internal("a fact has no value"));
                    }
                    let mut row = Row::new();
                    row.set("key", key);
                    row.set("value", initial.clone());
                    tx.apply(&[Write::Insert { table: "meta", key: &["key"], row }]).await?;
                    Ok(initial)
                })
            })
            .await?;
        commit.wait().await?;
        Ok(value)
    }

    /// Keeps another value of a fact from now on.
    pub async fn meta_set(&self, key: &'static str, value: &str) -> Result<()> {
        let mut row = Row::new();
        row.set("key", key);
        row.set("value", value);
        let write = Write::Upsert { table: "meta", key: &["key"], row };
        self.submit(Unit { writes: vec![write], lazy: false }).wait().await.map(drop)
    }
}
