//! What a script asks its State: at once where the store can, else by a wait, as for a host function.

use super::{Call, Context, Wait};
use crate::error::{Code, Error};
use crate::state::{Answered, Op, Request, Response, ScriptId, Store, StoreError};
use mlua::{LightUserData, Value};
use std::cell::RefMut;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// What a function of State does between its questions to the store.
pub(crate) trait Task: Send {
    /// The next step: begins with `None`, and then gets the response to each request in turn.
    ///
    /// # Errors
    /// What the script gets instead of a value.
    fn step(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error>;
}

/// What comes next in a task.
pub(crate) enum Step {
    /// It is done, with what the function returns.
    Done(Value),
    /// It asks the store.
    Ask(Request<'static>),
}

/// A request that a store cannot answer at once.
pub struct Question {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What it is asked.
    pub request: Request<'static>,
}

/// A key that `State.update` is at work on.
pub(super) struct Updating {
    /// The address of the coroutine that it is in.
    coroutine: usize,
    owner: ScriptId,
    key: String,
    /// Whether the script's function has changed it meanwhile.
    changed: bool,
}

/// Its address is what a function returns that waits.
static WAITS: u8 = 0;

/// What a function returns that waits for the store: its C function suspends the VM then, and calls [`go_on`] after that.
pub(crate) fn waits() -> *mut c_void {
    (&raw const WAITS).cast_mut().cast()
}

/// Carries out a task, as far as the store answers at once. Returns its value, or [`waits`].
///
/// # Errors
/// What the task raises.
pub(crate) fn perform(call: &Call, task: impl Task + 'static) -> Result<Value, Error> {
    advance(call, task, None)
}

/// Goes on with the task that waited for the store's answer.
///
/// # Errors
/// What the task raises.
pub(crate) fn go_on(call: &Call) -> Result<Value, Error> {
    let internal = || Error::new(Code::Internal, "the store gave no answer");
    let mut task = call.context.task.take().ok_or_else(internal)?;
    let answered = call.context.take_state_answer().ok_or_else(internal)?;
    let response = call.context.note(answered);
    match task.step(call, Some(response))? {
        Step::Done(value) => Ok(value),
        Step::Ask(request) => advance(call, task, Some(request)),
    }
}

impl Task for Box<dyn Task> {
    fn step(&mut self, call: &Call, response: Option<Result<Response, StoreError>>) -> Result<Step, Error> {
        (**self).step(call, response)
    }
}

fn advance(call: &Call, mut task: impl Task + 'static, mut request: Option<Request<'static>>) -> Result<Value, Error> {
    let mut response = None;
    loop {
        let request = match request.take() {
            Some(request) => request,
            None => match task.step(call, response)? {
                Step::Done(value) => return Ok(value),
                Step::Ask(request) => request,
            },
        };
        match call.context.ask(&request) {
            Some(answered) => response = Some(answered),
            None => {
                can_wait(call, "State cannot be asked here")?;
                *call.context.task.borrow_mut() = Some(Box::new(task));
                let store = call.context.services.store.clone();
                call.context.wait_for(Wait::State(Box::new(Question { store, request })));
                return Ok(Value::LightUserData(LightUserData(waits())));
            }
        }
    }
}

/// Refuses to wait where a script cannot.
///
/// # Errors
/// Why, after `what`.
pub(crate) fn can_wait(call: &Call, what: &str) -> Result<(), Error> {
    let why = if call.context.services.is_prelude {
        "a prelude is nobody's script, and waits for nothing"
    } else if call.inside().get() > 0 {
        "the function of State.update cannot wait. Call it before, and use its result"
    } else if !call.can_suspend {
        "inside a callback of table.sort or string.gsub, or of another C function, a script waits with its native \
         stack, and the system has no memory for another. Call it before, and use its result in the callback"
    } else {
        return Ok(());
    };
    Err(Error::new(Code::Runtime, format!("{what}: {why}")))
}

impl Call<'_> {
    /// The script's function is at work. Refuses waits, and watches for changes of a key, until [`Self::end_update`], or
    /// until an error ends its coroutine.
    pub(crate) fn begin_update(&self, owner: ScriptId, key: String) {
        let at_work = self.inside().get();
        let coroutine = self.coroutine();
        self.context.forget_ended(at_work).push(Updating { coroutine, owner, key, changed: false });
        self.inside().set(at_work + 1);
    }

    /// The end of the last update in this coroutine. One that was closed after an error had ended it has no update left.
    pub(crate) fn end_update(&self) {
        let at_work = self.inside().get();
        let mut updating = self.context.forget_ended(at_work);
        let Some(ended) = updating.pop_if(|last| last.coroutine == self.coroutine()) else { return };
        self.inside().set(at_work - 1);
        self.context.changed_itself.set(ended.changed);
    }
}

impl Context {
    /// Asks the store for something, and takes note of what the answer depends on; `None` when that takes a wait.
    pub(crate) fn ask(&self, request: &Request<'_>) -> Option<Result<Response, StoreError>> {
        let answered = self.services.store.now(request)?;
        self.note_change(request, &answered);
        Some(self.note(answered))
    }

    /// Takes note of what an answer depends on.
    fn note(&self, answered: Answered) -> Result<Response, StoreError> {
        if answered.depends != 0 {
            let mut depends = self.depends.get();
            depends.add(&*self.services.store, answered.depends);
            self.depends.set(depends);
        }
        answered.response
    }

    /// Takes note that a script's function changed the key that it is to give a new value.
    fn note_change(&self, request: &Request<'_>, answered: &Answered) {
        let changed = matches!(
            (&request.op, &answered.response),
            (Op::Write(_), Ok(Response::Written { met: true, .. })) | (Op::Incr(_), Ok(_))
        );
        let Some(key) = request.op.key().filter(|_| changed) else { return };
        for updating in self.updating.borrow_mut().iter_mut() {
            updating.changed |= updating.owner == request.owner && updating.key == key;
        }
    }

    /// Forgets updates in coroutines that an error has ended, and that nobody has closed. Of those that are at work, the
    /// innermost is last.
    fn forget_ended(&self, at_work: c_int) -> RefMut<'_, Vec<Updating>> {
        let mut updating = self.updating.borrow_mut();
        updating.truncate(at_work as usize);
        updating
    }
    /// Whether the function of the update that ended last changed the key.
    pub(crate) fn changed_itself(&self) -> bool {
        self.changed_itself.get()
    }
}
