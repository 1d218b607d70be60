//! A list of plain values as JavaScript reads it, written without a VM.

use super::wire;

/// A list of plain values under construction.
pub(crate) struct List(Vec<u8>);

impl List {
    /// A list that is going to have `count` values.
    pub(crate) fn new(count: u32) -> Self {
        Self(count.to_le_bytes().into())
    }

    pub(crate) fn nil(&mut self) {
        self.0.push(wire::NIL);
    }

    pub(crate) fn integer(&mut self, integer: i64) {
        self.0.push(wire::INTEGER);
        self.0.extend(integer.to_le_bytes());
    }

    pub(crate) fn float(&mut self, float: f64) {
        self.0.push(wire::FLOAT);
        self.0.extend(float.to_le_bytes());
    }

    /// A text; of more than 4 GiB, which nothing holds, as much as there are.
    pub(crate) fn text(&mut self, text: &str) {
        self.0.push(wire::TEXT);
        self.sized(text);
    }

    /// An object with one member.
    pub(crate) fn object(&mut self, key: &str, text: &str) {
        self.0.push(wire::OBJECT);
        self.0.extend(1u32.to_le_bytes());
        self.sized(key);
        self.text(text);
    }

    /// The only value of another list.
    pub(crate) fn value_of(&mut self, list: &[u8]) {
        self.0.extend(&list[size_of::<u32>()..]);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn sized(&mut self, text: &str) {
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }
}
