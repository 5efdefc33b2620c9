//! What recorded executions tell of a tool: a proposal for its annotations, which a person confirms by writing them.
//!
//! That something was done is known from one execution; that it is never done, only guessed from many.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::check::HINTS;
use crate::error::{Error, Kind, Result};
use crate::service::actor::{Actor, Door};
use crate::service::effect::Effects;
use crate::service::handle::Service;
use crate::service::tool_schema::Warning;
use crate::service::toolset::ToolGroup;
use crate::store::Row;

/// Executions that must have succeeded before something that none of them did is proposed as what the tool never does.
const NEEDED: u64 = 10;

/// What the executions of a flow's present script did, all together.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    seen: Effects,
    executions: u64,
    succeeded: u64,
    since: String,
    until: String,
}

impl Service {
    /// Of the present script of a flow; `None` while no execution of it has ended.
    pub(super) async fn evidence(&self, flow: Uuid) -> Result<Option<Evidence>> {
        let counts = self.store().flow_effects(flow).await?;
        let (Some(since), Some(until)) =
            (counts.iter().map(|count| &count.first_at).min(), counts.iter().map(|count| &count.last_at).max())
        else {
            return Ok(None);
        };
        Ok(Some(Evidence {
            seen: counts.iter().fold(Effects::default(), |all, count| all | Effects::from_number(count.effects)),
            executions: counts.iter().map(|count| count.executions).sum(),
            succeeded: counts.iter().map(|count| count.succeeded).sum(),
            since: since.clone(),
            until: until.clone(),
        }))
    }
}

impl Evidence {
    /// What was done is told by one execution. What was not is told where all is known and enough have succeeded.
    fn tells(&self, kinds: Effects) -> Option<bool> {
        if self.seen.has(kinds) {
            return Some(true);
        }
        let is_enough = self.succeeded >= NEEDED && !self.seen.has(Effects::UNKNOWN);
        is_enough.then_some(false)
    }

    /// The annotations that follow; a word of which nothing is known is left out.
    fn annotations(&self) -> Map<String, Value> {
        let writes = self.tells(Effects::WRITES);
        let said = [
            ("read_only", writes.map(|writes| !writes)),
            ("destructive", self.tells(Effects::DESTROYS)),
            // Who changes nothing changes nothing twice; of others a repeat is not known to be harmless.
            ("idempotent", writes.filter(|writes| !writes).map(|_| true)),
            ("open_world", self.tells(Effects::OUTSIDE)),
        ];
        said.into_iter().filter_map(|(word, said)| Some((word.to_owned(), said?.into()))).collect()
    }

    /// The column `proposed_annotations`. `annotations` are those that are in force.
    pub(super) fn proposal(&self, annotations: Option<&Value>) -> Value {
        let proposed = self.annotations();
        let is_confirmed = proposed.iter().all(|(word, said)| annotations.and_then(|now| now.get(word)) == Some(said));
        json!({
            "annotations": proposed,
            "is_confirmed": is_confirmed,
            "evidence": {
                "executions": self.executions,
                "succeeded": self.succeeded,
                "needed": NEEDED,
                "since": self.since,
                "until": self.until,
                "seen": self.seen.words(),
            },
        })
    }

    /// Annotations that recorded executions have proved wrong.
    pub(super) fn contradictions(&self, annotations: &Value) -> Vec<Warning> {
        let rules = [
            ("read_only", true, Effects::WRITES, "only reads"),
            ("destructive", false, Effects::DESTROYS, "destroys nothing"),
            ("open_world", false, Effects::OUTSIDE, "stays within this workspace"),
        ];
        let broken =
            rules.into_iter().filter(|(word, says, kinds, _)| annotations.get(word) == Some(&json!(says)) && self.seen.has(*kinds));
        broken
            .map(|(word, _, kinds, claim)| {
                let did = kinds.words().into_iter().filter(|word| self.seen.words().contains(word)).collect::<Vec<_>>().join(", ");
                let text = format!(
                    "It is said that it {claim}, but executions of its flow's present script did otherwise ({did}): hosts that believe it \
                     run it unasked."
                );
                Warning::new(format!("/annotations/{word}"), text)
            })
            .collect()
    }
}

