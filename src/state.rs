//! The host's questions to State, on their JS thread.
//!
//! Nothing here is borrowed while JavaScript or a store is called: both may come back with the next question.

use crate::callback::Callback;
use crate::convert::{Encoded, Failure, Question};
use crate::outside::Door;
use crate::pool::{Job, may_call_js, queue_outside};
use crate::wake_up::{Awakened, Waker};
use moonpool_core::error::{Code, Error};
use moonpool_core::host_state::{
    Arguments, Asked, Desk, Importer, Letter, Pages, Settled, Talk, Trip, grant_of, request, talk,
};
use moonpool_core::state::{Op, Place, Quotas, Request, ScriptId, Store, open};
use moonpool_core::value::{Shapes, Values};
use napi::bindgen_prelude::{Env, Result};
use napi::sys;
use napi_derive::napi;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The number of a question, what came of it, or why nothing did. The number 0 says that the store is closed.
pub(super) type AnswerArgs = (f64, Option<Encoded>, Option<Failure>);

/// The functions of one key, by their names.
const KEYED: &[&str] = &["get", "set", "add", "replace", "delete", "has", "incr", "cas", "expire", "ttl"];

/// A store that is closed when nobody has it any more, if not before.
pub(super) struct Opened {
    store: Arc<dyn Store>,
    /// Whether it answers everything at once.
    is_quick: bool,
    closed: Cell<bool>,
}

impl Opened {
    /// Opens a store.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub(super) fn new(place: &Place) -> std::result::Result<Self, Error> {
        let is_quick = matches!(place, Place::Memory | Place::Named(_));
        let store = open(place).map_err(|reason| Error::new(Code::StateUnavailable, reason))?;
        Ok(Self { store, is_quick, closed: Cell::new(false) })
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    fn close(&self, done: Box<dyn FnOnce() + Send>) {
        if self.closed.replace(true) {
            done();
        } else {
            self.store.close(done);
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.close(Box::new(|| ()));
    }
}

/// A store that was opened for an engine that is being made.
#[napi]
pub struct NativeStore {
    opened: RefCell<Option<Opened>>,
}

impl NativeStore {
    pub(super) fn new(opened: Opened) -> Self {
        Self { opened: RefCell::new(Some(opened)) }
    }

