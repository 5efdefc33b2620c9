//! The groups of tools that an agent is shown: fewer tools leave it more room to think, and less to do wrong.
//!
//! A choice is one text, in an API key and in the address of the MCP endpoint alike: groups and presets, with commas between.
//! It shows less and never allows more: rights are looked at all the same.

use crate::error::{Error, Result, did_you_mean};

/// What tools are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolGroup {
    /// The workspace's own: each is a flow.
    User,
    /// Flows are run, watched, ended and explained, and their questions answered.
    Run,
    /// Records are looked at.
    Read,
    /// Records are made, changed and deleted.
    Write,
    /// Snippets of Python over records.
    Script,
    /// How the server and its flows are doing.
    Health,
    /// What could be turned against the workspace. Only a key that names it has it.
    Risk,
}

impl ToolGroup {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Each word of a choice with the groups that it stands for.
const WORDS: [(&str, &[ToolGroup]); 11] = {
    use ToolGroup::{Health, Read, Risk, Run, Script, User, Write};
    [
        ("runner", &[User, Run]),
        ("author", &[User, Run, Read, Write, Script]),
        ("operator", &[User, Run, Read, Health]),
        ("read_only", &[]),
        ("user", &[User]),
        ("run", &[Run]),
        ("read", &[Read]),
        ("write", &[Write]),
        ("script", &[Script]),
        ("health", &[Health]),
        ("risk", &[Risk]),
    ]
};

/// A choice of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Toolset {
    groups: u8,
    /// Only tools that change nothing.
    is_read_only: bool,
}

/// Where nothing is chosen: everything but [`ToolGroup::Risk`].
impl Default for Toolset {
    fn default() -> Self {
        Toolset { groups: !ToolGroup::Risk.bit(), is_read_only: false }
    }
}

impl Toolset {
    /// Reads a choice such as `runner`, `run,read` or `author,read_only`. `read_only` leaves out what changes something; alone it is about
    /// every group.
    ///
    /// # Errors
    /// A word that is none; `pointer` says where the text stands.
    pub fn parse(text: &str, pointer: &str) -> Result<Toolset> {
        let mut chosen = Toolset { groups: 0, is_read_only: false };
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let Some((_, groups)) = WORDS.iter().find(|(name, _)| *name == word) else {
                let near = did_you_mean(word, WORDS.iter().map(|(name, _)| *name));
                let names: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
                let text = format!("'{word}' is no group of tools.{near} There are {}.", names.join(", "));
                return Err(Error::invalid(text).field(pointer));
            };
            chosen.is_read_only |= word == "read_only";
            chosen.groups |= groups.iter().fold(0, |bits, group| bits | group.bit());
        }
        if chosen.groups == 0 {
            chosen.groups = Toolset::default().groups;
        }
        Ok(chosen)
    }

    /// What both have.
    #[must_use]
    pub fn and(self, other: Toolset) -> Toolset {
        Toolset { groups: self.groups & other.groups, is_read_only: self.is_read_only || other.is_read_only }
    }

    /// Whether a tool of this group is shown.
    pub fn has(self, group: ToolGroup, is_reading: bool) -> bool {
        self.groups & group.bit() != 0 && (is_reading || !self.is_read_only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Toolset {
        Toolset::parse(text, "/tools").unwrap()
    }

    #[test]
    fn a_choice_adds_up_and_read_only_takes_away() {
        let chosen = of("runner, health");
        assert!(chosen.has(ToolGroup::User, false) && chosen.has(ToolGroup::Run, false) && chosen.has(ToolGroup::Health, true));
        assert!(!chosen.has(ToolGroup::Write, true) && !chosen.has(ToolGroup::Risk, true));
        let reading = of("read_only");
        assert!(reading.has(ToolGroup::Write, true) && !reading.has(ToolGroup::Write, false) && !reading.has(ToolGroup::Risk, true));
        assert_eq!(of(""), Toolset::default());
        assert!(!Toolset::default().has(ToolGroup::Risk, true));
        assert!(of("author,risk").has(ToolGroup::Risk, false));
    }

    #[test]
    fn the_address_never_shows_more_than_the_key() {
        let both = of("runner").and(of("risk,run,write"));
        assert!(both.has(ToolGroup::Run, false) && !both.has(ToolGroup::Risk, true) && !both.has(ToolGroup::Write, false));
        assert!(!of("read_only").and(of("author")).has(ToolGroup::Write, false));
        assert!(!of("runner").and(of("read")).has(ToolGroup::Run, true), "what nothing is left of stays nothing");
    }

    #[test]
    fn a_word_that_is_none_names_a_near_one() {
        let error = Toolset::parse("runer", "/tools").unwrap_err();
        assert!(error.message().contains("runner"), "{error}");
        assert_eq!(error.field_pointer(), Some("/tools"));
    }
}
