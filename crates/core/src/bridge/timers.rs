//! Timers: what the scripts of an engine have asked to be run later, and when that is.
//!
//! Scripts add and cancel on worker threads. The engine's thread asks what is due, runs it, and says when that has ended;
//! it is told by [`Timers::has_news`] when there is something to ask.

use super::{Compiled, Context};
use crate::state::ScriptId;
use crate::value::{List, Values};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many timers an engine has at most that are going to run, by default; and how many of one id.
pub const MAX_TIMERS: usize = 1024;
/// As [`MAX_TIMERS`], of one id.
pub const MAX_TIMERS_PER_ID: usize = 64;

/// How many bytes one timer may hold, function and arguments together; those of one id; and all of an engine.
pub const MAX_BYTES: usize = 1 << 20;
const MAX_BYTES_PER_ID: usize = 8 << 20;
const MAX_BYTES_OF_ALL: usize = 64 << 20;

/// So many times a second each timer that an id may have may run. Faster ones wait: their runs would keep the engine's
/// thread from everything else.
const RATE: f64 = 16.0;

/// What a timer takes besides its function and its arguments, in bytes: its places in maps.
const ENTRY: usize = 512;

/// So many ids are known before the idle ones are forgotten.
const FEW_IDS: usize = 64;

/// What runs.
#[derive(Clone)]
pub enum Work {
    /// A function.
    Function(Arc<Compiled>),
    /// The script of this name.
    Script(Arc<str>),
}

impl Work {
    /// How many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Function(function) => function.size(),
            Self::Script(name) => name.len(),
        }
    }
}

/// How often it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// Once, after the time.
    At,
    /// Each time that so much time has passed.
    Every,
}

/// What a script asks for.
pub struct NewTimer {
    /// Who asks, and so who runs.
    pub owner: ScriptId,
    /// The run that asks: what it has of the host's, the timer's runs have.
    pub origin: u64,
    /// The name of that run.
    pub name: Arc<str>,
    /// What runs.
    pub work: Work,
    /// A list: what it is given.
    pub args: Values,
    /// How often, and after which time.
    pub rhythm: Rhythm,
    /// See [`Rhythm`].
    pub time: Duration,
}

/// Why there is no timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The engine, or the id, has as many as it may have.
    TooMany,
    /// Those of the engine, or of the id, hold as many bytes as they may.
    TooManyBytes,
    /// The engine is closing.
    Closing,
}

impl Refused {
    /// What scripts are told.
    pub fn text(self) -> &'static str {
        match self {
            Self::TooMany => "too many pending timers",
            Self::TooManyBytes => "too many bytes in pending timers",
            Self::Closing => "engine closing",
        }
    }
}

/// A timer whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub id: u64,
    /// Who runs.
    pub owner: ScriptId,
    /// The run that made it, and the name of that.
    pub origin: u64,
    /// See `origin`.
    pub name: Arc<str>,
    /// The script to run, if it is no function.
    pub script: Option<Arc<str>>,
    /// Whether the engine closes, and its time has not come.
    pub premature: bool,
}

/// What a timer runs.
pub struct Task {
    /// Who runs.
    pub owner: ScriptId,
    /// The name of the run that made it.
    pub name: Arc<str>,
    /// See [`Work`].
    pub work: Work,
    /// Whether its time has not come, and behind that what it is given.
    pub args: Values,
}

/// What there is to know of a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub owner: ScriptId,
    /// The name of the run that made it.
    pub name: Arc<str>,
    /// How often it runs, and after which time.
    pub rhythm: Rhythm,
    /// See `rhythm`.
    pub time: Duration,
    /// When it runs next, from now; nothing if it does not.
    pub next: Option<Duration>,
    /// How many of its runs have ended; how many times it was not run, because the run before was still at work; and how
    /// many runs failed.
    pub runs: u64,
    /// See `runs`.
    pub skipped: u64,
    /// See `runs`.
    pub failed: u64,
    /// Whether a run of it is at work, or waits for its turn.
    pub running: bool,
    /// How many bytes its function and its arguments take.
    pub bytes: usize,
}

/// What the engine's thread has not heard yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Runs that have made timers, and which the timers refer to.
    pub made: Vec<u64>,
    /// Runs to which no timer refers any more.
    pub gone: Vec<u64>,
    /// In which time the next timer is due, if there is one.
    pub next: Option<Duration>,
}

