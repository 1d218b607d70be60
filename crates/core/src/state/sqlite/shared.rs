//! A store in a SQLite database, as all who use it share it: workers, and the threads that read and write.

use super::cache::{Cache, Cell};
use super::log::{Log, Regrant};
use super::reader::Message;
use crate::state::request::{Found, Op, Request, Response, StoreError};
use crate::state::{Answered, Change, Depends, Fate, Grants, Reply, Seq, now};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::mpsc::Sender;

/// So many bytes of questions may wait for an answer.
const QUESTIONS: usize = 64 << 20;

/// What a question counts besides what it would write.
const QUESTION: usize = 512;

/// What all who use a database share.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) relaxed: bool,
    pub(super) grants: Grants,
    pub(super) log: Log,
    pub(super) cache: Cache,
    reader: Sender<Message>,
    /// Whether the reader has been told that the cache is full.
    told_full: AtomicBool,
    /// Whether questions wait there until more writes are decided.
    reader_waits: AtomicBool,
    /// What waits for an answer, in bytes.
    questions: AtomicUsize,
}

/// Why memory cannot answer.
pub(super) enum Wait<'a> {
    /// The space is not there.
    Load,
    /// It is not known whether others have this key.
    Name(&'a str),
    /// Too much waits to be written.
    Room,
}

impl Shared {
    pub(super) fn new(path: PathBuf, cache_bytes: usize, relaxed: bool, reader: Sender<Message>) -> Self {
        Self {
            path,
            relaxed,
            grants: Grants::default(),
            log: Log::default(),
            cache: Cache::new(cache_bytes),
            reader,
            told_full: AtomicBool::new(false),
            reader_waits: AtomicBool::new(false),
            questions: AtomicUsize::new(0),
        }
    }

    /// Answers from memory, if it is there.
    pub(super) fn now(&self, request: &Request<'_>) -> Option<Answered> {
        if matches!(request.op, Op::Owners { .. } | Op::Grant(_) | Op::Revoke(_)) {
            return None;
        }
        if let Op::Grants = request.op {
            return Some(Ok(Response::Grants(self.grants.list())).into());
        }
        let cell = self.cache.get(&request.owner)?;
        self.ask(&cell, request).ok()
    }

    /// Has somebody answer who may wait.
    pub(super) fn later(&self, request: Request<'static>, reply: Reply) {
        if self.log.has_ended() {
            return reply(Self::closed());
        }
        let request = match request.op {
            Op::Grant(grant) => return self.regrant(Regrant { grant, revoked: false, reply }),
            Op::Revoke(grant) => return self.regrant(Regrant { grant, revoked: true, reply }),
            op => Request { op, ..request },
        };
        let weight = weight(&request);
        if self.questions.fetch_add(weight, Ordering::Relaxed) > QUESTIONS {
            self.questions.fetch_sub(weight, Ordering::Relaxed);
            let reason = super::schema::at(&self.path, "too many questions wait for the disk; nothing is changed");
            return reply(Err(StoreError::Unavailable(reason)).into());
        }
        self.tell_reader(Message::Ask(request, reply));
    }

    fn regrant(&self, regrant: Regrant) {
        if let Err(refused) = self.log.regrant(regrant) {
            (refused.reply)(Self::closed());
        }
    }

    /// Gives the answer to a question that waited.
    pub(super) fn answer(&self, request: &Request<'_>, reply: Reply, answered: Answered) {
        self.questions.fetch_sub(weight(request), Ordering::Relaxed);
        reply(answered);
    }

    /// Answers from a space in memory.
    pub(super) fn ask<'r>(&self, cell: &Arc<Cell>, request: &'r Request<'_>) -> Result<Answered, Wait<'r>> {
        let Request { owner, quota, op } = request;
        let mut slot = cell.lock();
        if slot.is_dead || self.log.fates.is_lost(slot.last) {
            self.cache.forget(owner, cell, &mut slot);
            return Err(Wait::Load);
        }
        let now = now();
        if op.only_looks() {
            let response = slot.space.apply(op, *quota, now, &mut |_, _| {});
            let mut depends = self.pending(slot.last);
            if let (Ok(Response::Value(Found::Nowhere)), Op::Get { key, foreign: true }) = (&response, op) {
                let (is_held, since) = self.log.is_held(key, now).ok_or(Wait::Name(key))?;
                depends = depends.max(self.pending(since));
                let found = if is_held { Found::Foreign } else { Found::Nowhere };
                return Ok(Answered { response: Ok(Response::Value(found)), depends });
            }
            return Ok(Answered { response, depends });
        }
        if self.log.has_ended() {
            return Ok(Self::closed());
        }
        if self.log.is_full() {
            return Err(Wait::Room);
        }
        let mut changed = Vec::new();
        let response = slot.space.apply(op, *quota, now, &mut |key, _| changed.push(key.clone()));
        if !changed.is_empty() {
            let space = &slot.space;
            let entries = changed.into_iter().map(|key| {
                let entry = space.entry(&key);
                (key, entry)
            });
            match self.log.write(owner, slot.last, entries) {
                Some(seq) => slot.last = seq,
                None => {
                    self.cache.forget(owner, cell, &mut slot);
                    return Err(Wait::Load);
                }
            }
            self.cache.count(owner, &mut slot);
            if self.cache.is_full() && !self.told_full.swap(true, Ordering::Relaxed) {
                self.tell_reader(Message::Full);
            }
        }
        Ok(Answered { response, depends: self.pending(slot.last) })
    }

    /// A write, if it is not known to be durable.
    fn pending(&self, seq: Seq) -> Seq {
        if self.relaxed || seq <= self.log.fates.decided() && !self.log.fates.is_lost(seq) { 0 } else { seq }
    }

    /// Brings the cache down to what it may hold.
    pub(super) fn evict(&self) {
        self.told_full.store(false, Ordering::Relaxed);
        self.cache.evict(&self.log.fates);
    }

    pub(super) fn fate(&self, depends: Depends) -> Fate {
        self.log.fates.of(depends)
    }

    /// The reader waits for writes to be decided, or no longer. Returns what was so before; what was decided before it says
    /// that it waits, it is not told of.
    pub(super) fn reader_waits(&self, waits: bool) -> bool {
        let before = self.reader_waits.swap(waits, Ordering::Relaxed);
        // Here the flag is raised before it is asked what is decided, there it is the other way round: one of the two sees it.
        fence(Ordering::SeqCst);
        before
    }

    /// Writes were decided: tells the reader if that changes anything for it.
    pub(super) fn tell_reader_of_decision(&self) {
        fence(Ordering::SeqCst);
        if self.reader_waits.load(Ordering::Relaxed) || self.cache.is_full() {
            self.tell_reader(Message::Decided);
        }
    }

    pub(super) fn tell_reader(&self, message: Message) {
        // One that has ended is told nothing more.
        let _ = self.reader.send(message);
    }

    /// The answer of a store that is closed.
    pub(super) fn closed() -> Answered {
        Err(StoreError::Unavailable("the store is closed".to_owned())).into()
    }
}

fn weight(request: &Request<'_>) -> usize {
    let written = match &request.op {
        Op::Write(write) => match &write.change {
            Change::Put(json) => json.len(),
            _ => 0,
        },
        Op::Import(entries) => entries.iter().map(|entry| entry.key.len() + entry.json.len()).sum(),
        _ => 0,
    };
    QUESTION + written
}
