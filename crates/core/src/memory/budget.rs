//! What a run may still use: whether it goes on, and what the host holds for it, counted with its VM's heap.

use super::Heap;
use crate::error::{Code, Error};
use moonpool_lua::Flag;
use std::fmt;
use std::sync::Arc;

/// A buffer has room for so many bytes as soon as it has any: each step of its growth is counted, which takes as long as the step.
const LEAST: usize = 64;

/// Smaller ones grow twofold.
const SMALL: usize = 4096;

/// The flag and the heap of one VM, for work that the host does on its behalf.
pub struct Budget {
    flag: Arc<Flag>,
    heap: HeapRef,
}

/// The run is being killed: unwind. Nobody sees it, because once the flag is up nothing catches the error that it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed;

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("killed")
    }
}

impl std::error::Error for Killed {}

impl From<Killed> for Error {
    fn from(killed: Killed) -> Self {
        Self::new(Code::Internal, killed.to_string())
    }
}

struct HeapRef(*const Heap);

// SAFETY: the heap lives as long as the VM, which owns the budget, and both are used by one thread at a time: they move
// between threads together.
unsafe impl Send for HeapRef {}

impl Budget {
    /// The budget of a VM that obeys `flag`.
    ///
    /// # Safety
    /// `heap` stays where it is for as long as the budget lives, and both are used by one thread at a time.
    pub(crate) unsafe fn new(flag: Arc<Flag>, heap: &Heap) -> Self {
        Self { flag, heap: HeapRef(heap) }
    }

    /// Whether the run may go on: to be asked in loops whose length a script chooses.
    ///
    /// # Errors
    /// When the run is being killed.
    pub fn check(&self) -> Result<(), Killed> {
        if self.flag.killed().is_some() { Err(Killed) } else { Ok(()) }
    }

    /// Counts `bytes` that the host holds for this VM against the VM's memory limit.
    ///
    /// # Errors
    /// Past the limit, and then the run is killed.
    pub fn hold(&self, bytes: usize) -> Result<(), Killed> {
        if self.heap().hold(bytes) { Ok(()) } else { Err(self.kill(Flag::MEMORY)) }
    }

    /// Takes back what [`Budget::hold`] counted.
    pub fn release(&self, bytes: usize) {
        self.heap().release(bytes);
    }

    /// Adds `bytes` to a buffer whose whole capacity is counted.
    ///
    /// # Errors
    /// As [`Budget::hold`].
    pub(crate) fn extend(&self, buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Killed> {
        if buffer.capacity() - buffer.len() < bytes.len() {
            self.reserve(buffer, bytes.len())?;
        }
        buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Gives a buffer whose whole capacity is counted room for so many bytes more.
    ///
    /// # Errors
    /// As [`Budget::hold`].
    #[cold]
    pub(crate) fn reserve(&self, buffer: &mut Vec<u8>, bytes: usize) -> Result<(), Killed> {
        let grown = if buffer.capacity() < SMALL { 2 * buffer.capacity() } else { buffer.capacity() / 2 * 3 };
        let capacity = (buffer.len() + bytes).max(grown).max(LEAST);
        self.hold(capacity - buffer.capacity())?;
        buffer.reserve_exact(capacity - buffer.len());
        Ok(())
    }

    /// Kills the run, unless something else did so before, and returns what to unwind with.
    pub(crate) fn kill(&self, reason: i32) -> Killed {
        self.flag.kill(reason);
        Killed
    }

    /// As [`Heap::with_room`], of the VM.
    ///
    /// # Errors
    /// When the VM has no room, and then the run is killed.
    pub(crate) fn with_room<T>(&self, bytes: usize, work: impl FnOnce() -> T) -> Result<T, Killed> {
        self.heap().with_room(bytes, work).ok_or_else(|| self.kill(Flag::MEMORY))
    }

    fn heap(&self) -> &Heap {
        // SAFETY: as `new` demands.
        unsafe { &*self.heap.0 }
    }
}