/// The value of a word that lets hosts ask less.
fn loosens(word: &str, said: &Value) -> bool {
    let lax = matches!(word, "read_only" | "idempotent");
    word != "title" && said.as_bool() == Some(lax)
}

/// What a tool does to the world is for a person to say: an agent may make its tools look worse, not better. `before` is the tool as
/// it was.
pub(in crate::service) fn confirmed_by_person(actor: &Actor, before: Option<&Row>, row: &Row) -> Result<()> {
    let may = actor.key.as_ref().is_some_and(|key| key.tools.has(ToolGroup::Risk, false));
    if actor.door != Door::Mcp || may {
        return Ok(());
    }
    let said = |row: &Row, word: &str| row.json("annotations").and_then(|said| said.get(word)).cloned();
    for word in HINTS {
        let Some(now) = said(row, word).filter(|now| loosens(word, now)) else { continue };
        if before.and_then(|before| said(before, word)).as_ref() != Some(&now) {
            let text = format!(
                "`{word}` {now} lets hosts run the tool unasked, which a person confirms: ask the user to write it, or use a key whose `tools` \
                 name the group 'risk'. `proposed_annotations` shows what executions tell."
            );
            return Err(Error::new(Kind::Forbidden, text).field(format!("/annotations/{word}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(seen: Effects, succeeded: u64) -> Evidence {
        Evidence { seen, executions: succeeded, succeeded, since: String::new(), until: String::new() }
    }

    fn proposed(seen: Effects, succeeded: u64) -> Value {
        Value::Object(evidence(seen, succeeded).annotations())
    }

    #[test]
    fn what_was_never_seen_is_proposed_only_after_enough_executions() {
        assert_eq!(proposed(Effects::READ, NEEDED - 1), json!({}));
        let reader = json!({ "read_only": true, "destructive": false, "idempotent": true, "open_world": false });
        assert_eq!(proposed(Effects::READ | Effects::ASKED, NEEDED), reader);
        let adder = json!({ "read_only": false, "destructive": false, "open_world": false });
        assert_eq!(proposed(Effects::CREATED, NEEDED), adder);
        let looker = json!({ "read_only": true, "destructive": false, "idempotent": true, "open_world": true });
        assert_eq!(proposed(Effects::CONNECTED, NEEDED), looker);
    }

    #[test]
    fn what_was_seen_once_is_proposed_at_once() {
        assert_eq!(proposed(Effects::DELETED, 0), json!({ "read_only": false, "destructive": true }));
        assert_eq!(proposed(Effects::CREATED, 1), json!({ "read_only": false }));
        let acted = json!({ "read_only": false, "destructive": true, "open_world": true });
        assert_eq!(proposed(Effects::CONNECTED | Effects::ACTED, 1), acted);
    }

    #[test]
    fn where_anything_may_have_been_done_nothing_is_denied() {
        for unknown in [Effects::STEPPED, Effects::UNSEEN] {
            assert_eq!(proposed(unknown | Effects::READ, 1_000), json!({}));
        }
        assert_eq!(proposed(Effects::ESCAPED, 1_000), json!({ "open_world": true }));
    }

    #[test]
    fn a_claim_is_contradicted_by_one_execution() {
        let seen = evidence(Effects::READ | Effects::CREATED | Effects::CONNECTED, 1);
        let claims = json!({ "read_only": true, "destructive": false, "open_world": false });
        let found = seen.contradictions(&claims);
        assert_eq!(found.iter().map(|one| one.pointer.as_str()).collect::<Vec<_>>(), ["/annotations/read_only", "/annotations/open_world"]);
        assert!(found[0].message.contains("(created)") && found[1].message.contains("(connected)"), "{found:?}");
        assert!(seen.contradictions(&json!({ "read_only": false, "destructive": true })).is_empty());
        assert_eq!(seen.proposal(Some(&json!({ "read_only": false, "open_world": true })))["is_confirmed"], true);
        assert_eq!(seen.proposal(None)["is_confirmed"], false);
    }
}
