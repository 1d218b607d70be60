//! What makes an engine's VMs: the snapshot that they are copies of, and the compiled code that they share.

use super::code_cache::CodeCache;
use super::prelude::Prelude;
use super::snapshot::{Blank, Snapshot, build, build_that_repeats};
use crate::api::libraries::Libraries;
use crate::bridge::{Kill, Limits};
use crate::error::Error;
use crate::memory::{Pool, Reasons};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// With what VMs are killed for others.
const REASONS: Reasons = Reasons { of_all: Kill::EngineMemory.reason(), of_id: Kill::IdMemory.reason() };

/// What makes an engine's VMs. Shared by all worker threads.
pub struct Factory {
    libraries: Libraries,
    /// Of VMs without a prelude.
    bare: Option<Snapshot>,
    prelude: Option<Arc<Prelude>>,
    code_cache: Option<CodeCache>,
    created: AtomicU64,
    memory: Arc<Pool>,
}

impl Factory {
    /// Makes VMs with these libraries.
    pub fn new(libraries: Libraries, code_cache: Option<CodeCache>) -> Self {
        let (bare, created) = (Snapshot::new(libraries), AtomicU64::new(0));
        Self { libraries, bare, prelude: None, code_cache, created, memory: Pool::new(usize::MAX, REASONS) }
    }

    /// The same, whose VMs begin after this prelude, which was made with the same libraries. So many threads may make VMs at
    /// once: there is to be room for all of those. Before the first is made.
    #[must_use]
    pub fn with_prelude(self, prelude: Arc<Prelude>, threads: usize) -> Self {
        let memory = self.memory.where_new_ones_take(prelude.size().saturating_mul(threads));
        Self { prelude: Some(prelude), memory, ..self }
    }

    /// What all its VMs begin after, if there is anything.
    pub(super) fn prelude(&self) -> Option<&Arc<Prelude>> {
        self.prelude.as_ref()
    }

    /// The size of the image that VMs are copies of, in bytes; 0 where they are not copied.
    pub fn snapshot_size(&self) -> usize {
        self.snapshot().map_or(0, Snapshot::size)
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.prelude.as_ref().map(|prelude| prelude.snapshot()).or(self.bare.as_ref())
    }

    /// Bounds what all its VMs hold together, in bytes. Before the first is made.
    #[must_use]
    pub fn with_max_memory(self, bytes: usize) -> Self {
        Self { memory: Pool::new(bytes, REASONS), ..self }
    }

    /// What all its VMs hold together.
    pub fn memory(&self) -> &Pool {
        &self.memory
    }

    /// Whether VMs are copied. Where they are not, they are built anew each time, which gives the same VMs.
    pub fn copies(&self) -> bool {
        self.bare.is_some()
    }

    /// How many VMs were made.
    pub fn vms_created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    /// Why there is no VM, when all VMs hold what would be needed for the prelude of another.
    pub(super) fn used_up(&self) -> Option<Error> {
        let needed = self.memory.held().saturating_add(self.prelude.as_ref()?.size());
        (needed > self.memory.max()).then(|| Kill::EngineMemory.error(&Limits::default()))
    }

    /// Where compiled chunks are kept, if they are.
    pub fn code_cache(&self) -> Option<&CodeCache> {
        self.code_cache.as_ref()
    }

    /// A new VM, or nothing when the system has no memory for it.
    pub(super) fn blank(&self) -> Option<Blank> {
        self.created.fetch_add(1, Ordering::Relaxed);
        self.blank_of(self.snapshot())
    }

    /// A new VM that has begun without a prelude, or nothing, as [`Factory::blank`].
    pub(super) fn bare(&self) -> Option<Blank> {
        self.created.fetch_add(1, Ordering::Relaxed);
        self.blank_of(self.bare.as_ref())
    }

    fn blank_of(&self, snapshot: Option<&Snapshot>) -> Option<Blank> {
        match snapshot {
            Some(snapshot) => snapshot.copy(Some(self.memory.open())),
            None => build(self.libraries, Some(self.memory.open())),
        }
    }

    /// A new VM that repeats, which is no copy of another, and has begun without a prelude; or nothing, as [`Factory::blank`].
    pub(super) fn blank_that_repeats(&self, seed: u64, memory: usize) -> Option<Blank> {
        self.created.fetch_add(1, Ordering::Relaxed);
        build_that_repeats(self.libraries, Some(self.memory.open()), seed, memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vms_are_copied_on_this_platform() {
        assert!(Factory::new(Libraries::ALL, None).copies());
    }
}
