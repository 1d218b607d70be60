//! A pattern becomes a regular expression, within bounds: compiling cannot be stopped in the middle.

use super::lazy::{Direction, Lazy};
use super::threads::Threads;
use super::{MOST_GROUPS, NONE, Stop};
use crate::memory::{Budget, Killed};
use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{ClassUnicodeRange, Hir};

/// The longest pattern, in bytes.
const LONGEST: usize = 32 << 10;

/// How deep groups may nest: the compiler recurses on the native stack.
const DEEPEST: u32 = 100;

/// How large a compiled pattern may be. Backward it may be larger, as UTF-8 is; past that, searches do without.
const LARGEST: usize = 2 << 20;
const LARGEST_BACKWARD: usize = 4 << 20;

/// What a pattern takes in memory while it is compiled, for each byte of it, beside its character classes.
const WORK: usize = 512;

/// How much the character classes of a pattern may weigh, in characters and ranges that are looked at.
const HEAVIEST: usize = 6 << 20;

/// The longest pattern whose literals are looked for: a longer one may take long.
const LONGEST_WITH_PREFILTER: usize = 4 << 10;

/// What the bounded backtracker remembers, in bytes; this bounds its time.
const VISITED: usize = 64 << 10;

pub(super) struct Regex {
    pub(super) pattern: Box<[u8]>,
    nfa: NFA,
    names: Box<[(Box<str>, usize)]>,
    forward: Lazy,
    backward: Option<Lazy>,
    backtracker: BoundedBacktracker,
    visited: backtrack::Cache,
    /// What the VM counts for it.
    counted: usize,
}

impl Regex {
    /// Compiles a pattern, counting what that takes; or says what is wrong with it.
    pub(super) fn new(pattern: &[u8], budget: &Budget) -> Result<Result<Self, String>, Killed> {
        if pattern.len() > LONGEST {
            return Ok(Err(format!("the pattern is longer than {LONGEST} bytes")));
        }
        let Ok(text) = str::from_utf8(pattern) else {
            return Ok(Err("the pattern is not UTF-8 (a byte is written as (?-u:\\xFF))".to_owned()));
        };
        let mut held = pattern.len() * WORK;
        budget.hold(held)?;
        let made = match parse(text) {
            Ok((ast, classes)) => {
                budget.hold(classes)?;
                held += classes;
                translate(text, &ast).and_then(|hir| Self::of(pattern, &hir))
            }
            Err(reason) => Err(reason),
        };
        budget.release(held);
        Ok(made)
    }

    fn of(pattern: &[u8], hir: &Hir) -> Result<Self, String> {
        let too_large = || format!("the pattern is too large: compiled, it takes more than {LARGEST} bytes");
        let forward = nfa(hir, false)?.ok_or_else(too_large)?;
        let backward = nfa(hir, true)?;
        let groups = forward.group_info().all_group_len();
        if groups > MOST_GROUPS {
            return Err(format!("the pattern has more than {} groups", MOST_GROUPS - 1));
        }
        let names = forward.group_info().all_names().filter_map(|(_, group, name)| Some((name?.into(), group)));
        let names = names.collect();
        let literals = Some(hir).filter(|_| pattern.len() <= LONGEST_WITH_PREFILTER);
        let prefilter = literals.and_then(|hir| Prefilter::from_hir_prefix(MatchKind::LeftmostFirst, hir));
        let prefilter = prefilter.filter(Prefilter::is_fast);
        let config = BoundedBacktracker::config().visited_capacity(VISITED);
        let backtracker = BoundedBacktracker::builder().configure(config).build_from_nfa(forward.clone());
        let backtracker = backtracker.map_err(|error| error.to_string())?;
        let mut regex = Self {
            pattern: pattern.into(),
            names,
            forward: Lazy::new(&forward, Direction::Forward, prefilter)?,
            backward: backward.map(|nfa| Lazy::new(&nfa, Direction::Backward, None)).transpose()?,
            visited: backtracker.create_cache(),
            nfa: forward,
            backtracker,
            counted: 0,
        };
        regex.counted = regex.memory();
        Ok(regex)
    }

