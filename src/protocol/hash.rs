//! What of a call a replay compares.

use std::borrow::Cow;

use uuid::Uuid;

use super::Op;

/// An execution that carries on the journal of another: where a call names the execution itself, the journal has the id of
/// the first of them.
#[derive(Clone, Debug)]
pub struct Heir {
    own: String,
    first: String,
}

impl Heir {
    /// `None` for an execution whose journal is its own.
    pub fn of(own: Uuid, first: Option<Uuid>) -> Option<Heir> {
        first.map(|first| Heir { own: own.to_string(), first: first.to_string() })
    }

    /// A target or arguments as the journal has them.
    pub fn recorded<'a>(heir: Option<&Heir>, text: &'a str) -> Cow<'a, str> {
        match heir {
            Some(heir) if text.contains(&heir.own) => Cow::Owned(text.replace(&heir.own, &heir.first)),
            _ => Cow::Borrowed(text),
        }
    }
}

/// Hex of the keyed hash that decides whether a replayed call is the recorded one.
/// `args` is the exact JSON text that the flow side encoded; its soft argument does not count.
pub fn call_hash(key: &[u8; 32], op: Op, target: &str, args: &str) -> String {
    let hard = op.soft_argument().and_then(|name| without(args, name));
    let args = hard.as_deref().unwrap_or(args);
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in [op.name(), target, args] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Arguments without the one of this name; nothing when they have none.
fn without(args: &str, name: &str) -> Option<String> {
    if !args.contains(name) {
        return None;
    }
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(args).ok()?;
    fields.shift_remove(name)?;
    serde_json::to_string(&fields).ok()
}

/// Longest text of arguments kept for people and for the message about a difference, in characters.
pub const SHOWN: usize = 2_000;

/// The arguments as people see them: capped.
pub fn shown(args: &str) -> String {
    match args.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} bytes)", &args[..at], args.len()),
        None => args.to_owned(),
    }
}
