//! `NativeNamed`: a named script, as JavaScript holds it; and the calls of such scripts by others.

use moonpool_core::bridge::{Called, HostError};
use moonpool_core::memory::Held;
use moonpool_core::scheduler::{Scheduler, Workers};
use moonpool_core::value::{Shapes, Values};
use moonpool_core::vm::{Outcome, Script};
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// A named script: all that its runs have in common.
#[napi]
pub struct NativeNamed {
    script: Script,
}

impl NativeNamed {
    pub(super) fn new(script: Script) -> Self {
        Self { script }
    }

    /// What a run is that the host asks for.
    pub(super) fn script(&self, args: Option<Values>) -> Script {
        let mut script = self.script.clone();
        script.exchange.args = args;
        script
    }

    /// What a run is that another script asks for. The values cross from VM to VM.
    pub(super) fn called(&self, Asked { called, args, .. }: Asked) -> Script {
        let mut script = self.script(Some(args));
        script.exchange.results = Some(Shapes::EXACT);
        script.exchange.called = Some(Arc::new(called));
        script
    }
}

/// A call that JavaScript is being told of.
pub(super) struct Asked {
    /// The run that waits, and the number of its wait.
    pub(super) waiting: (u64, u32),
    called: Called,
    args: Values,
}

/// The calls of scripts by others, whose values never get to JavaScript.
#[derive(Default)]
pub(super) struct ScriptCalls {
    last: Cell<u64>,
    asked: RefCell<HashMap<u64, Asked>>,
    /// By the number of a run that was called: which one waits for it, and in which of its waits.
    waiting: RefCell<HashMap<u64, (u64, u32)>>,
}

impl ScriptCalls {
    /// Keeps a call until [`Self::take`], and gives it a number.
    pub(super) fn ask(&self, waiting: (u64, u32), called: Called, args: Values) -> u64 {
        self.last.update(|last| last + 1);
        self.asked.borrow_mut().insert(self.last.get(), Asked { waiting, called, args });
        self.last.get()
    }

    pub(super) fn take(&self, call: u64) -> Option<Asked> {
        self.asked.borrow_mut().remove(&call)
    }

    /// A run has begun, for which another one waits.
    pub(super) fn begun(&self, id: u64, waiting: (u64, u32)) {
        self.waiting.borrow_mut().insert(id, waiting);
    }

    /// Takes what came of a run apart: what JavaScript hears of it, and for one that a script has called, the answer. Of a
    /// failure JavaScript tells the caller; what was written before that is nobody's.
    pub(super) fn settled(
        &self,
        id: u64,
        mut outcome: Outcome,
        held: Option<Held>,
    ) -> (Outcome, Option<Held>, Option<ScriptAnswer>) {
        let Some(waiting) = self.waiting.borrow_mut().remove(&id) else { return (outcome, held, None) };
        let answer = match &mut outcome {
            Ok(success) => {
                success.text = String::new();
                success.values.take().map(|values| ScriptAnswer { waiting, values, held })
            }
            Err(failure) => {
                (failure.output, failure.lua_value) = (String::new(), None);
                None
            }
        };
        (outcome, None, answer)
    }
}

/// What a script returned to the one that has called it.
pub(super) struct ScriptAnswer {
    waiting: (u64, u32),
    values: Values,
    held: Option<Held>,
}

impl ScriptAnswer {
    /// Gives it to the run that waits for it.
    pub(super) fn give<W: Workers>(self, scheduler: &Scheduler<W>) {
        let (run, number) = self.waiting;
        scheduler.answer_by_script(run, number, Ok::<_, HostError>(self.values), self.held);
    }
}
