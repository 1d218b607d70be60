//! Output that is told as it is written, and waits for the writes to State that it depends on.

use super::ToldBy;
use super::gate::Dependent;
use crate::state::{Depends, Fate, Store};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What runs have written and not told, by their numbers.
#[derive(Default)]
pub(super) struct Outputs {
    waiting: BTreeMap<u64, Output>,
    told: Vec<ToldBy>,
}

/// What one run has written: pieces, each with what it depends on, which is nothing older than what those before do.
struct Output {
    store: Arc<dyn Store>,
    pieces: VecDeque<(Depends, Vec<u8>)>,
}

impl Outputs {
    pub(super) fn add(&mut self, on: &Dependent, frames: Vec<u8>) {
        let new = || Output { store: on.store.clone(), pieces: VecDeque::new() };
        self.waiting.entry(on.id).or_insert_with(new).pieces.push_back((on.depends, frames));
    }

    /// Lets go what depends on nothing that is not durable, and forgets what depends on something that is lost.
    pub(super) fn let_go(&mut self) {
        let told = &mut self.told;
        self.waiting.retain(|run, output| output.let_go(*run, told));
    }

    /// The run has ended, and what came of it is told: what cannot leave now never does.
    pub(super) fn end(&mut self, run: u64) {
        if let Some(mut output) = self.waiting.remove(&run) {
            output.let_go(run, &mut self.told);
        }
    }

    /// What can leave.
    pub(super) fn take(&mut self) -> Vec<ToldBy> {
        std::mem::take(&mut self.told)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Output {
    /// Whether something is left that waits.
    fn let_go(&mut self, run: u64, told: &mut Vec<ToldBy>) -> bool {
        while let Some((depends, _)) = self.pieces.front() {
            match self.store.fate(*depends) {
                Fate::Pending => return true,
                Fate::Lost(_) => return false,
                Fate::Durable => told.extend(self.pieces.pop_front().map(|(_, frames)| ToldBy { run, frames })),
            }
        }
        false
    }
}
