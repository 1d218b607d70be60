//! What a run executes: source, or bytecode that our own compiler made of it; and the cache of the latter.

use lru::LruCache;
use mlua::{Lua, Value};
use moonpool_lua::ffi;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a run executes.
#[derive(Clone)]
pub enum Chunk {
    /// Lua source text. A byte order mark and a first line that begins with `#` are skipped, as `lua` does.
    Source(Arc<[u8]>),
    /// A chunk that was compiled before.
    Compiled(Arc<Compiled>),
    /// A global function, in a VM that had a script before.
    Call(Arc<str>),
    /// The value of a global, in a VM that had a script before.
    Get(Arc<str>),
}

/// A compiled chunk. Made by our own compiler only, because Lua runs bytecode unverified.
pub struct Compiled {
    name: Arc<str>,
    bytecode: Vec<u8>,
}

impl Compiled {
    /// The name that the chunk has in messages.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Compiles our own source.
    ///
    /// # Errors
    /// When the VM's memory does not suffice, or the source does not compile.
    pub(crate) fn new(lua: &Lua, source: &[u8], name: &str) -> mlua::Result<Self> {
        let mut compiled = Self { name: name.into(), bytecode: Vec::new() };
        let chunk_name = super::chunk_name(name);
        let (text, size, bytecode) = (source.as_ptr().cast(), source.len(), &raw mut compiled.bytecode);
        // SAFETY: the closure owns nothing that has a destructor; the writer gets the vector, and raises no error.
        unsafe {
            lua.exec_raw::<()>((), |state| {
                if ffi::luaL_loadbufferx(state, text, size, chunk_name.as_ptr(), c"t".as_ptr()) != ffi::LUA_OK {
                    ffi::lua_error(state);
                }
                ffi::lua_dump(state, append, bytecode.cast(), 0);
                ffi::lua_settop(state, 0);
            })?;
        }
        Ok(compiled)
    }

    /// Loads the chunk onto a coroutine that is not running; the status is Lua's.
    ///
    /// # Safety
    /// `state` is valid, used by this thread only, and has a free stack slot.
    pub(super) unsafe fn load_onto(&self, state: *mut ffi::lua_State) -> c_int {
        // SAFETY: the caller vouches for the state; the bytecode is what our own compiler made.
        unsafe { moonpool_lua::load_bytecode(state, &self.bytecode, &super::chunk_name(&self.name)) }
    }

    /// The chunk's function, in a running VM.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn load(&self, lua: &Lua) -> mlua::Result<Value> {
        // SAFETY: the closure owns nothing that has a destructor; an error object is left to be raised.
        unsafe {
            lua.exec_raw((), |state| {
                if self.load_onto(state) != ffi::LUA_OK {
                    ffi::lua_error(state);
                }
            })
        }
    }

    /// The function on top of the stack, which was just compiled of source by us, with its debug information.
    ///
    /// # Safety
    /// `state` is valid, used by this thread only, and has such a function on top.
    pub(super) unsafe fn of_top(state: *mut ffi::lua_State, name: Arc<str>) -> Self {
        let mut bytecode = Vec::new();
        // SAFETY: the caller vouches for the state; the writer gets the vector, and raises no error.
        unsafe { ffi::lua_dump(state, append, (&raw mut bytecode).cast(), 0) };
        Self { name, bytecode }
    }
}

/// Lua's `lua_Writer`.
unsafe extern "C-unwind" fn append(
    _state: *mut ffi::lua_State,
    bytes: *const c_void,
    size: usize,
    bytecode: *mut c_void,
) -> c_int {
    if size > 0 {
        // SAFETY: Lua passes its bytes, and what `of_top` gave it.
        unsafe { (*bytecode.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(bytes.cast(), size)) };
    }
    0
}

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

    /// Keeps a chunk that was just compiled from `source`, if it fits at all.
    pub(super) fn insert(&self, source: &Arc<[u8]>, compiled: Compiled) {
        let bytes = source.len() + compiled.name.len() + compiled.bytecode.len() + ENTRY;
        if bytes > self.limits.bytes || self.limits.entries == 0 {
            return;
        }
        let key = Key { name: compiled.name.clone(), source: source.clone() };
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
        Compiled { name: name.into(), bytecode: vec![0; bytes] }
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
