//! Bounded memory: the last things of a kind, and who was seen lately.

use std::collections::{BTreeMap, VecDeque};

use crate::core::name::Name;
use crate::core::schedule::PRODUCERS_MAX;
use crate::core::time::Mono;

/// The last `cap` items with the time each came; an older one makes room for a newer.
#[derive(Clone, Debug)]
pub struct Window<T> {
    items: VecDeque<(Mono, T)>,
    cap: usize,
}

impl<T> Window<T> {
    /// An empty window that never holds more than `cap` items.
    #[must_use]
    pub const fn new(cap: usize) -> Self {
        Self { items: VecDeque::new(), cap }
    }

    /// Remembers an item.
    pub fn push(&mut self, at: Mono, item: T) {
        if self.items.len() >= self.cap {
            self.items.pop_front();
        }
        self.items.push_back((at, item));
    }

    /// The items not older than `within_ms`, oldest first.
    pub fn recent(&self, now: Mono, within_ms: u64) -> impl Iterator<Item = &T> {
        self.items
            .iter()
            .filter(move |(at, _)| now.since_ms(*at) <= within_ms)
            .map(|(_, item)| item)
    }

    /// The newest item and when it came.
    #[must_use]
    pub fn last(&self) -> Option<(Mono, &T)> {
        self.items.back().map(|(at, item)| (*at, item))
    }

    /// Age of the oldest item not older than `within_ms`; 0 when there is none.
    #[must_use]
    pub fn oldest_age_ms(&self, now: Mono, within_ms: u64) -> u64 {
        self.items
            .iter()
            .map(|(at, _)| now.since_ms(*at))
            .filter(|age| *age <= within_ms)
            .max()
            .unwrap_or(0)
    }

    /// The newest item, to be completed.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.items.back_mut().map(|(_, item)| item)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// How many items are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes the items take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<(Mono, T)>()
    }
}

/// Most producers remembered at once: two full schedules, so that a change fits.
const SIGHTINGS_MAX: usize = 2 * PRODUCERS_MAX;

/// When each producer's block was last seen.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    by: BTreeMap<Name, Mono>,
}

impl Sightings {
    /// A block of this producer was seen.
    pub fn see(&mut self, producer: Name, at: Mono) {
        if self.by.len() >= SIGHTINGS_MAX && !self.by.contains_key(&producer) {
            let oldest = self.by.iter().min_by_key(|(_, at)| **at).map(|(name, _)| *name);
            if let Some(name) = oldest {
                self.by.remove(&name);
            }
        }
        self.by.insert(producer, at);
    }

    /// How many different producers were seen within the time.
    #[must_use]
    pub fn distinct(&self, now: Mono, within_ms: u64) -> u32 {
        // At most SIGHTINGS_MAX.
        self.by.values().filter(|at| now.since_ms(**at) <= within_ms).count() as u32
    }

    /// When a producer's block was last seen.
    #[must_use]
    pub fn last(&self, producer: Name) -> Option<Mono> {
        self.by.get(&producer).copied()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by.clear();
    }

    /// Bytes the entries take, without the tree's own overhead.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.by.len() * size_of::<(Name, Mono)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_bounded_and_forgets_the_oldest() {
        let mut window = Window::new(3);
        for (at, item) in [(0, 'a'), (10, 'b'), (20, 'c'), (30, 'd')] {
            window.push(Mono::from_ms(at), item);
        }
        assert_eq!(window.len(), 3);
        let now = Mono::from_ms(35);
        assert_eq!(window.recent(now, 15).collect::<String>(), "cd");
        assert_eq!(window.recent(now, 1000).collect::<String>(), "bcd");
        assert_eq!(window.last(), Some((Mono::from_ms(30), &'d')));
    }

    #[test]
    fn sightings_count_producers_once_and_stay_bounded() {
        let mut seen = Sightings::default();
        let letter = |i: usize| char::from(b'a' + (i % 26) as u8);
        for i in 0..1000 {
            let name: Name = format!("{}{}", letter(i), letter(i / 26)).parse().unwrap();
            seen.see(name, Mono::from_ms(i as u64));
            seen.see(name, Mono::from_ms(i as u64));
        }
        assert_eq!(seen.distinct(Mono::from_ms(999), 9), 10);
        assert_eq!(seen.distinct(Mono::from_ms(999), 10_000), SIGHTINGS_MAX as u32);
    }
}
