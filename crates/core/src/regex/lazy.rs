//! A DFA that is made while it searches, with a look at the budget after so many bytes.

use super::Stop;
use crate::memory::Budget;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::NFA;
use regex_automata::util::prefilter::Prefilter;
use regex_automata::{Anchored, Input, MatchKind, Span};

/// How much memory the states may take before they are made anew.
const CAPACITY: usize = 256 << 10;

/// So many states of the NFA may be looked at between two looks at the budget: each byte may make a state of the DFA out of
/// all of them.
const WORK: usize = 1 << 20;

/// So many bytes a prefilter looks at in between.
const WINDOW: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

pub(super) struct Lazy {
    dfa: DFA,
    cache: Cache,
    prefilter: Option<Prefilter>,
    /// How many bytes are read between two looks at the budget.
    step: usize,
}

impl Lazy {
    pub(super) fn new(nfa: &NFA, direction: Direction, prefilter: Option<Prefilter>) -> Result<Self, String> {
        let is_forward = direction == Direction::Forward;
        let config = Config::new()
            .match_kind(if is_forward { MatchKind::LeftmostFirst } else { MatchKind::All })
            .specialize_start_states(prefilter.is_some())
            // Words are those of ASCII, until a byte comes that is not.
            .unicode_word_boundary(true)
            .cache_capacity(CAPACITY)
            .skip_cache_capacity_check(true)
            // It never gives up: slow, it is no slower than what would take its place.
            .minimum_cache_clear_count(None);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone()).map_err(|error| error.to_string())?;
        let step = (WORK / nfa.states().len()).clamp(16, 4096);
        Ok(Self { cache: dfa.create_cache(), dfa, prefilter, step })
    }

    pub(super) fn memory(&self) -> usize {
        let nfa = if self.dfa.get_nfa().is_reverse() { self.dfa.get_nfa().memory_usage() } else { 0 };
        let prefilter = self.prefilter.as_ref().map_or(0, Prefilter::memory_usage);
        nfa + prefilter + self.dfa.memory_usage() + self.cache.memory_usage()
    }

    /// Where the leftmost match from `from` on ends.
    pub(super) fn search(&mut self, budget: &Budget, text: &[u8], from: usize) -> Result<Option<usize>, Stop> {
        let Some(mut at) = self.candidate(budget, text, from)? else { return Ok(None) };
        let mut state = self.start(text, at)?;
        let mut end = None;
        while at < text.len() {
            budget.check()?;
            let stop = text.len().min(at + self.step);
            while at < stop {
                state = self.skip_plain(text, &mut at, stop, state);
                state = self.next(state, text[at])?;
                if state.is_tagged() {
                    if state.is_match() {
                        // It is told one byte late.
                        end = Some(at);
                    } else if state.is_dead() {
                        return Ok(end);
                    } else if state.is_quit() {
                        return Err(Stop::Unknown);
                    } else if state.is_start() && end.is_none() {
                        let Some(candidate) = self.candidate(budget, text, at)? else { return Ok(None) };
                        if candidate > at {
                            at = candidate;
                            state = self.start(text, at)?;
                            continue;
                        }
                    }
                }
                at += 1;
            }
        }
        let state = self.dfa.next_eoi_state(&mut self.cache, state).map_err(|_| Stop::Unknown)?;
        Ok(if state.is_match() { Some(text.len()) } else { end })
    }

    /// Where the longest match begins that ends at `end`, and does not begin before `from`.
    pub(super) fn search_back(
        &mut self,
        budget: &Budget,
        text: &[u8],
        from: usize,
        end: usize,
    ) -> Result<Option<usize>, Stop> {
        let input = Input::new(text).span(from..end).anchored(Anchored::Yes);
        let mut state = self.dfa.start_state_reverse(&mut self.cache, &input).map_err(|_| Stop::Unknown)?;
        let (mut start, mut at) = (None, end);
        while at > from {
            budget.check()?;
            let stop = from.max(at.saturating_sub(self.step));
            while at > stop {
                at -= 1;
                state = self.next(state, text[at])?;
                if state.is_tagged() {
                    if state.is_match() {
                        start = Some(at + 1);
                    } else if state.is_dead() {
                        return Ok(start);
                    } else if state.is_quit() {
                        return Err(Stop::Unknown);
                    }
                }
            }
        }
        let state = match from.checked_sub(1) {
            Some(before) => self.next(state, text[before])?,
            None => self.dfa.next_eoi_state(&mut self.cache, state).map_err(|_| Stop::Unknown)?,
        };
        if state.is_quit() {
            return Err(Stop::Unknown);
        }
        Ok(if state.is_match() { Some(from) } else { start })
    }

    fn start(&mut self, text: &[u8], at: usize) -> Result<LazyStateID, Stop> {
        let input = Input::new(text).span(at..text.len());
        self.dfa.start_state_forward(&mut self.cache, &input).map_err(|_| Stop::Unknown)
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Result<LazyStateID, Stop> {
        self.dfa.next_state(&mut self.cache, state, byte).map_err(|_| Stop::Unknown)
    }

    /// Steps over bytes that lead to states which are known, and say nothing. The byte at `at` is for the state that it gives.
    #[inline]
    fn skip_plain(&self, text: &[u8], at: &mut usize, stop: usize, mut state: LazyStateID) -> LazyStateID {
        if state.is_tagged() {
            return state;
        }
        // The last byte is left for the caller.
        for &byte in &text[*at..stop - 1] {
            let next = self.dfa.next_state_untagged(&self.cache, state, byte);
            if next.is_tagged() {
                break;
            }
            state = next;
            *at += 1;
        }
        state
    }

    /// The next place from `at` on where a match may begin.
    fn candidate(&self, budget: &Budget, text: &[u8], at: usize) -> Result<Option<usize>, Stop> {
        let Some(prefilter) = &self.prefilter else { return Ok(Some(at)) };
        let mut at = at;
        while at < text.len() {
            budget.check()?;
            let end = text.len().min(at + WINDOW);
            // A literal that the window ends in the middle of may begin here.
            let last = if end == text.len() { end } else { end + 1 - prefilter.max_needle_len().min(end - at) };
            match prefilter.find(text, Span::from(at..end)) {
                Some(found) if found.start < last => return Ok(Some(found.start)),
                _ => at = last,
            }
        }
        Ok(None)
    }
}
