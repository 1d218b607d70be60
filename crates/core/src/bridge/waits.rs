//! How a script waits: for a host function, or for a time. Its run is suspended meanwhile, and holds no worker.
//!
//! A C function that waits suspends the VM through all coroutines, as the end of a slice does, so that nobody inside can
//! tell. What it waits for stands in the context until the run is off its worker; the answer is there when it goes on.

use super::{Called, Context, Question};
use crate::error::{Code, Error, Shown};
use crate::memory::Held;
use crate::state::{Answered, Depends};
use crate::value::Values;
use std::time::Duration;

/// What a run waits for.
pub enum Wait {
    /// The answer of a host function.
    Call(HostCall),
    /// A time.
    Sleep(Duration),
    /// The answer of a store.
    State(Box<Question>),
}

/// What came of a wait.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// What the host answers.
    Answer(Answer),
    /// What the store answers.
    State(Answered),
    /// The time is over.
    Awake,
    /// The script could not sleep.
    NotAwake(Error),
}

impl Came {
    /// What it takes until the script goes on.
    pub fn weight(&self) -> usize {
        match self {
            Self::Answer(Ok(values)) => values.len(),
            Self::Answer(Err(error)) => {
                let shown = error.shown.as_ref().and_then(|shown| shown.details.as_ref());
                error.message.len() + shown.map_or(0, Vec::len)
            }
            Self::State(answered) => answered.weight(),
            Self::Awake | Self::NotAwake(_) => 0,
        }
    }
}

/// A call of a host function, or of a named script, which the host begins.
#[derive(Clone, Debug, PartialEq)]
pub struct HostCall {
    /// Which function: the number that the host gave it.
    pub function: u32,
    /// Or which script.
    pub script: Option<Box<Called>>,
    /// Its arguments.
    pub args: Values,
}

/// What the host answers: a list with one value, or with all that a script returned; or why there is none.
pub type Answer = Result<Values, HostError>;

/// Why a host function failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostError {
    /// What scripts and messages show.
    pub message: String,
    /// The host's number for the error itself, or 0.
    pub cause: u32,
    /// The code, if it is no function of the host's that failed.
    pub code: Option<Code>,
    /// What else scripts see of it.
    pub shown: Option<Box<Shown>>,
}

impl HostError {
    /// The error as scripts get it.
    pub(crate) fn error(self) -> Error {
        let code = self.code.unwrap_or(Code::HostFunction);
        Error { cause: (self.cause != 0).then_some(self.cause), shown: self.shown, ..Error::new(code, self.message) }
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        Self { message: error.message, cause: error.cause.unwrap_or(0), code: Some(error.code), shown: error.shown }
    }
}

impl Context {
    /// Leaves what the script waits for, for whoever resumes it.
    pub(crate) fn wait_for(&self, wait: Wait) {
        *self.wait.borrow_mut() = Some(wait);
    }

    /// As [`Context::wait_for`], for a call whose arguments count so many bytes until the script goes on.
    pub(crate) fn wait_for_call(&self, call: HostCall, held: usize) {
        self.held_args.set(held);
        self.wait_for(Wait::Call(call));
    }

    /// What the run waits for that is suspended; nothing when it goes on when its turn comes. A run with a time of its own
    /// waits for no other: that goes forward instead.
    pub(crate) fn take_wait(&self) -> Option<Wait> {
        let wait = self.wait.take()?;
        match (&wait, self.sources.passed()) {
            (Wait::Sleep(time), Some(passed)) => {
                self.sources.pass_until(passed.saturating_add(*time));
                None
            }
            _ => Some(wait),
        }
    }

    /// What the host answered.
    ///
    /// # Errors
    /// When there is no answer, which is a bug.
    pub(crate) fn take_answer(&self) -> Result<Answer, Error> {
        self.budget.release(self.held_args.take());
        self.answer.borrow_mut().take().ok_or_else(|| Error::new(Code::Internal, "the host gave no answer"))
    }

    /// The answer, if it is no error, and `read` makes something of it; otherwise it stays.
    pub(crate) fn take_answer_if<T>(&self, read: impl FnOnce(&Values) -> Option<T>) -> Option<T> {
        let read = self.answer.borrow().as_ref()?.as_ref().ok().and_then(read)?;
        let _taken = self.take_answer();
        Some(read)
    }

    /// What the answer holds of the memory of whoever gave it, until it is taken over.
    pub(crate) fn take_held_result(&self) -> Option<Held> {
        self.held_result.borrow_mut().take()
    }

    pub(crate) fn hold_result(&self, held: Held) {
        *self.held_result.borrow_mut() = Some(held);
    }

    pub(crate) fn is_sleep_refused(&self) -> bool {
        self.refused_sleep.borrow().is_some()
    }

    /// Why the script could not sleep, if it could not.
    pub(crate) fn take_refused_sleep(&self) -> Option<Error> {
        self.refused_sleep.take().map(|error| *error)
    }

    pub(crate) fn refuse_sleep(&self, error: Error) {
        self.refused_sleep.replace(Some(Box::new(error)));
    }

    /// Keeps the store's answer until the script goes on. It counts as the script's; where that is too much, the run dies.
    pub(crate) fn set_state_answer(&self, answered: Answered) {
        let bytes = answered.weight();
        if self.budget.hold(bytes).is_ok() {
            self.held_answer.set(bytes);
        }
        *self.state_answer.borrow_mut() = Some(answered);
    }

    /// The store's answer, which counts no longer.
    pub(crate) fn take_state_answer(&self) -> Option<Answered> {
        self.budget.release(self.held_answer.take());
        self.state_answer.take()
    }

    /// The writes to State that the run depends on.
    pub(crate) fn depends(&self) -> Depends {
        self.depends.get()
    }

    pub(crate) fn set_answer(&self, answer: Answer) {
        *self.answer.borrow_mut() = Some(answer);
    }
}
