//! A simulation of the NFA, all of whose threads take a byte together: it tells the groups of a match of any length.

use super::NONE;
use crate::memory::{Budget, Killed};
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input};

/// A search, and what it holds of the VM's memory.
pub(super) struct Threads<'a> {
    nfa: &'a NFA,
    budget: &'a Budget,
    held: usize,
    now: Set,
    next: Set,
    stack: Vec<Frame>,
}

/// The threads at one byte, those that are preferred first.
struct Set {
    order: Vec<StateID>,
    /// Where each state is in the order, if it is there.
    places: Box<[u32]>,
    /// The slots of each state.
    slots: Box<[usize]>,
    wants: usize,
}

impl Set {
    fn new(states: usize, wants: usize) -> Self {
        let slots = vec![NONE; states * wants].into();
        Self { order: Vec::with_capacity(states), places: vec![0; states].into(), slots, wants }
    }

    /// Adds a state; whether it was not there.
    fn insert(&mut self, state: StateID) -> bool {
        let place = self.places[state] as usize;
        if self.order.get(place) == Some(&state) {
            return false;
        }
        self.places[state] = self.order.len() as u32;
        self.order.push(state);
        true
    }

    fn slots(&mut self, state: StateID) -> &mut [usize] {
        &mut self.slots[state.as_usize() * self.wants..][..self.wants]
    }
}

/// What is left to do while the states are followed that take no byte.
enum Frame {
    Explore(StateID),
    Restore(usize, usize),
}

impl Drop for Threads<'_> {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}

impl<'a> Threads<'a> {
    /// For so many slots.
    pub(super) fn new(nfa: &'a NFA, wants: usize, budget: &'a Budget) -> Result<Self, Killed> {
        let states = nfa.states().len();
        let of_state = 2 * (size_of::<StateID>() + size_of::<u32>() + wants * size_of::<usize>());
        // Each state is explored once, and leaves its alternatives behind.
        let held = states * (of_state + 2 * size_of::<Frame>());
        budget.hold(held)?;
        let set = || Set::new(states, wants);
        Ok(Self { nfa, budget, held, now: set(), next: set(), stack: Vec::new() })
    }

    /// Fills the slots with the leftmost match within the input's span; whether there is one.
    pub(super) fn search(mut self, input: &Input, slots: &mut [usize]) -> Result<bool, Killed> {
        let text = input.haystack();
        let is_anchored = input.get_anchored() != Anchored::No;
        let (mut is_found, mut new) = (false, vec![NONE; self.now.wants]);
        for at in input.start()..=input.end() {
            self.budget.check()?;
            let may_begin = !is_found && (!is_anchored || at == input.start());
            if self.now.order.is_empty() && !may_begin {
                break;
            }
            if may_begin {
                new.fill(NONE);
                follow(self.nfa, &mut self.stack, &mut self.now, self.nfa.start_anchored(), text, at, &mut new);
            }
            let byte = if at < input.end() { text.get(at).copied() } else { None };
            for i in 0..self.now.order.len() {
                let state = self.now.order[i];
                let target = match (self.nfa.state(state), byte) {
                    (State::Match { .. }, _) => {
                        slots.copy_from_slice(self.now.slots(state));
                        is_found = true;
                        // The others are less preferred.
                        break;
                    }
                    (State::ByteRange { trans }, Some(byte)) if trans.matches_byte(byte) => Some(trans.next),
                    (State::Sparse(transitions), Some(byte)) => transitions.matches_byte(byte),
                    (State::Dense(transitions), Some(byte)) => transitions.matches_byte(byte),
                    _ => None,
                };
                if let Some(target) = target {
                    new.copy_from_slice(self.now.slots(state));
                    follow(self.nfa, &mut self.stack, &mut self.next, target, text, at + 1, &mut new);
                }
            }
            std::mem::swap(&mut self.now, &mut self.next);
            self.next.order.clear();
        }
        Ok(is_found)
    }
}

/// Adds to `set` all states that `from` leads to at `at` without a byte, with the slots that `new` has by then.
fn follow(nfa: &NFA, stack: &mut Vec<Frame>, set: &mut Set, from: StateID, text: &[u8], at: usize, new: &mut [usize]) {
    stack.push(Frame::Explore(from));
    while let Some(frame) = stack.pop() {
        let mut state = match frame {
            Frame::Restore(slot, place) => {
                new[slot] = place;
                continue;
            }
            Frame::Explore(state) => state,
        };
        while set.insert(state) {
            match nfa.state(state) {
                State::Look { look, next } => {
                    if !nfa.look_matcher().matches(*look, text, at) {
                        break;
                    }
                    state = *next;
                }
                State::Union { alternates } => {
                    let Some((first, others)) = alternates.split_first() else { break };
                    stack.extend(others.iter().rev().map(|&other| Frame::Explore(other)));
                    state = *first;
                }
                State::BinaryUnion { alt1, alt2 } => {
                    stack.push(Frame::Explore(*alt2));
                    state = *alt1;
                }
                State::Capture { next, slot, .. } => {
                    if let Some(place) = new.get_mut(slot.as_usize()) {
                        stack.push(Frame::Restore(slot.as_usize(), *place));
                        *place = at;
                    }
                    state = *next;
                }
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Match { .. } => {
                    set.slots(state).copy_from_slice(new);
                    break;
                }
                State::Fail => break,
            }
        }
    }
}
