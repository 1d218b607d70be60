//! What the limits of single ids, and the bound of the queue, mean for runs: who is refused, and whose calls wait.

use super::HostCallOf;
use super::gate::Lost;
use super::run::{Run, SLICE, Settled};
use super::runs::{NOT_CALLED, Place, Runs, Ticket};
use super::several::Delayed;
use super::signal::Signal;
use super::tenants::{IdLimits, TenantRef, Tenants};
use super::timer::Timer;
use crate::bridge::{HostError, Kill};
use crate::error::{Code, Error};
use crate::state::ScriptId;
use std::io;
use std::time::Duration;

impl Runs {
    pub(super) fn tenants(&mut self) -> &mut Tenants {
        &mut self.tenants
    }

    /// What an id may use, from now on.
    pub(super) fn set_limits(&mut self, id: &ScriptId, limits: IdLimits) {
        let owner = self.tenants.set_limits(id, limits);
        self.may_be_starved(owner);
        // What it waits for may be due at another time.
        if self.tenants[owner].due.take().is_some() && self.await_next_call(owner).is_err() {
            (self.wake_up)(Signal::CallDue(id.clone()));
        }
    }

    /// Takes a run back that was just submitted, when it still waits and more of its id do than may.
    ///
    /// # Errors
    /// `ERR_QUOTA`; then the run was never there.
    pub(super) fn check_quota(&mut self, id: u64) -> Result<(), Error> {
        let Some(&Ticket { owner, .. }) = self.tickets.get(&id) else { return Ok(()) };
        let tenant = &self.tenants[owner];
        let Some(most) = tenant.limits.max_queued.filter(|&most| tenant.queued + tenant.followers > most) else {
            return Ok(());
        };
        let Some(run) = self.take_from_queue(id) else { return Ok(()) };
        let message = format!("{most} runs of this id wait (perId.maxQueued); nothing was run");
        let now = self.tenants.now();
        let retry_after = Some(self.tenants[owner].refuses(SLICE, now));
        let error = Error { retry_after, ..Error::new(Code::Quota, message) };
        self.settle(run.refuse(error.clone()), &mut Vec::new());
        Err(error)
    }

    /// Finds a place in the queue for a run that was just submitted and still waits. When there is none, and its id has less
    /// than its part, the id that holds most gives up its last run; else this one is taken back.
    ///
    /// # Errors
    /// `ERR_QUEUE_FULL`; then the run was never there.
    pub(super) fn check_room(&mut self, id: u64) -> Result<(), Error> {
        let places = self.capacity.queue;
        if self.queued() > places
            && let Some(&Ticket { owner, place: Place::Queued | Place::InContext(_), .. }) = self.tickets.get(&id)
        {
            self.filled = true;
            let others_last = if self.tenants.is_within_its_part(owner, places) {
                let waiting = self.queued.owners().chain(self.contexts.owners());
                self.tenants.holds_most(owner, waiting).and_then(|other| self.last_queued_of(other))
            } else {
                None
            };
            if let Some(last) = others_last {
                let why = ", and this id held most of its places";
                let evicted = self.refuse_for_room(last, why).map(|(_, settled)| settled);
                self.untold.extend(evicted.into_iter().flatten());
            } else if let Some((error, _)) = self.refuse_for_room(id, "") {
                return Err(error);
            }
        }
        self.filled |= self.queued() >= self.capacity.queue.max(1);
        Ok(())
    }

    fn refuse_for_room(&mut self, id: u64, why: &str) -> Option<(Error, Vec<Settled>)> {
        let run = self.take_from_queue(id)?;
        let message = format!("the queue is full: {} runs wait (maxQueue){why}; nothing was run", self.capacity.queue);
        let (error, mut settled) = (Error::new(Code::QueueFull, message), Vec::new());
        self.settle(run.refuse(error.clone()), &mut settled);
        Some((error, settled))
    }

    /// Takes a run out that has not begun, wherever it waits.
    fn take_from_queue(&mut self, id: u64) -> Option<Run> {
        let &Ticket { owner, place, .. } = self.tickets.get(&id)?;
        match place {
            Place::Queued => self.take_queued(owner, id),
            Place::InContext(context) => self.contexts.remove(context, id),
            _ => None,
        }
    }

    /// The last of an id's runs that have not begun: of those that could, or else of those that wait for others in contexts.
    fn last_queued_of(&self, owner: TenantRef) -> Option<u64> {
        self.queued.last_of(owner).map(|key| key & !NOT_CALLED).or_else(|| self.contexts.last_of(owner))
    }

    /// Asks soon whether an id's queued runs, if it has any, have memory to wait for.
    pub(super) fn may_be_starved(&mut self, owner: TenantRef) {
        let tenant = &self.tenants[owner];
        if tenant.limits.memory.is_some() && tenant.queued > 0 {
            self.maybe_starved.push(owner);
        }
    }

