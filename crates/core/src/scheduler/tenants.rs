//! The ids that an engine knows: what each of them may use, and what it has going on.
//!
//! An id is known from its first run on. Those that have nothing going on, and nothing to be remembered, are forgotten when
//! there are many.

use super::bucket::Bucket;
use super::fair_queue::STRIDE;
use super::timer::Timer;
use crate::memory::{Room, Share};
use crate::state::{Quotas, ScriptId};
use std::collections::{HashMap, VecDeque};
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What one id may use of an engine. What is absent has no bound.
#[derive(Clone, Debug, PartialEq)]
pub struct IdLimits {
    /// Runs that may wait to begin.
    pub max_queued: Option<usize>,
    /// Runs that may have begun and not ended.
    pub max_started: Option<usize>,
    /// Runs that may wait for the host, for a time or for State.
    pub max_waiting: Option<usize>,
    /// Milliseconds of worker time a second, beyond which its runs get only turns that nobody else wants.
    pub cpu_per_second: Option<f64>,
    /// Calls of host functions a second.
    pub host_calls_per_second: Option<f64>,
    /// Bytes that all its VMs may hold together.
    pub memory: Option<usize>,
    /// Bytes that it may keep in State, instead of what the engine allows.
    pub state_quota: Option<usize>,
    /// Its share of turns, and of places in the queue, beside other ids; from [`IdLimits::MIN_WEIGHT`] to
    /// [`IdLimits::MAX_WEIGHT`].
    pub weight: f64,
}

impl IdLimits {
    /// The smallest weight.
    pub const MIN_WEIGHT: f64 = 0.01;
    /// The largest weight.
    pub const MAX_WEIGHT: f64 = 100.0;

    fn stride(&self) -> u64 {
        (STRIDE as f64 / self.weight.clamp(Self::MIN_WEIGHT, Self::MAX_WEIGHT)).round() as u64
    }
}

impl Default for IdLimits {
    fn default() -> Self {
        Self {
            max_queued: None,
            max_started: None,
            max_waiting: None,
            cpu_per_second: None,
            host_calls_per_second: None,
            memory: None,
            state_quota: None,
            weight: 1.0,
        }
    }
}

/// What an id has going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdUsage {
    /// Runs that have not begun.
    pub queued: usize,
    /// Runs that have begun and not ended.
    pub started: usize,
    /// Of those, how many wait for the host, for a time or for State.
    pub waiting: usize,
    /// Bytes that its VMs hold, and its results until JavaScript has taken them over.
    pub memory: usize,
}

/// The number of a known id, which it keeps while it has runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TenantRef(pub(super) u32);

/// An id that is known.
pub(super) struct Tenant {
    pub(super) id: ScriptId,
    pub(super) limits: Arc<IdLimits>,
    /// Whether its limits are to be asked for again.
    is_stale: bool,
    /// How far a turn takes it in a fair queue.
    pub(super) stride: u64,
    /// Its runs that have not begun, and are with no worker.
    pub(super) queued: usize,
    /// Its runs that are with a worker, and may come back without having begun.
    pub(super) followers: usize,
    /// Its runs that have begun, or are about to, and have not ended.
    pub(super) begun: usize,
    /// Of those, the ones that do not wait and have been on a worker; and of those, the ones that have never waited.
    pub(super) started: usize,
    pub(super) fresh: usize,
    /// Those that wait; and of those, the ones that wait for a script that they have called.
    pub(super) waiting: usize,
    pub(super) calling: usize,
    /// What all its VMs hold.
    pub(super) share: Arc<Share>,
    pub(super) cpu: Bucket,
    pub(super) host_calls: Bucket,
    /// Runs that wait until they may call the host, and what tells of the first.
    pub(super) callers: VecDeque<(u64, u32)>,
    pub(super) due: Option<Timer>,
    /// Of an id whose queue has a bound: since when it has runs in it, when the last one began, and how long it takes from
    /// one to the next.
    queued_since: Option<Instant>,
    last_begun: Option<Instant>,
    interval: Duration,
    /// How many were refused of late: they may come back, and a place for each is free when so many have begun.
    refused: u32,
}

impl Tenant {
    fn new(id: ScriptId, limits: Arc<IdLimits>) -> Self {
        let share = Arc::<Share>::default();
        share.set_max(limits.memory);
        Self {
            id,
            is_stale: false,
            stride: limits.stride(),
            limits,
            queued: 0,
            followers: 0,
            begun: 0,
            started: 0,
            fresh: 0,
            waiting: 0,
            calling: 0,
            share,
            cpu: Bucket::default(),
            host_calls: Bucket::default(),
            callers: VecDeque::new(),
            due: None,
            queued_since: None,
            last_begun: None,
            interval: Duration::ZERO,
            refused: 0,
        }
    }

