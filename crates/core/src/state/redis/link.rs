//! What is asked of the server waits here for its turn, and goes out in batches over one connection, which is taken up again
//! when it is lost.

use super::address::Address;
use super::connection::{Connection, connect};
use super::flight::{Flight, Tell, Waiting};
use super::quick::{End, Quick};
use super::trouble::{Then, Trouble};
use crate::state::lock;
use redis::{Cmd, Value};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// So many batches are with the server, so that it has work while the answers of one are read; what comes meanwhile makes
/// the next one. With each, the system is called to send and to read: one at a time would be slow.
const FEW: usize = 2;

/// At most so many are, once there is enough for the next one: on a far network.
const MANY: usize = 16;

/// Enough for another batch.
const ENOUGH: usize = 32;

/// At most so many commands go out in one batch: its answers come together.
const BATCH: usize = 128;

/// Whose time is over is told within so long.
const A_MOMENT: Duration = Duration::from_millis(5);

/// How long to wait before another attempt to connect: the first time, and at most. Between half and all of it.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// An attempt to connect takes no longer, and no longer than an operation may take.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(5);

/// The way to a server.
pub(super) struct Link {
    pub(super) address: Address,
    /// How long an operation may take.
    pub(super) timeout: Duration,
    state: Mutex<State>,
    /// Wakes whoever drives the link, when anything has changed.
    changed: Notify,
    /// How many batches are with the server.
    batches: AtomicUsize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    /// Why there is no connection, if there is none. Stays until there is one.
    trouble: Option<Trouble>,
    /// Why the connection is to be given up, if it is.
    giving_up: Option<Trouble>,
    /// When the server has last answered, or had nothing to answer.
    heard: Option<Instant>,
    closed: Option<Vec<Box<dyn FnOnce() + Send>>>,
    /// Nobody drives the link any more.
    ended: bool,
}

/// What goes out together.
enum Item {
    /// Commands of a task, in their order. The flag becomes true when they go out.
    Task(Vec<Cmd>, Arc<AtomicBool>, Tell),
    /// One command as it goes out, for which no task waits.
    Quick(Vec<u8>, Quick),
}

impl Item {
    /// It never goes out.
    fn fail(self, trouble: &Trouble) {
        match self {
            Self::Task(_, _, reply) => _ = reply.send(Err(trouble.clone())),
            Self::Quick(_, quick) => quick.end(End::Failed(trouble.clone())),
        }
    }
}

