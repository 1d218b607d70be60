//! The lists of a shared dictionary: queues in pieces, so that none is ever moved as a whole.

use super::Value;
use std::collections::VecDeque;

/// What an element takes in memory besides its text, in bytes: its place in a piece that may be two thirds empty, and
/// an allocation.
pub(super) const ELEMENT: usize = 112;

/// What a list takes besides its elements, in bytes.
pub(super) const LIST: usize = 256;

/// How many elements a piece has at most.
const PIECE: usize = 256;

/// The end of a list at which something is put or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The head.
    Left,
    /// The tail.
    Right,
}

/// A list.
#[derive(Debug, Default)]
pub(super) struct List {
    /// None is empty.
    pieces: VecDeque<VecDeque<Value>>,
    len: usize,
    bytes: usize,
}

impl List {
    /// What an element is counted with.
    pub(super) fn cost(value: &Value) -> usize {
        ELEMENT + value.bytes()
    }

    /// What all elements are counted with.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, end: End, value: Value) {
        self.len += 1;
        self.bytes += Self::cost(&value);
        let piece = match end {
            End::Left => self.pieces.front_mut(),
            End::Right => self.pieces.back_mut(),
        };
        match (piece.filter(|piece| piece.len() < PIECE), end) {
            (Some(piece), End::Left) => piece.push_front(value),
            (Some(piece), End::Right) => piece.push_back(value),
            (None, End::Left) => self.pieces.push_front([value].into()),
            (None, End::Right) => self.pieces.push_back([value].into()),
        }
    }

    pub(super) fn pop(&mut self, end: End) -> Option<Value> {
        let (piece, value);
        match end {
            End::Left => {
                piece = self.pieces.front_mut()?;
                value = piece.pop_front()?;
            }
            End::Right => {
                piece = self.pieces.back_mut()?;
                value = piece.pop_back()?;
            }
        }
        shrink(piece);
        if piece.is_empty() {
            match end {
                End::Left => self.pieces.pop_front(),
                End::Right => self.pieces.pop_back(),
            };
            shrink(&mut self.pieces);
        }
        self.len -= 1;
        self.bytes -= Self::cost(&value);
        Some(value)
    }
}

/// Gives room back that a queue has not used for long: what it holds stays within three times what it needs.
fn shrink<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > 4 && queue.len() * 3 < queue.capacity() {
        queue.shrink_to(queue.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_queue_at_both_ends() {
        let (mut list, mut model) = (List::default(), VecDeque::new());
        let mut random = 1_u64;
        for i in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let end = if random >> 40 & 1 == 0 { End::Left } else { End::Right };
            // First it grows, then it shrinks.
            if (random >> 50) % 8 < if i < 10_000 { 6 } else { 2 } {
                list.push(end, Value::Integer(i));
                match end {
                    End::Left => model.push_front(i),
                    End::Right => model.push_back(i),
                }
            } else {
                let popped = match end {
                    End::Left => model.pop_front(),
                    End::Right => model.pop_back(),
                };
                assert_eq!(list.pop(end), popped.map(Value::Integer));
            }
            assert_eq!((list.len(), list.bytes()), (model.len(), model.len() * ELEMENT));
        }
        assert!(model.is_empty());
        assert_eq!(list.pieces.len(), 0);
    }

    #[test]
    fn what_it_holds_stays_near_what_it_needs() {
        let mut list = List::default();
        for i in 0..100_000 {
            list.push(End::Right, Value::Integer(i));
        }
        while list.len() > 1 {
            list.pop(End::Left);
        }
        let room: usize = list.pieces.iter().map(VecDeque::capacity).sum();
        assert!(room <= 8 && list.pieces.capacity() <= 8, "{room}, {}", list.pieces.capacity());
    }
}
