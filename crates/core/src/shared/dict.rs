//! The dictionary itself: shards, limits, and what is done under a lock.

use super::entry::{Entry, Stored};
use super::list::List;
use super::{Clock, ENTRY, End, Found, Limits, Number, Refusal, Value, When, Written};
use lru::LruCache;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many entries a shard is made for: walking through them takes a millisecond.
const SHARD: usize = 4096;

/// More shards than this would only take memory.
const MOST_SHARDS: usize = 1024;

/// How many entries one write removes at most to make room.
const MOST_EVICTIONS: usize = 1024;

/// How many expired entries a write removes by the way.
const EXPIRED_AT_ONCE: usize = 2;

/// A dictionary. All methods may be called by any thread; each is atomic for its key.
///
/// Times are in milliseconds, and 0 is for ever.
#[derive(Debug)]
pub struct Dict {
    limits: Limits,
    clock: Clock,
    hasher: RandomState,
    shards: Box<[Shard]>,
    items: Apart<AtomicUsize>,
    bytes: Apart<AtomicUsize>,
    /// How often everything was flushed: what was stored before has expired.
    epoch: Apart<AtomicU64>,
}

/// Alone in its line of the processor's cache, so that threads are not in each other's way.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

type Shard = Apart<Mutex<Map>>;
type Map = LruCache<Arc<[u8]>, Entry>;

/// What a write does, once it has seen what there is.
enum Step<T> {
    Done(Result<T, Refusal>),
    Put(Entry, T),
    Remove(T),
    /// There is no room: again, when there is more.
    Full,
}

impl Dict {
    /// An empty dictionary.
    pub fn new(limits: Limits) -> Self {
        Self::with_clock(limits, Clock::default())
    }

