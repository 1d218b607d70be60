//! Regular expressions whose searches take linear time, count their memory, and end when the run is killed.
//!
//! The syntax and the answers are those of Rust's `regex`, whose parts this is made of. Its own searches cannot be stopped
//! in the middle, and one of them may take seconds: so here the lazy DFA is stepped byte by byte ([`lazy`]), with a look at
//! the budget in between, and says where a match is. What only it cannot tell, the groups of a long match and words of
//! Unicode, is told by a simulation of the NFA ([`threads`]), step by step too. The groups of a short match are told by
//! `regex`'s bounded backtracker, whose work has a bound of its own.

mod compile;
mod lazy;
mod threads;

use crate::error::{Code, Error};
use crate::memory::{Budget, Killed};
use compile::Regex;

/// How many groups a pattern may have, the whole match among them.
pub(crate) const MOST_GROUPS: usize = 65;

/// What stands in a slot of a group that has no part in a match.
const NONE: usize = usize::MAX;

/// Where a match is, and its groups.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    slots: [usize; 2 * MOST_GROUPS],
    groups: usize,
    /// The names of groups: until the next search.
    pub(crate) names: *const [(Box<str>, usize)],
}

impl Found {
    /// Where a group is, from the first byte to the one behind the last; the group 0 is the whole match.
    pub(crate) fn group(&self, n: usize) -> Option<(usize, usize)> {
        let place = (self.slots[2 * n], self.slots[2 * n + 1]);
        (place.0 != NONE && place.1 != NONE).then_some(place)
    }

    /// The whole match.
    pub(crate) fn whole(&self) -> (usize, usize) {
        (self.slots[0], self.slots[1])
    }

    /// How many groups there are beside the whole match.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }
}

/// The compiled regular expressions of a VM, the last used first.
#[derive(Default)]
#[allow(clippy::vec_box, reason = "each is a kilobyte, and they change places")]
pub(crate) struct Regexes(Vec<Box<Regex>>);

impl Regexes {
    /// How many are kept, and how many bytes they may take together.
    const MOST: usize = 64;
    const MOST_BYTES: usize = 8 << 20;

    /// Searches `text` from the byte `from` on.
    ///
    /// # Errors
    /// For what is no pattern, and when the run is being killed.
    pub(crate) fn find(
        &mut self,
        budget: &Budget,
        pattern: &[u8],
        text: &[u8],
        from: usize,
        wants_groups: bool,
    ) -> Result<Option<Found>, Error> {
        let regex = self.get(budget, pattern)?;
        let mut found = Found { slots: [NONE; 2 * MOST_GROUPS], groups: regex.groups() - 1, names: regex.names() };
        let slots = &mut found.slots[..if wants_groups { 2 * regex.groups() } else { 2 }];
        let is_found = regex.search(budget, text, from, slots);
        if regex.count_growth(budget)? {
            self.make_room(budget, 1, 0);
        }
        Ok(is_found?.then_some(found))
    }

    /// As [`Regexes::find`], for the matches of a text one after the other: of the empty ones, that which stands right behind
    /// the match before, which ended at `last`, is none.
    ///
    /// # Errors
    /// As [`Regexes::find`].
    pub(crate) fn next(
        &mut self,
        budget: &Budget,
        pattern: &[u8],
        text: &[u8],
        last: Option<usize>,
        wants_groups: bool,
    ) -> Result<Option<Found>, Error> {
        let Some(last) = last else { return self.find(budget, pattern, text, 0, wants_groups) };
        match self.find(budget, pattern, text, last, wants_groups)? {
            Some(found) if found.whole() == (last, last) && last == text.len() => Ok(None),
            Some(found) if found.whole() == (last, last) => self.find(budget, pattern, text, last + 1, wants_groups),
            found => Ok(found),
        }
    }

    fn get(&mut self, budget: &Budget, pattern: &[u8]) -> Result<&mut Regex, Error> {
        match self.0.iter().position(|regex| *regex.pattern == *pattern) {
            Some(0) => {}
            Some(at) => self.0[..=at].rotate_right(1),
            None => self.add(budget, pattern)?,
        }
        Ok(&mut self.0[0])
    }

    fn add(&mut self, budget: &Budget, pattern: &[u8]) -> Result<(), Error> {
        budget.check()?;
        let regex = Regex::new(pattern, budget)?;
        let regex = regex.map_err(|reason| Error::new(Code::Runtime, format!("regex: {reason}")))?;
        self.make_room(budget, 0, regex.counted());
        budget.hold(regex.counted())?;
        self.0.insert(0, Box::new(regex));
        Ok(())
    }

    /// Lets go of those that were used longest ago, until so many bytes more may be kept; but not of the `spared` first.
    fn make_room(&mut self, budget: &Budget, spared: usize, wanted: usize) {
        let mut bytes: usize = self.0.iter().map(|regex| regex.counted()).sum();
        while self.0.len() > spared && (self.0.len() - spared >= Self::MOST || bytes + wanted > Self::MOST_BYTES) {
            let Some(oldest) = self.0.pop() else { break };
            bytes -= oldest.counted();
            budget.release(oldest.counted());
        }
    }
}

impl From<Killed> for Stop {
    fn from(_: Killed) -> Self {
        Self::Killed
    }
}

/// Why a search has no answer.
#[derive(Debug)]
enum Stop {
    Killed,
    /// It came to a byte that the DFA knows nothing about.
    Unknown,
}