    /// Ends the queued runs of ids for which no memory will ever come free by itself: contexts that no run uses hold all that
    /// their id may have.
    pub(super) fn refuse_starved_ids(&mut self, settled: &mut Vec<Settled>) {
        if self.maybe_starved.is_empty() {
            return;
        }
        self.evicted.extend(self.contexts.evict());
        for owner in std::mem::take(&mut self.maybe_starved) {
            let tenant = &self.tenants[owner];
            if tenant.queued == 0 || !tenant.only_waits() {
                continue;
            }
            if tenant.share.keeps_results() || !self.evicted.is_empty() {
                // When they are gone, this is asked again.
                self.maybe_starved.push(owner);
            } else if tenant.is_starved() {
                // What waits will give memory back, but not to scripts that it waits for.
                let called_only = tenant.begun > 0;
                let (who, hint) = match called_only {
                    true => ("runs of this id that wait", ""),
                    false => ("contexts of this id between two runs", ". Close some"),
                };
                let most = tenant.share.max();
                let message = format!("{who} hold all of its perId.memory of {most} bytes; nothing was run{hint}");
                let error = Error { limit: Kill::IdMemory.limit(), ..Error::new(Code::Memory, message) };
                let is_starved = |run: &Run| !run.has_vm() && (run.is_called() || !called_only);
                while let Some(run) = self.queued.pop_item(|of, run| of == owner && is_starved(run)) {
                    self.settle(run.refuse(error.clone()), settled);
                }
            }
        }
    }

    /// Whether a run may call the host now, in its wait of this number; otherwise it is going to be let.
    ///
    /// # Errors
    /// When the system refuses the thread that would tell when.
    pub(super) fn may_call(&mut self, run: &Run, number: u32) -> Result<bool, HostError> {
        let (owner, now) = (run.tenant(), self.tenants.now_if_calls_are_limited(run.tenant()));
        let Some((rate, now)) = now else { return Ok(true) };
        let tenant = &mut self.tenants[owner];
        if tenant.callers.is_empty() && tenant.host_calls.tokens(rate, now) >= 1.0 {
            tenant.host_calls.take(1.0, rate, now);
            return Ok(true);
        }
        tenant.callers.push_back((run.id(), number));
        self.await_next_call(owner).map_err(|error| {
            self.tenants[owner].callers.pop_back();
            let message = format!("the call cannot wait for its turn: the system refused a thread for that ({error})");
            HostError { message, ..HostError::default() }
        })?;
        Ok(false)
    }

    /// Lets the next of an id's calls that wait be told of, when it is due.
    fn await_next_call(&mut self, owner: TenantRef) -> io::Result<()> {
        let now = self.tenants.now_if_calls_are_limited(owner);
        let tenant = &mut self.tenants[owner];
        if tenant.due.is_some() || tenant.callers.is_empty() {
            return Ok(());
        }
        let time = now.map_or(Duration::ZERO, |(rate, now)| tenant.host_calls.until(1.0, rate, now));
        let (wake_up, id) = (self.wake_up.clone(), tenant.id.clone());
        tenant.due = Some(Timer::after(time, move || wake_up(Signal::CallDue(id)))?);
        Ok(())
    }

    /// Makes the calls of an id that are due.
    pub(super) fn let_call(&mut self, id: &ScriptId) -> Vec<HostCallOf> {
        let mut calls = Vec::new();
        let Some(owner) = self.tenants.find(id) else { return calls };
        self.tenants[owner].due = None;
        while let Some(&caller) = self.tenants[owner].callers.front() {
            let limit = self.tenants.now_if_calls_are_limited(owner);
            let tenant = &mut self.tenants[owner];
            if let Some((rate, now)) = limit
                && tenant.host_calls.tokens(rate, now) < 1.0
                && self.is_delayed(caller)
            {
                break;
            }
            self.tenants[owner].callers.pop_front();
            // Without a call: it was killed meanwhile, or gave it up.
            let Some(call) = self.take_delayed(caller) else { continue };
            if let Some((rate, now)) = limit {
                self.tenants[owner].host_calls.take(1.0, rate, now);
            }
            calls.extend(self.make_call(call));
        }
        if self.await_next_call(owner).is_err() {
            // Nobody would tell of the others: they are made now.
            let callers = std::mem::take(&mut self.tenants[owner].callers);
            for caller in callers {
                calls.extend(self.take_delayed(caller).and_then(|call| self.make_call(call)));
            }
        }
        calls
    }

    /// Makes a call of a run that has waited for that.
    fn make_call(&mut self, call: Delayed) -> Option<HostCallOf> {
        let run = call.call.run;
        self.call(call).unwrap_or_else(|Lost| {
            self.end_lost(run);
            None
        })
    }

    /// A call of the host, if it need not be held back.
    ///
    /// # Errors
    /// When it must never be made.
    pub(super) fn call(&mut self, Delayed { call, on }: Delayed) -> Result<Option<HostCallOf>, Lost> {
        match on {
            None => Ok(Some(call)),
            Some(on) => self.gate.call(on, call, &self.wake_up),
        }
    }
}
