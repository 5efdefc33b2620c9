//! A bounded map of what was looked up before, with a generation that makes a late answer of an old look-up harmless.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

/// Remembers values until somebody says that they may have changed.
pub(super) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
    capacity: usize,
}

struct State<K, V> {
    generation: u64,
    entries: HashMap<K, V>,
}

/// The moment a look-up began; its answer is kept only when nothing changed since.
#[derive(Clone, Copy)]
pub(super) struct Ticket(u64);

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Cache { state: Mutex::new(State { generation: 0, entries: HashMap::new() }), capacity }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.lock().entries.get(key).cloned()
    }

    /// Call before the look-up whose answer goes into [`Cache::put`].
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.lock().generation)
    }

    /// Keeps `value`, unless the cache was cleared after `ticket`. A full cache starts anew: entries are cheap to
    /// look up again, and an order of use would cost every hit.
    pub(super) fn put(&self, ticket: Ticket, key: K, value: V) {
        let mut state = self.lock();
        if state.generation != ticket.0 {
            return;
        }
        if state.entries.len() >= self.capacity {
            state.entries.clear();
        }
        state.entries.insert(key, value);
    }

    /// Forgets everything, answers under way included.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.generation += 1;
        state.entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().expect("no panic happens under this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_before_a_change_is_not_kept() {
        let cache = Cache::new(10);
        let ticket = cache.ticket();
        cache.clear();
        cache.put(ticket, "a", 1);
        assert_eq!(cache.get(&"a"), None);
        cache.put(cache.ticket(), "a", 2);
        assert_eq!(cache.get(&"a"), Some(2));
    }

    #[test]
    fn it_never_grows_past_its_capacity() {
        let cache = Cache::new(3);
        for n in 0..100 {
            cache.put(cache.ticket(), n, n);
        }
        assert!(cache.lock().entries.len() <= 3);
        assert_eq!(cache.get(&99), Some(99));
    }
}
