//! The spaces in memory: loaded on first use, and forgotten again, the longest unused first.

use super::fates::Fates;
use super::lock;
use crate::state::space::Space;
use crate::state::{ScriptId, Seq};
use lru::LruCache;
use std::hash::RandomState;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a space takes in memory besides its entries: its cell, and its places in the map.
const SPACE: usize = 512;

/// So many spaces in a row may have something unwritten, before the search for one that has not is given up until later.
const TRIES: usize = 64;

/// The spaces in memory.
pub(super) struct Cache {
    cells: Mutex<LruCache<ScriptId, Arc<Cell>, RandomState>>,
    bytes: AtomicUsize,
    most: AtomicUsize,
}

/// A space in memory. Locked before the map of all, and before the log.
pub(super) struct Cell(Mutex<Slot>);

/// What a cell holds.
pub(super) struct Slot {
    pub(super) space: Space,
    /// The last write in it.
    pub(super) last: Seq,
    /// Whether it is out of use: whoever still has the cell looks the space up again.
    pub(super) is_dead: bool,
    /// What it counts in the cache.
    counted: usize,
}

impl Cell {
    pub(super) fn lock(&self) -> MutexGuard<'_, Slot> {
        lock(&self.0)
    }
}

impl Cache {
    /// A cache that may hold so many bytes of spaces.
    pub(super) fn new(most: usize) -> Self {
        Self {
            cells: Mutex::new(LruCache::unbounded_with_hasher(RandomState::new())),
            bytes: AtomicUsize::new(0),
            most: AtomicUsize::new(most),
        }
    }

    /// Lets it hold at least so many bytes.
    pub(super) fn widen(&self, most: usize) {
        self.most.fetch_max(most, Ordering::Relaxed);
    }

    /// A space, if it is here.
    pub(super) fn get(&self, owner: &ScriptId) -> Option<Arc<Cell>> {
        lock(&self.cells).get(owner).cloned()
    }

    /// Puts a space in that was loaded.
    pub(super) fn put(&self, owner: &ScriptId, space: Space) -> Arc<Cell> {
        let mut slot = Slot { space, last: 0, is_dead: false, counted: 0 };
        self.count(owner, &mut slot);
        let cell = Arc::new(Cell(Mutex::new(slot)));
        lock(&self.cells).put(owner.clone(), cell.clone());
        cell
    }

    /// Counts a space again, which has changed.
    pub(super) fn count(&self, owner: &ScriptId, slot: &mut Slot) {
        let bytes = SPACE + owner.as_str().len() + slot.space.bytes();
        self.bytes.fetch_add(bytes.wrapping_sub(slot.counted), Ordering::Relaxed);
        slot.counted = bytes;
    }

    /// Forgets a space.
    pub(super) fn forget(&self, owner: &ScriptId, cell: &Arc<Cell>, slot: &mut Slot) {
        slot.is_dead = true;
        self.bytes.fetch_sub(std::mem::take(&mut slot.counted), Ordering::Relaxed);
        slot.space = Space::default();
        let mut cells = lock(&self.cells);
        if cells.peek(owner).is_some_and(|there| Arc::ptr_eq(there, cell)) {
            cells.pop(owner);
        }
    }

    /// Whether it holds more than it may.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most.load(Ordering::Relaxed)
    }

    /// Forgets spaces until there is some room; none that has something in it which is not on disk.
    pub(super) fn evict(&self, fates: &Fates) {
        if !self.is_full() {
            return;
        }
        let enough = self.most.load(Ordering::Relaxed) / 8 * 7;
        let mut tries = TRIES;
        while tries > 0 && self.bytes.load(Ordering::Relaxed) > enough {
            tries -= 1;
            let oldest = {
                let mut cells = lock(&self.cells);
                let oldest = cells.peek_lru().map(|(owner, cell)| (owner.clone(), cell.clone()));
                if let Some((owner, _)) = &oldest {
                    cells.promote(owner);
                }
                oldest
            };
            let Some((owner, cell)) = oldest else { return };
            let mut slot = cell.lock();
            if slot.last <= fates.decided() {
                self.forget(&owner, &cell, &mut slot);
                tries = TRIES;
            }
        }
    }

    /// Forgets these spaces, unless somebody has read them anew.
    pub(super) fn forget_lost(&self, owners: &[ScriptId], fates: &Fates) {
        for owner in owners {
            let Some(cell) = lock(&self.cells).peek(owner).cloned() else { continue };
            let mut slot = cell.lock();
            if fates.is_lost(slot.last) {
                self.forget(owner, &cell, &mut slot);
            }
        }
    }
}
