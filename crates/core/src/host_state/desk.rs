//! Takes the host's questions, and settles each once.

use super::ahead::Ahead;
use super::talks::{Step, Talk};
use crate::error::{Code, Error};
use crate::state::{Answered, Depends, Fate, Response, ScriptId, Store, StoreError, Watch};
use crate::value::Values;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What other threads have to tell a desk.
#[derive(Debug)]
pub enum Letter {
    /// The store has answered the question of this number.
    Answered(u64, Answered),
    /// It has become known what became of writes.
    Settled,
    /// The store is closed.
    Closed,
}

/// What to call, on any thread, to tell a desk's thread something: there, it passes the letter to [`Desk::heard`].
pub type Mail = Arc<dyn Fn(Letter) + Send + Sync>;

/// What came of a question.
pub(super) type Outcome = Result<Values, Error>;

/// The number of a question, and what came of it.
pub type Settled = (u64, Outcome);

/// What is known of a question when it was asked.
#[derive(Debug)]
pub enum Asked {
    /// What came of it.
    Settled(Outcome),
    /// Its number.
    Pending(u64),
}

/// A question on its way.
struct Asking {
    id: u64,
    talk: Box<dyn Talk>,
    /// What the store said last.
    response: Option<Result<Response, StoreError>>,
    depends: Depends,
}

/// How far a question is.
enum At {
    /// There is an answer.
    Done(Outcome),
    /// The store takes time for this.
    Asks(crate::state::Request<'static>),
    /// What comes next takes time.
    Long,
}

impl Asking {
    /// Goes on as far as the store answers at once. `long` says that it may take its time.
    fn advance(&mut self, store: &dyn Store, ahead: &Ahead, long: bool) -> At {
        loop {
            let request = match self.talk.step(self.response.take(), long) {
                Step::Done(outcome) => return At::Done(outcome),
                Step::Long => return At::Long,
                Step::Ask(request) => request,
            };
            let answered = if ahead.is_any(&request.owner) { None } else { store.now(&request) };
            match answered {
                Some(answered) => self.note(store, answered),
                None => {
                    ahead.add(&request.owner);
                    return At::Asks(request);
                }
            }
        }
    }

    fn note(&mut self, store: &dyn Store, answered: Answered) {
        self.depends.add(store, answered.depends);
        self.response = Some(answered.response);
    }
}

/// Questions on a worker thread.
pub struct Trip {
    store: Arc<dyn Store>,
    ahead: Ahead,
    askings: Vec<(Asking, Option<At>)>,
}

impl Trip {
    /// Goes on with each. On any thread.
    pub fn execute(&mut self) {
        for (asking, at) in &mut self.askings {
            *at = Some(asking.advance(&*self.store, &self.ahead, true));
        }
    }
}

/// Where a question is.
enum Place {
    /// The store is going to answer it, and has this space for it.
    Store(Asking, ScriptId),
    /// On a trip, or waiting for the next one.
    Away,
    /// There is an answer, which depends on writes that are not durable yet.
    Held(Outcome, Depends),
}

/// Takes the host's questions from one thread.
pub struct Desk {
    store: Arc<dyn Store>,
    ahead: Ahead,
    mail: Mail,
    last: Cell<u64>,
    /// Whether a trip is under way.
    away: Cell<bool>,
    /// What the next trip takes, in the order in which it was asked.
    queue: RefCell<Vec<Asking>>,
    pending: RefCell<BTreeMap<u64, Place>>,
    watch: RefCell<Watch>,
}

impl Desk {
    /// A desk for questions to `store`, which hears from other threads by `mail`.
    pub fn new(store: Arc<dyn Store>, mail: Mail) -> Self {
        let (ahead, last, away, queue, pending, watch) = Default::default();
        Self { store, ahead, mail, last, away, queue, pending, watch }
    }

    /// Takes a question, and answers it at once, if that takes no time.
    pub fn ask(&self, talk: Box<dyn Talk>) -> Asked {
        let id = self.last.get() + 1;
        self.last.set(id);
        let asking = Asking { id, talk, response: None, depends: Depends::default() };
        if self.away.get() || !self.queue.borrow().is_empty() {
            self.wait(asking);
            return Asked::Pending(id);
        }
        match self.go_on(asking) {
            Some((_, outcome)) => Asked::Settled(outcome),
            None => Asked::Pending(id),
        }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.pending.borrow().is_empty()
    }

