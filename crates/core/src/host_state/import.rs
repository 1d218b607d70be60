//! Takes the lines of an export back: all of an owner's or none.

use super::answers::confused;
use super::line::{Line, read};
use super::talks::{Step, Talk};
use crate::api::state::store_error;
use crate::error::Error;
use crate::state::{ENTRY_COST, Entry, Grant, Op, Quotas, Request, Response, ScriptId, StoreError, now};
use crate::value::{List, Values};
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The longest line, in bytes: a value of 1 MiB with every character escaped, and more.
pub const MAX_LINE: usize = 8 << 20;

/// At most so many refusals are told; the others are counted.
const MAX_REFUSALS: usize = 1000;

/// An import that is under way: what is left between two pieces of its text.
#[derive(Clone)]
pub struct Importer(Arc<Mutex<Import>>);

struct Import {
    quotas: Arc<Quotas>,
    /// The beginning of a line whose end has not come; of one that is too long, nothing.
    rest: Vec<u8>,
    /// Whether that line is too long.
    too_long: bool,
    /// How many lines have come.
    lines: u64,
    open: Option<Open>,
    seen: Seen,
    totals: Totals,
    refusals: Vec<Refusal>,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    owners: usize,
    entries: usize,
    grants: usize,
    /// How many refusals there were, those included that are not told.
    refused: usize,
}

struct Refusal {
    line: u64,
    owner: Option<ScriptId>,
    message: String,
}

/// The owner whose lines come.
struct Open {
    owner: ScriptId,
    /// The line of the first of them.
    line: u64,
    entries: BTreeMap<Arc<str>, Entry>,
    bytes: usize,
    /// Whether something was wrong, so that nothing is imported.
    spoiled: bool,
}

/// The owners that have come, by hashes of 128 bits with random keys.
#[derive(Default)]
struct Seen {
    hashers: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
}

impl Seen {
    fn hash(&self, owner: &ScriptId) -> [u64; 2] {
        self.hashers.each_ref().map(|hasher| hasher.hash_one(owner))
    }

    fn has(&self, owner: &ScriptId) -> bool {
        self.hashes.contains(&self.hash(owner))
    }

    fn add(&mut self, owner: &ScriptId) {
        let hash = self.hash(owner);
        self.hashes.insert(hash);
    }
}

impl Importer {
    /// An import into spaces of at most so many bytes.
    pub fn new(quotas: Arc<Quotas>) -> Self {
        Self(Arc::new(Mutex::new(Import {
            quotas,
            rest: Vec::new(),
            too_long: false,
            lines: 0,
            open: None,
            seen: Seen::default(),
            totals: Totals::default(),
            refusals: Vec::new(),
        })))
    }

