//! What limiters remember, with an end.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
};

use governor::{nanos::Nanos, state::StateStore};

/// Parts that are locked apart.
const PARTS: usize = 64;
/// Whoever is remembered in a part at most: 65,536 in all.
const MOST: usize = 1_024;

/// For each key, when it has everything again. Where a part is full, those go first whom forgetting gives nothing or a single request
/// more, and then the one whom it gives least.
pub(super) struct Bounded<K> {
    parts: Box<[Mutex<HashMap<K, u64>>]>,
    hasher: RandomState,
}

impl<K> Default for Bounded<K> {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Mutex::default()).collect(), hasher: RandomState::default() }
    }
}

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let at = usize::try_from(self.hasher.hash_one(key) % PARTS as u64).unwrap_or_default();
        let Some(part) = self.parts.get(at) else { return judge(None).map(|(value, _)| value) };
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        let before = part.get(key).copied();
        let (value, after) = judge(before.map(Nanos::from))?;
        if before.is_none() && part.len() >= MOST {
            make_room(&mut part, after.as_u64());
        }
        part.insert(key.clone(), after.as_u64());
        Ok(value)
    }
}

/// `newcomer` is what whoever has sent one request has.
fn make_room<K: Hash + Eq + Clone>(part: &mut HashMap<K, u64>, newcomer: u64) {
    part.retain(|_, whole_again| *whole_again > newcomer);
    if part.len() >= MOST {
        let least = part.iter().min_by_key(|(_, whole_again)| **whole_again).map(|(key, _)| key.clone());
        least.map(|least| part.remove(&least));
    }
}

impl<K> fmt::Debug for Bounded<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bounded(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(memory: &Bounded<u64>, key: u64, whole_again: u64) {
        let judge = |_| Ok::<_, ()>(((), Nanos::from(whole_again)));
        memory.measure_and_replace(&key, judge).unwrap();
    }

    fn knows(memory: &Bounded<u64>, key: u64) -> Option<u64> {
        memory
            .measure_and_replace(&key, |before| Err::<((), Nanos), _>(before.map(Nanos::as_u64)))
            .unwrap_err()
    }

    #[test]
    fn nobody_fills_the_memory() {
        let memory = Bounded::<u64>::default();
        put(&memory, u64::MAX, u64::MAX);
        for key in 0..4 * (PARTS * MOST) as u64 {
            put(&memory, key, key);
        }
        let held: usize = memory.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert!(held <= PARTS * MOST, "{held}");
        assert_eq!(knows(&memory, u64::MAX), Some(u64::MAX), "whoever has used most is kept");
    }

    #[test]
    fn a_full_part_lets_go_of_whoever_loses_least() {
        let mut part: HashMap<u64, u64> = (0..MOST as u64).map(|key| (key, 100 + key)).collect();
        make_room(&mut part, 50);
        assert_eq!((part.len(), part.contains_key(&0)), (MOST - 1, false));
        make_room(&mut part, 200);
        assert!(part.values().all(|whole_again| *whole_again > 200));
    }

    #[test]
    fn who_is_refused_is_not_written_down() {
        let memory = Bounded::<u64>::default();
        assert_eq!(knows(&memory, 7), None);
        put(&memory, 7, 9);
        assert_eq!(knows(&memory, 7), Some(9));
    }
}
