//! An entry of a shared dictionary.

use super::list::{LIST, List};
use super::{ENTRY, Value};
use std::thread;

/// A longer list is freed on a thread of its own.
const LONG_LIST: usize = 100_000;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stored: Stored,
    pub(super) flags: u32,
    pub(super) expires: u64,
    pub(super) epoch: u64,
}

#[derive(Debug)]
pub(super) enum Stored {
    Value(Value),
    List(Box<List>),
}

impl Entry {
    pub(super) fn cost(&self, key: &[u8]) -> usize {
        let stored = match &self.stored {
            Stored::Value(value) => value.bytes(),
            Stored::List(list) => LIST + list.bytes(),
        };
        ENTRY + key.len() + stored
    }

    /// Frees it, when no lock is held.
    pub(super) fn discard(self) {
        let Stored::List(list) = self.stored else { return };
        if list.len() > LONG_LIST {
            // Without a thread it is freed here.
            let _ = thread::Builder::new().name("moonpool-free".to_owned()).spawn(move || drop(list));
        }
    }
}