    /// Takes the next piece of the text, or with `None` its end.
    ///
    /// The list has how many owners, entries and grants were imported until now, and how many lines were refused; and then
    /// the line, the owner (or nil) and the reason of each refusal that is new.
    pub fn take(&self, piece: Option<Vec<u8>>) -> Box<dyn Talk> {
        Box::new(Piece {
            import: self.clone(),
            ends: piece.is_none(),
            bytes: piece.unwrap_or_default(),
            at: 0,
            asked: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Import> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One piece of the text.
struct Piece {
    import: Importer,
    bytes: Vec<u8>,
    at: usize,
    ends: bool,
    /// What the store was asked for.
    asked: Option<Wanted>,
}

/// What the store is asked for.
enum Wanted {
    Entries { owner: ScriptId, line: u64, count: usize },
    Grant { owner: ScriptId, line: u64 },
}

impl Talk for Piece {
    fn step(&mut self, response: Option<Result<Response, StoreError>>, long: bool) -> Step {
        let importer = self.import.clone();
        let mut import = importer.lock();
        let quotas = import.quotas.clone();
        if let Some(response) = response {
            let Some(asked) = self.asked.take() else { return Step::Done(Err(confused())) };
            if let Err(error) = import.take_note(asked, response) {
                return Step::Done(Err(error));
            }
        }
        if !long {
            return Step::Long;
        }
        while self.at < self.bytes.len() {
            let left = &self.bytes[self.at..];
            let Some(end) = left.iter().position(|&byte| byte == b'\n') else {
                import.keep(left);
                self.at = self.bytes.len();
                break;
            };
            let line = &left[..end];
            self.at += end + 1;
            if let Some((wanted, op)) = import.line(line) {
                drop(import);
                return self.ask(wanted, op, &quotas);
            }
        }
        if std::mem::take(&mut self.ends) {
            let last = if import.rest.is_empty() && !import.too_long { None } else { import.line(b"") };
            if let Some((wanted, op)) = last {
                // The end comes again.
                self.ends = true;
                drop(import);
                return self.ask(wanted, op, &quotas);
            }
            if let Some((wanted, op)) = import.close() {
                drop(import);
                return self.ask(wanted, op, &quotas);
            }
        }
        Step::Done(Ok(import.report()))
    }
}

impl Piece {
    fn ask(&mut self, wanted: Wanted, op: Op<'static>, quotas: &Quotas) -> Step {
        let (Wanted::Entries { owner, .. } | Wanted::Grant { owner, .. }) = &wanted;
        let request = Request { owner: owner.clone(), quota: quotas.of(owner), op };
        self.asked = Some(wanted);
        Step::Ask(request)
    }
}

impl Import {
    /// Keeps the beginning of a line.
    fn keep(&mut self, bytes: &[u8]) {
        if self.too_long || self.rest.len() + bytes.len() > MAX_LINE {
            self.too_long = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// Takes the end of a line. Returns what to ask the store, if the lines of an owner are complete.
    fn line(&mut self, end: &[u8]) -> Option<(Wanted, Op<'static>)> {
        self.lines += 1;
        let line = if self.rest.is_empty() && !self.too_long && end.len() <= MAX_LINE {
            read_line(end, self.lines)
        } else {
            self.keep(end);
            if std::mem::take(&mut self.too_long) {
                Line::Bad(None, format!("the line is longer than {MAX_LINE} bytes"))
            } else {
                let whole = std::mem::take(&mut self.rest);
                read_line(&whole, self.lines)
            }
        };
        match line {
            Line::Blank => None,
            Line::Entry(owner, entry) => {
                let complete = self.turn_to(&owner);
                self.add(entry);
                complete
            }
            Line::Grant(grant) => Some(self.grant(grant)),
            Line::Bad(owner, message) => {
                let complete = owner.as_ref().and_then(|owner| self.turn_to(owner));
                let message = match &owner {
                    Some(owner) => nothing_of(owner, &message),
                    None => message,
                };
                if let (Some(_), Some(open)) = (&owner, &mut self.open) {
                    open.spoil();
                }
                self.refuse(self.lines, owner, message);
                complete
            }
        }
    }

    fn grant(&self, grant: Grant) -> (Wanted, Op<'static>) {
        (Wanted::Grant { owner: grant.owner.clone(), line: self.lines }, Op::Grant(grant))
    }

    /// The lines that come are this owner's. Returns what the lines of another one are complete with.
    fn turn_to(&mut self, owner: &ScriptId) -> Option<(Wanted, Op<'static>)> {
        if self.open.as_ref().is_some_and(|open| open.owner == *owner) {
            return None;
        }
        let complete = self.close();
        let again = self.seen.has(owner);
        if again {
            let message = format!(
                "'{}' had lines before those of others; lines of one owner stand together, so these are left out",
                owner.as_str()
            );
            self.refuse(self.lines, Some(owner.clone()), message);
        }
        self.seen.add(owner);
        self.open =
            Some(Open { owner: owner.clone(), line: self.lines, entries: BTreeMap::new(), bytes: 0, spoiled: again });
        complete
    }

    /// Adds an entry to those of the owner whose lines come.
    fn add(&mut self, entry: Entry) {
        let line = self.lines;
        let Some(open) = self.open.as_mut().filter(|open| !open.spoiled) else { return };
        let quota = self.quotas.of(&open.owner);
        if entry.expires.is_some_and(|at| at <= now()) {
            return;
        }
        let cost = |entry: &Entry| entry.key.len() + entry.json.len() + ENTRY_COST;
        open.bytes += cost(&entry);
        if let Some(old) = open.entries.insert(entry.key.clone(), entry) {
            open.bytes -= cost(&old);
        }
        if open.bytes > quota {
            let (owner, bytes) = (open.owner.clone(), open.bytes);
            open.spoil();
            let message = nothing_of(&owner, &past_quota(bytes, quota));
            self.refuse(line, Some(owner), message);
        }
    }

    /// The owner whose lines came gets no more.
    fn close(&mut self) -> Option<(Wanted, Op<'static>)> {
        let Open { owner, line, entries, spoiled, .. } = self.open.take()?;
        if spoiled || entries.is_empty() {
            return None;
        }
        let wanted = Wanted::Entries { owner, line, count: entries.len() };
        Some((wanted, Op::Import(entries.into_values().collect())))
    }

    /// Takes note of what the store answered.
    fn take_note(&mut self, asked: Wanted, response: Result<Response, StoreError>) -> Result<(), Error> {
        match (asked, response) {
            (Wanted::Entries { count, .. }, Ok(_)) => {
                self.totals.owners += 1;
                self.totals.entries += count;
            }
            (Wanted::Grant { .. }, Ok(_)) => self.totals.grants += 1,
            (Wanted::Entries { owner, line, .. }, Err(StoreError::Quota(bytes))) => {
                let message = nothing_of(&owner, &past_quota(bytes, self.quotas.of(&owner)));
                self.refuse(line, Some(owner), message);
            }
            (Wanted::Grant { owner, line }, Err(StoreError::Taken(other))) => {
                let message = format!("'{}' has granted the same name to the same scripts", other.as_str());
                self.refuse(line, Some(owner), message);
            }
            (_, Err(error)) => {
                // A quota has its own message above.
                let Error { code, message, .. } = store_error("import", "", 0, error);
                let Totals { owners, grants, .. } = self.totals;
                let message = format!("{message}; {owners} owners and {grants} grants were imported before");
                return Err(Error::new(code, message));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, owner: Option<ScriptId>, message: String) {
        self.totals.refused += 1;
        if self.totals.refused <= MAX_REFUSALS {
            self.refusals.push(Refusal { line, owner, message });
        }
    }

    fn report(&mut self) -> Values {
        let mut list = List::new();
        let Totals { owners, entries, grants, refused } = self.totals;
        for count in [owners, entries, grants, refused] {
            list.count(count);
        }
        for Refusal { line, owner, message } in self.refusals.drain(..) {
            list.count(line.try_into().unwrap_or(usize::MAX));
            match owner {
                Some(owner) => list.text(owner.as_str()),
                None => list.nil(),
            }
            list.text(&message);
        }
        list.done()
    }
}

impl Open {
    fn spoil(&mut self) {
        self.spoiled = true;
        self.entries.clear();
        self.bytes = 0;
    }
}

/// Reads a line; the first one without a byte order mark.
fn read_line(line: &[u8], number: u64) -> Line {
    read(if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line })
}

fn nothing_of(owner: &ScriptId, message: &str) -> String {
    format!("{message}; nothing of '{}' is imported", owner.as_str())
}

fn past_quota(bytes: usize, quota: usize) -> String {
    format!("the entries would bring the space to {bytes} bytes; its stateQuota is {quota}")
}
