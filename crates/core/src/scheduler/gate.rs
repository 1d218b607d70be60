//! What is held back until the writes to State that it depends on are durable: results, calls of the host, and output that
//! is told as it is written.

use super::output::Outputs;
use super::run::Settled;
use super::signal::{Signal, WakeUp};
use super::watchdog::{Act, Deadline, Watchdog};
use super::{HostCallOf, ToldBy};
use crate::bridge::{Kill, Limits};
use crate::error::{Code, Error, Failure};
use crate::state::{Depends, Fate, Store, Watch};
use moonpool_lua::Flag;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What waits for writes to become durable.
#[derive(Default)]
pub(super) struct Gate {
    /// By the numbers of the run and of its wait, so that they leave in the order of submission. An end has no wait: 0.
    /// In boxes: it takes room for eleven at once.
    held: BTreeMap<(u64, u32), Box<Held>>,
    /// What runs have written. It leaves before what comes after it.
    outputs: Outputs,
    watch: Watch,
}

/// What a run depends on, and what is held back of it.
struct Held {
    store: Arc<dyn Store>,
    depends: Depends,
    what: What,
}

#[expect(clippy::large_enum_variant, reason = "most are ends, and each is in a box")]
enum What {
    /// Its end. It settles in any case when the rest of its time is over.
    End { settled: Settled, limits: Limits, _timeout: Option<Deadline> },
    /// A call; the run itself is with those that wait.
    Call(HostCallOf),
}

/// What may leave, and who has to die.
#[derive(Default)]
pub(super) struct Released {
    pub(super) settled: Vec<Settled>,
    pub(super) calls: Vec<HostCallOf>,
    /// Runs whose calls cannot be made, because writes that they depend on are lost.
    pub(super) lost: Vec<u64>,
}

/// A run that depends on writes.
pub(super) struct Dependent {
    pub(super) id: u64,
    pub(super) store: Arc<dyn Store>,
    pub(super) depends: Depends,
    pub(super) flag: Arc<Flag>,
    pub(super) limits: Limits,
}

/// Writes that something depends on are lost.
pub(super) struct Lost;

impl Gate {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many runs have ended, and are held back.
    pub(super) fn ended(&self) -> usize {
        self.held.values().filter(|held| matches!(held.what, What::End { .. })).count()
    }

    /// Takes what a run has written.
    pub(super) fn hear(&mut self, on: &Dependent, frames: Vec<u8>, wake_up: &WakeUp) {
        // Somebody is told when it can leave.
        self.fate(&on.store, on.depends, wake_up);
        self.outputs.add(on, frames);
        self.outputs.let_go();
    }

    /// What runs have written that can leave by now.
    pub(super) fn take_told(&mut self) -> Vec<ToldBy> {
        self.outputs.take()
    }

    /// Takes the end of a run, if it has to be held back; else gives it back, as what is lost makes it.
    pub(super) fn end(&mut self, on: Dependent, settled: Settled, wake_up: &WakeUp) -> Option<Settled> {
        let Dependent { id, store, depends, flag, limits } = on;
        match self.fate(&store, depends, wake_up) {
            Fate::Durable => {
                self.outputs.end(id);
                Some(settled)
            }
            Fate::Lost(reason) => {
                self.outputs.end(id);
                Some(lost(settled, &reason))
            }
            Fate::Pending => {
                let left = limits.timeout.saturating_sub(settled.usage.run_time).max(Duration::from_millis(1));
                let act = Act::Kill(Kill::Timeout, Some((wake_up.clone(), id)));
                let _timeout = Watchdog::after(left, &flag, act).ok();
                let what = What::End { settled, limits, _timeout };
                self.held.insert((id, 0), Box::new(Held { store, depends, what }));
                None
            }
        }
    }

    /// Takes a call, if it has to be held back; else gives it back.
    ///
    /// # Errors
    /// When it must never be made.
    pub(super) fn call(
        &mut self,
        on: Dependent,
        call: HostCallOf,
        wake_up: &WakeUp,
    ) -> Result<Option<HostCallOf>, Lost> {
        let Dependent { id, store, depends, .. } = on;
        match self.fate(&store, depends, wake_up) {
            Fate::Durable => {
                self.outputs.let_go();
                Ok(Some(call))
            }
            Fate::Lost(_) => Err(Lost),
            Fate::Pending => {
                self.held.insert((id, call.number), Box::new(Held { store, depends, what: What::Call(call) }));
                Ok(None)
            }
        }
    }

    /// Lets go what can leave: the fate of writes has become known.
    pub(super) fn release(&mut self) -> Released {
        let mut released = Released::default();
        let fates = self.held.iter().map(|(id, held)| (*id, held.store.fate(held.depends)));
        let decided: Vec<_> = fates.filter(|(_, fate)| *fate != Fate::Pending).collect();
        for (id, fate) in decided {
            let Some(Held { what, .. }) = self.held.remove(&id).map(|held| *held) else { continue };
            if matches!(what, What::End { .. }) {
                self.outputs.end(id.0);
            }
            let reason = match fate {
                Fate::Lost(reason) => Some(reason),
                _ => None,
            };
            match (what, reason) {
                (What::End { settled, .. }, None) => released.settled.push(settled),
                (What::End { settled, .. }, Some(reason)) => released.settled.push(lost(settled, &reason)),
                (What::Call(call), None) => released.calls.push(call),
                (What::Call(_), Some(_)) => released.lost.push(id.0),
            }
        }
        // What was written before a call was let go is durable if the call's writes are: so this comes after.
        self.outputs.let_go();
        released
    }

    /// The end of a run that has to settle now: its time is over, or it was stopped.
    pub(super) fn give_up(&mut self, id: u64, flag: &Flag) -> Option<Settled> {
        let What::End { settled, limits, .. } = self.held.remove(&(id, 0))?.what else { return None };
        self.outputs.end(id);
        let error = match Kill::of(flag) {
            Some(Kill::Timeout) | None => {
                let ms = limits.timeout.as_secs_f64() * 1000.0;
                let message = format!(
                    "the script ended, but the State that it depends on was not on disk within its timeout of {ms} ms; its \
                     writes may be kept"
                );
                Error { limit: Kill::Timeout.limit(), ..Error::new(Code::StateUnavailable, message) }
            }
            Some(kill) => kill.error(&limits),
        };
        Some(Settled { outcome: Err(Box::new(Failure::new(error))), ..settled })
    }

    /// Forgets the call of a run in its wait of this number.
    pub(super) fn forget(&mut self, id: u64, number: u32) {
        self.held.remove(&(id, number));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.held.clear();
        self.outputs.clear();
    }

    fn fate(&mut self, store: &Arc<dyn Store>, depends: Depends, wake_up: &WakeUp) -> Fate {
        let wake_up = wake_up.clone();
        self.watch.fate(&**store, depends, move || wake_up(Signal::Settled))
    }
}

/// The end of a run that depends on writes that are lost.
fn lost(settled: Settled, reason: &str) -> Settled {
    let message = format!("State that the script wrote, or read, is lost: {reason}");
    Settled { outcome: Err(Box::new(Failure::new(Error::new(Code::StateUnavailable, message)))), ..settled }
}
