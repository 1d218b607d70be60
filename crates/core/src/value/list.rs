//! A list of values as JavaScript reads it, written without a VM.

use super::stored::{append, append_boolean, append_float, append_integer, append_nil, append_sized, append_text};
use super::wire::OBJECT;
use super::{Shapes, Values};

/// How many bytes stand before the values of a list: how many those are.
const COUNT: usize = size_of::<u32>();

/// A list of values under construction.
pub(crate) struct List {
    values: Values,
    count: u32,
}

impl List {
    pub(crate) fn new() -> Self {
        Self { values: vec![0; COUNT], count: 0 }
    }

    /// Adds the value that `write` appends.
    pub(crate) fn add<T>(&mut self, write: impl FnOnce(&mut Values) -> T) -> T {
        self.count += 1;
        write(&mut self.values)
    }

    pub(crate) fn nil(&mut self) {
        self.add(append_nil);
    }

    pub(crate) fn boolean(&mut self, is: bool) {
        self.add(|values| append_boolean(values, is));
    }

    pub(crate) fn integer(&mut self, n: i64) {
        self.add(|values| append_integer(values, n));
    }

    /// Adds how many there are of something, as an integer.
    pub(crate) fn count(&mut self, n: usize) {
        self.integer(i64::try_from(n).unwrap_or(i64::MAX));
    }

    pub(crate) fn float(&mut self, n: f64) {
        self.add(|values| append_float(values, n));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.add(|values| append_text(values, text));
    }

    /// Adds an object with one member, which is a text.
    pub(crate) fn object(&mut self, key: &str, text: &str) {
        self.add(|values| {
            values.push(OBJECT);
            values.extend_from_slice(&1_u32.to_le_bytes());
            append_sized(values, key);
            append_text(values, text);
        });
    }

    /// Adds the value of a JSON text.
    ///
    /// # Errors
    /// As [`append`].
    pub(crate) fn json(&mut self, json: &str, shapes: Shapes) -> serde_json::Result<()> {
        self.add(|values| append(values, json, shapes))
    }

    /// Adds all values of another list.
    pub(crate) fn values_of(&mut self, list: &[u8]) {
        let Some((count, values)) = list.split_first_chunk::<COUNT>() else { return };
        self.count += u32::from_le_bytes(*count);
        self.values.extend_from_slice(values);
    }

    pub(crate) fn done(mut self) -> Values {
        self.values[..COUNT].copy_from_slice(&self.count.to_le_bytes());
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_its_values_and_those_of_others() {
        let mut other = List::new();
        other.nil();
        other.text("a");
        let other = other.done();
        assert_eq!(other[..COUNT], 2_u32.to_le_bytes());
        let mut list = List::new();
        list.boolean(true);
        list.values_of(&other);
        list.object("key", "text");
        list.values_of(&[]);
        let list = list.done();
        assert_eq!(list[..COUNT], 4_u32.to_le_bytes());
        assert_eq!(list[COUNT + 1..][..other.len() - COUNT], other[COUNT..]);
    }
}
