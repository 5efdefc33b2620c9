//! Where a live flow stands now: its process is asked by a signal, and given a moment to answer.

use std::time::Duration;

use super::Reader;
use super::frame::Source;
use super::shape::{Frame, Stands, TEXT, Task, head};
use crate::error::Result;
use crate::protocol::{Stack, StackFrame};
use crate::records::Status;
use crate::service::command::{Command, Look};
use crate::service::row::id_of;
use crate::service::watch::status_of;
use crate::store::Row;

/// How long each question waits for its answer. A signal that arrives just before a blocking call is not seen by it: so
/// it is asked twice.
const PATIENCE: [Duration; 2] = [Duration::from_millis(150), Duration::from_millis(350)];

/// What became of asking.
enum Seen {
    Stack(Box<Stack>),
    /// No answer in time.
    Nothing,
    /// There is no process, or it ended just now.
    NoProcess,
    Deaf,
}

impl Reader<'_> {
    /// Nothing once it has ended. A process that does not answer is reported, not waited for.
    pub(super) async fn stands(&self, row: &Row) -> Result<Option<Stands>> {
        let Some(status) = status_of(row).filter(|status| !status.is_ended() && *status != Status::Created) else { return Ok(None) };
        let seen = match self.look(row).await {
            // Where it waits is known from its calls; that its process is gone meanwhile is how it should be.
            Seen::NoProcess if status != Status::Running => return Ok(None),
            Seen::Stack(stack) => stands_at(*stack, &Source::new(&self.script(row).await?)),
            Seen::Nothing => without(
                "native code",
                "It did not answer in time: it stands in native code (a C extension, or a long call of a built-in function), or its \
                 process does not get to run.",
            ),
            Seen::NoProcess => without("no process", "It has no process at the moment: it is about to get one, or its children still end."),
            Seen::Deaf => without("unknown", "Its process cannot be asked: it is not ready yet, or its code handles the signal itself."),
        };
        Ok(Some(seen))
    }

    async fn look(&self, row: &Row) -> Seen {
        let id = id_of(row);
        for patience in PATIENCE {
            match self.service.commands().ask(|reply| Command::Look { id, reply }).await {
                Ok(Look::Asked(told)) => match self.service.within(patience, told).await {
                    Some(Ok(stack)) => return Seen::Stack(Box::new(stack)),
                    Some(Err(_)) => return Seen::NoProcess,
                    None => {}
                },
                Ok(Look::Deaf) => return Seen::Deaf,
                Ok(Look::Nowhere) | Err(_) => return Seen::NoProcess,
            }
        }
        Seen::Nothing
    }
}

fn without(place: &'static str, words: &str) -> Stands {
    Stands { place, words: words.to_owned(), frames: Vec::new(), left_out: 0, inside: None, tasks: Vec::new() }
}

fn stands_at(stack: Stack, source: &Source<'_>) -> Stands {
    let lines = |frames: &[StackFrame]| -> Vec<Frame> { frames.iter().map(|f| source.frame(f.line, &f.function)).collect() };
    let frames = lines(&stack.frames);
    let inside = stack.inside.map(|at| format!("line {} of {}, in {}", at.line, at.module, at.function));
    let awaiting = stack.tasks.iter().filter(|task| !task.frames.is_empty()).count();
    let words = match (frames.last(), &inside) {
        (Some(at), None) => format!("It is at line {} (in {}): {}", at.line, at.function, at.source),
        (Some(at), Some(inside)) => format!("It is at line {} (in {}): {}, which is in {inside}", at.line, at.function, at.source),
        (None, _) if awaiting > 0 => format!("Its event loop has nothing to do: {awaiting} tasks await."),
        (None, Some(inside)) => format!("It is outside its script, in {inside}."),
        (None, None) => "It has not come to its script yet.".to_owned(),
    };
    let tasks = stack.tasks.iter().map(|task| Task { name: task.name.clone(), frames: lines(&task.frames) }).collect();
    Stands { place: "flow", words: head(&words, TEXT), frames, left_out: stack.left_out, inside, tasks }
}
