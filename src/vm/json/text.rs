//! Text under construction, counted against the VM's memory as it grows.

use super::Refusal;
use crate::vm::Context;

/// Bytes under construction, counted against the VM's memory.
pub(crate) struct Text<'a> {
    pub(super) context: &'a Context,
    bytes: Vec<u8>,
    max: usize,
}

impl<'a> Text<'a> {
    /// An empty text that may grow to `max` bytes.
    pub(crate) fn new(context: &'a Context, max: usize) -> Self {
        Self { context, bytes: Vec::new(), max }
    }

    /// A text that goes on from `bytes`, whose capacity is counted already.
    pub(crate) fn continuing(context: &'a Context, bytes: Vec<u8>) -> Self {
        Self { context, bytes, max: usize::MAX }
    }

    /// The bytes themselves, counted no longer.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.context.release(self.bytes.capacity());
        std::mem::take(&mut self.bytes)
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
        Ok(self.context.extend(&mut self.bytes, bytes)?)
    }

    pub(super) fn push_json(&mut self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), Refusal> {
        // Strings and numbers only: neither can fail to serialise.
        let text = serde_json::to_vec(value).unwrap_or_default();
        self.push(&text)
    }

    /// The bytes so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        self.context.release(self.bytes.capacity());
    }
}