    /// Whether another of its runs may begin, for all that its own limits say. One that a script has called takes the place
    /// of a run that waits for such a script: that may be the one that waits for it.
    pub(super) fn may_begin(&self, has_vm: bool, is_called: bool) -> bool {
        let begun = if is_called { self.begun - self.calling } else { self.begun };
        // A run that has waited once may do so again at any time, and one that was never on a worker may begin with it.
        let may_wait = begun - self.fresh;
        self.limits.max_started.is_none_or(|most| begun < most)
            && self.limits.max_waiting.is_none_or(|most| may_wait < most)
            && (has_vm || self.limits.memory.is_none() || self.has_room(is_called))
    }

    /// As for all VMs of the engine: near the bound none begins while others go on that will give memory back.
    fn has_room(&self, is_called: bool) -> bool {
        match self.share.room() {
            Room::Free => true,
            Room::Tight => {
                let is_alone = if is_called { self.only_waits() } else { self.begun == 0 };
                is_alone && !self.share.keeps_results()
            }
            Room::None => false,
        }
    }

    /// Whether all of its runs that have begun wait, if there are any.
    pub(super) fn only_waits(&self) -> bool {
        self.begun == self.waiting
    }

    /// Whether no memory will ever come free by itself for its queued runs, or for those that are called by runs that wait.
    pub(super) fn is_starved(&self) -> bool {
        self.queued > 0 && self.only_waits() && !self.share.keeps_results() && self.share.room() == Room::None
    }

    /// Whether it has used up its time on workers.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.limits.cpu_per_second.is_some_and(|rate| self.cpu.tokens(rate, now) <= 0.0)
    }

    /// One of its runs waits to begin.
    fn notes_queued(&mut self, now: impl FnOnce() -> Instant) {
        if self.limits.max_queued.is_some() && self.queued == 1 {
            self.queued_since = Some(now());
            self.refused = 0;
        }
    }

    /// One of its runs, which was submitted then, begins.
    fn notes_begun(&mut self, submitted: Instant, now: impl FnOnce() -> Instant) {
        if self.limits.max_queued.is_none() {
            return;
        }
        self.refused = self.refused.saturating_sub(1);
        let now = now();
        if let Some(last) = self.last_begun.filter(|&last| submitted <= last) {
            let latest = now.saturating_duration_since(last);
            self.interval = if self.interval.is_zero() { latest } else { (self.interval * 7 + latest) / 8 };
        }
        self.last_begun = Some(now);
    }

    /// One of its runs is refused. Says when a place in its queue may be free for that: as long as it takes from one of its
    /// runs to the next, for each that was refused of late, or has taken since the last one began, whichever is longer; and
    /// never before it has time on workers again.
    pub(super) fn refuses(&mut self, slice: Duration, now: Instant) -> Duration {
        const LONGEST: Duration = Duration::from_secs(60);
        self.refused = self.refused.saturating_add(1);
        let interval = if self.interval.is_zero() { slice } else { self.interval };
        let since =
            self.last_begun.max(self.queued_since).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let cpu = self.limits.cpu_per_second.filter(|_| self.is_over(now));
        let refilled = cpu.map_or(Duration::ZERO, |rate| self.cpu.until(0.0, rate, now));
        interval.saturating_mul(self.refused).max(since).max(refilled).min(LONGEST)
    }

    /// Whether nothing would be lost if it were forgotten.
    fn is_idle(&self, now: Instant) -> bool {
        let is_full = |bucket: &Bucket, rate: Option<f64>| rate.is_none_or(|rate| bucket.is_full(rate, now));
        self.queued + self.begun == 0
            && self.callers.is_empty()
            && self.share.held() == 0
            && Arc::strong_count(&self.share) == 1
            && is_full(&self.cpu, self.limits.cpu_per_second)
            && is_full(&self.host_calls, self.limits.host_calls_per_second)
    }
}

