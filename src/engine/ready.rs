//! Who runs next: fair between projects, then priority, then age; nobody whom a limit holds back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::bound::{Bounds, Home};
use crate::store::{LimitOf, RunLimit};

/// The place of a ready execution within its flow: higher priority first, then older first.
type Rank = (std::cmp::Reverse<i64>, u64);

/// Executions that want a turn: PENDING ones, and those in a slot whose wait is over.
#[derive(Default)]
pub struct Ready {
    projects: HashMap<Option<Uuid>, Project>,
    places: HashMap<Uuid, (Home, Rank)>,
    bounds: Bounds,
    turn: u64,
    /// Somebody may be held back of whom nobody was told.
    is_news: bool,
}

#[derive(Default)]
struct Project {
    flows: HashMap<Option<Uuid>, Queue>,
    running: u64,
    /// When it was last served; the longest unserved goes first among equals.
    served: u64,
}

#[derive(Default)]
struct Queue {
    ids: BTreeMap<Rank, Uuid>,
    /// Those of whom nobody was told what holds them back.
    untold: BTreeSet<Uuid>,
}

impl Ready {
    /// Queues an execution; queueing one twice keeps one place.
    pub fn push(&mut self, id: Uuid, home: Home, priority: i64, order: u64) {
        let rank = (std::cmp::Reverse(priority), order);
        if self.places.insert(id, (home, rank)).is_none() {
            let queue = self.projects.entry(home.project).or_default().flows.entry(home.flow).or_default();
            queue.ids.insert(rank, id);
            queue.untold.insert(id);
            self.is_news = true;
        }
    }

    /// Takes an execution out of the queue, wherever it stands.
    pub fn remove(&mut self, id: Uuid) {
        let Some((home, rank)) = self.places.remove(&id) else { return };
        let Some(project) = self.projects.get_mut(&home.project) else { return };
        if let Some(queue) = project.flows.get_mut(&home.flow) {
            queue.ids.remove(&rank);
            queue.untold.remove(&id);
            if queue.ids.is_empty() {
                project.flows.remove(&home.flow);
            }
        }
    }

    /// The next one: of the project with the fewest running, and of those the longest unserved.
    pub fn pop(&mut self) -> Option<Uuid> {
        self.pop_where(|_| true)
    }

    /// As [`Ready::pop`], among those that `may` go. Looks at the whole queue if it must.
    pub fn pop_where(&mut self, may: impl Fn(Uuid) -> bool) -> Option<Uuid> {
        let firsts = self.projects.iter().filter_map(|(id, project)| Some((project, self.first(*id, project, &may)?)));
        let id = firsts.min_by_key(|(project, _)| (project.running, project.served)).map(|(_, id)| id)?;
        let (home, _) = *self.places.get(&id)?;
        self.turn += 1;
        self.projects.get_mut(&home.project)?.served = self.turn;
        self.remove(id);
        Some(id)
    }

    /// The first of a project, of the flows that have a turn left.
    fn first(&self, id: Option<Uuid>, project: &Project, may: &impl Fn(Uuid) -> bool) -> Option<Uuid> {
        let free = project.flows.iter().filter(|(flow, _)| self.bounds.full(Home { project: id, flow: **flow }).is_none());
        let firsts = free.filter_map(|(_, queue)| queue.ids.iter().find(|(_, id)| may(**id)));
        firsts.min_by_key(|(rank, _)| **rank).map(|(_, id)| *id)
    }

    /// An execution began or ceased to compute.
    pub fn count_running(&mut self, home: Home, begins: bool) {
        self.is_news |= self.bounds.count(home, begins);
        let entry = self.projects.entry(home.project).or_default();
        entry.running = if begins { entry.running + 1 } else { entry.running.saturating_sub(1) };
        if entry.running == 0 && entry.flows.is_empty() {
            self.projects.remove(&home.project);
        }
    }

    /// The limits as they are now; all that queue are news again.
    pub fn set_limits(&mut self, limits: Vec<RunLimit>) {
        self.bounds.set(limits);
        for queue in self.projects.values_mut().flat_map(|project| project.flows.values_mut()) {
            queue.untold = queue.ids.values().copied().collect();
        }
        self.is_news = true;
    }

    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Executions that a limit holds back since the last call; each is named once.
    pub fn held_back(&mut self) -> Vec<(Uuid, LimitOf)> {
        let mut held = Vec::new();
        if !std::mem::take(&mut self.is_news) || self.bounds.is_empty() {
            return held;
        }
        for (id, project) in &mut self.projects {
            for (flow, queue) in &mut project.flows {
                if let Some(of) = self.bounds.full(Home { project: *id, flow: *flow }) {
                    held.extend(std::mem::take(&mut queue.untold).into_iter().map(|id| (id, of)));
                }
            }
        }
        held
    }

