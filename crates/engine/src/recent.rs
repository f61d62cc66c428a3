//! What was asked for last: so many answers, the oldest of which goes first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// At most `N` values by their keys.
pub(crate) struct Recent<K, V, const N: usize>(Mutex<Kept<K, V>>);

struct Kept<K, V> {
    values: HashMap<K, V>,
    /// The one that was put longest ago first.
    order: VecDeque<K>,
}

impl<K, V, const N: usize> Default for Recent<K, V, N> {
    fn default() -> Self {
        Self(Mutex::new(Kept { values: HashMap::new(), order: VecDeque::new() }))
    }
}

impl<K: Clone + Eq + Hash, V: Clone, const N: usize> Recent<K, V, N> {
    /// The value of a key, where it is still kept.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    /// Keeps a value in the place of what its key had.
    pub(crate) fn put(&self, key: K, value: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.order.retain(|known| *known != key);
        kept.order.push_back(key.clone());
        kept.values.insert(key, value);
        if kept.order.len() > N
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_longest_ago_goes_first() {
        let recent = Recent::<_, _, 2>::default();
        recent.put("a", 1);
        recent.put("b", 2);
        recent.put("a", 3);
        recent.put("c", 4);
        assert_eq!([recent.get(&"a"), recent.get(&"b"), recent.get(&"c")], [Some(3), None, Some(4)]);
    }
}
