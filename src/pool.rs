//! Node-API work items: jobs that execute on libuv's pool and complete on the JS thread.

use crate::border::{guarded, guarded_elsewhere};
use crate::keep::{Asked, Ear, Kept, Thread};
use crate::outside::Door;
use crate::pool_size::thread_pool_size;
use crate::wake_up::Waker;
use moonpool_core::scheduler::{Batch, Signal, WakeUp, Workers};
use napi::sys;
use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex, PoisonError};

/// Something to do on a worker thread, and then to finish on the JS thread.
pub(super) trait Job {
    /// What async hooks call it.
    const NAME: &CStr;

    /// On a worker thread. Touches only what may be touched there, and never unwinds.
    fn execute(&mut self);

    /// On the JS thread, inside a scope in which JS may be called.
    fn complete(self, env: sys::napi_env);
}

struct Item<J> {
    work: sys::napi_async_work,
    job: J,
}

/// Queues a job on libuv's pool. When Node refuses (only while the JS thread is ending) the job is dropped.
///
/// # Safety
/// `env` is the environment of the JS thread that calls this.
pub(super) unsafe fn queue<J: Job + 'static>(env: sys::napi_env, job: J) {
    let item = Box::into_raw(Box::new(Item { work: ptr::null_mut(), job }));
    let name = J::NAME;
    let mut resource = ptr::null_mut();
    // SAFETY: on the JS thread of `env`. The item stays where it is until `complete` takes it back, which Node
    // calls exactly once for each item that it queued.
    unsafe {
        let queued = sys::napi_create_string_utf8(env, name.as_ptr(), name.count_bytes() as isize, &mut resource)
            == sys::Status::napi_ok
            && sys::napi_create_async_work(
                env,
                ptr::null_mut(),
                resource,
                Some(execute::<J>),
                Some(complete::<J>),
                item.cast(),
                &mut (*item).work,
            ) == sys::Status::napi_ok
            && sys::napi_queue_async_work(env, (*item).work) == sys::Status::napi_ok;
        if !queued {
            drop(Box::from_raw(item));
        }
    }
}

/// As [`queue`], outside of every async context, if JS may be called.
///
/// # Safety
/// Called on the JS thread of the door, in a handle scope.
pub(super) unsafe fn queue_outside<J: Job + 'static>(door: &Door, job: J) {
    let mut job = Some(job);
    let mut queue_it = || {
        if let Some(job) = job.take() {
            // SAFETY: as the caller.
            unsafe { queue(door.env(), job) }
        }
    };
    // SAFETY: as the caller; queueing does not unwind.
    unsafe { door.outside(&mut queue_it) };
    queue_it();
}

unsafe extern "C" fn execute<J: Job>(_env: sys::napi_env, item: *mut c_void) {
    // SAFETY: the item is alive, and nobody else uses its job meanwhile.
    let job = unsafe { &mut (*item.cast::<Item<J>>()).job };
    guarded_elsewhere(|| job.execute());
}

unsafe extern "C" fn complete<J: Job>(env: sys::napi_env, _status: sys::napi_status, item: *mut c_void) {
    // SAFETY: the box of `queue`, taken back once.
    let item = unsafe { Box::from_raw(item.cast::<Item<J>>()) };
    // SAFETY: made by `queue` for this env, and complete; called by Node on the JS thread.
    unsafe {
        sys::napi_delete_async_work(env, item.work);
        guarded(env, || item.job.complete(env));
    }
}

/// What an executed batch is handed to, on the JS thread.
pub(super) trait Finished {
    /// Takes the batch back.
    fn finished(&self, batch: Batch);

    /// Learns that the JS thread is ending. Node waits for every work item before it does: what executes is to stop, and
    /// nothing more to begin.
    fn ending(&self);
}

/// libuv's pool, seen from one JS thread.
pub(super) struct LibuvPool {
    env: sys::napi_env,
    /// Owns this pool, so the way back is weak.
    owner: Weak<dyn Finished>,
    waker: Arc<Waker>,
    mailbox: Arc<Mailbox>,
    completing: Completing,
    door: Door,
}

/// Whether a batch is being taken back. What is started then follows it, and would inherit its async context, from one batch
/// to the next: that of a call which is long done.
type Completing = Rc<Cell<bool>>;

/// What other threads have to tell one JS thread.
#[derive(Default)]
pub(super) struct Mailbox {
    signals: Mutex<Vec<Signal>>,
    ear: Ear,
}