/// The timers of an engine.
pub struct Timers {
    most: usize,
    most_per_id: usize,
    /// Whether there is something new for the engine's thread.
    news: AtomicBool,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// By number.
    timers: FxHashMap<u64, Timer>,
    /// What is going to run and is not running: by time, then in the order in which it was made.
    due: BTreeSet<(Instant, u64, u64)>,
    ids: HashMap<ScriptId, OfId>,
    /// How many ids there are when idle ones are looked for next.
    crowded_at: usize,
    /// How many timers refer to a run; and which runs that has changed for since the last news.
    origins: FxHashMap<u64, usize>,
    changed: FxHashSet<u64>,
    /// How many are going to run, and what all hold.
    pending: usize,
    bytes: usize,
    made: u64,
    /// Numbers look random: from those of its own no script sees what others do.
    numbers: RandomState,
    /// The time that the engine's thread was told last.
    told: Option<Instant>,
    closing: bool,
}

struct Timer {
    new: NewTimer,
    /// How many were made before it.
    order: u64,
    bytes: usize,
    /// When it is to run next, if it is. It is in `due` under another time when its id runs too many.
    next: Option<Instant>,
    /// Under which time it is in `due`, if it is there.
    listed: Option<Instant>,
    running: bool,
    premature: bool,
    runs: u64,
    skipped: u64,
    failed: u64,
}

impl Timer {
    /// Whether it is going to run, and is the owner's, if one is given.
    fn is_pending_of(&self, owner: Option<&ScriptId>) -> bool {
        self.next.is_some() && owner.is_none_or(|owner| self.new.owner == *owner)
    }
}

/// What one id has.
#[derive(Default)]
struct OfId {
    pending: usize,
    running: usize,
    bytes: usize,
    /// When it will have been long enough since its runs began that it could begin as many again.
    recovered: Option<Instant>,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new(MAX_TIMERS, MAX_TIMERS_PER_ID)
    }
}

impl Timers {
    /// No timers; so many may be pending, and so many of one id.
    pub fn new(most: usize, most_per_id: usize) -> Self {
        Self { most, most_per_id, news: AtomicBool::new(false), book: Mutex::default() }
    }

    /// Adds a timer, and returns its number.
    ///
    /// # Errors
    /// When there are too many, or the engine closes.
    pub fn add(&self, new: NewTimer, now: Instant) -> Result<u64, Refused> {
        let mut book = self.lock();
        if book.closing {
            return Err(Refused::Closing);
        }
        let bytes = ENTRY + new.work.size() + new.args.len();
        let (pending, held) = book.ids.get(&new.owner).map_or((0, 0), |id| (id.pending, id.bytes));
        if book.pending >= self.most || pending >= self.most_per_id {
            return Err(Refused::TooMany);
        }
        // As many as there may be can always hold something.
        let beyond = |bytes: usize, most: usize, timers: usize| bytes > most.max(timers.saturating_mul(2 * ENTRY));
        if beyond(held + bytes, MAX_BYTES_PER_ID, self.most_per_id)
            || beyond(book.bytes + bytes, MAX_BYTES_OF_ALL, self.most)
        {
            return Err(Refused::TooManyBytes);
        }
        let next = now + new.time;
        let (id, order) = book.number();
        book.forget_idle(&new.owner, now);
        book.count(&new, bytes);
        let timer = Timer {
            new,
            order,
            bytes,
            next: Some(next),
            listed: None,
            running: false,
            premature: false,
            runs: 0,
            skipped: 0,
            failed: 0,
        };
        book.timers.insert(id, timer);
        book.list(id, next);
        self.tell(&book);
        Ok(id)
    }

    /// Lets a timer run no more: one of the owner's, if one is given. Says whether it would have run.
    pub fn cancel(&self, id: u64, owner: Option<&ScriptId>) -> bool {
        let mut book = self.lock();
        if !book.timers.get(&id).is_some_and(|timer| timer.is_pending_of(owner)) {
            return false;
        }
        book.forget(id);
        self.tell(&book);
        true
    }

    /// Lets none of an id's run any more, or of all. Says how many would have.
    pub fn cancel_all(&self, owner: Option<&ScriptId>) -> usize {
        let mut book = self.lock();
        let meant: Vec<_> =
            book.timers.iter().filter(|(_, timer)| timer.is_pending_of(owner)).map(|(id, _)| *id).collect();
        for id in &meant {
            book.forget(*id);
        }
        self.tell(&book);
        meant.len()
    }

    /// How many of an id are going to run, and how many run now.
    pub fn counts(&self, owner: &ScriptId) -> (usize, usize) {
        self.lock().ids.get(owner).map_or((0, 0), |id| (id.pending, id.running))
    }

    /// How many are going to run.
    pub fn pending(&self) -> usize {
        self.lock().pending
    }

    /// Whether there is something to ask [`Self::news`] for; not again until there is more.
    pub fn has_news(&self) -> bool {
        self.news.load(Ordering::Acquire)
    }

