//! What is written in memory and not on disk yet: each write gets its number here, and the writer takes all at once.

use super::fates::Fates;
use super::lock;
use super::names::{Fact, Names};
use crate::state::{Entry, Grant, Reply, ScriptId, Seq};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// So many bytes may wait for the writer; after that, writes wait.
const ROOM: usize = 32 << 20;

/// What a change counts besides its key and value.
const CHANGE: usize = 160;

/// What is to be on disk in the end, by key and owner.
pub(super) type Changes = BTreeMap<(Arc<str>, ScriptId), Change>;

/// What becomes of an entry.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What it is; `None` when it is gone.
    pub(super) entry: Option<Entry>,
    /// The last write that made it so.
    pub(super) seq: Seq,
}

/// A change of the grants. It is seen when it is durable, and answered then.
pub(super) struct Regrant {
    pub(super) grant: Grant,
    /// Whether it is taken back.
    pub(super) revoked: bool,
    pub(super) reply: Reply,
}

/// What one transaction writes.
pub(super) struct Batch {
    /// The last number in it.
    pub(super) last: Seq,
    pub(super) changes: Arc<Changes>,
    pub(super) regrants: Vec<Regrant>,
}

/// What the writer does next.
pub(super) enum Work {
    Write(Batch),
    /// Nothing came in time.
    Idle,
    /// Nothing comes any more, and everything is written.
    End,
}

/// All writes since the last transaction, and in it.
#[derive(Default)]
pub(super) struct Log {
    unwritten: Mutex<Unwritten>,
    arrived: Condvar,
    pub(super) fates: Fates,
    /// The last number that was given.
    last: AtomicU64,
    /// How much waits for the writer.
    bytes: AtomicUsize,
    ended: AtomicBool,
}

#[derive(Default)]
struct Unwritten {
    /// For the next transaction.
    waiting: Changes,
    regrants: Vec<Regrant>,
    /// In the transaction that is under way.
    in_flight: Arc<Changes>,
    /// How many transactions have ended.
    ended: u64,
    /// Whether nobody writes any more.
    is_closed: bool,
    /// Whether the writer waits for something to write. Telling it costs a system call.
    is_awaited: bool,
    names: Names,
}

impl Log {
    /// Takes a write of `owner` down, whose last one was `before`. `None` when that is lost, and so is this one; or when
    /// nobody writes any more.
    pub(super) fn write(
        &self,
        owner: &ScriptId,
        before: Seq,
        entries: impl Iterator<Item = (Arc<str>, Option<Entry>)>,
    ) -> Option<Seq> {
        let mut unwritten = lock(&self.unwritten);
        if unwritten.is_closed || self.fates.is_lost(before) {
            return None;
        }
        let seq = self.last.load(Ordering::Relaxed) + 1;
        self.last.store(seq, Ordering::Release);
        let mut bytes = 0_usize;
        for (key, entry) in entries {
            bytes = bytes.wrapping_add(cost(&key, entry.as_ref()));
            unwritten.names.note(&key, owner, entry.as_ref(), seq);
            let change = Change { entry, seq };
            if let Some(replaced) = unwritten.waiting.insert((key.clone(), owner.clone()), change) {
                bytes = bytes.wrapping_sub(cost(&key, replaced.entry.as_ref()));
            }
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.has_arrived(unwritten);
        Some(seq)
    }

    /// Takes a change of the grants down.
    ///
    /// # Errors
    /// The change, when nobody writes any more.
    pub(super) fn regrant(&self, regrant: Regrant) -> Result<(), Box<Regrant>> {
        let mut unwritten = lock(&self.unwritten);
        if unwritten.is_closed {
            return Err(Box::new(regrant));
        }
        unwritten.regrants.push(regrant);
        self.has_arrived(unwritten);
        Ok(())
    }

    /// There is something to write.
    fn has_arrived(&self, mut unwritten: MutexGuard<'_, Unwritten>) {
        let is_awaited = std::mem::take(&mut unwritten.is_awaited);
        // It needs the lock at once.
        drop(unwritten);
        if is_awaited {
            self.arrived.notify_one();
        }
    }

    /// The last number that was given.
    pub(super) fn last(&self) -> Seq {
        self.last.load(Ordering::Acquire)
    }

    /// Whether writes have to wait.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > ROOM
    }