    /// An empty dictionary whose entries expire by this clock.
    pub fn with_clock(limits: Limits, clock: Clock) -> Self {
        let most = limits.items.min(limits.bytes / ENTRY);
        let shards = (most / SHARD).next_power_of_two().min(MOST_SHARDS);
        Self {
            limits,
            clock,
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Apart(Mutex::new(LruCache::unbounded()))).collect(),
            items: Apart::default(),
            bytes: Apart::default(),
            epoch: Apart::default(),
        }
    }

    /// What it may hold.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How many entries it holds, expired ones included.
    pub fn items(&self) -> usize {
        self.items.0.load(Ordering::Relaxed)
    }

    /// How many bytes it may hold.
    pub fn capacity(&self) -> usize {
        self.limits.bytes
    }

    /// How many bytes more it may hold.
    pub fn free_space(&self) -> usize {
        self.limits.bytes - self.bytes.0.load(Ordering::Relaxed)
    }

    /// The value of a key that has not expired.
    ///
    /// # Errors
    /// When it is a list.
    pub fn get(&self, key: &[u8]) -> Result<Option<Found>, Refusal> {
        self.find(key, false)
    }

    /// The value of a key, also when it has expired and is still there.
    ///
    /// # Errors
    /// When it is a list.
    pub fn get_stale(&self, key: &[u8]) -> Result<Option<Found>, Refusal> {
        self.find(key, true)
    }

    fn find(&self, key: &[u8], stale_too: bool) -> Result<Option<Found>, Refusal> {
        let mut map = self.map_of(key);
        let Some(entry) = map.get(key) else { return Ok(None) };
        let stale = !self.is_live(entry);
        if stale && !stale_too {
            return Ok(None);
        }
        match &entry.stored {
            Stored::Value(value) => Ok(Some(Found { value: value.clone(), flags: entry.flags, stale })),
            Stored::List(_) => Err(Refusal::List),
        }
    }

    /// Stores a value, or with none removes what there is. Not `safe`, it removes others to make room.
    pub fn store(&self, when: When, safe: bool, key: &[u8], value: Option<Value>, ttl: u64, flags: u32) -> Written<()> {
        if value.is_none() && when != When::Always {
            return Written { done: Err(Refusal::Nil), forcible: false };
        }
        self.write(key, safe, |entry| match (when, entry, &value) {
            (When::Absent, Some(_), _) => Step::Done(Err(Refusal::Exists)),
            (When::Present, None, _) => Step::Done(Err(Refusal::NotFound)),
            (.., None) => Step::Remove(()),
            (.., Some(value)) => Step::Put(self.entry(Stored::Value(value.clone()), ttl, flags), ()),
        })
    }

    /// Removes a key.
    pub fn delete(&self, key: &[u8]) {
        self.store(When::Always, false, key, None, 0, 0);
    }

    /// Adds to a number; where there is none, to `init`, if it is given, with its time.
    pub fn incr(&self, key: &[u8], by: Number, init: Option<(Number, u64)>) -> Written<Number> {
        self.write(key, false, |entry| match (entry.map(|entry| &mut entry.stored), init) {
            (Some(Stored::Value(value)), _) => {
                let Some(number) = value.number() else { return Step::Done(Err(Refusal::NotANumber)) };
                let sum = number.plus(by);
                *value = sum.into();
                Step::Done(Ok(sum))
            }
            (Some(Stored::List(_)), _) => Step::Done(Err(Refusal::NotANumber)),
            (None, None) => Step::Done(Err(Refusal::NotFound)),
            (None, Some((init, ttl))) => {
                let sum = init.plus(by);
                Step::Put(self.entry(Stored::Value(sum.into()), ttl, 0), sum)
            }
        })
    }

    /// Puts a value at an end of a list, which is made when there is none; says how long it is then.
    ///
    /// # Errors
    /// When the value of the key is not a list, or there is no room: others are not removed for it.
    pub fn push(&self, key: &[u8], end: End, value: &Value) -> Result<usize, Refusal> {
        let written = self.write(key, true, |entry| match entry.map(|entry| &mut entry.stored) {
            Some(Stored::List(list)) if self.reserve(0, List::cost(value)) => {
                list.push(end, value.clone());
                Step::Done(Ok(list.len()))
            }
            Some(Stored::List(_)) => Step::Full,
            Some(Stored::Value(_)) => Step::Done(Err(Refusal::NotAList)),
            None => {
                let mut list = Box::<List>::default();
                list.push(end, value.clone());
                Step::Put(self.entry(Stored::List(list), 0, 0), 1)
            }
        });
        written.done
    }

    /// Takes a value from an end of a list; the last one takes the list along.
    ///
    /// # Errors
    /// When the value of the key is not a list.
    pub fn pop(&self, key: &[u8], end: End) -> Result<Option<Value>, Refusal> {
        let written = self.write(key, true, |entry| match entry.map(|entry| &mut entry.stored) {
            Some(Stored::List(list)) if list.len() > 1 => {
                let value = list.pop(end);
                self.release(0, value.as_ref().map_or(0, List::cost));
                Step::Done(Ok(value))
            }
            // Its bytes are counted with the entry's, which goes.
            Some(Stored::List(list)) => {
                let value = list.pop(end);
                self.release(0, value.as_ref().map_or(0, List::cost));
                Step::Remove(value)
            }
            Some(Stored::Value(_)) => Step::Done(Err(Refusal::NotAList)),
            None => Step::Done(Ok(None)),
        });
        written.done
    }

    /// How long a list is; 0 when there is none.
    ///
    /// # Errors
    /// When the value of the key is not a list.
    pub fn len(&self, key: &[u8]) -> Result<usize, Refusal> {
        let mut map = self.map_of(key);
        match map.get(key).filter(|entry| self.is_live(entry)).map(|entry| &entry.stored) {
            Some(Stored::List(list)) => Ok(list.len()),
            Some(Stored::Value(_)) => Err(Refusal::NotAList),
            None => Ok(0),
        }
    }

    /// How long the key lives on; nothing when there is no such key.
    pub fn ttl(&self, key: &[u8]) -> Option<u64> {
        let map = self.map_of(key);
        let entry = map.peek(key).filter(|entry| self.is_live(entry))?;
        Some(if entry.expires == 0 { 0 } else { entry.expires.saturating_sub(self.clock.now()).max(1) })
    }

    /// Sets how long the key lives on; says whether there is such a key.
    pub fn expire(&self, key: &[u8], ttl: u64) -> bool {
        let mut map = self.map_of(key);
        let entry = map.peek_mut(key).filter(|entry| self.is_live(entry));
        entry.map(|entry| entry.expires = self.expiry(ttl)).is_some()
    }

    /// Lets everything expire, in one step. The memory is not given back.
    pub fn flush_all(&self) {
        self.epoch.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many shards there are, to walk through one after the other.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Removes up to `most` expired entries of a shard; says how many it removed.
    pub fn flush_expired(&self, shard: usize, most: usize) -> usize {
        let mut expired = Vec::new();
        let mut map = Self::lock(&self.shards[shard]);
        for (key, entry) in map.iter().rev() {
            if expired.len() == most {
                break;
            }
            if !self.is_live(entry) {
                expired.push(key.clone());
            }
        }
        let removed: Vec<_> = expired.iter().filter_map(|key| self.remove(&mut map, key)).collect();
        drop(map);
        let count = removed.len();
        removed.into_iter().for_each(Entry::discard);
        count
    }

    /// Up to `most` keys of a shard that have not expired, the least recently used first.
    pub fn keys(&self, shard: usize, most: usize) -> Vec<Arc<[u8]>> {
        let map = Self::lock(&self.shards[shard]);
        let live = map.iter().rev().filter(|(_, entry)| self.is_live(entry));
        live.map(|(key, _)| key.clone()).take(most).collect()
    }

    /// Does what `decide` says, which is told of the entry that has not expired. It may be asked again, after others made
    /// room.
    fn write<T>(&self, key: &[u8], safe: bool, mut decide: impl FnMut(Option<&mut Entry>) -> Step<T>) -> Written<T> {
        let shard = self.shard_of(key);
        let (mut forcible, mut nothing_left) = (false, false);
        for round in 0..=MOST_EVICTIONS {
            let mut gone = Vec::new();
            let mut map = Self::lock(&self.shards[shard]);
            if round == 0 {
                self.remove_expired(&mut map, &mut gone);
            }
            // This makes it the last one to be removed.
            let present = map.get_mut(key);
            let cost = present.as_ref().map(|entry| entry.cost(key));
            let step = decide(present.filter(|entry| self.is_live(entry)));
            let done = match step {
                Step::Done(done) => Some(done),
                Step::Remove(result) => {
                    gone.extend(self.remove(&mut map, key));
                    Some(Ok(result))
                }
                Step::Put(entry, result) => {
                    self.put(&mut map, key, cost, entry, &mut gone).map(|put| put.map(|()| result))
                }
                Step::Full => None,
            };
            drop(map);
            gone.into_iter().for_each(Entry::discard);
            if let Some(done) = done {
                return Written { done, forcible };
            }
            if round == MOST_EVICTIONS {
                break;
            }
            match self.evict(shard, key, safe) {
                Some(live) => forcible |= live,
                // What stood in the way may have gone by itself meanwhile: once more.
                None if nothing_left => break,
                None => nothing_left = true,
            }
        }
        Written { done: Err(Refusal::NoMemory), forcible }
    }

    /// Puts an entry in the place of one that is counted with `cost`; nothing when there is no room.
    fn put(
        &self,
        map: &mut Map,
        key: &[u8],
        cost: Option<usize>,
        entry: Entry,
        gone: &mut Vec<Entry>,
    ) -> Option<Result<(), Refusal>> {
        let wanted = entry.cost(key);
        if wanted > self.limits.bytes {
            return Some(Err(Refusal::NoMemory));
        }
        let held = cost.unwrap_or(0);
        if !self.reserve(cost.is_none().into(), wanted.saturating_sub(held)) {
            return None;
        }
        self.release(0, held.saturating_sub(wanted));
        match map.peek_mut(key) {
            Some(present) => gone.push(std::mem::replace(present, entry)),
            None => {
                map.put(key.into(), entry);
            }
        }
        Some(Ok(()))
    }

    /// Makes room, not by way of `key`: removes what was used least recently, of this shard if it has others; says whether
    /// it had not expired. When `expired_only`, nothing else is removed.
    fn evict(&self, shard: usize, key: &[u8], expired_only: bool) -> Option<bool> {
        (0..self.shards.len()).find_map(|distance| {
            let mut map = Self::lock(&self.shards[(shard + distance) % self.shards.len()]);
            let (oldest, entry) = map.peek_lru()?;
            let live = self.is_live(entry);
            if **oldest == *key || (live && expired_only) {
                return None;
            }
            let oldest = oldest.clone();
            let entry = self.remove(&mut map, &oldest);
            drop(map);
            if let Some(entry) = entry {
                entry.discard();
            }
            Some(live)
        })
    }

    /// Removes some of what has expired and was used least recently.
    fn remove_expired(&self, map: &mut Map, gone: &mut Vec<Entry>) {
        for _ in 0..EXPIRED_AT_ONCE {
            let Some((oldest, _)) = map.peek_lru().filter(|(_, entry)| !self.is_live(entry)) else { return };
            let oldest = oldest.clone();
            gone.extend(self.remove(map, &oldest));
        }
    }

    fn remove(&self, map: &mut Map, key: &[u8]) -> Option<Entry> {
        let entry = map.pop(key)?;
        self.release(1, entry.cost(key));
        Some(entry)
    }

    fn entry(&self, stored: Stored, ttl: u64, flags: u32) -> Entry {
        Entry { stored, flags, expires: self.expiry(ttl), epoch: self.epoch.0.load(Ordering::Relaxed) }
    }

    fn expiry(&self, ttl: u64) -> u64 {
        if ttl == 0 { 0 } else { self.clock.now().saturating_add(ttl) }
    }

    fn is_live(&self, entry: &Entry) -> bool {
        entry.epoch == self.epoch.0.load(Ordering::Relaxed) && (entry.expires == 0 || entry.expires > self.clock.now())
    }

    /// Counts so many entries and bytes more, unless that were too many.
    fn reserve(&self, items: usize, bytes: usize) -> bool {
        if !add_within(&self.items.0, items, self.limits.items) {
            return false;
        }
        let fits = add_within(&self.bytes.0, bytes, self.limits.bytes);
        if !fits {
            self.release(items, 0);
        }
        fits
    }

    fn release(&self, items: usize, bytes: usize) {
        for (count, less) in [(&self.items.0, items), (&self.bytes.0, bytes)] {
            if less > 0 {
                count.fetch_sub(less, Ordering::Relaxed);
            }
        }
    }

    fn shard_of(&self, key: &[u8]) -> usize {
        // A power of two.
        let last = self.shards.len() - 1;
        if last == 0 { 0 } else { self.hasher.hash_one(key) as usize & last }
    }

    fn map_of(&self, key: &[u8]) -> MutexGuard<'_, Map> {
        Self::lock(&self.shards[self.shard_of(key)])
    }

    fn lock(shard: &Shard) -> MutexGuard<'_, Map> {
        // Nothing that holds the lock panics half way through a change.
        shard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to a count that stays within `most`; says whether it did.
fn add_within(count: &AtomicUsize, more: usize, most: usize) -> bool {
    more == 0
        || count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| now.checked_add(more).filter(|sum| *sum <= most))
            .is_ok()
}
