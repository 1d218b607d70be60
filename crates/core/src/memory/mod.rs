//! The memory of one VM: what it may hold, what is counted against that, and where its blocks are.

mod arena;
mod budget;
mod heap;
mod mapping;
mod pool;
mod region;
mod share;
mod spares;

pub(crate) use arena::{cost, place};
pub use budget::{Budget, Killed};
pub(crate) use heap::Heap;
#[cfg(test)]
pub(crate) use heap::REFUSALS;
pub(crate) use mapping::{forget, page};
pub(crate) use pool::{Account, Reasons, SMALLEST_VM, Tell};
pub use pool::{Held, Pool, Room};
pub use share::Share;
pub(crate) use spares::Spares;

/// What refused memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// The VM's own limit.
    Limit,
    /// What all VMs of its engine may hold.
    Pool,
    /// What all VMs of its id may hold.
    Share,
    /// The system.
    System,
}