    /// How many groups it has, with the whole match.
    pub(super) fn groups(&self) -> usize {
        self.nfa.group_info().all_group_len()
    }

    pub(super) fn names(&self) -> &[(Box<str>, usize)] {
        &self.names
    }

    pub(super) fn counted(&self) -> usize {
        self.counted
    }

    fn memory(&self) -> usize {
        size_of::<Self>()
            + self.pattern.len()
            + self.nfa.memory_usage()
            + self.forward.memory()
            + self.backward.as_ref().map_or(0, Lazy::memory)
            + self.visited.memory_usage()
    }

    /// Counts what searches have added to it; whether that is anything.
    pub(super) fn count_growth(&mut self, budget: &Budget) -> Result<bool, Killed> {
        if self.visited.memory_usage() > 4 * VISITED {
            self.visited = self.backtracker.create_cache();
        }
        let memory = self.memory();
        let has_grown = memory > self.counted;
        if has_grown {
            budget.hold(memory - self.counted)?;
            self.counted = memory;
        }
        Ok(has_grown)
    }

    /// Fills the slots with the leftmost match from `from` on, if there is one: two for each group that is wanted.
    pub(super) fn search(
        &mut self,
        budget: &Budget,
        text: &[u8],
        from: usize,
        slots: &mut [usize],
    ) -> Result<bool, Killed> {
        budget.check()?;
        let end = match self.forward.search(budget, text, from) {
            Ok(None) => return Ok(false),
            Ok(Some(end)) => end,
            Err(Stop::Killed) => return Err(Killed),
            Err(Stop::Unknown) => return self.groups_within(budget, text, (from, text.len()), Anchored::No, slots),
        };
        let start = self.backward.as_mut().map(|backward| backward.search_back(budget, text, from, end));
        match start {
            Some(Ok(Some(start))) if slots.len() == 2 => {
                (slots[0], slots[1]) = (start, end);
                Ok(true)
            }
            Some(Ok(Some(start))) => self.groups_within(budget, text, (start, end), Anchored::Yes, slots),
            Some(Err(Stop::Killed)) => Err(Killed),
            // The end is known, and with it where to look.
            None | Some(Ok(None) | Err(Stop::Unknown)) => {
                self.groups_within(budget, text, (from, end), Anchored::No, slots)
            }
        }
    }

    fn groups_within(
        &mut self,
        budget: &Budget,
        text: &[u8],
        (from, to): (usize, usize),
        anchored: Anchored,
        slots: &mut [usize],
    ) -> Result<bool, Killed> {
        let input = Input::new(text).span(from..to).anchored(anchored);
        if to - from > self.backtracker.max_haystack_len() {
            let wants = slots.len();
            return Threads::new(&self.nfa, wants, budget)?.search(&input, slots);
        }
        let mut places: [Option<NonMaxUsize>; 2 * MOST_GROUPS] = [None; _];
        let places = &mut places[..slots.len()];
        let found = self.backtracker.try_search_slots(&mut self.visited, &input, places);
        for (slot, place) in slots.iter_mut().zip(places) {
            *slot = place.map_or(NONE, |place| place.get());
        }
        Ok(found.is_ok_and(|found| found.is_some()))
    }
}