impl Mailbox {
    fn put(&self, signal: Signal) {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner).push(signal);
    }

    /// What came since the last time.
    ///
    /// # Safety
    /// Called on the JS thread of `env`, whose mailbox it is, in a handle scope.
    pub(super) unsafe fn empty(&self, env: sys::napi_env) -> Vec<Signal> {
        self.ear.hears();
        if self.ear.probes() {
            // SAFETY: as the caller.
            unsafe { queue(env, Probe(Asked::now())) };
        }
        std::mem::take(&mut *self.signals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LibuvPool {
    /// The pool of `env`, whose batches go back to `owner`. Signals are put into `mailbox`, and then `waker` wakes it.
    pub(super) fn new(env: sys::napi_env, owner: Weak<dyn Finished>, waker: Arc<Waker>, mailbox: Arc<Mailbox>) -> Self {
        // From here on it is known to workers.
        thread_pool_size();
        // SAFETY: the engine that owns this pool lives on the JS thread of `env`.
        let door = unsafe { Door::new(env) };
        Self { env, owner, waker, mailbox, completing: Completing::default(), door }
    }
}

impl Drop for LibuvPool {
    fn drop(&mut self) {
        self.waker.close();
    }
}

impl Workers for LibuvPool {
    fn start(&self, batch: Batch) {
        let Some(owner) = self.owner.upgrade() else { return };
        let (mailbox, completing) = (self.mailbox.clone(), self.completing.clone());
        let may_go_on = completing.get();
        let trip = Trip { batch: Some(batch), thread: Some(Thread::ask()), mailbox, owner, completing, may_go_on };
        // SAFETY: the engine that owns this pool lives on the JS thread of `env`, and batches are started by what JS calls.
        unsafe {
            if self.completing.get() {
                queue_outside(&self.door, trip);
            } else {
                queue(self.env, trip);
            }
        }
    }

    fn wake_up(&self) -> WakeUp {
        let (waker, mailbox) = (self.waker.clone(), self.mailbox.clone());
        Arc::new(move |signal| {
            mailbox.put(signal);
            waker.wake();
        })
    }

    fn hold(&self, waiting: bool) {
        // SAFETY: the engine that owns this pool lives on the JS thread of `env`.
        unsafe { self.waker.hold(self.env, waiting) }
    }
}

/// A batch on its way to a worker and back, perhaps as another one. The worker touches only the batch, and the mailbox.
struct Trip {
    /// There is one, except while the worker changes it.
    batch: Option<Batch>,
    /// Until it is given back.
    thread: Option<Thread>,
    mailbox: Arc<Mailbox>,
    owner: Rc<dyn Finished>,
    completing: Completing,
    /// Whether it began outside of every async context. Else it would keep that of a call for the runs of others, and does so only for
    /// a moment.
    may_go_on: bool,
}

impl Job for Trip {
    const NAME: &CStr = c"moonpool.run";

    fn execute(&mut self) {
        let Some(mut thread) = self.thread.take() else { return };
        thread.got();
        while let Some(batch) = &mut self.batch {
            batch.execute();
            let go_on = match thread.keep(&self.mailbox.ear, batch.worked(), self.may_go_on) {
                Kept::No => return,
                Kept::Shortly => Batch::go_on_with_queued,
                Kept::Unheard => Batch::go_on,
            };
            let next = self.batch.take().map(go_on);
            let goes_on = next.as_ref().is_some_and(|(_, goes_on)| *goes_on);
            self.batch = next.map(|(batch, _)| batch);
            if !goes_on {
                return;
            }
        }
    }

    fn complete(self, env: sys::napi_env) {
        if !may_call_js(env) {
            self.owner.ending();
        }
        self.mailbox.ear.hears();
        let Some(batch) = self.batch else { return };
        self.completing.set(true);
        self.owner.finished(batch);
        self.completing.set(false);
    }
}

/// Sees how long it takes until the pool has a thread for something new.
struct Probe(Asked);

impl Job for Probe {
    const NAME: &CStr = c"moonpool.run";

    fn execute(&mut self) {
        self.0.got();
    }

    fn complete(self, _env: sys::napi_env) {}
}

/// Whether JS can still be called: not when a worker thread is being terminated.
pub(super) fn may_call_js(env: sys::napi_env) -> bool {
    let (mut undefined, mut equal) = (ptr::null_mut(), false);
    // SAFETY: on the JS thread of `env`. Comparing does nothing, but Node refuses it, as everything that could run
    // JS, once none may run.
    unsafe {
        sys::napi_get_undefined(env, &mut undefined) == sys::Status::napi_ok
            && sys::napi_strict_equals(env, undefined, undefined, &mut equal) == sys::Status::napi_ok
    }
}
