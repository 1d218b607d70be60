//! What memory allows: which queued runs may begin, and when none ever will.

use crate::bridge::Kill;
use crate::error::{Code, Error};
use crate::memory::Room;
use crate::vm::Factory;
use std::sync::Arc;

/// What an engine's memory allows its runs.
pub(super) struct Memory {
    factory: Arc<Factory>,
    /// What runs of late held at most.
    peak: usize,
}

/// Which queued runs may begin.
#[derive(Clone, Copy)]
pub(super) enum Begin {
    Any,
    /// One, because nothing else goes on.
    One,
    /// Those that have their context's VM, which counts already.
    WithVm,
    /// Beside those, one that a script has called, because everything that has begun waits.
    Called,
}

impl Memory {
    pub(super) fn new(factory: Arc<Factory>) -> Self {
        Self { factory, peak: 0 }
    }

    /// Whether there is memory for VMs.
    pub(super) fn is_free(&self) -> bool {
        self.room() == Room::Free
    }

    /// Whether results wait for JavaScript to take them over.
    pub(super) fn keeps_results(&self) -> bool {
        self.factory.memory().keeps_results()
    }

    /// Whether VMs hold all of it.
    pub(super) fn is_used_up(&self) -> bool {
        self.room() == Room::None
    }

    /// Which queued runs may begin. When another run has begun and `goes_on`, it will end, if only by its timeout, and
    /// give its memory back. Unless one `moves`, all of them may wait for scripts that they have called.
    pub(super) fn may_begin(&self, goes_on: bool, moves: bool) -> Begin {
        match self.room() {
            Room::Free => Begin::Any,
            Room::Tight if goes_on && !moves => Begin::Called,
            _ if goes_on => Begin::WithVm,
            Room::Tight => Begin::One,
            Room::None => Begin::WithVm,
        }
    }

    /// Takes note of what a run held at most. What was larger longer ago counts less and less.
    pub(super) fn note_peak(&mut self, bytes: usize) {
        if bytes > 0 {
            self.peak = bytes.max(self.peak - self.peak / 16);
        }
    }

    /// Lets memory that comes free stay, as much as `slots` runs are going to need.
    pub(super) fn keep(&self, slots: usize) {
        // Each slot may have one that grows as far as the largest, and what it holds is in blocks of many sizes.
        self.factory.memory().keep(self.peak.saturating_mul(slots).saturating_mul(3) / 2);
    }

    /// Why a run is refused that no memory will ever come free for by itself, or one that is called by a run that waits.
    pub(super) fn starved(&self, called_only: bool) -> Error {
        let (who, hint) = match called_only {
            true => ("runs that wait", ""),
            false => ("contexts between two runs", ". Close some"),
        };
        let max = self.factory.memory().max();
        let message = format!("{who} hold all of the engine's maxMemory of {max} bytes; nothing was run{hint}");
        Error { limit: Kill::EngineMemory.limit(), ..Error::new(Code::Memory, message) }
    }

    fn room(&self) -> Room {
        self.factory.memory().room()
    }
}