impl Link {
    pub(super) fn new(address: Address, timeout: Duration) -> Self {
        let state = Mutex::default();
        Self { address, timeout, state, changed: Notify::new(), batches: AtomicUsize::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Sends commands, in their order; `sent` becomes true when they go out. Whoever drops this takes back what has not.
    ///
    /// # Errors
    /// Why there are no answers. A server's refusal of a single command is among the answers.
    pub(super) async fn send(&self, commands: Vec<Cmd>, sent: &Arc<AtomicBool>) -> Result<Vec<Value>, Trouble> {
        let (reply, answers) = oneshot::channel();
        self.push(Item::Task(commands, sent.clone(), reply));
        answers.await.unwrap_or_else(|_| Err(self.lost()))
    }

    /// Sends one command, and tells what comes of it, whatever that is.
    pub(super) fn send_quick(&self, command: &Cmd, quick: Quick) {
        self.push(Item::Quick(command.get_packed_command(), quick));
    }

    fn push(&self, item: Item) {
        let mut state = self.state();
        if state.closed.is_some() {
            drop(state);
            return item.fail(&closed());
        }
        state.waiting.push_back(item);
        // Otherwise somebody has told already.
        if matches!(state.waiting.len(), 1 | ENOUGH) {
            self.changed.notify_one();
        }
    }

    /// What came of commands that went out and were given up with their connection.
    pub(super) fn lost(&self) -> Trouble {
        let reason = match self.trouble() {
            Some(trouble) => trouble.reason,
            None => format!("the connection to {} was lost", self.address.name),
        };
        Trouble::new(Then::Unknown, reason)
    }

    /// Why there is no connection, if there is none.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.state().trouble.clone()
    }

    /// Gives the connection up, to look for another server at the address.
    pub(super) fn give_up(&self, why: Trouble) {
        self.state().giving_up = Some(why);
        self.changed.notify_one();
    }

    /// Gives the connection up if the server has answered nothing for as long as an operation may take.
    pub(super) fn suspect(&self) {
        if self.batches.load(Ordering::Relaxed) == 0 {
            return;
        }
        // What was sent when the server fell silent waits a little longer than it has been silent.
        let long = self.timeout.mul_f32(0.9);
        if self.state().heard.is_some_and(|heard| heard.elapsed() >= long) {
            let ms = self.timeout.as_millis();
            self.give_up(Trouble::new(Then::Unknown, format!("{} did not answer within {ms} ms", self.address.name)));
        }
    }

    /// Ends it: whatever waits fails. Calls `done` when the connection is closed.
    pub(super) fn close(&self, done: Box<dyn FnOnce() + Send>) {
        let mut state = self.state();
        if state.ended {
            drop(state);
            return done();
        }
        state.closed.get_or_insert_default().push(done);
        drop(state);
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed.is_some()
    }

    /// Connects and sends, until it is closed.
    pub(super) async fn drive(&self) {
        let mut back_off = BACK_OFF.0;
        let attempt = || connect(&self.address, self.timeout.min(LONGEST_ATTEMPT));
        while let Some(connected) = self.unless_closed(attempt()).await {
            match connected {
                Ok(mut connection) => {
                    back_off = BACK_OFF.0;
                    {
                        let mut state = self.state();
                        state.trouble = None;
                        state.giving_up = None;
                    }
                    self.serve(&mut connection).await;
                }
                Err(trouble) => self.fail_to_connect(trouble),
            }
            self.pause(back_off).await;
            back_off = (back_off * 2).min(BACK_OFF.1);
        }
        let mut state = self.state();
        let waiting = std::mem::take(&mut state.waiting);
        state.ended = true;
        let done = state.closed.replace(Vec::new());
        drop(state);
        waiting.into_iter().for_each(|item| item.fail(&closed()));
        for done in done.into_iter().flatten() {
            done();
        }
    }

    /// What comes of this, unless it is closed before.
    async fn unless_closed<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        while !self.is_closed() {
            let mut changed = pin!(self.changed.notified());
            let either = std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => changed.as_mut().poll(cx).map(|()| None),
            });
            if let Some(done) = either.await {
                return Some(done);
            }
        }
        None
    }

    /// Keeps the reason; when there is no hope, those that wait need not wait longer.
    fn fail_to_connect(&self, trouble: Trouble) {
        let mut state = self.state();
        state.trouble = Some(trouble.clone());
        let hopeless = if trouble.then == Then::Never { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        hopeless.into_iter().for_each(|item| item.fail(&trouble));
    }

    /// Tells those whose time is over before their command went out, until it is closed, or a little longer.
    pub(super) async fn expire(&self) {
        while !self.is_closed() {
            // Whoever comes later has more time.
            let next = self.tell_late().unwrap_or_else(|| Instant::now() + self.timeout);
            // Many at once, rather than one after the other.
            let next = next.max(Instant::now() + A_MOMENT);
            tokio::time::sleep_until(next).await;
        }
    }

    /// Tells those whose time is over. Returns when that of the next one is, if there is one.
    fn tell_late(&self) -> Option<Instant> {
        let until = |item: &Item| if let Item::Quick(_, quick) = item { Some(quick.until()) } else { None };
        let now = Instant::now();
        let mut state = self.state();
        let first = state.waiting.iter().find_map(until)?;
        if first > now {
            return Some(first);
        }
        let is_late = |item: &Item| until(item).is_some_and(|until| until <= now);
        let (late, waiting): (VecDeque<_>, _) = std::mem::take(&mut state.waiting).into_iter().partition(is_late);
        state.waiting = waiting;
        let next = state.waiting.iter().find_map(until);
        drop(state);
        for item in late {
            if let Item::Quick(_, quick) = item {
                quick.end(End::Late);
            }
        }
        next
    }

    /// Waits before the next attempt; not after the end.
    async fn pause(&self, back_off: Duration) {
        let share = (RandomState::new().hash_one(0) % 1000) as f32 / 2000.0;
        self.unless_closed(tokio::time::sleep(back_off.mul_f32(0.5 + share))).await;
    }

    /// Sends what waits and hands answers out, until the connection is lost. Keeps the reason.
    async fn serve(&self, connection: &mut Connection) {
        let mut flight = Flight::default();
        let why = {
            let mut changed = pin!(self.changed.notified());
            let mut late = pin!(tokio::time::sleep(self.timeout));
            std::future::poll_fn(|cx| {
                loop {
                    let again = match self.exchange(connection, &mut flight, cx) {
                        Ok(again) => again,
                        Err(trouble) => return Poll::Ready(trouble),
                    };
                    if changed.as_mut().poll(cx).is_ready() {
                        changed.set(self.changed.notified());
                    } else if late.as_mut().poll(cx).is_ready() {
                        // Whoever is sent later has more time.
                        let next = flight.tell_late().unwrap_or_else(|| Instant::now() + self.timeout);
                        late.as_mut().reset(next.max(Instant::now() + A_MOMENT));
                    } else if !again {
                        return Poll::Pending;
                    }
                }
            })
            .await
        };
        self.batches.store(0, Ordering::Relaxed);
        self.state().trouble = Some(why);
        flight.end(&self.lost());
    }

    /// Sends what there is to send, and hands out the answers that are there. Returns whether there may be more to send now.
    ///
    /// # Errors
    /// Why the connection is of no more use.
    fn exchange(
        &self,
        connection: &mut Connection,
        flight: &mut Flight,
        cx: &mut Context<'_>,
    ) -> Result<bool, Trouble> {
        let lost = |error| Trouble::lost(&self.address, &error);
        {
            let mut state = self.state();
            if state.closed.is_some() {
                return Err(closed());
            }
            if let Some(trouble) = state.giving_up.take() {
                return Err(trouble);
            }
            if flight.batches() == 0 {
                state.heard = Some(Instant::now());
            }
            while flight.batches() < if state.waiting.len() < ENOUGH { FEW } else { MANY }
                && fill(&mut state.waiting, connection.out(), flight)
            {}
        }
        self.batches.store(flight.batches(), Ordering::Relaxed);
        if let Poll::Ready(sent) = connection.poll_send(cx) {
            sent.map_err(lost)?;
        }
        let (before, mut heard) = (flight.batches(), false);
        while let Poll::Ready(answer) = connection.poll_answer(cx) {
            if !flight.answer(answer.map_err(lost)?) {
                return Err(lost(io::Error::other("an answer that nobody asked for")));
            }
            heard = true;
        }
        if heard {
            self.state().heard = Some(Instant::now());
        }
        Ok(flight.batches() < before)
    }
}

/// Writes the next batch: the first of those who wait, and still do. Returns whether there are any.
fn fill(waiting: &mut VecDeque<Item>, out: &mut Vec<u8>, flight: &mut Flight) -> bool {
    let mut count = 0;
    while count < BATCH
        && let Some(item) = waiting.pop_front()
    {
        match item {
            Item::Task(_, _, tell) if tell.is_closed() => {}
            Item::Task(commands, sent, tell) => {
                sent.store(true, Ordering::Relaxed);
                commands.iter().for_each(|command| command.write_packed_command(out));
                count += commands.len();
                flight.wait(Waiting::Task { lacking: commands.len(), answers: Vec::new(), tell });
            }
            Item::Quick(command, quick) => {
                out.extend_from_slice(&command);
                count += 1;
                flight.wait(Waiting::Quick(Some(quick.sent())));
            }
        }
    }
    flight.begin(count);
    count > 0
}

/// Why nothing is asked any more.
fn closed() -> Trouble {
    Trouble::new(Then::Never, "the store was closed")
}