    /// What has to be done on a worker thread next, if anything: after that, [`Desk::returned`].
    pub fn trip(&self) -> Option<Trip> {
        if self.away.get() || self.queue.borrow().is_empty() {
            return None;
        }
        let askings = self.queue.take().into_iter().map(|asking| (asking, None)).collect();
        self.away.set(true);
        Some(Trip { store: self.store.clone(), ahead: self.ahead.clone(), askings })
    }

    /// Takes a trip back. Returns what is settled.
    pub fn returned(&self, trip: Trip) -> Vec<Settled> {
        self.away.set(false);
        let mut settled = Vec::new();
        for (asking, at) in trip.askings {
            // Forgotten meanwhile.
            if !self.pending.borrow().contains_key(&asking.id) {
                continue;
            }
            let died = || Err(Error::new(Code::Internal, "a question to State was not answered"));
            settled.extend(self.arrive(asking, at.unwrap_or_else(|| At::Done(died()))));
        }
        settled
    }

    /// Hears what another thread has to say. Returns what is settled.
    pub fn heard(&self, letter: Letter) -> Vec<Settled> {
        match letter {
            Letter::Answered(id, answered) => {
                let place = self.pending.borrow_mut().remove(&id);
                let Some(Place::Store(mut asking, owner)) = place else { return Vec::new() };
                self.ahead.remove(&owner);
                asking.note(&*self.store, answered);
                self.go_on(asking).into_iter().collect()
            }
            Letter::Settled => self.release(),
            Letter::Closed => Vec::new(),
        }
    }

    /// Forgets every question.
    pub fn forget(&self) {
        let forgotten = (self.pending.take(), self.queue.take());
        drop(forgotten);
        self.ahead.clear();
    }

    /// Goes on with a question on this thread.
    fn go_on(&self, mut asking: Asking) -> Option<Settled> {
        let at = asking.advance(&*self.store, &self.ahead, false);
        self.arrive(asking, at)
    }

    fn arrive(&self, asking: Asking, at: At) -> Option<Settled> {
        let id = asking.id;
        match at {
            At::Done(outcome) => self.settle(id, outcome, asking.depends),
            At::Long => {
                self.wait(asking);
                None
            }
            At::Asks(request) => {
                self.put(id, Place::Store(asking, request.owner.clone()));
                let mail = self.mail.clone();
                // Nothing is borrowed: it may be answered at once.
                self.store.later(request, Box::new(move |answered| mail(Letter::Answered(id, answered))));
                None
            }
        }
    }

    /// Lets an answer go, or holds it until the writes are durable that it depends on.
    fn settle(&self, id: u64, outcome: Outcome, depends: Depends) -> Option<Settled> {
        match self.fate(depends) {
            Fate::Pending => {
                self.put(id, Place::Held(outcome, depends));
                None
            }
            fate => {
                self.pending.borrow_mut().remove(&id);
                Some((id, judged(outcome, fate)))
            }
        }
    }

    fn release(&self) -> Vec<Settled> {
        let mut pending = self.pending.borrow_mut();
        let held = pending.iter().filter_map(|(&id, place)| match place {
            Place::Held(_, depends) => Some((id, self.store.fate(*depends))),
            _ => None,
        });
        let decided: Vec<_> = held.filter(|(_, fate)| *fate != Fate::Pending).collect();
        let settled = decided.into_iter().filter_map(|(id, fate)| match pending.remove(&id) {
            Some(Place::Held(outcome, _)) => Some((id, judged(outcome, fate))),
            _ => None,
        });
        settled.collect()
    }

    fn fate(&self, depends: Depends) -> Fate {
        let mail = self.mail.clone();
        self.watch.borrow_mut().fate(&*self.store, depends, move || mail(Letter::Settled))
    }

    /// Lets a question wait for the next trip.
    fn wait(&self, asking: Asking) {
        self.put(asking.id, Place::Away);
        self.queue.borrow_mut().push(asking);
    }

    fn put(&self, id: u64, place: Place) {
        self.pending.borrow_mut().insert(id, place);
    }
}

/// An answer, once the fate of the writes is known that it depends on.
fn judged(outcome: Outcome, fate: Fate) -> Outcome {
    match fate {
        Fate::Lost(reason) => {
            Err(Error::new(Code::StateUnavailable, format!("State that was written, or read, is lost: {reason}")))
        }
        _ => outcome,
    }
}
