//! Where a run's time and its chance come from: the system, or what the host gave, so that the run can be repeated.

use super::Context;
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a run is given so that it can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Repeats {
    /// What its time begins with, in ms since 1970. It goes on by what the run sleeps, and not by itself.
    pub now: Option<f64>,
    /// What all that is random in it is made of.
    pub seed: Option<u64>,
}

/// Where a run's time and chance come from; by default, the system.
#[derive(Default)]
pub(crate) struct Sources {
    /// Boxed, because Lua's C functions read it.
    clock: Option<Box<Clock>>,
    chance: Option<Chance>,
    /// The last number of [`Context::next_in_order`].
    last: Cell<Option<u128>>,
}

/// What a time has at most, before and after 1970, in ms: what a `Date` of JavaScript has.
const MOST: f64 = 8.64e15;

/// A time that stands still.
struct Clock {
    begin: f64,
    passed: Cell<Duration>,
    /// As `moonpool_lua::set_clock` wants it: the time in ms, and the seconds that have passed.
    shown: Cell<[f64; 2]>,
}

/// Random numbers that come again: xoshiro256**, as Lua's.
#[derive(Clone)]
pub(crate) struct Chance(Cell<[u64; 4]>);

impl Sources {
    /// The sources of a run; `earlier` is the chance of the run before it in the same VM.
    pub(crate) fn new(repeats: Option<&Repeats>, earlier: Option<Chance>) -> Self {
        let Some(Repeats { now, seed }) = repeats else { return Self::default() };
        let clock = now.map(|now| Box::new(Clock::new(now)));
        Self { clock, chance: seed.map(|seed| earlier.unwrap_or_else(|| Chance::new(seed))), last: Cell::default() }
    }

    /// The time for Lua's own functions, or null. It stays where it is as long as this lives.
    pub(super) fn clock(&self) -> *const f64 {
        self.clock.as_ref().map_or(std::ptr::null(), |clock| clock.shown.as_ptr().cast_const().cast())
    }

    /// How much time has passed, if the run has a time of its own.
    pub(super) fn passed(&self) -> Option<Duration> {
        self.clock.as_ref().map(|clock| clock.passed.get())
    }

    /// Lets time pass until it is so much, if the run has a time of its own. It never goes back.
    pub(super) fn pass_until(&self, passed: Duration) {
        if let Some(clock) = self.clock.as_ref().filter(|clock| clock.passed.get() < passed) {
            clock.set(passed);
        }
    }

    /// The run's chance as it stands, if it has one of its own.
    pub(crate) fn chance(&self) -> Option<Chance> {
        self.chance.clone()
    }
}

impl Context {
    /// The run's time, in ms since 1970, whole.
    pub(crate) fn now_ms(&self) -> f64 {
        if let Some(clock) = &self.sources.clock {
            return clock.shown.get()[0].floor();
        }
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_millis() as f64,
            Err(before) => -(before.duration().as_millis() as f64),
        }
    }

    /// A number whose first 48 bits are the run's time in ms and whose other 74 are random; it is greater than those before it
    /// in this run, also within one ms, and when the clock has been set back.
    pub(crate) fn next_in_order(&self) -> u128 {
        let mut random = [0; 16];
        self.random(&mut random);
        let random = u128::from_le_bytes(random);
        let ms = self.now_ms().clamp(0.0, ((1_u64 << 48) - 1) as f64) as u128;
        let fresh = ms << 74 | random >> 54;
        let next = match self.sources.last.get() {
            // As far behind the last one as nobody can foresee.
            Some(last) if last >> 74 >= ms => last + 1 + (random & u128::from(u32::MAX)),
            _ => fresh,
        };
        self.sources.last.set(Some(next));
        next
    }

    /// The time on a clock that nobody sets, in seconds since some moment of this process; of a run with a time of its own,
    /// since its beginning.
    pub(crate) fn monotonic(&self) -> f64 {
        static START: OnceLock<Instant> = OnceLock::new();
        match &self.sources.clock {
            Some(clock) => clock.shown.get()[1],
            None => START.get_or_init(Instant::now).elapsed().as_secs_f64(),
        }
    }

    /// Fills `bytes` with random ones: that nobody can foresee, or in a run with a seed, that come again.
    ///
    /// # Panics
    /// When the system has none, which no system of ours ever does after its start.
    pub(crate) fn random(&self, bytes: &mut [u8]) {
        match &self.sources.chance {
            Some(chance) => chance.fill(bytes),
            None => getrandom::fill(bytes).expect("the system has random bytes"),
        }
    }
}

impl Clock {
    fn new(begin: f64) -> Self {
        let begin = if begin.is_nan() { 0.0 } else { begin.clamp(-MOST, MOST) };
        Self { begin, passed: Cell::default(), shown: Cell::new([begin, 0.0]) }
    }

    fn set(&self, passed: Duration) {
        self.passed.set(passed);
        self.shown.set([self.begin + passed.as_nanos() as f64 / 1e6, passed.as_secs_f64()]);
    }
}

impl Chance {
    fn new(seed: u64) -> Self {
        let mut state = seed;
        // splitmix64, as the authors of xoshiro advise: no state of zeros.
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let x = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            x ^ (x >> 31)
        };
        Self(Cell::new([next(), next(), next(), next()]))
    }

    fn next(&self) -> u64 {
        let mut s = self.0.get();
        let drawn = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        self.0.set(s);
        drawn
    }

    fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(size_of::<u64>()) {
            piece.copy_from_slice(&self.next().to_le_bytes()[..piece.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_by_what_is_slept_and_no_sum_of_parts_falls_short() {
        let sources = Sources::new(Some(&Repeats { now: Some(1000.0), seed: None }), None);
        // SAFETY: two numbers, which nobody changes meanwhile.
        let shown = || unsafe { *sources.clock().cast::<[f64; 2]>() };
        assert_eq!(shown(), [1000.0, 0.0]);
        for _ in 0..10 {
            sources.pass_until(sources.passed().expect("a time of its own") + Duration::from_secs_f64(0.1));
        }
        assert_eq!(shown(), [2000.0, 1.0]);
        sources.pass_until(Duration::from_millis(500));
        assert_eq!(shown(), [2000.0, 1.0]);
        assert!(Sources::default().passed().is_none() && Sources::default().clock().is_null());
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_a_run_goes_on_where_the_one_before_stood() {
        let sources = |seed, earlier| Sources::new(Some(&Repeats { now: None, seed: Some(seed) }), earlier);
        let draw = |sources: &Sources| {
            let mut bytes = [0; 20];
            sources.chance.as_ref().expect("a chance").fill(&mut bytes);
            bytes
        };
        let (first, again) = (sources(1, None), sources(1, None));
        assert_eq!(draw(&first), draw(&again));
        assert_ne!(draw(&first), draw(&sources(1, None)));
        assert_ne!(draw(&sources(1, None)), draw(&sources(2, None)));
        assert_eq!(draw(&sources(1, first.chance())), draw(&first));
    }
}
