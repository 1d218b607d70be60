//! The native stack that a VM executes on, so that a script can be suspended where Lua cannot yield.
//!
//! A slice begins on a stack from its worker's pool. Where Lua can yield, the yield unwinds that stack, and it goes back
//! at once. Where it cannot (in a comparator of `table.sort`, a callback of `string.gsub`, a metamethod that C calls, a
//! long loop in C), the stack itself is put aside with everything on it, and goes on at the next turn, on whatever worker.
//!
//! So what stands on a stack that is suspended must not care about threads: no lock is held, no thread-local is used
//! before and after, and no guard of mlua's is alive. That holds because our own functions are leaves: none calls a
//! script while Rust values are alive ([`crate::bridge::entry`] asserts it in debug builds), and the host's work on a
//! script's values calls scripts only by [`super::Vm::run_thread`], with nothing locked.

use super::stacks;
use crate::bridge::entry;
use crate::memory;
use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::ffi::c_void;

/// Work on a native stack of its own, which is suspended.
pub(super) struct Fiber<T> {
    coroutine: Coroutine<(), usize, T, DefaultStack>,
    /// Its stack: the lowest address that may be touched, the first above it, and how deep it is in use.
    limit: usize,
    base: usize,
    top: usize,
}

// SAFETY: what is on the stack may move between threads; see above.
unsafe impl<T: Send> Send for Fiber<T> {}

/// How far the work came.
pub(super) enum Step<T> {
    /// It is done.
    Done(T),
    /// It is suspended.
    Suspended(Fiber<T>),
}

/// What the work is suspended by: a function, and what it is called with.
pub(super) struct Suspender {
    pub(super) suspend: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
    pub(super) fiber: *mut c_void,
}

impl<T: 'static> Fiber<T> {
    /// Begins `work` on a stack of its own; without one, on the thread's, where it cannot be suspended.
    ///
    /// `work` never unwinds.
    pub(super) fn start(work: impl FnOnce(Suspender) -> T + 'static) -> Step<T> {
        let Some(stack) = stacks::take() else {
            return Step::Done(work(Suspender { suspend: None, fiber: std::ptr::null_mut() }));
        };
        let (base, limit) = (stack.base().get(), stack.limit().get() + memory::page());
        let coroutine = Coroutine::with_stack(stack, |yielder: &Yielder<(), usize>, ()| {
            work(Suspender { suspend: Some(suspend), fiber: std::ptr::from_ref(yielder).cast_mut().cast() })
        });
        Self { coroutine, limit, base, top: base }.resume()
    }

    /// Goes on until the work is done, or is suspended again.
    pub(super) fn resume(mut self) -> Step<T> {
        match self.coroutine.resume(()) {
            CoroutineResult::Yield(top) => {
                self.top = top;
                self.forget_rest();
                Step::Suspended(self)
            }
            CoroutineResult::Return(value) => {
                stacks::give_back(self.coroutine.into_stack());
                Step::Done(value)
            }
        }
    }
}

impl<T> Fiber<T> {
    /// The bytes of its stack that are in use while it is suspended.
    pub(super) fn held(&self) -> usize {
        (self.base - self.top).next_multiple_of(memory::page())
    }

    /// Gives the memory of the rest of the stack back: the script may have been deeper before.
    fn forget_rest(&self) {
        // Below what is in use, the registers that the switch saves.
        let end = (self.top - memory::page()) / memory::page() * memory::page();
        let start = self.limit.next_multiple_of(memory::page());
        if end > start {
            // SAFETY: whole pages of the stack, below everything that is on it.
            unsafe { memory::forget(std::ptr::with_exposed_provenance_mut(start), end - start) };
        }
    }
}

/// Suspends the fiber whose `Yielder` this is.
unsafe extern "C-unwind" fn suspend(fiber: *mut c_void) {
    entry::assert_outside();
    // SAFETY: the yielder lives as long as the fiber's work, which calls this, on the fiber's stack.
    let yielder = unsafe { &*fiber.cast::<Yielder<(), usize>>() };
    let top = (&raw const yielder).addr();
    yielder.suspend(top);
}

#[cfg(test)]
mod tests {
    use super::super::stacks::without;
    use super::super::{Chunk, Exchange, Execution, Factory, Progress, Script, Vm};
    use crate::api::libraries::Libraries;
    use crate::bridge::{Limits, Services};
    use crate::state::{MemoryStore, ScriptId};
    use moonpool_lua::Flag;
    use std::sync::Arc;

    /// What a script gives whose flag asks for preemption all the time, and how often it was suspended.
    fn run(source: &str) -> (String, usize) {
        let factory = Arc::new(Factory::new(Libraries::ALL, None));
        let script = Script {
            chunk: Chunk::Source(source.as_bytes().into()),
            id: ScriptId::new("tester").expect("a good id"),
            name: "tester".into(),
            limits: Limits::default(),
            exchange: Exchange::default(),
            services: Arc::new(Services::new(Arc::<MemoryStore>::default(), 1 << 20)),
        };
        let flag = Arc::<Flag>::default();
        let mut vm = Vm::build(&factory).expect("there is memory");
        vm.assign(&script, flag.clone());
        let mut execution = Execution::new(Box::new(vm));
        flag.preempt();
        let mut progress = execution.start(Box::new(script), factory);
        let mut suspended = 0;
        loop {
            match progress {
                Progress::Done(outcome) => return (outcome.expect("it succeeds").text, suspended),
                _ => suspended += 1,
            }
            progress = execution.resume();
        }
    }

    const IN_CALLBACKS: &str = "local n = 0
        local s = ('abc'):gsub('.', function(c) for _ = 1, 10 do n = n + 1 end return c:upper() end)
        local ok, e = pcall(string.gsub, 'x', 'x', function() sleep(0) end)
        return s, n, ok, tostring(e)";

    #[test]
    fn without_stacks_scripts_run_as_they_did_and_say_where_they_cannot_wait() {
        let (text, often) = run(IN_CALLBACKS);
        assert_eq!(text, "ABC\t30\ttrue\tx");
        let (text, seldom) = without(|| run(IN_CALLBACKS));
        let (result, error) = text.split_at("ABC\t30\tfalse\t".len());
        assert_eq!(result, "ABC\t30\tfalse\t");
        assert!(error.contains("sleep cannot be called here") && error.contains("no memory for another"), "{error}");
        assert!(often > seldom + 30, "{often} against {seldom}");
    }
}
