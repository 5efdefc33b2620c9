//! What a synchronisation is to do, worked out from three states: the folder, the server, and both as they were the last time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::folder::Units;

/// Both sides of a record as they were when they last agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    pub(super) folder: String,
    pub(super) server: String,
}

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Side {
    Folder,
    Server,
}

/// What is done about one record. The side is the one that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Add(Side),
    Change(Side),
    Delete(Side),
    /// A deletion that was not asked for with `--delete`.
    Keep(Side),
    Conflict(Conflict),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    BothAdded,
    BothChanged,
    /// Changed here, deleted there.
    DeletedIn(Side),
}

/// How conflicts and deletions are decided.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) delete: bool,
    /// For all conflicts.
    pub(super) prefer: Option<Side>,
    /// For one, by `<type>/<name>`.
    pub(super) each: BTreeMap<String, Side>,
}

/// The steps by record. What is as it should be has none.
pub(super) fn plan(folder: &Units, server: &Units, base: &BTreeMap<String, Base>, choice: &Choice) -> BTreeMap<String, Step> {
    let keys: BTreeSet<&String> = folder.keys().chain(server.keys()).collect();
    let mut steps = BTreeMap::new();
    for key in keys {
        let here = folder.get(key).map(super::folder::Unit::hash);
        let there = server.get(key).map(super::folder::Unit::hash);
        if let Some(step) = step(key, (here, there), base.get(key), choice) {
            steps.insert(key.clone(), step);
        }
    }
    steps
}

fn step(key: &str, (here, there): (Option<String>, Option<String>), base: Option<&Base>, choice: &Choice) -> Option<Step> {
    if here == there {
        return None;
    }
    let Some(base) = base else {
        return match (here.is_some(), there.is_some()) {
            (true, false) => Some(Step::Add(Side::Server)),
            (false, true) => Some(Step::Add(Side::Folder)),
            _ => Some(decided(key, Conflict::BothAdded, (true, true), choice)),
        };
    };
    let (moved_here, moved_there) = (here.as_deref() != Some(base.folder.as_str()), there.as_deref() != Some(base.server.as_str()));
    let sides = (here.is_some(), there.is_some());
    match (moved_here, moved_there) {
        (false, false) => None,
        (true, false) => Some(towards(Side::Server, sides, choice)),
        (false, true) => Some(towards(Side::Folder, sides, choice)),
        (true, true) => {
            let conflict = match sides {
                (false, _) => Conflict::DeletedIn(Side::Folder),
                (_, false) => Conflict::DeletedIn(Side::Server),
                _ => Conflict::BothChanged,
            };
            Some(decided(key, conflict, sides, choice))
        }
    }
}

/// Brings `target` to what the other side is. `sides`: whether the record is in the folder, and on the server.
fn towards(target: Side, (here, there): (bool, bool), choice: &Choice) -> Step {
    let (is_in_source, is_in_target) = match target {
        Side::Server => (here, there),
        Side::Folder => (there, here),
    };
    match (is_in_source, is_in_target) {
        (true, true) => Step::Change(target),
        (true, false) => Step::Add(target),
        (false, _) if choice.delete => Step::Delete(target),
        (false, _) => Step::Keep(target),
    }
}

fn decided(key: &str, conflict: Conflict, sides: (bool, bool), choice: &Choice) -> Step {
    match choice.each.get(key).copied().or(choice.prefer) {
        None => Step::Conflict(conflict),
        Some(Side::Folder) => towards(Side::Server, sides, choice),
        Some(Side::Server) => towards(Side::Folder, sides, choice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: &str = "same";

    fn one(here: Option<&str>, there: Option<&str>, base: Option<(&str, &str)>, choice: &Choice) -> Option<Step> {
        let base = base.map(|(folder, server)| Base { folder: folder.to_owned(), server: server.to_owned() });
        step("flow/x", (here.map(str::to_owned), there.map(str::to_owned)), base.as_ref(), choice)
    }

    #[test]
    fn the_side_that_moved_is_brought_to_the_other() {
        let asked = Choice { delete: true, ..Choice::default() };
        let kept = Choice::default();
        let base = Some(("a", "a"));
        for (here, there, base, step) in [
            (Some("a"), Some("a"), None, None),
            (Some("a"), None, None, Some(Step::Add(Side::Server))),
            (None, Some("a"), None, Some(Step::Add(Side::Folder))),
            (Some("a"), Some("b"), None, Some(Step::Conflict(Conflict::BothAdded))),
            (Some("b"), Some("a"), base, Some(Step::Change(Side::Server))),
            (Some("a"), Some("b"), base, Some(Step::Change(Side::Folder))),
            (Some("b"), Some("c"), base, Some(Step::Conflict(Conflict::BothChanged))),
            (Some("b"), Some("b"), base, None),
            (None, Some("a"), base, Some(Step::Delete(Side::Server))),
            (Some("a"), None, base, Some(Step::Delete(Side::Folder))),
            (None, Some("b"), base, Some(Step::Conflict(Conflict::DeletedIn(Side::Folder)))),
            (Some("b"), None, base, Some(Step::Conflict(Conflict::DeletedIn(Side::Server)))),
            (None, None, base, None),
            // The folder writes it in its own way; both stand as they did.
            (Some(SAME), Some("other way"), Some((SAME, "other way")), None),
        ] {
            assert_eq!(one(here, there, base, &asked), step, "{here:?} {there:?} {base:?}");
        }
        assert_eq!(one(None, Some("a"), base, &kept), Some(Step::Keep(Side::Server)), "nothing is deleted unasked");
    }

    #[test]
    fn a_conflict_is_decided_for_all_or_for_one() {
        let all = Choice { prefer: Some(Side::Server), ..Choice::default() };
        assert_eq!(one(Some("b"), Some("c"), None, &all), Some(Step::Change(Side::Folder)));
        let each = Choice { each: BTreeMap::from([("flow/x".to_owned(), Side::Folder)]), ..all.clone() };
        assert_eq!(one(Some("b"), Some("c"), None, &each), Some(Step::Change(Side::Server)));
        assert_eq!(one(None, Some("c"), Some(("a", "a")), &each), Some(Step::Keep(Side::Server)));
        assert_eq!(one(None, Some("c"), Some(("a", "a")), &all), Some(Step::Add(Side::Folder)));
    }
}
