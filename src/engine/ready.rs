//! Who runs next: fair between projects, then priority, then age.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

/// The place of a ready execution within its project: higher priority first, then older first.
type Rank = (std::cmp::Reverse<i64>, u64);

/// Executions that are PENDING and want a slot.
#[derive(Default)]
pub struct Ready {
    projects: HashMap<Option<Uuid>, Project>,
    places: HashMap<Uuid, (Option<Uuid>, Rank)>,
    turn: u64,
}

#[derive(Default)]
struct Project {
    queue: BTreeMap<Rank, Uuid>,
    running: u64,
    /// When it was last served; the longest unserved goes first among equals.
    served: u64,
}

impl Ready {
    /// Queues an execution; queueing one twice keeps one place.
    pub fn push(&mut self, id: Uuid, project: Option<Uuid>, priority: i64, order: u64) {
        let rank = (std::cmp::Reverse(priority), order);
        if self.places.insert(id, (project, rank)).is_none() {
            self.projects.entry(project).or_default().queue.insert(rank, id);
        }
    }

    /// Takes an execution out of the queue, wherever it stands.
    pub fn remove(&mut self, id: Uuid) {
        if let Some((project, rank)) = self.places.remove(&id)
            && let Some(entry) = self.projects.get_mut(&project)
        {
            entry.queue.remove(&rank);
        }
    }

    /// The next one: of the project with the fewest running, and of those the longest unserved.
    pub fn pop(&mut self) -> Option<Uuid> {
        let waiting = self.projects.iter().filter(|(_, p)| !p.queue.is_empty());
        let id = waiting.min_by_key(|(_, p)| (p.running, p.served)).and_then(|(_, p)| p.queue.first_key_value()).map(|(_, id)| *id);
        self.serve(id)
    }

    /// As [`Ready::pop`], among those that `may` go. Looks at the whole queue if it must.
    pub fn pop_where(&mut self, may: impl Fn(Uuid) -> bool) -> Option<Uuid> {
        let firsts = self.projects.values().filter_map(|p| Some((p, *p.queue.values().find(|id| may(**id))?)));
        let id = firsts.min_by_key(|(p, _)| (p.running, p.served)).map(|(_, id)| id);
        self.serve(id)
    }

    fn serve(&mut self, id: Option<Uuid>) -> Option<Uuid> {
        let id = id?;
        let (project, _) = *self.places.get(&id)?;
        self.turn += 1;
        self.projects.get_mut(&project)?.served = self.turn;
        self.remove(id);
        Some(id)
    }

    /// An execution of `project` began or ceased to compute.
    pub fn count_running(&mut self, project: Option<Uuid>, begins: bool) {
        let entry = self.projects.entry(project).or_default();
        entry.running = if begins { entry.running + 1 } else { entry.running.saturating_sub(1) };
        if entry.running == 0 && entry.queue.is_empty() {
            self.projects.remove(&project);
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_with_a_long_queue_does_not_starve_another() {
        let (busy, quiet) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        let mut ready = Ready::default();
        for n in 0..100_u64 {
            ready.push(Uuid::from_u128(1000 + u128::from(n)), busy, 0, n);
        }
        ready.push(Uuid::from_u128(9), quiet, 0, 1000);
        let first_two = [ready.pop(), ready.pop()];
        assert!(first_two.contains(&Some(Uuid::from_u128(9))));
    }

    #[test]
    fn priority_goes_before_age_within_a_project() {
        let mut ready = Ready::default();
        ready.push(Uuid::from_u128(1), None, 0, 1);
        ready.push(Uuid::from_u128(2), None, 5, 2);
        ready.push(Uuid::from_u128(3), None, 5, 3);
        let order: Vec<_> = std::iter::from_fn(|| ready.pop()).collect();
        assert_eq!(order, [2, 3, 1].map(Uuid::from_u128));
    }

    #[test]
    fn a_removed_execution_is_not_popped() {
        let mut ready = Ready::default();
        ready.push(Uuid::from_u128(1), None, 0, 1);
        ready.remove(Uuid::from_u128(1));
        assert_eq!(ready.len(), 0);
        assert_eq!(ready.pop(), None);
    }
}
