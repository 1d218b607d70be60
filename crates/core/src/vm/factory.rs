//! What makes an engine's VMs: the snapshot that they are copies of, and the compiled code that they share.

use super::code_cache::CodeCache;
use super::snapshot::{Blank, Snapshot, build};
use crate::api::libraries::Libraries;
use std::sync::atomic::{AtomicU64, Ordering};

/// What makes an engine's VMs. Shared by all worker threads.
pub struct Factory {
    libraries: Libraries,
    snapshot: Option<Snapshot>,
    code_cache: Option<CodeCache>,
    created: AtomicU64,
}

impl Factory {
    /// Makes VMs with these libraries.
    pub fn new(libraries: Libraries, code_cache: Option<CodeCache>) -> Self {
        Self { libraries, snapshot: Snapshot::new(libraries), code_cache, created: AtomicU64::new(0) }
    }

    /// Whether VMs are copied. Where they are not, they are built anew each time, which gives the same VMs.
    pub fn copies(&self) -> bool {
        self.snapshot.is_some()
    }

    /// How many VMs were made.
    pub fn vms_created(&self) -> u64 {
        self.created.load(Ordering::Relaxed)
    }

    /// Where compiled chunks are kept, if they are.
    pub fn code_cache(&self) -> Option<&CodeCache> {
        self.code_cache.as_ref()
    }

    /// A new VM, or nothing when the system has no memory for it.
    pub(super) fn blank(&self) -> Option<Blank> {
        self.created.fetch_add(1, Ordering::Relaxed);
        match &self.snapshot {
            Some(snapshot) => snapshot.copy(),
            None => build(self.libraries),
        }
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
