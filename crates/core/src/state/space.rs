//! One script's entries in memory: the operations on them, their expiry, and what they count.

use super::Number;
use super::request::{Change, Condition, Entry, Expiry, Found, Incr, Lasts, Op, Response, StoreError, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// What an entry takes in memory besides its key and value, in bytes: two allocations, and its share of two maps.
pub(crate) const ENTRY: usize = 192;

/// One script's entries.
#[derive(Debug, Default)]
pub(super) struct Space {
    entries: BTreeMap<Arc<str>, Kept>,
    /// The keys that expire, by when.
    expiring: BTreeSet<(u64, Arc<str>)>,
    /// Keys, values and [`ENTRY`] each.
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    json: Arc<str>,
    /// When it expires; `u64::MAX` for never, which takes half of an `Option`.
    until: u64,
}

impl Kept {
    fn expires(&self) -> Option<u64> {
        (self.until != u64::MAX).then_some(self.until)
    }
}

/// What has become of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is new, and expires then, in ms since 1970; `u64::MAX` for never.
    Added(u64),
    /// It was there, and has another value or expires then.
    Changed(u64),
    /// It is gone.
    Removed,
}

/// What is told of each key that an operation changes.
pub(super) type Tell<'a> = &'a mut dyn FnMut(&Arc<str>, Effect);

type Result<T> = std::result::Result<T, StoreError>;

impl Space {
    /// Does what is asked of one space, at `now`, in ms since 1970.
    ///
    /// # Errors
    /// Why nothing changed.
    pub(super) fn apply(&mut self, op: &Op<'_>, quota: usize, now: u64, tell: Tell<'_>) -> Result<Response> {
        Ok(match op {
            Op::Get { key, .. } => match self.live(key, now) {
                Some(kept) => Response::Value(Found::Own(kept.json.clone())),
                None => Response::Value(Found::Nowhere),
            },
            Op::Lasts { key } => Response::Lasts(match self.live(key, now) {
                None => Lasts::Missing,
                Some(kept) => kept.expires().map_or(Lasts::Forever, |at| Lasts::For(Duration::from_millis(at - now))),
            }),
            Op::Write(write) => self.write(write, quota, now, tell)?,
            Op::Incr(incr) => Response::Number(self.incr(incr, quota, now, tell)?),
            Op::List { prefix } => Response::Keys(self.from(prefix, None, now).map(|(key, _)| key.clone()).collect()),
            Op::Entries { prefix, after, limit } => {
                let entries = self.from(prefix, after.as_deref(), now).take(*limit);
                let entry = |(key, kept): (&Arc<str>, &Kept)| Entry {
                    key: key.clone(),
                    json: kept.json.clone(),
                    expires: kept.expires(),
                };
                Response::Entries(entries.map(entry).collect())
            }
            Op::Size => {
                self.expire(now, usize::MAX, tell);
                self.size()
            }
            Op::Clear => {
                self.expire(now, usize::MAX, tell);
                let size = self.size();
                for key in std::mem::take(self).entries.keys() {
                    tell(key, Effect::Removed);
                }
                size
            }
            Op::Import(entries) => self.import(entries, quota, now, tell)?,
            Op::Owners { .. } | Op::Grant(_) | Op::Revoke(_) | Op::Grants => unreachable!("not about one space"),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether it has an entry that has not expired.
    pub(super) fn is_live(&self, now: u64) -> bool {
        self.entries.len() > self.expiring.len() || self.expiring.last().is_some_and(|(at, _)| *at > now)
    }

    /// Bytes, as the quota counts them.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// An entry, also one that has expired and is not gone yet.
    pub(super) fn entry(&self, key: &str) -> Option<Entry> {
        let (key, kept) = self.entries.get_key_value(key)?;
        Some(Entry { key: key.clone(), json: kept.json.clone(), expires: kept.expires() })
    }

    /// Puts an entry in, whatever the quota: for a store that has it already.
    pub(super) fn load(&mut self, Entry { key, json, expires }: Entry) -> Effect {
        let until = expires.unwrap_or(u64::MAX);
        let effect = if self.take(&key) { Effect::Changed(until) } else { Effect::Added(until) };
        self.bytes += cost(&key, &json);
        if let Some(at) = expires {
            self.expiring.insert((at, key.clone()));
        }
        self.entries.insert(key, Kept { json, until });
        effect
    }

    /// When the next key expires.
    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.expiring.first().map(|(at, _)| *at)
    }

    /// Forgets at most so many keys that have expired by `now`. Returns how many.
    pub(super) fn expire(&mut self, now: u64, most: usize, tell: Tell<'_>) -> usize {
        let mut gone = 0;
        while gone < most && self.next_expiry().is_some_and(|at| at <= now) {
            let Some((_, key)) = self.expiring.first().cloned() else { break };
            self.take(&key);
            tell(&key, Effect::Removed);
            gone += 1;
        }
        gone
    }

    /// The entry of a key that has not expired.
    fn live(&self, key: &str, now: u64) -> Option<&Kept> {
        self.entries.get(key).filter(|kept| kept.until > now)
    }

    /// The entries that have not expired, whose keys begin with `prefix` and come after `after`, in byte order.
    fn from<'s>(
        &'s self,
        prefix: &'s str,
        after: Option<&str>,
        now: u64,
    ) -> impl Iterator<Item = (&'s Arc<str>, &'s Kept)> {
        let begin = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let entries = self.entries.range::<str, _>((begin, Bound::Unbounded));
        let entries = entries.take_while(move |(key, _)| key.starts_with(prefix));
        entries.filter(move |(_, kept)| kept.until > now)
    }

    fn size(&self) -> Response {
        Response::Size { entries: self.entries.len(), bytes: self.bytes }
    }

    fn write(&mut self, write: &Write<'_>, quota: usize, now: u64, tell: Tell<'_>) -> Result<Response> {
        let old = self.live(&write.key, now);
        let was_there = old.is_some();
        let met = match &write.when {
            Condition::Always => true,
            Condition::Missing => !was_there,
            Condition::Present => was_there,
            Condition::Is(json) => old.is_some_and(|kept| *kept.json == **json),
        };
        let expires = match write.expiry {
            Expiry::Keep => old.and_then(Kept::expires),
            Expiry::Never => None,
            Expiry::In(ttl) => Some(now.saturating_add(ttl.as_millis().try_into().unwrap_or(u64::MAX))),
        };
        if met {
            match &write.change {
                Change::Put(json) => self.put(&write.key, (**json).into(), expires, quota, now, tell)?,
                Change::Remove => self.remove(&write.key, tell),
                Change::Keep => {
                    if let Some(kept) = old {
                        let json = kept.json.clone();
                        self.put(&write.key, json, expires, usize::MAX, now, tell)?;
                    }
                }
            }
        }
        Ok(Response::Written { met, was_there })
    }

    fn incr(&mut self, incr: &Incr<'_>, quota: usize, now: u64, tell: Tell<'_>) -> Result<Number> {
        let (old, expires) = match self.live(&incr.key, now) {
            Some(kept) => (Number::parse(&kept.json)?, kept.expires()),
            None => {
                let ttl = incr.ttl.map(|ttl| now.saturating_add(ttl.as_millis().try_into().unwrap_or(u64::MAX)));
                (incr.init, ttl)
            }
        };
        let sum = old.plus(incr.by)?;
        self.put(&incr.key, sum.to_json().into(), expires, quota, now, tell)?;
        Ok(sum)
    }

    fn import(&mut self, entries: &[Entry], quota: usize, now: u64, tell: Tell<'_>) -> Result<Response> {
        self.expire(now, usize::MAX, tell);
        // The last of several entries with one key counts.
        let mut new = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.expires.is_none_or(|at| at > now)) {
            new.insert(&*entry.key, entry);
        }
        let replaced: usize = new
            .keys()
            .filter_map(|key| self.entries.get_key_value(*key))
            .map(|(key, kept)| cost(key, &kept.json))
            .sum();
        let added: usize = new.values().map(|entry| cost(&entry.key, &entry.json)).sum();
        let bytes = self.bytes - replaced + added;
        if bytes > quota {
            return Err(StoreError::Quota(bytes));
        }
        for entry in new.into_values() {
            let effect = self.load(entry.clone());
            tell(&entry.key, effect);
        }
        Ok(Response::Done)
    }