    /// What is new.
    pub fn news(&self, now: Instant) -> News {
        let mut book = self.lock();
        self.news.store(false, Ordering::Release);
        book.told = book.due.first().map(|(time, ..)| *time);
        let next =
            book.told.map(|time| if book.closing { Duration::ZERO } else { time.saturating_duration_since(now) });
        let changed = std::mem::take(&mut book.changed);
        let (made, gone) = changed.into_iter().partition(|run| book.origins.contains_key(run));
        News { made, gone, next }
    }

    /// The next timer that is due. It runs, until [`Self::ended`].
    pub fn take(&self, now: Instant) -> Option<Due> {
        let burst = Duration::from_secs_f64(1.0 / RATE);
        let interval = burst / u32::try_from(self.most_per_id.max(1)).unwrap_or(u32::MAX);
        let mut book = self.lock();
        loop {
            let &(time, _, id) = book.due.first()?;
            let closing = book.closing;
            if time > now && !closing {
                return None;
            }
            let (owner, next) = book.timers.get(&id).map(|timer| (timer.new.owner.clone(), timer.next))?;
            let of_id = book.ids.get_mut(&owner)?;
            let recovered = of_id.recovered.map_or(now, |time| time.max(now)) + interval;
            if recovered > now + burst && !closing {
                book.list(id, recovered.checked_sub(burst).unwrap_or(now));
                continue;
            }
            of_id.recovered = Some(recovered);
            of_id.running += 1;
            book.unlist(id);
            let passed = book.advance(id, next.filter(|_| !closing), now);
            let timer = book.timers.get_mut(&id)?;
            (timer.running, timer.premature) = (true, closing);
            // The first of the times that have passed is what runs now; the others are missed.
            timer.skipped += passed.saturating_sub(1);
            let script = match &timer.new.work {
                Work::Function(_) => None,
                Work::Script(name) => Some(name.clone()),
            };
            let (origin, name) = (timer.new.origin, timer.new.name.clone());
            return Some(Due { id, owner, origin, name, script, premature: closing });
        }
    }

    /// What a timer that was taken runs.
    pub fn task(&self, id: u64) -> Option<Task> {
        let book = self.lock();
        let timer = book.timers.get(&id).filter(|timer| timer.running)?;
        let mut args = List::new();
        args.boolean(timer.premature);
        args.values_of(&timer.new.args);
        let NewTimer { owner, name, work, .. } = &timer.new;
        Some(Task { owner: owner.clone(), name: name.clone(), work: work.clone(), args: args.done() })
    }

    /// The run of a timer has ended, or could not begin.
    pub fn ended(&self, id: u64, failed: bool, now: Instant) {
        let mut book = self.lock();
        let Some(timer) = book.timers.get_mut(&id).filter(|timer| timer.running) else { return };
        timer.running = false;
        timer.runs += 1;
        timer.failed += u64::from(failed);
        let (next, owner) = (timer.next, timer.new.owner.clone());
        if let Some(of_id) = book.ids.get_mut(&owner) {
            of_id.running -= 1;
        }
        match next {
            None => book.remove(id),
            Some(next) if book.closing => book.list(id, next),
            Some(next) => {
                // While it ran these have passed.
                let passed = if next <= now { book.advance(id, Some(next), now) } else { 0 };
                if let Some(timer) = book.timers.get_mut(&id) {
                    timer.skipped += passed;
                    let next = timer.next.unwrap_or(now);
                    book.list(id, next);
                }
            }
        }
        self.tell(&book);
    }

    /// The engine closes: there are no more timers from now on, and all that are going to run are due, for the last time.
    pub fn close(&self) {
        self.lock().closing = true;
        self.news.store(true, Ordering::Release);
    }

    /// All timers, in the order in which they were made.
    pub fn list(&self, now: Instant) -> Vec<Listed> {
        let book = self.lock();
        let mut timers: Vec<_> = book.timers.iter().collect();
        timers.sort_unstable_by_key(|(_, timer)| timer.order);
        let listed = timers.into_iter().map(|(id, timer)| Listed {
            id: *id,
            owner: timer.new.owner.clone(),
            name: timer.new.name.clone(),
            rhythm: timer.new.rhythm,
            time: timer.new.time,
            next: timer.next.map(|next| next.saturating_duration_since(now)),
            runs: timer.runs,
            skipped: timer.skipped,
            failed: timer.failed,
            running: timer.running,
            bytes: timer.bytes,
        });
        listed.collect()
    }

