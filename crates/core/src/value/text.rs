//! Text under construction, counted against the VM's memory as it grows.

use super::Refusal;
use super::cost::{Bill, PARSED};
use crate::memory::{Budget, Killed};

/// Bytes under construction, counted against the VM's memory.
pub(crate) struct Text<'a> {
    budget: &'a Budget,
    bytes: Vec<u8>,
    max: usize,
    /// What the values take that JavaScript is going to make of it, if that shall count.
    bill: Option<Bill<'a>>,
}

impl<'a> Text<'a> {
    /// An empty text that may grow to `max` bytes.
    pub(crate) fn new(budget: &'a Budget, max: usize) -> Self {
        Self { budget, bytes: Vec::new(), max, bill: None }
    }

    /// A text that goes on from `bytes`.
    ///
    /// # Errors
    /// When those are more than the VM's memory limit leaves room for.
    pub(crate) fn continuing(budget: &'a Budget, bytes: Vec<u8>) -> Result<Self, Killed> {
        budget.hold(bytes.capacity())?;
        Ok(Self { budget, bytes, max: usize::MAX, bill: None })
    }

    /// A text of JSON that JavaScript is going to parse, of at most `max_nodes` values and keys.
    pub(crate) fn to_be_parsed(budget: &'a Budget, max: usize, max_nodes: usize) -> Self {
        Self { budget, bytes: Vec::new(), max, bill: Some(Bill::new(budget, max_nodes)) }
    }

    /// The same, which may grow to `max` bytes.
    pub(crate) fn at_most(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// Where it ends, and what is counted.
    pub(super) fn mark(&self) -> (usize, (usize, usize)) {
        (self.bytes.len(), self.bill.as_ref().map(Bill::mark).unwrap_or_default())
    }

    /// Ends where it did at that mark. The memory that it has stays counted.
    pub(super) fn go_back(&mut self, (end, counted): (usize, (usize, usize))) {
        self.bytes.truncate(end);
        if let Some(bill) = &mut self.bill {
            bill.go_back(counted);
        }
    }

    /// Counts a value or key of JSON.
    pub(super) fn count(&mut self) -> Result<(), Refusal> {
        self.bill.as_mut().map_or(Ok(()), |bill| bill.node(PARSED, 0))
    }

    /// The bytes themselves, counted no longer.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.budget.release(self.bytes.capacity());
        std::mem::take(&mut self.bytes)
    }

    /// What the text is counted against.
    pub(super) fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When the text would pass its maximum, or the VM its memory limit.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let wanted = self.bytes.len() + bytes.len();
        if wanted > self.max {
            return Err(Refusal::TooLong);
        }
        Ok(self.budget.extend(&mut self.bytes, bytes)?)
    }

    /// The text, to which so many bytes may be added.
    ///
    /// # Errors
    /// As [`Text::push`].
    pub(super) fn with_room(&mut self, bytes: usize) -> Result<&mut Vec<u8>, Refusal> {
        let wanted = self.bytes.len() + bytes;
        if wanted > self.max {
            return Err(Refusal::TooLong);
        }
        if wanted > self.bytes.capacity() {
            self.budget.reserve(&mut self.bytes, bytes)?;
        }
        Ok(&mut self.bytes)
    }

    /// Adds a string or a number as JSON, piece by piece: nothing is built that is not counted.
    pub(super) fn push_json(&mut self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), Refusal> {
        let mut pieces = Pieces { text: self, refusal: None };
        match serde_json::to_writer(&mut pieces, value) {
            Ok(()) => Ok(()),
            // Neither strings nor numbers fail to serialise: a piece was refused.
            Err(_) => Err(pieces.refusal.unwrap_or(Refusal::TooLong)),
        }
    }

    /// The bytes so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes.capacity());
    }
}

/// A text as serde_json writes to it; keeps why a piece was refused.
struct Pieces<'t, 'a> {
    text: &'t mut Text<'a>,
    refusal: Option<Refusal>,
}

impl std::io::Write for Pieces<'_, '_> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.text.push(piece).map(|()| piece.len()).map_err(|refusal| {
            self.refusal = Some(refusal);
            std::io::ErrorKind::OutOfMemory.into()
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
