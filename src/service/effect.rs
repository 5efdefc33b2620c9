//! What an execution did to the world, as a set of kinds in one number: gathered from its calls while it runs, kept with it.

use std::ops::BitOr;

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects(u32);

impl Effects {
    /// Records or files of ours were read.
    pub const READ: Effects = Effects(1);
    /// New ones were made.
    pub const CREATED: Effects = Effects(1 << 1);
    pub const CHANGED: Effects = Effects(1 << 2);
    pub const DELETED: Effects = Effects(1 << 3);
    /// Other executions, which are not its children, were paused or cancelled.
    pub const CONTROLLED: Effects = Effects(1 << 4);
    /// A connection was carried out.
    pub const CONNECTED: Effects = Effects(1 << 5);
    /// A connection was carried out that may do more than read.
    pub const ACTED: Effects = Effects(1 << 6);
    /// The script itself reached outside flow_api.
    pub const ESCAPED: Effects = Effects(1 << 7);
    /// A function of a step ran, which may do anything.
    pub const STEPPED: Effects = Effects(1 << 8);
    /// A person was asked.
    pub const ASKED: Effects = Effects(1 << 9);
    /// Something of it is not known: a child that went on by itself, a part that was lost.
    pub const UNSEEN: Effects = Effects(1 << 10);

    /// What changes something of ours or elsewhere.
    pub const WRITES: Effects =
        Effects(Effects::CREATED.0 | Effects::CHANGED.0 | Effects::DELETED.0 | Effects::CONTROLLED.0 | Effects::ACTED.0);
    /// What may undo or overwrite what was there.
    pub const DESTROYS: Effects = Effects(Effects::CHANGED.0 | Effects::DELETED.0 | Effects::CONTROLLED.0 | Effects::ACTED.0);
    /// What leaves our border.
    pub const OUTSIDE: Effects = Effects(Effects::CONNECTED.0 | Effects::ACTED.0 | Effects::ESCAPED.0);
    /// Behind which anything may have been done.
    pub const UNKNOWN: Effects = Effects(Effects::ESCAPED.0 | Effects::STEPPED.0 | Effects::UNSEEN.0);

    /// Each kind as agents and people read it.
    const WORDS: [(Effects, &'static str); 11] = [
        (Effects::READ, "read"),
        (Effects::CREATED, "created"),
        (Effects::CHANGED, "changed"),
        (Effects::DELETED, "deleted"),
        (Effects::CONTROLLED, "controlled"),
        (Effects::CONNECTED, "connected"),
        (Effects::ACTED, "acted"),
        (Effects::ESCAPED, "escaped"),
        (Effects::STEPPED, "stepped"),
        (Effects::ASKED, "asked"),
        (Effects::UNSEEN, "unseen"),
    ];

    /// From the column `effects`; bits of a later version are kept.
    pub fn from_number(number: i64) -> Effects {
        Effects(u32::try_from(number).unwrap_or(Effects::UNSEEN.0))
    }

    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// Whether any of `kinds` is among them.
    pub fn has(self, kinds: Effects) -> bool {
        self.0 & kinds.0 != 0
    }

    /// The words of what is in it.
    pub fn words(self) -> Vec<&'static str> {
        Effects::WORDS.iter().filter(|(kind, _)| self.has(*kind)).map(|(_, word)| *word).collect()
    }
}

impl BitOr for Effects {
    type Output = Effects;

    fn bitor(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_a_bit_of_its_own_with_a_word() {
        let all = Effects::WORDS.iter().fold(Effects::default(), |all, (kind, _)| all | *kind);
        assert_eq!((all.number().count_ones() as usize, all.words().len()), (Effects::WORDS.len(), Effects::WORDS.len()));
        assert_eq!(Effects::from_number(all.number()), all);
        assert!((Effects::READ | Effects::CREATED).has(Effects::WRITES) && !Effects::READ.has(Effects::WRITES));
        assert!(!Effects::default().has(all) && Effects::from_number(-1).has(Effects::UNKNOWN));
    }
}
