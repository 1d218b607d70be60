//! A queue in which owners take turns by their weights, so that one who has much waiting delays the others by no more than
//! its share.
//!
//! Each turn costs its owner a *stride*, which is the longer the smaller its weight is, and the owner who has gone least far
//! is next. The place of the last turn is where owners begin who had nothing waiting: nobody saves turns up.

use super::tenants::TenantRef;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How far a turn takes an owner of weight 1.
pub(super) const STRIDE: u64 = 1 << 20;

/// Items by owner. Owners are served by turns; the items of one owner in the order of their keys.
pub(super) struct FairQueue<T> {
    owners: FxHashMap<TenantRef, Owner<T>>,
    /// Whose turn it is, from the next on. Exactly the owners that have items.
    turns: BTreeMap<Turn, TenantRef>,
    /// Where the last turn was.
    at: u64,
    /// The numbers before the first turn and after the last, of those in one place.
    ends: (i64, i64),
    len: usize,
}

/// A place, and among those who are there, a number.
type Turn = (u64, i64);

struct Owner<T> {
    turn: Turn,
    stride: u64,
    /// In boxes: most owners have one item, and the first one takes room for eleven.
    items: BTreeMap<u64, Box<T>>,
}

impl<T> FairQueue<T> {
    pub(super) fn new() -> Self {
        Self { owners: FxHashMap::default(), turns: BTreeMap::new(), at: 0, ends: (-1, 0), len: 0 }
    }

    /// How many items wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an item; an owner that had none begins one stride behind the last turn.
    pub(super) fn push(&mut self, owner: TenantRef, stride: u64, key: u64, item: T) {
        if let Some(owner) = self.owners.get_mut(&owner) {
            owner.stride = stride;
            owner.items.insert(key, Box::new(item));
        } else {
            let turn = self.turn_after(self.at, stride);
            self.insert(owner, turn, stride, key, item);
        }
        self.len += 1;
    }

    /// Puts an item back that was taken for nothing: its owner gets that turn back. Several are put back in the reverse of the
    /// order in which they were taken.
    pub(super) fn put_back(&mut self, owner: TenantRef, stride: u64, key: u64, item: T) {
        let before = self.owners.get(&owner).map_or(self.at, |waiting| waiting.turn.0.saturating_sub(waiting.stride));
        let turn = (before, self.ends.0);
        self.ends.0 -= 1;
        // As if it had not been taken: else who has turns left would lose them.
        self.at = self.at.min(before);
        if let Some(waiting) = self.owners.get_mut(&owner) {
            waiting.items.insert(key, Box::new(item));
            self.turns.remove(&waiting.turn);
            waiting.turn = turn;
            self.turns.insert(turn, owner);
        } else {
            self.insert(owner, turn, stride, key, item);
        }
        self.len += 1;
    }

    /// The turn of one who is a stride further than `at`, after all who are there.
    fn turn_after(&mut self, at: u64, stride: u64) -> Turn {
        let number = self.ends.1;
        self.ends.1 += 1;
        (at + stride, number)
    }

    fn insert(&mut self, owner: TenantRef, turn: Turn, stride: u64, key: u64, item: T) {
        self.turns.insert(turn, owner);
        self.owners.insert(owner, Owner { turn, stride, items: BTreeMap::from([(key, Box::new(item))]) });
    }

    /// The next item of the first owner who may have a turn.
    pub(super) fn pop(&mut self, may: impl Fn(TenantRef) -> bool) -> Option<T> {
        self.pop_item(|owner, _| may(owner))
    }

    /// The next item of the first owner whose next item may have a turn.
    pub(super) fn pop_item(&mut self, may: impl Fn(TenantRef, &T) -> bool) -> Option<T> {
        let next = |owner: TenantRef| self.owners[&owner].items.first_key_value().map(|(_, item)| &**item);
        let (&turn, &owner) =
            self.turns.iter().find(|&(_, &owner)| next(owner).is_some_and(|item| may(owner, item)))?;
        let waiting = self.owners.get_mut(&owner).expect("every turn is an owner's");
        let (_, item) = waiting.items.pop_first().expect("an owner in the queue has items");
        let stride = waiting.stride;
        self.len -= 1;
        self.turns.remove(&turn);
        // One who could not go when it was its turn has no more than that turn left.
        self.at = self.at.max(turn.0);
        if waiting.items.is_empty() {
            self.owners.remove(&owner);
        } else {
            let turn = self.turn_after(self.at, stride);
            self.owners.get_mut(&owner).expect("it is there").turn = turn;
            self.turns.insert(turn, owner);
        }
        Some(*item)
    }

    /// Takes one item out, wherever it stands. Nobody else's turn changes.
    pub(super) fn remove(&mut self, owner: TenantRef, key: u64) -> Option<T> {
        let waiting = self.owners.get_mut(&owner)?;
        let item = waiting.items.remove(&key)?;
        self.len -= 1;
        if waiting.items.is_empty() {
            self.turns.remove(&waiting.turn);
            self.owners.remove(&owner);
        }
        Some(*item)
    }

    /// Those who have items.
    pub(super) fn owners(&self) -> impl Iterator<Item = TenantRef> {
        self.owners.keys().copied()
    }

