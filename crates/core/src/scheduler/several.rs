//! What the functions of `parallel` in a run wait for: several things at once, each under a number of its own.
//!
//! What comes of them is kept until a worker has the run: it may be suspended for all of them, or wait for its turn, or be
//! at work.

use super::Finished;
use super::HostCallOf;
use super::gate::{Dependent, Lost};
use super::run::Run;
use super::runs::{Place, Runs};
use super::signal::Signal;
use super::timer::Timer;
use crate::bridge::{Came, HostCall, Kill, Question, Requests, Wait};
use crate::error::{Code, Error};
use std::collections::HashMap;

/// What functions of `parallel` in one run wait for.
pub(super) struct Several {
    pending: HashMap<u32, Pending>,
    /// What came of others, and what that takes; at most as much as the run's VM may hold.
    came: Vec<(u32, Came)>,
    held: usize,
    most: usize,
}

enum Pending {
    /// The host, the store or the gate has it.
    Elsewhere {
        is_call: bool,
        /// Whether what is called is a script.
        is_script: bool,
    },
    /// A call that is to be made when its id may do so.
    Delayed(Box<Delayed>),
    Sleep {
        _timer: Timer,
    },
}

/// What a run asks its store, in its wait of this number.
pub(super) struct Asked {
    pub(super) run: u64,
    pub(super) number: u32,
    pub(super) question: Box<Question>,
}

/// A call, and what it depends on in State.
pub(super) struct Delayed {
    pub(super) call: HostCallOf,
    pub(super) on: Option<Dependent>,
}

impl Delayed {
    pub(super) fn new(run: &Run, number: u32, call: HostCall) -> Self {
        Self { call: HostCallOf { run: run.id(), number, call }, on: run.dependent() }
    }
}

impl Runs {
    /// Begins what functions of `parallel` ask for, and gives up what nobody waits for any more.
    pub(super) fn request(&mut self, run: &Run, requests: Requests, finished: &mut Finished) {
        let id = run.id();
        for number in requests.given_up {
            self.give_up(id, number, finished);
        }
        for (number, wait) in requests.fresh {
            if run.is_killed() {
                return;
            }
            let begun = match wait {
                Wait::Call(mut call) => {
                    if let Some(script) = &mut call.script {
                        script.deadline = run.deadline();
                    }
                    let is_script = call.script.is_some();
                    match self.may_call(run, number) {
                        Ok(true) => match self.call(Delayed::new(run, number, call)) {
                            Ok(call) => {
                                finished.calls.extend(call);
                                Ok(Pending::Elsewhere { is_call: true, is_script })
                            }
                            Err(Lost) => {
                                run.flag().kill(Kill::StateLost.reason());
                                return;
                            }
                        },
                        Ok(false) => Ok(Pending::Delayed(Box::new(Delayed::new(run, number, call)))),
                        Err(error) => Err(Came::Answer(Err(error))),
                    }
                }
                Wait::State(question) => {
                    self.questions.push(Asked { run: id, number, question });
                    Ok(Pending::Elsewhere { is_call: false, is_script: false })
                }
                Wait::Sleep(time) => {
                    let wake_up = self.wake_up.clone();
                    let timer = Timer::after(time, move || wake_up(Signal::Awake(id, number)));
                    timer
                        .map(|timer| Pending::Sleep { _timer: timer })
                        .map_err(|error| Came::NotAwake(no_timer(&error)))
                }
            };
            let several = self.several.entry(id).or_insert_with(|| Several {
                pending: HashMap::new(),
                came: Vec::new(),
                held: 0,
                most: run.memory_limit(),
            });
            match begun {
                Ok(pending) => {
                    several.pending.insert(number, pending);
                }
                Err(came) => several.came.push((number, came)),
            }
        }
    }

    fn give_up(&mut self, id: u64, number: u32, finished: &mut Finished) {
        let pending = self.several.get_mut(&id).and_then(|several| several.pending.remove(&number));
        if matches!(pending, Some(Pending::Elsewhere { is_call: true, .. })) {
            self.gate.forget(id, number);
            finished.given_up.push((id, number));
        }
    }