    /// Sets a key, unless the space would then hold more than it may.
    fn put(
        &mut self,
        key: &str,
        json: Arc<str>,
        expires: Option<u64>,
        quota: usize,
        now: u64,
        tell: Tell<'_>,
    ) -> Result<()> {
        let after = |space: &Self| {
            let replaced = space.entries.get(key).map_or(0, |kept| cost(key, &kept.json));
            space.bytes - replaced + cost(key, &json)
        };
        if after(self) > quota {
            self.expire(now, usize::MAX, tell);
            if after(self) > quota {
                return Err(StoreError::Quota(after(self)));
            }
        }
        self.bytes = after(self);
        let until = expires.unwrap_or(u64::MAX);
        if let Some((name, kept)) = self.entries.get_key_value(key)
            && kept.until != until
        {
            let name = name.clone();
            if let Some(at) = kept.expires() {
                self.expiring.remove(&(at, name.clone()));
            }
            if let Some(at) = expires {
                self.expiring.insert((at, name));
            }
        }
        // One that has expired is there for those who count names until somebody says that it is gone.
        if let Some(kept) = self.entries.get_mut(key) {
            *kept = Kept { json, until };
            if let Some((name, _)) = self.entries.get_key_value(key) {
                tell(name, Effect::Changed(until));
            }
        } else {
            let name: Arc<str> = key.into();
            if let Some(at) = expires {
                self.expiring.insert((at, name.clone()));
            }
            self.entries.insert(name.clone(), Kept { json, until });
            tell(&name, Effect::Added(until));
        }
        Ok(())
    }

    fn remove(&mut self, key: &str, tell: Tell<'_>) {
        if let Some((name, _)) = self.entries.get_key_value(key) {
            let name = name.clone();
            self.take(&name);
            tell(&name, Effect::Removed);
        }
    }

    /// Takes an entry out; says whether it was there.
    fn take(&mut self, key: &Arc<str>) -> bool {
        let Some(kept) = self.entries.remove(key) else { return false };
        self.bytes -= cost(key, &kept.json);
        if let Some(at) = kept.expires() {
            self.expiring.remove(&(at, key.clone()));
        }
        true
    }
}

/// What an entry counts.
fn cost(key: &str, json: &str) -> usize {
    key.len() + json.len() + ENTRY
}