    /// The key of an owner's last item.
    pub(super) fn last_of(&self, owner: TenantRef) -> Option<u64> {
        self.owners.get(&owner)?.items.last_key_value().map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> TenantRef {
        TenantRef(u32::from(name.as_bytes()[0]))
    }

    fn of(items: &[(&str, u64)]) -> FairQueue<u64> {
        let mut queue = FairQueue::new();
        for &(owner, key) in items {
            queue.push(id(owner), STRIDE, key, key);
        }
        queue
    }

    fn all(queue: &mut FairQueue<u64>) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop(|_| true)).collect()
    }

    #[test]
    fn owners_take_turns_and_their_own_items_go_in_order() {
        let mut queue = of(&[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)]);
        assert_eq!(all(&mut queue), [1, 4, 5, 2, 6, 3]);
        assert!(queue.is_empty() && queue.turns.is_empty() && queue.owners.is_empty());
    }

    #[test]
    fn an_owner_who_comes_back_waits_for_those_who_are_there() {
        let mut queue = of(&[("a", 1), ("b", 2), ("c", 3)]);
        assert_eq!(queue.pop(|_| true), Some(1));
        queue.push(id("a"), STRIDE, 4, 4);
        assert_eq!(all(&mut queue), [2, 3, 4]);
    }

    #[test]
    fn what_is_put_back_comes_next_in_its_old_order() {
        let mut queue = of(&[("a", 1), ("a", 2), ("b", 3), ("b", 4)]);
        let taken = [queue.pop(|_| true), queue.pop(|_| true), queue.pop(|_| true)].map(Option::unwrap);
        assert_eq!(taken, [1, 3, 2]);
        for (owner, key) in [("a", 2), ("b", 3)] {
            queue.put_back(id(owner), STRIDE, key, key);
        }
        assert_eq!(all(&mut queue), [3, 2, 4]);
    }

    #[test]
    fn turns_keep_their_weights_however_many_are_put_back() {
        for taken_at_once in [1, 2, 8] {
            let mut queue = FairQueue::new();
            for key in 0..100 {
                queue.push(id("h"), STRIDE / 3, key, key);
                queue.push(id("l"), STRIDE, 1000 + key, 1000 + key);
            }
            let mut heavy = 0;
            for _ in 0..40 {
                let mut taken: Vec<u64> =
                    (0..taken_at_once).map(|_| queue.pop(|_| true).expect("there are more")).collect();
                heavy += usize::from(taken.remove(0) < 1000);
                for key in taken.into_iter().rev() {
                    let (owner, stride) = if key < 1000 { ("h", STRIDE / 3) } else { ("l", STRIDE) };
                    queue.put_back(id(owner), stride, key, key);
                }
            }
            assert!((29..=31).contains(&heavy), "three in four of forty, {taken_at_once} at once: {heavy}");
        }
    }

    #[test]
    fn an_item_that_is_removed_leaves_the_others_their_turns() {
        let mut queue = of(&[("a", 1), ("b", 2), ("b", 3), ("c", 4)]);
        assert_eq!(queue.remove(id("b"), 2), Some(2));
        assert_eq!(queue.remove(id("b"), 2), None);
        assert_eq!(queue.remove(id("a"), 1), Some(1));
        assert_eq!(queue.len(), 2);
        assert_eq!((queue.last_of(id("b")), queue.last_of(id("a"))), (Some(3), None));
        assert_eq!(all(&mut queue), [3, 4]);
        assert!(queue.turns.is_empty() && queue.owners.is_empty());
    }

    #[test]
    fn an_owner_who_may_not_is_passed_over_and_keeps_its_turn() {
        let mut queue = of(&[("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(queue.pop(|owner| owner != id("a")), Some(2));
        assert_eq!(queue.pop(|owner| owner == id("z")), None);
        assert_eq!(all(&mut queue), [1, 3]);
    }

    /// How many of the first `count` turns each owner has.
    fn turns<const N: usize>(queue: &mut FairQueue<u64>, count: usize, of: [u64; N]) -> [usize; N] {
        let taken: Vec<_> = (0..count).filter_map(|_| queue.pop(|_| true)).collect();
        of.map(|owner| taken.iter().filter(|&&key| key / 1000 == owner).count())
    }

    #[test]
    fn turns_are_shared_by_weight() {
        let mut queue = FairQueue::new();
        for (owner, weight, base) in [("a", 4, 0), ("b", 2, 1000), ("c", 1, 2000)] {
            for i in 0..500 {
                queue.push(id(owner), STRIDE / weight, base + i, base + i);
            }
        }
        assert_eq!(turns(&mut queue, 350, [0, 1, 2]), [200, 100, 50]);
    }

    #[test]
    fn nobody_starves_beside_owners_of_much_weight_who_come_and_go() {
        let mut queue = of(&[("a", 1)]);
        for key in 1000..1200 {
            queue.push(id("b"), STRIDE / 100, key, key);
            if queue.pop(|_| true) == Some(1) {
                assert!(key > 1050, "its share is a hundredth");
                return;
            }
        }
        panic!("it has had no turn");
    }

    #[test]
    fn an_owner_who_was_passed_over_has_saved_one_turn_and_no_more() {
        let mut queue = FairQueue::new();
        for i in 0..300 {
            queue.push(id("a"), STRIDE, i, i);
            queue.push(id("b"), STRIDE, 1000 + i, 1000 + i);
        }
        for _ in 0..100 {
            queue.pop(|owner| owner == id("b"));
        }
        assert_eq!(turns(&mut queue, 20, [0, 1]), [10, 10].map(|n| n));
    }
}