/// Every id that an engine knows.
pub(super) struct Tenants {
    refs: HashMap<ScriptId, TenantRef>,
    all: Vec<Option<Tenant>>,
    free: Vec<TenantRef>,
    /// For ids that have none of their own.
    limits: Arc<IdLimits>,
    quotas: Option<Arc<Quotas>>,
    /// When so many are known, the idle ones are forgotten.
    sweep_at: usize,
    /// The sum of the weights of ids that have queued runs, as strides' inverses.
    weights: u64,
    clock: Option<Clock>,
    /// Whether any id has had a limit of time on workers.
    limits_cpu: bool,
}

/// What tells the time.
pub(super) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

fn time(clock: Option<&Clock>) -> Instant {
    clock.map_or_else(Instant::now, |clock| clock())
}

/// So many ids are known before any is forgotten.
const FEW: usize = 1024;

/// A weight, as a whole number.
fn weight(stride: u64) -> u64 {
    // So fine that 100 and 0.01 are both exact to a ten-thousandth.
    (STRIDE << 20) / stride
}

impl Tenants {
    pub(super) fn new() -> Self {
        Self {
            refs: HashMap::new(),
            all: Vec::new(),
            free: Vec::new(),
            limits: Arc::default(),
            quotas: None,
            sweep_at: FEW,
            weights: 0,
            clock: None,
            limits_cpu: false,
        }
    }

