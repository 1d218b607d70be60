//! The contract of stores, for the store in memory.

mod contract;

use moonpool_core::state::MemoryStore;
use std::sync::Arc;

contract!(memory, Arc::<MemoryStore>::default());