    /// Whether nothing is taken any more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Takes nothing any more; the writer ends when it has written everything.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.has_arrived(lock(&self.unwritten));
    }

    /// Waits for something to write.
    pub(super) fn work(&self, until: Option<Instant>) -> Work {
        let mut unwritten = lock(&self.unwritten);
        while unwritten.waiting.is_empty() && unwritten.regrants.is_empty() {
            if self.has_ended() {
                unwritten.is_closed = true;
                return Work::End;
            }
            unwritten.is_awaited = true;
            unwritten = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(time) if time.is_zero() => return Work::Idle,
                Some(time) => self.arrived.wait_timeout(unwritten, time).unwrap_or_else(PoisonError::into_inner).0,
                None => self.arrived.wait(unwritten).unwrap_or_else(PoisonError::into_inner),
            };
        }
        self.bytes.store(0, Ordering::Relaxed);
        let changes = Arc::new(std::mem::take(&mut unwritten.waiting));
        unwritten.in_flight = changes.clone();
        Work::Write(Batch { last: self.last(), changes, regrants: std::mem::take(&mut unwritten.regrants) })
    }

    /// The transaction that is under way has become durable.
    pub(super) fn committed(&self, last: Seq) {
        let mut unwritten = lock(&self.unwritten);
        unwritten.in_flight = Arc::default();
        unwritten.ended += 1;
        self.fates.commit(last);
    }

    /// The transaction that is under way has failed: everything that is not durable is lost, because what came meanwhile
    /// may rest on it. Returns whose spaces have lost something, and the changes of grants that came meanwhile.
    pub(super) fn failed(&self, reason: &str) -> (Vec<ScriptId>, Vec<Regrant>) {
        let mut unwritten = lock(&self.unwritten);
        let in_flight = std::mem::take(&mut unwritten.in_flight);
        let waiting = std::mem::take(&mut unwritten.waiting);
        unwritten.ended += 1;
        unwritten.names.clear();
        self.bytes.store(0, Ordering::Relaxed);
        self.fates.lose(self.last(), reason);
        let mut owners: Vec<_> = in_flight.keys().chain(waiting.keys()).map(|(_, owner)| owner.clone()).collect();
        owners.sort_unstable();
        owners.dedup();
        (owners, std::mem::take(&mut unwritten.regrants))
    }

    /// Whether anybody has a key, and the write that this rests on; `None` when that is not known.
    pub(super) fn is_held(&self, key: &str, now: u64) -> Option<(bool, Seq)> {
        let mut unwritten = lock(&self.unwritten);
        let known = unwritten.names.is_held(key, now);
        if known.is_none()
            && let Some(fact) = unwritten.holder(key, now)
        {
            let held = (true, fact.seq());
            unwritten.names.learn(key, fact);
            return Some(held);
        }
        known
    }

    /// How many transactions have ended, and how many rows of a key may say something that is not so any more.
    pub(super) fn before_search(&self, key: &str) -> (u64, usize) {
        let unwritten = lock(&self.unwritten);
        (unwritten.ended, unwritten.of(key).count())
    }

    /// Learns who has a key, from rows of the disk that have not expired by `now`: all of them, or so many as were asked for.
    /// Says whether that was enough: no transaction may have ended since `ended` was asked for.
    pub(super) fn learn(&self, key: &str, ended: u64, rows: &[(ScriptId, Option<u64>)], all: bool, now: u64) -> bool {
        let mut unwritten = lock(&self.unwritten);
        if unwritten.ended != ended {
            return false;
        }
        let on_disk = || {
            let row = rows.iter().find(|(owner, _)| unwritten.of(key).all(|(changed, _)| changed != owner));
            row.map(|(owner, expires)| Fact::Held { by: owner.clone(), until: expires.unwrap_or(u64::MAX), seq: 0 })
        };
        let fact = match unwritten.holder(key, now).or_else(on_disk) {
            Some(fact) => fact,
            None if all => Fact::Nobody { seq: unwritten.of(key).map(|(_, change)| change.seq).max().unwrap_or(0) },
            None => return false,
        };
        unwritten.names.learn(key, fact);
        true
    }
}

impl Unwritten {
    /// The changes of a key, by owner; what waits is newer than what is under way, and comes later.
    fn of<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a ScriptId, &'a Change)> + use<'a> {
        let key: Arc<str> = key.into();
        let first = Bound::Included((key.clone(), ScriptId("".into())));
        let of = move |changes: &'a Changes| {
            let key = key.clone();
            changes.range((first.clone(), Bound::Unbounded)).take_while(move |((name, _), _)| *name == key)
        };
        of(&self.in_flight).chain(of(&self.waiting)).map(|((_, owner), change)| (owner, change))
    }

    /// One of those who have a key by what is not written yet.
    fn holder(&self, key: &str, now: u64) -> Option<Fact> {
        if self.in_flight.is_empty() && self.waiting.is_empty() {
            return None;
        }
        self.of(key).find_map(|(owner, change)| {
            let until = change.entry.as_ref()?.expires.unwrap_or(u64::MAX);
            let name = (change.entry.as_ref()?.key.clone(), owner.clone());
            let newer = self.waiting.get(&name).is_none_or(|waiting| waiting.seq <= change.seq);
            (until > now && newer).then(|| Fact::Held { by: owner.clone(), until, seq: change.seq })
        })
    }
}

fn cost(key: &str, entry: Option<&Entry>) -> usize {
    CHANGE + key.len() + entry.map_or(0, |entry| entry.json.len())
}
