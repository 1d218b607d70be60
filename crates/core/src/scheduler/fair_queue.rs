//! A queue in which owners take turns, so that one who has much waiting delays the others by one item at a time.

use crate::state::ScriptId;
use std::collections::{BTreeMap, HashMap};

/// Items by owner. Owners are served in turn, from the one whose turn was longest ago; the items of one owner in the
/// order of their keys.
pub(super) struct FairQueue<T> {
    owners: HashMap<ScriptId, Owner<T>>,
    /// Whose turn it is, from the next on. Exactly the owners that have items.
    turns: BTreeMap<i64, ScriptId>,
    /// The numbers before the first turn and after the last.
    ends: (i64, i64),
    len: usize,
}

struct Owner<T> {
    turn: i64,
    items: BTreeMap<u64, T>,
}

impl<T> FairQueue<T> {
    pub(super) fn new() -> Self {
        Self { owners: HashMap::new(), turns: BTreeMap::new(), ends: (-1, 0), len: 0 }
    }

    /// How many items wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an item; an owner that had none gets the last turn.
    pub(super) fn push(&mut self, owner: &ScriptId, key: u64, item: T) {
        if let Some(owner) = self.owners.get_mut(owner) {
            owner.items.insert(key, item);
        } else {
            let turn = self.ends.1;
            self.ends.1 += 1;
            self.insert(owner, turn, key, item);
        }
        self.len += 1;
    }

    /// Puts an item back that was taken for nothing: its owner gets the first turn.
    pub(super) fn put_back(&mut self, owner: &ScriptId, key: u64, item: T) {
        let turn = self.ends.0;
        self.ends.0 -= 1;
        if let Some(waiting) = self.owners.get_mut(owner) {
            waiting.items.insert(key, item);
            let id = self.turns.remove(&waiting.turn).expect("every owner has a turn");
            waiting.turn = turn;
            self.turns.insert(turn, id);
        } else {
            self.insert(owner, turn, key, item);
        }
        self.len += 1;
    }

    fn insert(&mut self, owner: &ScriptId, turn: i64, key: u64, item: T) {
        self.turns.insert(turn, owner.clone());
        self.owners.insert(owner.clone(), Owner { turn, items: BTreeMap::from([(key, item)]) });
    }

    /// The next item of the first owner who may have a turn; that owner then goes to the end.
    pub(super) fn pop(&mut self, may: impl Fn(&ScriptId) -> bool) -> Option<T> {
        self.pop_item(|owner, _| may(owner))
    }

    /// The next item of the first owner whose next item may have a turn; that owner then goes to the end.
    pub(super) fn pop_item(&mut self, may: impl Fn(&ScriptId, &T) -> bool) -> Option<T> {
        let next = |owner: &ScriptId| self.owners[owner].items.first_key_value().map(|(_, item)| item);
        let (&turn, owner) = self.turns.iter().find(|(_, owner)| next(owner).is_some_and(|item| may(owner, item)))?;
        let owner = owner.clone();
        let waiting = self.owners.get_mut(&owner).expect("every turn is an owner's");
        let (_, item) = waiting.items.pop_first().expect("an owner in the queue has items");
        self.len -= 1;
        self.turns.remove(&turn);
        if waiting.items.is_empty() {
            self.owners.remove(&owner);
        } else {
            waiting.turn = self.ends.1;
            self.turns.insert(self.ends.1, owner);
            self.ends.1 += 1;
        }
        Some(item)
    }

    /// Takes one item out, wherever it stands. Nobody else's turn changes.
    pub(super) fn remove(&mut self, owner: &ScriptId, key: u64) -> Option<T> {
        let waiting = self.owners.get_mut(owner)?;
        let item = waiting.items.remove(&key)?;
        self.len -= 1;
        if waiting.items.is_empty() {
            self.turns.remove(&waiting.turn);
            self.owners.remove(owner);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ScriptId {
        ScriptId::new(name).expect("a good id")
    }

    fn of(items: &[(&str, u64)]) -> FairQueue<u64> {
        let mut queue = FairQueue::new();
        for &(owner, key) in items {
            queue.push(&id(owner), key, key);
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
        queue.push(&id("a"), 4, 4);
        assert_eq!(all(&mut queue), [2, 3, 4]);
    }

    #[test]
    fn what_is_put_back_comes_next_in_its_old_order() {
        let mut queue = of(&[("a", 1), ("a", 2), ("b", 3), ("b", 4)]);
        let taken = [queue.pop(|_| true), queue.pop(|_| true), queue.pop(|_| true)].map(Option::unwrap);
        assert_eq!(taken, [1, 3, 2]);
        for (owner, key) in [("a", 2), ("b", 3)] {
            queue.put_back(&id(owner), key, key);
        }
        assert_eq!(all(&mut queue), [3, 2, 4]);
    }

    #[test]
    fn an_item_that_is_removed_leaves_the_others_their_turns() {
        let mut queue = of(&[("a", 1), ("b", 2), ("b", 3), ("c", 4)]);
        assert_eq!(queue.remove(&id("b"), 2), Some(2));
        assert_eq!(queue.remove(&id("b"), 2), None);
        assert_eq!(queue.remove(&id("a"), 1), Some(1));
        assert_eq!(queue.len(), 2);
        assert_eq!(all(&mut queue), [3, 4]);
        assert!(queue.turns.is_empty() && queue.owners.is_empty());
    }

    #[test]
    fn an_owner_who_may_not_is_passed_over_and_keeps_its_turn() {
        let mut queue = of(&[("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(queue.pop(|owner| owner.as_str() != "a"), Some(2));
        assert_eq!(queue.pop(|owner| owner.as_str() == "z"), None);
        assert_eq!(all(&mut queue), [1, 3]);
    }
}
