//! What belongs to the run that a VM executes: who it is, what it wrote, what it may use. The VM has its address.

use super::direct::Kept;
use super::parallel::{Parallel, SuspendsAs};
use super::tasks::{Task, Updating};
use super::telling::Gathered;
use super::{Answer, Called, Dicts, Extras, Given, Kill, Limits, Services, Sources, Telling, Wait};
use crate::error::Error;
use crate::memory::{Budget, Held, Killed};
use crate::regex::Regexes;
use crate::state::{Answered, Depends, Fate, ScriptId, View};
use mlua::Lua;
use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;

/// What a VM has of its run. The only source of identity: no Lua value is ever asked who is running. The VM has its address
/// where our functions find it, and mlua in app data, as soon as there is a handle.
pub struct Context {
    /// Who is running.
    pub id: ScriptId,
    /// The number of the run.
    pub(crate) run: u64,
    /// The chunk's name in messages.
    pub name: Arc<str>,
    /// Which script called this one, if one did.
    pub(crate) called: Option<Arc<Called>>,
    /// What the engine gives to all its scripts.
    pub services: Arc<Services>,
    /// What the engine gave when the run began, and what the run is given beside that.
    pub(crate) given: Given,
    pub(crate) extras: Option<Arc<Extras>>,
    /// The shared dictionaries that there were when the run began.
    pub(crate) shared: Dicts,
    /// What the run may still use.
    pub budget: Budget,
    /// How many values and keys JavaScript may be given at once.
    pub max_nodes: usize,
    pub(super) output: RefCell<Vec<u8>>,
    max_output: usize,
    /// What the run tells while it runs, and what of that has not left.
    pub(super) telling: Telling,
    pub(super) gathered: RefCell<Gathered>,
    panic: RefCell<Option<String>>,
    /// What the script waits for, until its run is off the worker; and what came of it.
    pub(super) wait: RefCell<Option<Wait>>,
    pub(super) answer: RefCell<Option<Answer>>,
    /// What a script's answer holds of that script's memory.
    pub(super) held_result: RefCell<Option<Held>>,
    /// What the arguments of the host function take that it waits for.
    pub(super) held_args: Cell<usize>,
    /// Why it could not sleep, until it goes on.
    pub(super) refused_sleep: RefCell<Option<Box<Error>>>,
    /// What goes on when the store has answered, and the answer.
    pub(super) task: RefCell<Option<Box<dyn Task>>>,
    pub(super) state_answer: RefCell<Option<Answered>>,
    /// What that answer counts.
    pub(super) held_answer: Cell<usize>,
    /// What its calls of `parallel` are at, from the first on; and why one of those suspends it.
    pub(super) parallel: RefCell<Option<Box<Parallel>>>,
    pub(super) suspends_as: Cell<Option<SuspendsAs>>,
    /// The keys that calls of `State.update` are at work on, the innermost last.
    pub(super) updating: RefCell<Vec<Updating>>,
    pub(super) changed_itself: Cell<bool>,
    /// The writes to State that it depends on.
    pub(super) depends: Cell<Depends>,
    /// Where its time and its chance come from.
    pub(crate) sources: Sources,
    /// What a direct call leaves for Lua.
    pub(super) kept: RefCell<Kept>,
    /// The regular expressions that the VM has compiled; the next run has them, too.
    pub(crate) regexes: RefCell<Regexes>,
    /// mlua's handle of the VM, once a call has needed it.
    pub(crate) handle: OnceCell<Lua>,
}

impl Context {
    /// The context of a run that may write so much, and give so many values, as `limits` say, and tells what its script or
    /// the engine says.
    pub(crate) fn new(
        id: ScriptId,
        name: Arc<str>,
        services: Arc<Services>,
        (given, extras): (Given, Option<Arc<Extras>>),
        budget: Budget,
        (limits, telling): (&Limits, Option<Telling>),
        depends: Depends,
    ) -> Self {
        // What is known by now to be durable, or lost, is behind it.
        let is_pending = depends != Depends::default() && services.store.fate(depends) == Fate::Pending;
        Self {
            id,
            run: 0,
            name,
            called: None,
            shared: services.shared.all(),
            telling: telling.unwrap_or(services.telling),
            gathered: RefCell::default(),
            services,
            given,
            extras,
            budget,
            max_nodes: limits.nodes,
            output: RefCell::default(),
            max_output: limits.output,
            panic: RefCell::default(),
            wait: RefCell::default(),
            answer: RefCell::default(),
            held_result: RefCell::default(),
            held_args: Cell::default(),
            refused_sleep: RefCell::default(),
            task: RefCell::default(),
            state_answer: RefCell::default(),
            held_answer: Cell::default(),
            parallel: RefCell::default(),
            suspends_as: Cell::default(),
            updating: RefCell::default(),
            changed_itself: Cell::default(),
            depends: Cell::new(if is_pending { depends } else { Depends::default() }),
            sources: Sources::default(),
            kept: RefCell::default(),
            regexes: RefCell::default(),
            handle: OnceCell::new(),
        }
    }

    /// The same, of the run of this number.
    pub(crate) fn of_run(self, run: u64) -> Self {
        Self { run, ..self }
    }

    /// The State of whoever is running. There is no other way to the store.
    pub(crate) fn state(&self) -> View<'_> {
        let services = &self.services;
        View::new(&*services.store, &self.id, &services.quotas, services.tells_foreign)
    }

    /// Adds to the captured output; past `maxOutput` the run is killed, with the output cut at the limit.
    ///
    /// # Errors
    /// When the run is being killed.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Killed> {
        self.budget.check()?;
        let mut output = self.output.borrow_mut();
        let room = self.max_output - self.gathered.borrow().streamed - output.len();
        let taken = bytes.len().min(room);
        self.budget.extend(&mut output, &bytes[..taken])?;
        if bytes.len() > room {
            return Err(self.budget.kill(Kill::Output.reason()));
        }
        Ok(())
    }

    /// Kills the run for a panic in our code, and keeps its message.
    pub(crate) fn panicked(&self, payload: &(dyn std::any::Any + Send)) -> Error {
        *self.panic.borrow_mut() = Some(panic_message(payload));
        self.budget.kill(Kill::Internal.reason()).into()
    }

    pub(crate) fn take_panic(&self) -> Option<String> {
        self.panic.borrow_mut().take()
    }

    /// What was written, counted no longer; nothing where that is told as it is written.
    pub(crate) fn take_output(&self) -> Vec<u8> {
        if self.telling.streams {
            return Vec::new();
        }
        let output = std::mem::take(&mut *self.output.borrow_mut());
        self.budget.release(output.capacity());
        output
    }
}

/// What a panic said.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message").into()
}
