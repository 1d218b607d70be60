//! Whether a worker keeps its thread of libuv's pool for another batch, when it has executed one.
//!
//! It does while nobody could hear of what it brings back: until the event loop has heard of the batch before, and for as long
//! as that loop is late. And it does for a millisecond in all if something waits for it already: to give a thread back and to
//! wake it up again takes longer than a short run. One thread of the pool is always left for others; and when no thread was
//! free for something new of late, all go back.

use crate::pool_size::thread_pool_size;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A trip that took less brings so little back that its thread is worth nothing to anybody meanwhile; and nobody who waits for its
/// thread minds that it goes on for so long.
const SHORT: Duration = Duration::from_millis(1);

/// A loop that hears later than this is late.
const LATE: Duration = Duration::from_millis(1);

/// A loop that was late is taken to be late again for so long.
const MEMORY: Duration = Duration::from_millis(500);

/// Who gets a thread of the pool within this time has found a free one: it may have had to wait for a core.
const PROMPT: Duration = Duration::from_millis(20);

/// For so long after a thread was free the pool is taken to have one.
const LONGEST: Duration = Duration::from_millis(100);

/// When something of ours last found a free thread in the pool, as [`now`] tells the time.
static FREE: AtomicU64 = AtomicU64::new(0);

/// Since when something of ours waits for a thread of the pool, as [`now`] tells the time; 0 when nothing does. One that gets
/// a thread shows that there is one for the others.
static WAITS: AtomicU64 = AtomicU64::new(0);

/// How many threads trips have, or wait for.
static TRIPS: AtomicUsize = AtomicUsize::new(0);

/// The time, in µs. Never 0.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_micros() as u64 + 1
}

fn within(time: Duration, since: u64, now: u64) -> bool {
    since > 0 && now.saturating_sub(since) < time.as_micros() as u64
}

/// What is known of how fast an event loop hears.
#[derive(Default)]
pub(super) struct Ear {
    /// Since when something waits to be heard; 0 when nothing does.
    unheard: AtomicU64,
    /// When it last heard something too late; 0 when it never has.
    late: AtomicU64,
    /// When the loop last asked the pool for a thread, only to see how long that takes.
    probed: AtomicU64,
}

impl Ear {
    /// On a worker: there is something to be heard.
    fn calls(&self, now: u64) {
        let _ = self.unheard.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// On the loop's thread: all that there was is heard now.
    pub(super) fn hears(&self) {
        let since = self.unheard.swap(0, Ordering::Relaxed);
        if since > 0 {
            let now = now();
            if !within(LATE, since, now) {
                self.late.store(now, Ordering::Relaxed);
            }
        }
    }

    /// On the loop's thread: whether to ask the pool for a thread now, to see how long that takes.
    pub(super) fn probes(&self) -> bool {
        let now = now();
        let often = LONGEST / 4;
        let probes = self.is_late(now)
            && !within(often, FREE.load(Ordering::Relaxed), now)
            && !within(often, self.probed.load(Ordering::Relaxed), now);
        if probes {
            self.probed.store(now, Ordering::Relaxed);
        }
        probes
    }

    fn has_heard(&self) -> bool {
        self.unheard.load(Ordering::Relaxed) == 0
    }

    fn is_late(&self, now: u64) -> bool {
        let unheard = self.unheard.load(Ordering::Relaxed);
        unheard > 0 && !within(LATE, unheard, now) || within(MEMORY, self.late.load(Ordering::Relaxed), now)
    }
}

/// Something that waits for a thread of the pool.
pub(super) struct Asked(u64);

impl Asked {
    /// From now on.
    pub(super) fn now() -> Self {
        let now = now();
        let _ = WAITS.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        Self(now)
    }

    /// It has got one.
    pub(super) fn got(&self) {
        let now = now();
        WAITS.store(0, Ordering::Relaxed);
        if within(PROMPT, self.0, now) {
            FREE.store(now, Ordering::Relaxed);
        }
    }
}

/// Whether the pool has threads for others, as far as is known.
fn has_free_thread(now: u64) -> bool {
    let waits = WAITS.load(Ordering::Relaxed);
    (waits == 0 || within(PROMPT, waits, now)) && within(LONGEST, FREE.load(Ordering::Relaxed), now)
}

/// The thread that one trip waits for, and then has; dropping it gives it back.
pub(super) struct Thread {
    asked: Asked,
    /// Since when it is there, as [`now`] tells the time.
    since: u64,
    /// Whether it has been kept for another batch because the event loop had not heard.
    is_kept: bool,
}

/// For what a thread is kept.
pub(super) enum Kept {
    /// For nothing.
    No,
    /// For what waits already: all batches together have been short.
    Shortly,
    /// For whatever comes, until the event loop has heard.
    Unheard,
}

impl Thread {
    /// One is waited for from now on.
    pub(super) fn ask() -> Self {
        TRIPS.fetch_add(1, Ordering::Relaxed);
        Self { asked: Asked::now(), since: 0, is_kept: false }
    }

    /// It is there.
    pub(super) fn got(&mut self) {
        self.asked.got();
        self.since = now();
    }

    /// For what it is kept after a batch that has taken so long. What came of that is told in any case. For whatever comes only if that `may`
    /// be.
    pub(super) fn keep(&mut self, ear: &Ear, worked: Duration, may: bool) -> Kept {
        let now = now();
        let is_late = ear.is_late(now);
        let is_wanted = is_late || if self.is_kept { !ear.has_heard() } else { worked >= SHORT };
        ear.calls(now);
        let others_have_one = TRIPS.load(Ordering::Relaxed) < thread_pool_size() as usize;
        let is_free = others_have_one && has_free_thread(now);
        self.is_kept = may && is_wanted && is_free;
        if self.is_kept {
            Kept::Unheard
        } else if is_free && within(SHORT, self.since, now) {
            Kept::Shortly
        } else {
            Kept::No
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        TRIPS.fetch_sub(1, Ordering::Relaxed);
    }
}
