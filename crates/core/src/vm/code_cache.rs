//! The cache of compiled chunks: found by name and source, the least recently used goes first.

use crate::bridge::Compiled;
use lru::LruCache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a code cache may hold, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CacheLimits {
    /// How many chunks.
    pub entries: usize,
    /// Bytes of source, bytecode and bookkeeping.
    pub bytes: usize,
    /// How long a chunk is kept after it was compiled; `None` for as long as there is room.
    pub ttl: Option<Duration>,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { entries: 1000, bytes: 16 << 20, ttl: None }
    }
}

/// How often an engine found a compiled chunk in its cache, and what that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Chunks that were found.
    pub hits: u64,
    /// Chunks that were not, and had to be compiled.
    pub misses: u64,
    /// Chunks in the cache.
    pub entries: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Compiled chunks by name and source; what was least recently used goes first. Shared by worker threads.
pub struct CodeCache {
    limits: CacheLimits,
    kept: Mutex<Kept>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Kept {
    chunks: LruCache<Key, Entry>,
    bytes: usize,
}

/// The whole source, not a hash of it: two sources can never be taken for each other.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    name: Arc<str>,
    source: Arc<[u8]>,
}

struct Entry {
    compiled: Arc<Compiled>,
    bytes: usize,
    expires: Option<Instant>,
}

/// What an entry takes besides its texts, in bytes: its place in list and map, three allocations.
const ENTRY: usize = 256;

impl CodeCache {
    /// An empty cache.
    pub fn new(limits: CacheLimits) -> Self {
        let kept = Kept { chunks: LruCache::unbounded(), bytes: 0 };
        Self { limits, kept: Mutex::new(kept), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// How it did, and what it holds.
    pub fn stats(&self) -> CacheStats {
        let kept = self.lock();
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: kept.chunks.len(),
            bytes: kept.bytes,
        }
    }

    /// The chunk of this name and source, compiled before.
    pub(super) fn get(&self, name: &Arc<str>, source: &Arc<[u8]>) -> Option<Arc<Compiled>> {
        let key = Key { name: name.clone(), source: source.clone() };
        let mut kept = self.lock();
        let found = match kept.chunks.get(&key) {
            Some(entry) if entry.expires.is_none_or(|expires| Instant::now() < expires) => Some(entry.compiled.clone()),
            Some(_) => {
                kept.forget(|chunks| chunks.pop_entry(&key));
                None
            }
            None => None,
        };
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// How many bytes of bytecode fit at all, with this name and source; nothing when no chunk does.
    pub(super) fn room(&self, name: &str, source: &[u8]) -> Option<usize> {
        let room = self.limits.bytes.checked_sub(source.len() + name.len() + ENTRY)?;
        (self.limits.entries > 0).then_some(room)
    }

    /// Keeps a chunk that was just compiled from `source`, if it fits at all.
    pub(super) fn insert(&self, source: &Arc<[u8]>, compiled: Compiled) {
        let bytes = source.len() + compiled.size() + ENTRY;
        if self.room(compiled.name(), source).is_none_or(|room| compiled.size() - compiled.name().len() > room) {
            return;
        }
        let key = Key { name: compiled.name().clone(), source: source.clone() };
        let expires = self.limits.ttl.and_then(|ttl| Instant::now().checked_add(ttl));
        let mut kept = self.lock();
        // Two workers may have compiled the same source at the same time.
        kept.forget(|chunks| chunks.pop_entry(&key));
        kept.bytes += bytes;
        kept.chunks.put(key, Entry { compiled: Arc::new(compiled), bytes, expires });
        while kept.bytes > self.limits.bytes || kept.chunks.len() > self.limits.entries {
            kept.forget(LruCache::pop_lru);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Nothing that holds the lock panics half way through a change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, pop: impl FnOnce(&mut LruCache<Key, Entry>) -> Option<(Key, Entry)>) {
        if let Some((_, entry)) = pop(&mut self.chunks) {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: CacheLimits = CacheLimits { entries: 100, bytes: 1 << 20, ttl: None };

    fn source(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    fn compiled(name: &str, bytes: usize) -> Compiled {
        Compiled::of_size(name, bytes)
    }

    fn cache_of(limits: CacheLimits, names: &[&str]) -> CodeCache {
        let cache = CodeCache::new(limits);
        for name in names {
            cache.insert(&source("s"), compiled(name, 1000));
        }
        cache
    }

    fn has(cache: &CodeCache, name: &str) -> bool {
        cache.get(&name.into(), &source("s")).is_some()
    }

    #[test]
    fn a_chunk_is_found_by_its_name_and_source_together() {
        let cache = cache_of(ROOMY, &["a"]);
        assert!(has(&cache, "a") && !has(&cache, "b"));
        assert!(cache.get(&"a".into(), &source("t")).is_none());
        assert_eq!((cache.stats().hits, cache.stats().misses), (1, 2));
    }

    #[test]
    fn more_entries_than_allowed_push_out_the_least_recently_used() {
        let cache = cache_of(CacheLimits { entries: 2, ..ROOMY }, &["a", "b"]);
        assert!(has(&cache, "a"));
        cache.insert(&source("s"), compiled("c", 1000));
        assert_eq!(["a", "b", "c"].map(|name| has(&cache, name)), [true, false, true]);
        assert_eq!(cache.stats().entries, 2);
    }

    #[test]
    fn more_bytes_than_allowed_push_out_as_many_as_it_takes() {
        let cache = cache_of(CacheLimits { bytes: 4200, ..ROOMY }, &["a", "b", "c"]);
        assert_eq!(cache.stats().bytes, 3 * (1000 + 2 + ENTRY));
        cache.insert(&source("s"), compiled("d", 2500));
        assert_eq!(["a", "b", "c", "d"].map(|name| has(&cache, name)), [false, false, true, true]);
        assert!(cache.stats().bytes <= 4200);
    }

    #[test]
    fn a_chunk_larger_than_the_whole_cache_pushes_out_nothing() {
        let cache = cache_of(CacheLimits { bytes: 4000, ..ROOMY }, &["a"]);
        cache.insert(&source("s"), compiled("b", 5000));
        assert!(has(&cache, "a") && !has(&cache, "b"));
    }

    #[test]
    fn a_chunk_that_is_inserted_twice_counts_once() {
        let cache = cache_of(ROOMY, &["a", "a"]);
        assert_eq!((cache.stats().entries, cache.stats().bytes), (1, 1000 + 2 + ENTRY));
    }

    #[test]
    fn a_chunk_is_forgotten_when_its_time_to_live_is_over() {
        let cache = cache_of(CacheLimits { ttl: Some(Duration::ZERO), ..ROOMY }, &["a"]);
        assert!(!has(&cache, "a"));
        assert_eq!((cache.stats().entries, cache.stats().bytes), (0, 0));
        assert!(has(&cache_of(CacheLimits { ttl: Some(Duration::from_secs(600)), ..ROOMY }, &["a"]), "a"));
        // A time that no clock reaches is no limit.
        assert!(has(&cache_of(CacheLimits { ttl: Some(Duration::MAX), ..ROOMY }, &["a"]), "a"));
    }
}