    /// What came of a wait; nobody may wait for it any more. A run that waits for any goes on.
    pub(super) fn comes_of_several(&mut self, id: u64, number: u32, came: Came) {
        let Some(several) = self.several.get_mut(&id) else { return };
        if several.pending.remove(&number).is_none() {
            return;
        }
        several.held += came.weight();
        several.came.push((number, came));
        let Some(ticket) = self.tickets.get(&id) else { return };
        if several.held > several.most {
            ticket.flag.kill(Kill::Memory.reason());
            let settled = self.hasten(id);
            self.untold.extend(settled);
        } else if matches!(ticket.place, Place::Waiting)
            && self.waiting.get(&id).is_some_and(|suspended| suspended.for_any)
            && let Some(run) = self.stop_waiting(id)
        {
            self.go_on(run);
        }
    }

    /// Whether a run waits for scripts that it has called.
    pub(super) fn calls_scripts(&self, id: u64) -> bool {
        let is_script = |pending: &Pending| match pending {
            Pending::Elsewhere { is_script, .. } => *is_script,
            Pending::Delayed(delayed) => delayed.call.call.script.is_some(),
            Pending::Sleep { .. } => false,
        };
        self.several.get(&id).is_some_and(|several| several.pending.values().any(is_script))
    }

    /// Whether anything has come that a run was not given.
    pub(super) fn has_come(&self, id: u64) -> bool {
        self.several.get(&id).is_some_and(|several| !several.came.is_empty())
    }

    /// Gives a run what has come.
    pub(super) fn give_several(&mut self, run: &mut Run) {
        if let Some(several) = self.several.get_mut(&run.id()) {
            several.held = 0;
            run.give(std::mem::take(&mut several.came));
            if several.pending.is_empty() {
                self.several.remove(&run.id());
            }
        }
    }

    /// Forgets what functions of `parallel` wait for: the run has ended, or is about to.
    pub(super) fn forget_several(&mut self, id: u64) {
        let Some(several) = self.several.remove(&id) else { return };
        for (number, pending) in several.pending {
            if matches!(pending, Pending::Elsewhere { is_call: true, .. }) {
                self.gate.forget(id, number);
            }
        }
    }

    /// Whether a run waits for a call that is made.
    pub(super) fn awaits_call(&self, id: u64, number: u32) -> bool {
        if number == 0 {
            return self.waiting.get(&id).is_some_and(|suspended| !suspended.for_any && suspended.call.is_none());
        }
        let pending = self.several.get(&id).and_then(|several| several.pending.get(&number));
        matches!(pending, Some(Pending::Elsewhere { is_call: true, .. }))
    }

    /// Whether a call is to be made when its id may do so.
    pub(super) fn is_delayed(&self, (id, number): (u64, u32)) -> bool {
        if number == 0 {
            return self.waiting.get(&id).is_some_and(|suspended| suspended.call.is_some());
        }
        let pending = self.several.get(&id).and_then(|several| several.pending.get(&number));
        matches!(pending, Some(Pending::Delayed(_)))
    }

    /// A call that its id may make now.
    pub(super) fn take_delayed(&mut self, (id, number): (u64, u32)) -> Option<Delayed> {
        if number == 0 {
            return self.waiting.get_mut(&id)?.call.take().map(|call| *call);
        }
        let pending = self.several.get_mut(&id)?.pending.get_mut(&number)?;
        let Pending::Delayed(delayed) = &*pending else { return None };
        let is_script = delayed.call.call.script.is_some();
        match std::mem::replace(pending, Pending::Elsewhere { is_call: true, is_script }) {
            Pending::Delayed(call) => Some(*call),
            _ => None,
        }
    }

    /// Ends a run one of whose calls must never be made, because writes that it depends on are lost.
    pub(super) fn end_lost(&mut self, id: u64) {
        let Some(ticket) = self.tickets.get(&id) else { return };
        ticket.flag.kill(Kill::StateLost.reason());
        let settled = self.hasten(id);
        self.untold.extend(settled);
    }
}

/// Why a script cannot sleep.
pub(super) fn no_timer(reason: &std::io::Error) -> Error {
    let message = format!("sleep is not possible now: the system refused a thread for it ({reason})");
    Error::new(Code::Runtime, message)
}
