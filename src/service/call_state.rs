//! The state of a call that was answered with questions: it comes back with the answers and says which execution they are for.
//!
//! It is text for a client and in the client's hand: bound to the user, to the call as it was made and to a time, and good for
//! nothing but going on with that one execution.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::actor::Actor;
use super::handle::Service;
use crate::error::{Error, Result};

const PURPOSE: &str = "state of a call";
/// How long the answers may take.
const LASTS: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of an id, of a time, and of the mark of both.
const ID: usize = 16;
const TIME: usize = 8;
const MARK: usize = 32;

impl Service {
    /// The state of this call, which goes on with `execution`. `call` is the call as it was made: its name and its arguments.
    pub fn call_state(&self, actor: &Actor, execution: Uuid, call: &str) -> String {
        let now = self.clock().now();
        let until = now.checked_add(LASTS).unwrap_or(now).as_millisecond();
        let mut state = Vec::with_capacity(ID + TIME + MARK);
        state.extend(execution.as_bytes());
        state.extend(until.to_be_bytes());
        let mark = self.call_mark(actor, &state, call);
        state.extend(mark);
        URL_SAFE_NO_PAD.encode(state)
    }

    /// The execution that a state is about. One that was changed, is of another call or another user, or is over, is invalid.
    pub fn call_state_open(&self, actor: &Actor, state: &str, call: &str) -> Result<Uuid> {
        let wrong = || {
            let text = "The 'requestState' is not one that this call was answered with, or its time is over; call again without it.";
            Error::invalid(text).field("/requestState")
        };
        let bytes = URL_SAFE_NO_PAD.decode(state).map_err(|_| wrong())?;
        let (head, mark) = bytes.split_at_checked(ID + TIME).ok_or_else(wrong)?;
        if !bool::from(self.call_mark(actor, head, call).as_slice().ct_eq(mark)) {
            return Err(wrong());
        }
        let (id, time) = head.split_at(ID);
        let until = i64::from_be_bytes(time.try_into().map_err(|_| wrong())?);
        if self.clock().now().as_millisecond() >= until {
            return Err(wrong());
        }
        Uuid::from_slice(id).map_err(|_| wrong())
    }

    /// What nobody makes who has not the key. A rotation of the key file ends the states from before.
    fn call_mark(&self, actor: &Actor, head: &[u8], call: &str) -> [u8; MARK] {
        let user = actor.user_id().or_else(|| actor.id()).unwrap_or_default();
        let mut said = head.to_vec();
        said.extend(user.as_bytes());
        said.extend(blake3::hash(call.as_bytes()).as_bytes());
        self.seals().keys().base().1.derive(PURPOSE, &said)
    }
}
