//! Executions whose rows were written together with what set them off, such as the change of an object: the engine hears of
//! them and reads them, as it does at the start.

use uuid::Uuid;

use super::core::Core;
use super::event::Event;
use crate::error::Result;
use crate::service::NewExecution;

impl Core {
    /// Reads the row. It goes through the writer, which has it even before it is on disk.
    pub(super) fn adopt(&mut self, id: Uuid) {
        // What is live is read from disk in a moment, maybe with this one, maybe before it came there.
        if self.fenced {
            self.orphaned.push(id);
            return;
        }
        let (service, events, life) = (self.service.clone(), self.events.clone(), self.life);
        tokio::task::spawn_local(async move {
            let read = service.execution_written(id).await;
            let _ = events.send(Event::Adopted(life, read.map(|new| new.map(Box::new))));
        });
    }

    /// Takes it in, unless it is here already: an execution never runs twice. While draining it stays PENDING in the store.
    pub(super) fn on_adopted(&mut self, life: u32, read: Result<Option<Box<NewExecution>>>) {
        if life != self.life || self.draining {
            return;
        }
        match read {
            Ok(Some(new)) if !self.live.contains_key(&new.id) => {
                self.admit(*new);
            }
            Ok(_) => {}
            // A failed commit undid it, or what is on disk is read in a moment.
            Err(error) => tracing::error!(%error, "an execution that a change set off cannot be taken over"),
        }
    }
}
