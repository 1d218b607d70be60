//! What came of several batches, of which the host hears at once: in the order in which it came.

use super::Finished;

/// How many are told, given up, settled and called.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lengths {
    told: usize,
    given_up: usize,
    settled: usize,
    calls: usize,
}

impl Finished {
    fn lengths(&self) -> Lengths {
        let (told, given_up) = (self.told.len(), self.given_up.len());
        Lengths { told, given_up, settled: self.settled.len(), calls: self.calls.len() }
    }

    /// Adds what came later.
    pub(super) fn append(&mut self, later: Self) {
        // Of what came at once, the host hears first what was told.
        if !later.told.is_empty() && self.len() > self.told.len() {
            self.ends.push(self.lengths());
        }
        if !later.ends.is_empty() {
            let before = self.lengths();
            self.ends.extend(later.ends.into_iter().map(|end| Lengths {
                told: before.told + end.told,
                given_up: before.given_up + end.given_up,
                settled: before.settled + end.settled,
                calls: before.calls + end.calls,
            }));
        }
        self.told.extend(later.told);
        self.given_up.extend(later.given_up);
        self.settled.extend(later.settled);
        self.calls.extend(later.calls);
    }

    /// The same in parts, of which the host is to hear one after the other. There is one at least.
    pub fn in_order(mut self) -> impl Iterator<Item = Self> {
        let mut later = Vec::with_capacity(self.ends.len());
        while let Some(end) = self.ends.pop() {
            later.push(Self {
                told: self.told.split_off(end.told),
                given_up: self.given_up.split_off(end.given_up),
                settled: self.settled.split_off(end.settled),
                calls: self.calls.split_off(end.calls),
                ends: Vec::new(),
            });
        }
        std::iter::once(self).chain(later.into_iter().rev())
    }
}
