//! STACK: where the flow of a slot stands, as a signal handler in the slot itself saw it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The signal that asks a slot where its flow stands. A real-time one, which flows have no use for. It names no
/// execution; the answer does.
pub const LOOK_SIGNAL: i32 = 61;

/// Frames and tasks of one answer at most; a slot sends fewer.
const MOST: usize = 40;
/// Characters of a name.
const NAME: usize = 200;

/// STACK: one way, without a number: it changes nothing in the execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    pub execution_id: Uuid,
    /// Lines of the flow's script, outermost first.
    pub frames: Vec<StackFrame>,
    /// Frames left out after the first ones.
    #[serde(default)]
    pub left_out: u32,
    /// Where it stands outside the script, if its innermost frame is not the script's.
    #[serde(default)]
    pub inside: Option<StackModule>,
    /// The tasks of an async handler.
    #[serde(default)]
    pub tasks: Vec<StackTask>,
    #[serde(default)]
    pub more_tasks: u32,
}

/// A line of the script that is being carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackFrame {
    /// From 1.
    pub line: u32,
    pub function: String,
}

/// A place in a module that the script uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackModule {
    pub module: String,
    pub line: u32,
    pub function: String,
}

/// A task of an async handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackTask {
    pub name: String,
    /// Where it awaits; empty for the one that runs, whose lines are those of the stack.
    pub frames: Vec<StackFrame>,
}

impl Stack {
    /// Without what a flow that writes on its own socket could make too long.
    #[must_use]
    pub fn capped(mut self) -> Stack {
        cap_frames(&mut self.frames);
        self.tasks.truncate(MOST);
        for task in &mut self.tasks {
            cap(&mut task.name);
            cap_frames(&mut task.frames);
        }
        if let Some(inside) = &mut self.inside {
            cap(&mut inside.module);
            cap(&mut inside.function);
        }
        self
    }
}

fn cap_frames(frames: &mut Vec<StackFrame>) {
    frames.truncate(MOST);
    for frame in frames {
        cap(&mut frame.function);
    }
}

fn cap(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(NAME) {
        text.truncate(at);
    }
}
