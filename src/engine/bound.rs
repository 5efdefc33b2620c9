//! How many executions may run at once, by workspace, project and flow: what is set, and how many run now.
//!
//! Only what computes counts. One that waits gives its turn away and stands in line for it again when what it waited for is
//! there; so parents and children, of one flow even, never wait for each other's turn forever.

use std::collections::HashMap;

use uuid::Uuid;

use crate::store::{LimitOf, RunLimit};

/// What an execution counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    pub project: Option<Uuid>,
    /// None for a script.
    pub flow: Option<Uuid>,
}

impl Home {
    /// From the narrowest to the widest.
    fn limits(self) -> impl Iterator<Item = LimitOf> {
        [self.flow.map(LimitOf::Flow), self.project.map(LimitOf::Project), Some(LimitOf::Workspace)].into_iter().flatten()
    }
}

/// The limits that are set, and the counts that they are held against.
#[derive(Default)]
pub struct Bounds {
    set: HashMap<LimitOf, (u64, String)>,
    running: HashMap<LimitOf, u64>,
}

impl Bounds {
    /// Puts these limits in the place of those before.
    pub fn set(&mut self, limits: Vec<RunLimit>) {
        self.set = limits.into_iter().map(|limit| (limit.of, (limit.most, limit.name))).collect();
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub fn is_set(&self, of: LimitOf) -> bool {
        self.set.contains_key(&of)
    }

    /// An execution begins or ceases to compute. Returns whether a limit is reached by it.
    pub fn count(&mut self, home: Home, begins: bool) -> bool {
        let mut reached = false;
        for of in home.limits() {
            let count = self.running.entry(of).or_default();
            *count = if begins { *count + 1 } else { count.saturating_sub(1) };
            reached |= begins && self.set.get(&of).is_some_and(|(most, _)| *count >= *most);
            if *count == 0 {
                self.running.remove(&of);
            }
        }
        reached
    }

    /// The limit that keeps another execution of this home from running now.
    pub fn full(&self, home: Home) -> Option<LimitOf> {
        // Mostly there are none.
        if self.set.is_empty() {
            return None;
        }
        home.limits().find(|of| {
            let running = self.running.get(of).copied().unwrap_or_default();
            self.set.get(of).is_some_and(|(most, _)| running >= *most)
        })
    }

    /// What an execution that `of` holds back says.
    pub fn words(&self, of: LimitOf) -> String {
        let (most, name) = self.set.get(&of).map_or((0, ""), |(most, name)| (*most, name));
        let executions = if most == 1 { "execution" } else { "executions" };
        match of {
            LimitOf::Workspace => {
                format!("waiting for its turn: {most} {executions} may run at once (max_running in the limits of the workspace)")
            }
            LimitOf::Project(_) => {
                format!("waiting for its turn: {most} {executions} of the project '{name}' may run at once (max_running in its limits)")
            }
            LimitOf::Flow(_) => format!("waiting for its turn: {most} {executions} of the flow '{name}' may run at once (its max_running)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: Option<Uuid> = Some(Uuid::from_u128(1));
    const FLOW: Option<Uuid> = Some(Uuid::from_u128(2));

    fn bounds(limits: &[(LimitOf, u64)]) -> Bounds {
        let mut bounds = Bounds::default();
        bounds.set(limits.iter().map(|(of, most)| RunLimit { of: *of, name: "n".to_owned(), most: *most }).collect());
        bounds
    }

    #[test]
    fn the_narrowest_limit_that_is_reached_is_named() {
        let (flow, project) = (LimitOf::Flow(Uuid::from_u128(2)), LimitOf::Project(Uuid::from_u128(1)));
        let mut bounds = bounds(&[(flow, 1), (project, 2), (LimitOf::Workspace, 3)]);
        let (home, beside, elsewhere) =
            (Home { project: PROJECT, flow: FLOW }, Home { project: PROJECT, flow: None }, Home { project: None, flow: None });
        assert_eq!(bounds.full(home), None);
        assert!(bounds.count(home, true), "the flow's limit is reached");
        assert_eq!((bounds.full(home), bounds.full(beside)), (Some(flow), None));
        bounds.count(beside, true);
        assert_eq!((bounds.full(home), bounds.full(beside), bounds.full(elsewhere)), (Some(flow), Some(project), None));
        bounds.count(elsewhere, true);
        assert_eq!(bounds.full(elsewhere), Some(LimitOf::Workspace));
        bounds.count(home, false);
        assert_eq!(bounds.full(home), None);
    }

    #[test]
    fn a_limit_that_is_set_while_executions_run_counts_them() {
        let mut bounds = Bounds::default();
        let home = Home { project: PROJECT, flow: FLOW };
        assert!(!bounds.count(home, true));
        bounds.set(vec![RunLimit { of: LimitOf::Workspace, name: String::new(), most: 1 }]);
        assert_eq!(bounds.full(home), Some(LimitOf::Workspace));
        bounds.set(Vec::new());
        assert_eq!(bounds.full(home), None);
    }
}