    /// Gives the store to the engine.
    pub(super) fn take(&self) -> Result<Opened> {
        self.opened.take().ok_or_else(|| napi::Error::from_reason("the store has an engine already"))
    }
}

/// An import that is under way.
#[napi]
pub struct NativeImport {
    importer: Importer,
}

/// What store and stores' threads have to tell.
#[derive(Default)]
struct Letters {
    letters: Mutex<Vec<Letter>>,
    /// Absent for stores that have nothing to tell.
    waker: OnceLock<Arc<Waker>>,
}

impl Letters {
    fn put(&self, letter: Letter) {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    fn empty(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The desk of an engine's State, on its JS thread.
pub(super) struct StateDesk {
    env: sys::napi_env,
    door: Door,
    this: Weak<Self>,
    desk: Desk,
    opened: Opened,
    quotas: Arc<Quotas>,
    letters: Arc<Letters>,
    answered: Callback<AnswerArgs>,
    /// How many answers JavaScript waits for, the end of the store included.
    awaited: Cell<usize>,
    /// Whether JavaScript waits for the end of the store.
    closing: Cell<bool>,
}

impl StateDesk {
    /// The desk of an engine on the JS thread of `env`. `answered` is held while JavaScript waits for an answer.
    pub(super) fn new(env: Env, opened: Opened, quotas: Arc<Quotas>, answered: Callback<AnswerArgs>) -> Rc<Self> {
        let letters = Arc::<Letters>::default();
        let put = letters.clone();
        let desk = Desk::new(opened.store.clone(), Arc::new(move |letter| put.put(letter)));
        Rc::new_cyclic(|this: &Weak<Self>| {
            if !opened.is_quick {
                // SAFETY: called by JS, so on the JS thread of `env`.
                let waker = unsafe { Waker::new(env.raw(), this.clone()) };
                let _ = letters.waker.set(waker);
            }
            let (awaited, closing) = (Cell::new(0), Cell::new(false));
            // SAFETY: as above; this desk stays on that thread.
            let door = unsafe { Door::new(env.raw()) };
            Self { env: env.raw(), door, this: this.clone(), desk, opened, quotas, letters, answered, awaited, closing }
        })
    }

    /// Asks something. What takes time is told by `answered`.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub(super) fn ask(&self, question: Question) -> std::result::Result<Asked, String> {
        let talk = self.talk(question)?;
        Ok(self.begin(talk))
    }

    /// Takes the next piece of an import, or its end.
    pub(super) fn import(&self, under_way: &NativeImport, piece: Option<Vec<u8>>) -> Asked {
        self.begin(under_way.importer.take(piece))
    }

    pub(super) fn new_import(&self) -> NativeImport {
        NativeImport { importer: Importer::new(self.quotas.clone()) }
    }

    /// Closes the store. Says whether that is done; otherwise it is told by `answered`, with the number 0.
    pub(super) fn close(&self) -> bool {
        let (letters, done) = (self.letters.clone(), Arc::new(AtomicBool::new(false)));
        let is_done = done.clone();
        self.opened.close(Box::new(move || {
            done.store(true, Ordering::Release);
            letters.put(Letter::Closed);
        }));
        if is_done.load(Ordering::Acquire) {
            return true;
        }
        self.closing.set(true);
        self.await_one_more();
        false
    }

    /// Forgets everything that JavaScript waits for.
    pub(super) fn forget(&self) {
        self.desk.forget();
        self.closing.set(false);
        self.answered_all(self.awaited.get());
    }

    fn begin(&self, talk: Box<dyn Talk>) -> Asked {
        let asked = self.desk.ask(talk);
        if let Asked::Pending(_) = asked {
            self.await_one_more();
            self.set_off();
        }
        asked
    }

    /// What a question is in steps.
    fn talk(&self, question: Question) -> std::result::Result<Box<dyn Talk>, String> {
        let Question { function, owner, key, value, old, old_text, ttl, shapes, text, .. } = question;
        let Question { prefix, after, limit, keys, to, access, .. } = question;
        let id = |owner: &str| ScriptId::new(owner);
        let limit = limit.unwrap_or(0) as usize;
        let shapes = Shapes::from_bits(shapes.unwrap_or(0));
        let bytes = |values: Option<napi::bindgen_prelude::Uint8Array>| values.map(|values| values.to_vec());
        let owner = owner.unwrap_or_default();
        if let Some(function) = KEYED.iter().find(|name| **name == function) {
            let ttl = ttl.map(|ms| Duration::from_millis(ms.ceil() as u64));
            let (value, old, text) = (bytes(value), bytes(old), text.unwrap_or(false));
            let arguments = Arguments { key, value, old, old_text, ttl, shapes, text };
            let owner = id(&owner)?;
            let quota = self.quotas.of(&owner);
            return Ok(talk(function, owner, quota, arguments));
        }
        // None of these adds anything to a space.
        let one = |function, owner, op| Ok(request(function, Request { owner, quota: 0, op }));
        match &*function {
            "size" => one("size", id(&owner)?, Op::Size),
            "clear" => one("clear", id(&owner)?, Op::Clear),
            "list" => one("list", id(&owner)?, Op::List { prefix: prefix.unwrap_or_default().into() }),
            "entries" | "lines" => {
                let pages = Pages::new(&function, id(&owner)?, prefix.unwrap_or_default(), after, limit);
                Ok(Box::new(pages.with_shapes(shapes)))
            }
            "grants" => one("grants", id("*")?, Op::Grants),
            "owners" => {
                let after = after.map(|after| id(&after)).transpose()?;
                // Whose space it is does not matter.
                one("owners", id("*")?, Op::Owners { after, limit })
            }
            "grant" | "revoke" => {
                let [keys, to, access] = [keys, to, access].map(Option::unwrap_or_default);
                let grant = grant_of(&owner, &keys, &to, &access)?;
                let owner = grant.owner.clone();
                match &*function {
                    "grant" => one("grant", owner, Op::Grant(grant)),
                    _ => one("revoke", owner, Op::Revoke(grant)),
                }
            }
            _ => Err(format!("State has no function '{function}'")),
        }
    }

    /// Sends what takes time to a worker thread.
    fn set_off(&self) {
        let (Some(owner), Some(trip)) = (self.this.upgrade(), self.desk.trip()) else { return };
        // Outside, as the trips of all callers follow one another.
        // SAFETY: this desk lives on the JS thread of `env`; all who come here were called by Node, in a handle scope.
        unsafe { queue_outside(&self.door, Voyage { trip: Some(trip), owner }) }
    }

    fn tell(&self, settled: Vec<Settled>) {
        for (id, outcome) in settled {
            self.tell_one(id, outcome);
        }
        self.set_off();
    }

    fn tell_one(&self, id: u64, outcome: std::result::Result<Values, Error>) {
        let (values, failure) = match outcome {
            Ok(values) => (Some(Encoded(values)), None),
            Err(error) => (None, Some(error.into())),
        };
        if self.answered.call((id as f64, values, failure)).is_err() {
            // Something did not become a value of JavaScript, and the promise shall settle all the same.
            let error = Error::new(Code::Result, "the answer cannot cross: JavaScript has no room for it");
            let _ = self.answered.call((id as f64, None, Some(error.into())));
        }
        self.answered_all(1);
    }

    fn await_one_more(&self) {
        if self.awaited.replace(self.awaited.get() + 1) == 0 {
            self.answered.hold();
            self.keep_awake(true);
        }
    }

    fn answered_all(&self, count: usize) {
        // Those that were forgotten meanwhile count no more.
        let count = count.min(self.awaited.get());
        self.awaited.update(|awaited| awaited - count);
        if count > 0 && self.awaited.get() == 0 {
            self.keep_awake(false);
            self.answered.release();
        }
    }

    fn keep_awake(&self, awaited: bool) {
        if let Some(waker) = self.letters.waker.get() {
            // SAFETY: this desk lives on the JS thread of `env`, whose waker it is.
            unsafe { waker.hold(self.env, awaited) }
        }
    }
}

impl Drop for StateDesk {
    fn drop(&mut self) {
        if let Some(waker) = self.letters.waker.get() {
            waker.close();
        }
    }
}

impl Awakened for StateDesk {
    fn awakened(&self, env: sys::napi_env) {
        if !may_call_js(env) {
            return;
        }
        for letter in self.letters.empty() {
            if let Letter::Closed = letter {
                if self.closing.replace(false) {
                    self.tell_one(0, Ok(Values::new()));
                }
                continue;
            }
            self.tell(self.desk.heard(letter));
        }
    }
}

/// Questions on their way to a worker and back. The worker touches only the trip.
struct Voyage {
    trip: Option<Trip>,
    owner: Rc<StateDesk>,
}

impl Job for Voyage {
    const NAME: &CStr = c"moonpool.state";

    fn execute(&mut self) {
        if let Some(trip) = &mut self.trip {
            trip.execute();
        }
    }

    fn complete(self, env: sys::napi_env) {
        let settled = self.trip.map(|trip| self.owner.desk.returned(trip)).unwrap_or_default();
        if may_call_js(env) {
            self.owner.tell(settled);
        }
    }
}
