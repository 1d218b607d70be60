//! The one thread of the process that raises flags when deadlines pass. It sleeps while nothing is due.
//!
//! Holds no user's state: deadlines of all engines, in all realms and worker threads, are alike.

use super::patience::Patience;
use super::signal::{Signal, WakeUp};
use super::thread::spawn;
use crate::bridge::Kill;
use moonpool_lua::Flag;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What to do when a deadline passes.
pub(super) enum Act {
    /// The run is old from now on; what comes next is due so much later.
    Old(Arc<Patience>, Duration, Option<WakeUp>),
    /// Preempt the run; if it holds its worker [`OVERDUE`] later, wake the engine's thread, again and again.
    Preempt(Option<WakeUp>),
    /// Wake the engine's thread: the run was to be preempted, and is where Lua cannot be suspended.
    Overdue(WakeUp),
    /// Kill the run; and say so, because it may be nowhere near a worker.
    Kill(Kill, Option<(WakeUp, u64)>),
}

/// How long after its slice a run may hold its worker.
const OVERDUE: Duration = Duration::from_millis(50);

/// The process's watchdog.
pub(super) struct Watchdog {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// By time, then by a number of its own: two deadlines may fall on the same instant.
    deadlines: BTreeMap<(Instant, u64), (Arc<Flag>, Act)>,
    /// When the next act of a deadline is due.
    postponed: HashMap<u64, Instant>,
    next: u64,
    running: bool,
    /// When the thread will look again by itself; `None` while it waits to be told.
    wakes: Option<Instant>,
}

static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(|| Watchdog {
    state: Mutex::new(State {
        deadlines: BTreeMap::new(),
        postponed: HashMap::new(),
        next: 0,
        running: false,
        wakes: None,
    }),
    changed: Condvar::new(),
});

impl State {
    /// Lets something follow at `when` to what a deadline was set for, until that is taken back.
    fn postpone(&mut self, when: Instant, number: u64, flag: Arc<Flag>, act: Act) {
        self.postponed.insert(number, when);
        self.deadlines.insert((when, number), (flag, act));
    }
}

/// A deadline that is being watched; dropping it takes it back.
pub(super) struct Deadline((Instant, u64));

impl Watchdog {
    /// Raises `flag` once `time` has passed.
    ///
    /// # Errors
    /// When the system refuses the thread; the next call asks for it again. Once there is one, it stays.
    pub(super) fn after(time: Duration, flag: &Arc<Flag>, act: Act) -> io::Result<Deadline> {
        WATCHDOG.watch(Instant::now() + time, flag.clone(), act)
    }

    fn watch(&'static self, when: Instant, flag: Arc<Flag>, act: Act) -> io::Result<Deadline> {
        let mut state = self.lock();
        if !state.running {
            spawn("moonpool-watchdog", || self.run())?;
            state.running = true;
        }
        let key = (when, state.next);
        state.next += 1;
        state.deadlines.insert(key, (flag, act));
        if state.wakes.is_none_or(|wakes| when < wakes) {
            // Once is enough until it has looked: telling costs a system call.
            state.wakes = Some(when);
            self.changed.notify_one();
        }
        Ok(Deadline(key))
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            while let Some(entry) = state.deadlines.first_entry()
                && entry.key().0 <= now
            {
                let ((when, number), (flag, act)) = entry.remove_entry();
                match act {
                    Act::Old(patience, rest, wake_up) => {
                        patience.is_old(&flag);
                        state.postpone(when + rest, number, flag, Act::Preempt(wake_up));
                    }
                    Act::Preempt(wake_up) => {
                        flag.preempt();
                        if let Some(wake_up) = wake_up {
                            state.postpone(when + OVERDUE, number, flag, Act::Overdue(wake_up));
                        }
                    }
                    Act::Overdue(wake_up) => {
                        wake_up(Signal::Overdue);
                        state.postpone(when + OVERDUE, number, flag, Act::Overdue(wake_up));
                    }
                    Act::Kill(kill, tell) => {
                        flag.kill(kill.reason());
                        if let Some((wake_up, run)) = tell {
                            wake_up(Signal::Killed(run));
                        }
                    }
                }
            }
            state.wakes = state.deadlines.first_key_value().map(|(key, _)| key.0);
            state = match state.wakes {
                Some(wakes) => self.changed.wait_timeout(state, wakes - now).map_or_else(|e| e.into_inner().0, |r| r.0),
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock is held would leave a list of deadlines that is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        // The thread may wake once for nothing; cheaper than telling it.
        let mut state = WATCHDOG.lock();
        let (when, number) = self.0;
        let when = state.postponed.remove(&number).unwrap_or(when);
        state.deadlines.remove(&(when, number));
    }
}
