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

use crate::bridge::entry;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::RefCell;
use std::ffi::c_void;

/// What the deepest recursion through C takes, with a good deal to spare; tested on so much. Touched lazily.
const SIZE: usize = 1 << 20;

/// How many unused stacks a worker keeps.
const KEPT: usize = 4;

thread_local! {
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

/// Work on a native stack of its own, which is suspended.
pub(super) struct Fiber<T>(Coroutine<(), (), T, DefaultStack>);

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
    /// Begins `work` on a stack of its own; without memory for one, on this one, where it cannot be suspended.
    ///
    /// `work` never unwinds.
    pub(super) fn start(work: impl FnOnce(Suspender) -> T + 'static) -> Step<T> {
        let kept = STACKS.with_borrow_mut(Vec::pop);
        let Some(stack) = kept.or_else(|| DefaultStack::new(SIZE).ok()) else {
            return Step::Done(work(Suspender { suspend: None, fiber: std::ptr::null_mut() }));
        };
        let coroutine = Coroutine::with_stack(stack, |yielder: &Yielder<(), ()>, ()| {
            work(Suspender { suspend: Some(suspend), fiber: std::ptr::from_ref(yielder).cast_mut().cast() })
        });
        Self(coroutine).resume()
    }

    /// Goes on until the work is done, or is suspended again.
    pub(super) fn resume(mut self) -> Step<T> {
        match self.0.resume(()) {
            CoroutineResult::Yield(()) => Step::Suspended(self),
            CoroutineResult::Return(value) => {
                let stack = self.0.into_stack();
                STACKS.with_borrow_mut(|stacks| {
                    if stacks.len() < KEPT {
                        stacks.push(stack);
                    }
                });
                Step::Done(value)
            }
        }
    }
}

/// Suspends the fiber whose `Yielder` this is.
unsafe extern "C-unwind" fn suspend(fiber: *mut c_void) {
    entry::assert_outside();
    // SAFETY: the yielder lives as long as the fiber's work, which calls this, on the fiber's stack.
    let yielder = unsafe { &*fiber.cast::<Yielder<(), ()>>() };
    yielder.suspend(());
}