    /// Nobody is told of anything any more.
    pub(super) fn close(&mut self) {
        for tenant in self.all.iter_mut().flatten() {
            tenant.due = None;
        }
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    pub(super) fn set_quotas(&mut self, quotas: Arc<Quotas>) {
        self.quotas = Some(quotas);
    }

    /// The limits of every id that has none of its own, and is not known yet.
    pub(super) fn set_default(&mut self, limits: IdLimits) {
        self.limits_cpu |= limits.cpu_per_second.is_some();
        self.limits = Arc::new(limits);
    }

    pub(super) fn now(&self) -> Instant {
        time(self.clock.as_ref())
    }

    /// How many calls of the host an id may make a second, and the time, if it may not make as many as it likes.
    pub(super) fn now_if_calls_are_limited(&self, at: TenantRef) -> Option<(f64, Instant)> {
        self[at].limits.host_calls_per_second.map(|rate| (rate, self.now()))
    }

    /// Whether any id may be over its time on workers.
    pub(super) fn limits_cpu(&self) -> bool {
        self.limits_cpu
    }

    pub(super) fn len(&self) -> usize {
        self.refs.len()
    }

    pub(super) fn find(&self, id: &ScriptId) -> Option<TenantRef> {
        self.refs.get(id).copied()
    }

    /// The id, which is known from now on.
    pub(super) fn know(&mut self, id: &ScriptId) -> TenantRef {
        match self.refs.get(id) {
            Some(&tenant) => tenant,
            None => self.add(id),
        }
    }

    fn add(&mut self, id: &ScriptId) -> TenantRef {
        if self.refs.len() >= self.sweep_at {
            self.sweep();
        }
        let tenant = Tenant::new(id.clone(), self.limits.clone());
        let at = self.free.pop().unwrap_or(TenantRef(self.all.len() as u32));
        match self.all.get_mut(at.0 as usize) {
            Some(free) => *free = Some(tenant),
            None => self.all.push(Some(tenant)),
        }
        self.refs.insert(id.clone(), at);
        at
    }

    /// Forgets the ids that have nothing going on. Their number doubles before that happens again, so each is looked at
    /// about once.
    fn sweep(&mut self) {
        let now = self.now();
        let Self { refs, all, free, quotas, .. } = self;
        for (at, known) in all.iter_mut().enumerate() {
            let Some(tenant) = known.take_if(|tenant| tenant.is_idle(now)) else { continue };
            refs.remove(&tenant.id);
            if let Some(quotas) = quotas.as_ref().filter(|_| tenant.limits.state_quota.is_some()) {
                quotas.set(&tenant.id, None);
            }
            free.push(TenantRef(at as u32));
        }
        self.sweep_at = (2 * self.refs.len()).max(FEW);
    }

    /// Whether the id is known, and its limits need not be asked for.
    pub(super) fn knows(&self, id: &ScriptId) -> bool {
        self.find(id).is_some_and(|tenant| !self[tenant].is_stale)
    }

    /// Gives an id its own limits, from now on.
    pub(super) fn set_limits(&mut self, id: &ScriptId, limits: IdLimits) -> TenantRef {
        let at = self.know(id);
        if let Some(quotas) = &self.quotas {
            quotas.set(id, limits.state_quota);
        }
        self.limits_cpu |= limits.cpu_per_second.is_some();
        let tenant = &mut self[at];
        let (before, after) = (tenant.stride, limits.stride());
        let is_queued = tenant.queued > 0;
        tenant.share.set_max(limits.memory);
        (tenant.limits, tenant.stride, tenant.is_stale) = (Arc::new(limits), after, false);
        if is_queued {
            self.weights = self.weights + weight(after) - weight(before);
        }
        at
    }

    /// Lets the limits of one id, or all, be asked for again. Returns those that have something going on.
    pub(super) fn refresh(&mut self, id: Option<&ScriptId>) -> Vec<ScriptId> {
        let all = match id {
            None => &mut self.all[..],
            Some(id) => match self.find(id) {
                Some(TenantRef(at)) => &mut self.all[at as usize..=at as usize],
                None => &mut [],
            },
        };
        let mut at_work = Vec::new();
        for tenant in all.iter_mut().flatten() {
            tenant.is_stale = true;
            if tenant.queued + tenant.begun > 0 {
                at_work.push(tenant.id.clone());
            }
        }
        at_work
    }

    /// What an id has going on.
    pub(super) fn usage(&self, id: &ScriptId) -> IdUsage {
        self.find(id).map_or_else(IdUsage::default, |at| {
            let tenant = &self[at];
            IdUsage {
                queued: tenant.queued + tenant.followers,
                started: tenant.begun - tenant.followers,
                waiting: tenant.waiting,
                memory: tenant.share.held(),
            }
        })
    }

    /// A run of the id waits to begin.
    pub(super) fn is_queued(&mut self, at: TenantRef) {
        let (tenant, clock) = self.get(at);
        tenant.queued += 1;
        tenant.notes_queued(|| time(clock));
        if tenant.queued == 1 {
            let stride = tenant.stride;
            self.weights += weight(stride);
        }
    }

    /// A queued run of the id does not wait any more.
    pub(super) fn is_not_queued(&mut self, at: TenantRef) {
        let tenant = &mut self[at];
        tenant.queued -= 1;
        if tenant.queued == 0 {
            let stride = tenant.stride;
            self.weights -= weight(stride);
        }
    }

    /// A queued run of the id, submitted then, is about to begin.
    pub(super) fn begins(&mut self, at: TenantRef, submitted: Instant) {
        self.is_not_queued(at);
        let (tenant, clock) = self.get(at);
        tenant.begun += 1;
        tenant.notes_begun(submitted, || time(clock));
    }

    /// Counts time on a worker.
    pub(super) fn charge(&mut self, at: TenantRef, time_taken: Duration) {
        let (tenant, clock) = self.get(at);
        if let Some(rate) = tenant.limits.cpu_per_second {
            tenant.cpu.take(time_taken.as_secs_f64() * 1000.0, rate, time(clock));
        }
    }

    fn get(&mut self, at: TenantRef) -> (&mut Tenant, Option<&Clock>) {
        let Self { all, clock, .. } = self;
        (all[at.0 as usize].as_mut().expect("an id with runs is known"), clock.as_ref())
    }

    /// Whether an id that has one run more than there is room for still is within its part of `places`.
    pub(super) fn is_within_its_part(&self, at: TenantRef, places: usize) -> bool {
        let tenant = &self[at];
        let held = u128::from(self.weights) * tenant.queued as u128;
        held <= u128::from(weight(tenant.stride)) * places as u128
    }

    /// Which of these holds most of the queue for its weight, if it would still hold no less than this one without its last
    /// run.
    pub(super) fn holds_most(
        &self,
        newcomer: TenantRef,
        waiting: impl Iterator<Item = TenantRef>,
    ) -> Option<TenantRef> {
        // Runs for a weight of 1 are runs times stride.
        let part = |queued: usize, tenant: &Tenant| queued as u128 * u128::from(tenant.stride);
        let at = waiting.max_by_key(|&at| part(self[at].queued, &self[at]))?;
        let (most, new) = (&self[at], &self[newcomer]);
        let gives = at != newcomer && part(most.queued - 1, most) >= part(new.queued, new);
        gives.then_some(at)
    }
}

impl Index<TenantRef> for Tenants {
    type Output = Tenant;

    fn index(&self, at: TenantRef) -> &Tenant {
        self.all[at.0 as usize].as_ref().expect("an id with runs is known")
    }
}

impl IndexMut<TenantRef> for Tenants {
    fn index_mut(&mut self, at: TenantRef) -> &mut Tenant {
        self.get(at).0
    }
}
