//! A VM on its way through its script, slice by slice.

use super::fiber::{Fiber, Step, Suspender};
use super::{Factory, Progress, Script, Vm};
use crate::bridge::{Answer, Came, Kill, Requests, Told, panic_message};
use crate::error::{Code, Error, Failure};
use crate::memory::Held;
use crate::state::{Answered, Depends};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A VM that executes a script. Between two slices the VM is at rest, or suspended with its native stack.
pub struct Execution {
    fiber: Option<Fiber<Progress>>,
    /// Boxed, because the fiber refers to it; gone only when the execution is.
    vm: Option<Box<Vm>>,
}

/// The VM as its fiber refers to it.
struct VmRef(*mut Vm);

// SAFETY: used by whoever executes the fiber, which moves with its VM.
unsafe impl Send for VmRef {}

impl Execution {
    /// An execution in a VM that has been assigned to its script.
    pub fn new(vm: Box<Vm>) -> Self {
        Self { fiber: None, vm: Some(vm) }
    }

    /// Loads the script and runs it until it ends or is suspended. Never panics.
    pub fn start(&mut self, script: Box<Script>, factory: Arc<Factory>) -> Progress {
        self.begin(move |vm| vm.start(&script, &factory))
    }

    /// Runs the script, which was suspended, until it ends or is suspended. Never panics.
    pub fn resume(&mut self) -> Progress {
        match self.fiber.take() {
            Some(fiber) => {
                self.vm().release(fiber.held());
                self.step(fiber.resume())
            }
            None => self.begin(Vm::resume),
        }
    }

    fn begin(&mut self, work: impl FnOnce(&mut Vm) -> Progress + 'static) -> Progress {
        let vm = VmRef(&raw mut **self.vm.as_mut().expect("there is one until the end"));
        let step = Fiber::start(move |suspender| {
            let vm = vm;
            // SAFETY: the VM is boxed and outlives its fiber. Between two slices nobody changes it but through what it
            // refers to (its flag, its context).
            perform(unsafe { &mut *vm.0 }, &suspender, work)
        });
        self.step(step)
    }

    fn step(&mut self, step: Step<Progress>) -> Progress {
        match step {
            Step::Done(progress) => progress,
            // What it keeps meanwhile counts. One that cannot have it goes on at once, to die.
            Step::Suspended(fiber) if self.vm().hold(fiber.held()) => {
                self.fiber = Some(fiber);
                self.vm().progress()
            }
            Step::Suspended(fiber) => {
                self.vm().kill(Kill::Memory);
                self.step(fiber.resume())
            }
        }
    }

    /// Gives the script the answer that it waits for.
    pub fn answer(&self, answer: Answer) {
        self.vm().answer(answer);
    }

    /// What functions of `parallel` ask for, since this was last asked.
    pub fn take_requests(&self) -> Option<Box<Requests>> {
        self.vm().take_requests()
    }

    /// Gives functions of `parallel` what came of their waits.
    pub fn give(&self, came: Vec<(u32, Came)>) {
        self.vm().give(came);
    }

    /// Keeps what the answer holds until the script takes that over.
    pub fn hold_result(&self, held: Held) {
        self.vm().hold_result(held);
    }

    /// Gives the script the store's answer.
    pub fn answer_state(&self, answered: Answered) {
        self.vm().answer_state(answered);
    }

    /// The writes to State that the script depends on.
    pub fn depends(&self) -> Depends {
        self.vm().depends()
    }

    /// What the script has told since this was last asked; and when it has `ended`, all of it.
    pub fn take_told(&self, ended: bool) -> Told {
        self.vm().take_told(ended)
    }

    /// Lets the script's `sleep` raise an error when the script goes on.
    pub fn refuse_sleep(&self, error: Error) {
        self.vm().refuse_sleep(error);
    }

    /// The most bytes that were in use at once.
    pub fn peak_memory(&self) -> usize {
        self.vm().peak_memory()
    }

    /// Keeps so many bytes of the engine's memory for the script's result.
    pub fn keep(&self, bytes: usize) -> Option<Held> {
        self.vm().keep(bytes)
    }

    /// The VM of a script that has ended, if another script can have it.
    pub fn into_reusable(mut self) -> Option<Box<Vm>> {
        self.vm.take_if(|vm| self.fiber.is_none() && vm.retire())
    }

    fn vm(&self) -> &Vm {
        self.vm.as_ref().expect("there is one until the end")
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // A stack that is suspended is not thrown away: the script dies where it is, and every frame is unwound.
        while let Some(fiber) = self.fiber.take() {
            self.vm().release(fiber.held());
            self.vm().kill(Kill::Stopped);
            self.step(fiber.resume());
        }
    }
}

/// Works on a VM that can be suspended by `suspender` meanwhile.
fn perform(vm: &mut Vm, suspender: &Suspender, work: impl FnOnce(&mut Vm) -> Progress) -> Progress {
    vm.set_suspender(suspender);
    let progress = catch_unwind(AssertUnwindSafe(|| work(vm)));
    vm.set_suspender(&Suspender { suspend: None, fiber: std::ptr::null_mut() });
    progress.unwrap_or_else(|panic| {
        vm.kill(Kill::Internal);
        let what = panic_message(&*panic);
        let message = format!("moonpool failed inside this run; this is a bug of moonpool: {what}");
        Progress::Done(Err(Box::new(Failure::new(Error::new(Code::Internal, message)))))
    })
}