    /// There is something to tell if runs have got timers, or lost their last; or one is due before the time that was told.
    fn tell(&self, book: &Book) {
        let is_sooner = book.due.first().is_some_and(|(time, ..)| book.told.is_none_or(|told| *time < told));
        if is_sooner || !book.changed.is_empty() {
            self.news.store(true, Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Nothing that holds the lock panics half way through a change.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// A number for a new timer, and how many were made before it.
    fn number(&mut self) -> (u64, u64) {
        let order = self.made;
        loop {
            self.made += 1;
            // What JavaScript and Lua both have exactly.
            let number = self.numbers.hash_one(self.made) >> (u64::BITS - 48);
            if number > 0 && !self.timers.contains_key(&number) {
                return (number, order);
            }
        }
    }

    /// Forgets ids without timers, when there are many and a new one comes. Not those whose last runs still slow down the next:
    /// otherwise a script that lets all of its timers end would have no rate.
    fn forget_idle(&mut self, comes: &ScriptId, now: Instant) {
        if self.ids.len() < self.crowded_at || self.ids.contains_key(comes) {
            return;
        }
        self.ids.retain(|_, id| id.pending + id.running > 0 || id.recovered.is_some_and(|time| time > now));
        self.crowded_at = FEW_IDS.max(2 * self.ids.len());
    }

    fn count(&mut self, new: &NewTimer, bytes: usize) {
        let of_id = self.ids.entry(new.owner.clone()).or_default();
        of_id.pending += 1;
        of_id.bytes += bytes;
        self.pending += 1;
        self.bytes += bytes;
        let timers = self.origins.entry(new.origin).or_default();
        *timers += 1;
        if *timers == 1 {
            self.changed.insert(new.origin);
        }
    }

    /// Puts a timer where it is found when this time has come.
    fn list(&mut self, id: u64, time: Instant) {
        self.unlist(id);
        if let Some(timer) = self.timers.get_mut(&id) {
            timer.listed = Some(time);
            self.due.insert((time, timer.order, id));
        }
    }

    fn unlist(&mut self, id: u64) {
        if let Some(timer) = self.timers.get_mut(&id)
            && let Some(time) = timer.listed.take()
        {
            self.due.remove(&(time, timer.order, id));
        }
    }

    /// Says when a timer runs next whose `time` has come: never again, if it runs once, or without a time. Returns how
    /// many of its times have passed by `now`.
    fn advance(&mut self, id: u64, time: Option<Instant>, now: Instant) -> u64 {
        let Some(timer) = self.timers.get_mut(&id) else { return 0 };
        let (Rhythm::Every, Some(time)) = (timer.new.rhythm, time) else {
            self.is_not_pending(id);
            return 0;
        };
        // The longest time is far less than 2^63 nanoseconds.
        let period = (timer.new.time.as_nanos() as u64).max(1);
        let passed = now.saturating_duration_since(time).as_nanos() as u64 / period + 1;
        timer.next = Some(time + Duration::from_nanos(period * passed));
        passed
    }

    /// It does not run any more.
    fn is_not_pending(&mut self, id: u64) {
        let Some(timer) = self.timers.get_mut(&id) else { return };
        if timer.next.take().is_some() {
            self.pending -= 1;
            if let Some(of_id) = self.ids.get_mut(&timer.new.owner) {
                of_id.pending -= 1;
            }
        }
    }

    /// As [`Self::is_not_pending`]; and it is gone, unless it runs now.
    fn forget(&mut self, id: u64) {
        self.unlist(id);
        self.is_not_pending(id);
        if self.timers.get(&id).is_some_and(|timer| !timer.running) {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: u64) {
        let Some(Timer { new, bytes, .. }) = self.timers.remove(&id) else { return };
        self.bytes -= bytes;
        if let Some(of_id) = self.ids.get_mut(&new.owner) {
            of_id.bytes -= bytes;
            if of_id.pending + of_id.running == 0 && of_id.recovered.is_none() {
                self.ids.remove(&new.owner);
            }
        }
        if let Some(timers) = self.origins.get_mut(&new.origin) {
            *timers -= 1;
            if *timers == 0 {
                self.origins.remove(&new.origin);
                self.changed.insert(new.origin);
            }
        }
    }
}

impl Context {
    /// The timers of the engine.
    pub(crate) fn timers(&self) -> &Timers {
        &self.services.timers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_without_timers_are_forgotten_when_their_rate_allows_it() {
        let (timers, start) = (Timers::default(), Instant::now());
        let run = |id: usize, now| {
            let owner = ScriptId::new(&format!("id-{id}")).expect("an id");
            let work = Work::Script("s".into());
            let (name, args, rhythm, time) = ("m".into(), vec![0; 4], Rhythm::At, Duration::ZERO);
            let id = timers.add(NewTimer { owner, origin: 0, name, work, args, rhythm, time }, now);
            assert_eq!(timers.take(now).map(|due| due.id), id.ok());
            timers.ended(id.expect("room"), false, now);
        };
        for id in 0..1000 {
            run(id, start);
        }
        assert_eq!(timers.lock().ids.len(), 1000);
        for id in 1000..10_000 {
            run(id, start + Duration::from_millis(id as u64));
        }
        assert!(timers.lock().ids.len() <= 4 * FEW_IDS, "{}", timers.lock().ids.len());
    }
}
