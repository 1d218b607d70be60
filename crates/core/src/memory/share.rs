//! What all VMs of one id hold together, and may.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory of all VMs of one id: a part of its engine's [`super::Pool`], with a bound of its own.
#[derive(Debug)]
pub struct Share {
    max: AtomicUsize,
    held: AtomicUsize,
    /// How many results are kept that JavaScript has not taken over.
    kept: AtomicUsize,
}

impl Default for Share {
    fn default() -> Self {
        Self { max: AtomicUsize::new(usize::MAX), held: AtomicUsize::new(0), kept: AtomicUsize::new(0) }
    }
}

impl Share {
    /// Bounds it, from now on.
    pub(crate) fn set_max(&self, bytes: Option<usize>) {
        self.max.store(bytes.unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// What it may hold.
    pub(crate) fn max(&self) -> usize {
        self.max.load(Ordering::Relaxed)
    }

    /// What it holds, in bytes.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether results are kept, whose room will be free again.
    pub(crate) fn keeps_results(&self) -> bool {
        self.kept.load(Ordering::Relaxed) > 0
    }

    /// Counts `bytes` more. Says whether that fits.
    pub(super) fn charge(&self, bytes: usize) -> bool {
        self.held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) <= self.max()
    }

    pub(super) fn discharge(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts a result, whose bytes are charged already.
    pub(super) fn keep(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn let_go(&self) {
        self.kept.fetch_sub(1, Ordering::Relaxed);
    }
}