    /// Everyone who queues.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.places.keys().copied()
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> Uuid {
        Uuid::from_u128(u128::from(n))
    }

    fn home(project: Option<u64>, flow: Option<u64>) -> Home {
        Home { project: project.map(id), flow: flow.map(id) }
    }

    fn all(ready: &mut Ready) -> Vec<Uuid> {
        std::iter::from_fn(|| ready.pop()).collect()
    }

    fn limit(of: LimitOf, most: u64) -> RunLimit {
        RunLimit { of, name: "n".to_owned(), most }
    }

    #[test]
    fn a_project_with_a_long_queue_does_not_starve_another() {
        let mut ready = Ready::default();
        for n in 0..100 {
            ready.push(id(1000 + n), home(Some(1), None), 0, n);
        }
        ready.push(id(9), home(Some(2), None), 0, 1000);
        let first_two = [ready.pop(), ready.pop()];
        assert!(first_two.contains(&Some(id(9))));
    }

    #[test]
    fn priority_goes_before_age_within_a_project_whatever_the_flow() {
        let mut ready = Ready::default();
        ready.push(id(1), home(None, Some(7)), 0, 1);
        ready.push(id(2), home(None, Some(8)), 5, 2);
        ready.push(id(3), home(None, Some(7)), 5, 3);
        assert_eq!(all(&mut ready), [2, 3, 1].map(id));
    }

    #[test]
    fn a_removed_execution_is_not_popped() {
        let mut ready = Ready::default();
        ready.push(id(1), Home::default(), 0, 1);
        ready.remove(id(1));
        assert_eq!(ready.len(), 0);
        assert_eq!(ready.pop(), None);
    }

    #[test]
    fn who_is_held_back_by_a_limit_is_passed_over_and_named_once() {
        let mut ready = Ready::default();
        let flow = LimitOf::Flow(id(7));
        ready.set_limits(vec![limit(flow, 1)]);
        ready.push(id(1), home(None, Some(7)), 0, 1);
        assert_eq!(ready.pop(), Some(id(1)));
        ready.count_running(home(None, Some(7)), true);
        ready.push(id(2), home(None, Some(7)), 9, 2);
        ready.push(id(3), home(None, Some(8)), 0, 3);
        assert_eq!(all(&mut ready), [id(3)]);
        assert_eq!(ready.held_back(), [(id(2), flow)]);
        assert_eq!(ready.held_back(), []);
        ready.count_running(home(None, Some(7)), false);
        assert_eq!(all(&mut ready), [id(2)]);
    }

    #[test]
    fn those_that_queued_before_the_limit_was_reached_are_named_too() {
        let mut ready = Ready::default();
        ready.set_limits(vec![limit(LimitOf::Workspace, 1)]);
        for n in 1..=3 {
            ready.push(id(n), Home::default(), 0, n);
        }
        assert_eq!(ready.held_back(), []);
        assert_eq!(ready.pop(), Some(id(1)));
        ready.count_running(Home::default(), true);
        assert_eq!(ready.held_back(), [(id(2), LimitOf::Workspace), (id(3), LimitOf::Workspace)]);
        // Raised, and lowered again.
        ready.set_limits(vec![limit(LimitOf::Workspace, 2)]);
        assert_eq!(ready.pop(), Some(id(2)));
        ready.count_running(Home::default(), true);
        assert_eq!(ready.held_back(), [(id(3), LimitOf::Workspace)]);
    }

    #[test]
    fn a_project_at_its_limit_leaves_its_turns_to_others() {
        let mut ready = Ready::default();
        ready.set_limits(vec![limit(LimitOf::Project(id(1)), 2)]);
        for n in 10..15 {
            ready.push(id(n), home(Some(1), None), 0, n);
            ready.push(id(n + 10), home(Some(2), None), 0, n);
        }
        let mut begun = Vec::new();
        while let Some(next) = ready.pop() {
            ready.count_running(home(Some(if next < id(20) { 1 } else { 2 }), None), true);
            begun.push(next);
        }
        assert_eq!(begun.iter().filter(|n| **n < id(20)).count(), 2);
        assert_eq!(begun.iter().filter(|n| **n >= id(20)).count(), 5);
    }
}
