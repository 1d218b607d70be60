//! Chunks of VMs that are copies of one snapshot, which go from one VM to the next: the system would give the memory of each
//! page by page, and that takes longer than the copy.

use std::sync::{Mutex, PoisonError};

/// So many bytes are kept at most.
const MOST: usize = 8 << 20;

/// Chunks of one length that no VM has now.
pub(crate) struct Spares {
    len: usize,
    most: usize,
    chunks: Mutex<Vec<Chunk>>,
}

struct Chunk(*mut u8);

// SAFETY: a chunk that is spare is memory that nobody else has.
unsafe impl Send for Chunk {}

impl Spares {
    /// None yet, of a snapshot of so many bytes. Under a sanitizer none are kept: it watches memory that is given back.
    pub(crate) fn of(snapshot: usize) -> Self {
        let len = super::arena::chunk_for(snapshot);
        let most = if cfg!(feature = "sanitizer") { 0 } else { MOST / len };
        Self { len, most, chunks: Mutex::default() }
    }

    /// A chunk of this length, if there is one.
    pub(super) fn take(&self, len: usize) -> Option<*mut u8> {
        let chunk = (len == self.len).then(|| self.lock().pop()).flatten();
        chunk.map(|chunk| chunk.0)
    }

    /// Keeps a chunk, unless there are enough. Says whether it did.
    pub(super) fn keep(&self, chunk: *mut u8, len: usize) -> bool {
        let mut chunks = self.lock();
        let keeps = len == self.len && chunks.len() < self.most;
        if keeps {
            chunks.push(Chunk(chunk));
        }
        keeps
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Chunk>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        for Chunk(chunk) in self.lock().drain(..) {
            // SAFETY: an arena allocated it with this length, and nobody has it.
            unsafe { super::arena::give_back(chunk, self.len) };
        }
    }
}
