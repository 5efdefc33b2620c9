//! What is kept by the numbers of calls: a list in their order. Most executions have one such entry for a long time, and thousands of
//! them sleep; a tree would keep room for eleven.

/// Values by number, ascending.
#[derive(Debug)]
pub struct Numbered<V>(Vec<(u32, V)>);

impl<V> Default for Numbered<V> {
    fn default() -> Numbered<V> {
        Numbered(Vec::new())
    }
}

impl<V> Numbered<V> {
    fn place(&self, number: u32) -> Result<usize, usize> {
        // Numbers grow: a new one stands last.
        match self.0.last() {
            Some((last, _)) if *last >= number => self.0.binary_search_by_key(&number, |(at, _)| *at),
            _ => Err(self.0.len()),
        }
    }

    /// Puts a value in the place of the one that had the number.
    pub fn insert(&mut self, number: u32, value: V) {
        match self.place(number) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (number, value));
            }
        }
    }

    pub fn remove(&mut self, number: u32) -> Option<V> {
        self.place(number).ok().map(|at| self.0.remove(at).1)
    }

    pub fn get(&self, number: u32) -> Option<&V> {
        self.place(number).ok().map(|at| &self.0[at].1)
    }

    pub fn contains_key(&self, number: u32) -> bool {
        self.place(number).is_ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &V)> {
        self.0.iter().map(|(number, value)| (*number, value))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.0.iter().map(|(number, _)| *number)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map_in_order(acts in prop::collection::vec((0_u32..20, any::<Option<u8>>()), 0..200)) {
            let (mut ours, mut tree) = (Numbered::default(), BTreeMap::new());
            for (number, value) in acts {
                match value {
                    Some(value) => {
                        ours.insert(number, value);
                        tree.insert(number, value);
                    }
                    None => prop_assert_eq!(ours.remove(number), tree.remove(&number)),
                }
                prop_assert_eq!(ours.get(number), tree.get(&number));
                prop_assert_eq!(ours.contains_key(number), tree.contains_key(&number));
            }
            prop_assert_eq!((ours.len(), ours.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert!(ours.iter().eq(tree.iter().map(|(number, value)| (*number, value))));
            prop_assert!(ours.keys().eq(tree.keys().copied()) && ours.values().eq(tree.values()));
        }
    }
}