/// Nothing, when it would be too large.
fn nfa(hir: &Hir, reverse: bool) -> Result<Option<NFA>, String> {
    let (captures, largest) =
        if reverse { (WhichCaptures::None, LARGEST_BACKWARD) } else { (WhichCaptures::All, LARGEST) };
    let config =
        thompson::Config::new().utf8(false).reverse(reverse).nfa_size_limit(Some(largest)).which_captures(captures);
    match thompson::Compiler::new().configure(config).build_from_hir(hir) {
        Ok(nfa) => Ok(Some(nfa)),
        Err(error) if error.size_limit().is_some() => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

const BACK_REFERENCE: &str = "back references, such as \\1 and \\k<name>, are not supported";

/// The tree of a pattern, and how many bytes its character classes are going to take.
fn parse(text: &str) -> Result<(Ast, usize), String> {
    let ast = ast::parse::ParserBuilder::new().nest_limit(DEEPEST).build().parse(text).map_err(|error| {
        let kind = match error.kind() {
            ast::ErrorKind::UnsupportedLookAround => {
                "look-around, such as (?=a) and (?<!a), is not supported".to_owned()
            }
            ast::ErrorKind::UnsupportedBackreference => BACK_REFERENCE.to_owned(),
            ast::ErrorKind::EscapeUnrecognized | ast::ErrorKind::FlagUnrecognized
                if ["\\k", "\\g", "P="].iter().any(|begin| text[error.span().start.offset..].starts_with(begin)) =>
            {
                BACK_REFERENCE.to_owned()
            }
            ast::ErrorKind::NestLimitExceeded(_) => format!("the pattern nests deeper than {DEEPEST} levels"),
            kind => kind.to_string(),
        };
        format!("{kind} (at byte {} of the pattern)", error.span().start.offset + 1)
    })?;
    match ast::visit(&ast, Weigh::default()) {
        Ok(ranges) => Ok((ast, ranges * size_of::<ClassUnicodeRange>())),
        Err(()) => Err("the pattern has too many, or too large, character classes".to_owned()),
    }
}

fn translate(text: &str, ast: &Ast) -> Result<Hir, String> {
    let translated = TranslatorBuilder::new().utf8(false).build().translate(text, ast);
    translated.map_err(|error| format!("{} (at byte {} of the pattern)", error.kind(), error.span().start.offset + 1))
}

/// Estimates what it takes to make the character classes of a pattern.
#[derive(Default)]
struct Weigh {
    weight: usize,
    /// Whether any part of the pattern so far ignores case: then each character of a class is looked at.
    ignores_case: bool,
    /// What the class that is being visited has so far.
    items: usize,
    /// How many ranges all classes have.
    ranges: usize,
}

/// How many characters there are, how many a class such as `\w` has at most, and how many ranges a class that has a name.
const CHARACTERS: usize = 0x11_0000;
const OF_WORDS: usize = 0x3_0000;
const RANGES: usize = 1500;

/// How many ranges a class such as `\w` has at most.
fn ranges(class: &ast::ClassPerl) -> usize {
    match class.kind {
        ast::ClassPerlKind::Digit => 100,
        ast::ClassPerlKind::Space => 20,
        ast::ClassPerlKind::Word => 1000,
    }
}

impl Weigh {
    fn add(&mut self, characters: usize, ranges: usize) -> Result<(), ()> {
        // Each item that is added looks at those before it.
        self.items += ranges;
        self.ranges += ranges;
        let characters = if self.ignores_case { characters } else { 0 };
        self.weight += characters + self.items;
        if self.weight > HEAVIEST { Err(()) } else { Ok(()) }
    }
}

impl ast::Visitor for Weigh {
    /// How many ranges all classes have.
    type Output = usize;
    type Err = ();

    fn finish(self) -> Result<usize, ()> {
        Ok(self.ranges)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        let flags = match ast {
            Ast::Flags(set) => Some(&set.flags),
            Ast::Group(group) => group.flags(),
            _ => None,
        };
        if flags.is_some_and(|flags| flags.flag_state(ast::Flag::CaseInsensitive) == Some(true)) {
            self.ignores_case = true;
        }
        self.items = 0;
        match ast {
            Ast::ClassUnicode(_) => self.add(CHARACTERS, RANGES),
            // These ignore case as they are.
            Ast::ClassPerl(class) => self.add(0, ranges(class)),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Result<(), ()> {
        match item {
            ast::ClassSetItem::Range(range) => {
                self.add((range.end.c as usize).saturating_sub(range.start.c as usize), 1)
            }
            ast::ClassSetItem::Unicode(_) => self.add(CHARACTERS, RANGES),
            ast::ClassSetItem::Perl(class) => {
                self.add(if class.negated { CHARACTERS } else { OF_WORDS }, ranges(class))
            }
            ast::ClassSetItem::Bracketed(class) if class.negated => self.add(CHARACTERS, 1),
            _ => self.add(1, 1),
        }
    }
}
