//! What all VMs of an engine hold together, and who has to go when that is too much.
//!
//! Every VM has an account, which is charged with what its arena takes from the system and with what the host holds for
//! its script. The sum is one atomic integer. Only when it passes the bound does anybody look at the single accounts: then
//! the largest of the id that holds most is killed, wherever it is, and the VM that grew goes on. What is still held by
//! those that were killed counts twice nowhere: it is a bounded excess, see [`hard_max`].
//!
//! What the VMs of one id hold together is a [`Share`]. Past the bound of that one, the same happens among its own VMs.

use super::{Share, Shortage};
use crate::state::ScriptId;
use moonpool_lua::Flag;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The memory of all VMs of one engine.
pub struct Pool {
    /// What they may hold together, in bytes.
    max: usize,
    /// What those that are made at once begin with, of a prelude.
    new: usize,
    held: AtomicUsize,
    /// What is kept for VMs that there are, to grow; and what they would like.
    headroom: AtomicUsize,
    wanted: AtomicUsize,
    /// How many results are kept that JavaScript has not taken over.
    kept: AtomicUsize,
    /// The reasons with which the largest is killed: of all, and of one id.
    reasons: Reasons,
    accounts: Mutex<Accounts>,
}

/// With what a VM is killed when others need its memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reasons {
    /// All VMs together have too much.
    pub(crate) of_all: i32,
    /// Those of its id have too much.
    pub(crate) of_id: i32,
}

#[derive(Default)]
struct Accounts {
    all: FxHashMap<u64, Arc<Entry>>,
    last: u64,
}

/// What others see of an account.
struct Entry {
    held: AtomicUsize,
    /// The reason with which it was killed, so that others have room, or 0: what it holds is as good as gone.
    doomed: AtomicI32,
    owner: Mutex<Option<Owner>>,
}

/// Whose VM it is, or whose result.
struct Owner {
    id: ScriptId,
    /// By which its run is killed; a result has none.
    flag: Option<Arc<Flag>>,
    tell: Option<Tell>,
    share: Option<Arc<Share>>,
}

/// What to call when a VM is killed for others, on the thread of whoever needs its memory.
pub(crate) type Tell = Arc<dyn Fn() + Send + Sync>;

/// How much is left of what an engine's VMs may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Enough for new VMs.
    Free,
    /// Some, which is for the VMs that there are to grow.
    Tight,
    /// None for another VM.
    None,
}

/// What is left free for a new VM at least, beside its prelude: what it begins with, and for a small script to grow.
pub(crate) const SMALLEST_VM: usize = 64 << 10;

/// What VMs that may hold `max` hold at the very most while those that were killed have not been dropped yet: past it, whoever
/// grows dies.
fn hard_max(max: usize) -> usize {
    max.saturating_add(max / 4)
}

/// How much is left of `max`, when so much is kept for the VMs that there are to grow, and `held` has what a new one begins with.
fn room(held: usize, max: usize, headroom: usize) -> Room {
    match held {
        held if held <= max.saturating_sub(headroom) => Room::Free,
        held if held.saturating_add(SMALLEST_VM) <= max => Room::Tight,
        _ => Room::None,
    }
}

impl Share {
    /// Whether there is room for another VM, beside an eighth for those that there are to grow.
    pub(crate) fn room(&self) -> Room {
        room(self.held(), self.max(), self.max() / 8)
    }
}

impl Pool {
    /// A pool whose VMs may hold `max` bytes together; the largest is killed for one of these reasons.
    pub(crate) fn new(max: usize, reasons: Reasons) -> Arc<Self> {
        let (held, headroom) = (AtomicUsize::new(0), AtomicUsize::new(max / 8));
        let (wanted, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { max, new: 0, held, headroom, wanted, kept, reasons, accounts: Mutex::default() })
    }

    /// The same, still without VMs, where those that are made at once begin with so many bytes of a prelude.
    pub(crate) fn where_new_ones_take(&self, bytes: usize) -> Arc<Self> {
        let pool = Self::new(self.max, self.reasons);
        Arc::new(Self { new: bytes, ..Arc::into_inner(pool).expect("it is new") })
    }

    /// What all VMs hold, in bytes.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether results are kept, whose room will be free again.
    pub(crate) fn keeps_results(&self) -> bool {
        self.kept.load(Ordering::Relaxed) > 0
    }

    /// What they may hold.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Keeps so much for the VMs that there are to grow: at least an eighth of all, and at most a quarter.
    pub(crate) fn keep(&self, headroom: usize) {
        self.headroom.store(headroom.clamp(self.max / 8, self.max / 4), Ordering::Relaxed);
        self.wanted.store(headroom, Ordering::Relaxed);
    }

    /// Whether there is room for another VM, beside what is kept for those that there are. While results are kept that is
    /// all that they would like: a result goes by itself, and nobody shall die for it.
    pub fn room(&self) -> Room {
        let headroom = if self.keeps_results() { &self.wanted } else { &self.headroom };
        let headroom = headroom.load(Ordering::Relaxed).max(self.max / 8);
        room(self.held().saturating_add(self.new), self.max, headroom)
    }

    /// A new account, of a VM that is nobody's yet.
    pub(crate) fn open(self: &Arc<Self>) -> Account {
        let entry = Arc::new(Entry { held: AtomicUsize::new(0), doomed: AtomicI32::new(0), owner: Mutex::default() });
        let mut accounts = self.lock();
        accounts.last += 1;
        let number = accounts.last;
        accounts.all.insert(number, entry.clone());
        Account { pool: self.clone(), number, entry, share: RefCell::new(None) }
    }

    /// Kills, until what is left fits; says whether `grown` may keep what it was just charged with, and whom to tell. With a
    /// `share`, only the VMs of that matter.
    fn make_room(&self, grown: &Arc<Entry>, share: Option<&Arc<Share>>) -> (bool, Vec<Tell>) {
        let (max, reason) = share.map_or((self.max, self.reasons.of_all), |share| (share.max(), self.reasons.of_id));
        let held = || share.map_or_else(|| self.held(), |share| share.held());
        let counts = |entry: &Entry| {
            let is_of =
                |owner: &Owner, share: &Arc<Share>| owner.share.as_ref().is_some_and(|of| Arc::ptr_eq(of, share));
            share.is_none_or(|share| entry.owner().as_ref().is_some_and(|owner| is_of(owner, share)))
        };
        let mut told = Vec::new();
        if grown.is_doomed() {
            return (false, told);
        }
        let accounts = self.lock();
        // The owner of each account that can be killed, and what it holds; and what each id holds, results included.
        let mut living: Vec<(&Arc<Entry>, ScriptId, usize)> = Vec::new();
        let mut by_id: HashMap<ScriptId, usize> = HashMap::new();
        let mut gone = 0;
        for entry in accounts.all.values().filter(|entry| counts(entry)) {
            let held = entry.held();
            if entry.is_doomed() {
                gone += held;
            } else if let Some(owner) = &*entry.owner() {
                *by_id.entry(owner.id.clone()).or_default() += held;
                if owner.flag.is_some() {
                    living.push((entry, owner.id.clone(), held));
                }
            }
        }
        while held().saturating_sub(gone) > max {
            let Some(id) = by_id.iter().max_by_key(|(id, held)| (**held, (*id).clone())).map(|(id, _)| id.clone())
            else {
                break;
            };
            let of_id = living.iter().enumerate().filter(|(_, (_, owner, _))| *owner == id);
            let Some((index, _)) = of_id.max_by_key(|(_, (_, _, held))| *held) else {
                // It has nothing left but results.
                by_id.remove(&id);
                continue;
            };
            if Arc::ptr_eq(living[index].0, grown) {
                // Its garbage has a chance to go first; then its own allocation fails.
                return (false, told);
            }
            let (victim, _, held) = living.swap_remove(index);
            gone += held;
            *by_id.entry(id.clone()).or_default() -= held;
            told.extend(victim.doom(reason));
        }
        (held() <= hard_max(max), told)
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        // Nothing that holds the lock panics half way through a change.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Relaxed) != 0
    }

    fn owner(&self) -> MutexGuard<'_, Option<Owner>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills whoever has the VM, for others.
    fn doom(&self, reason: i32) -> Option<Tell> {
        let owner = self.owner();
        self.doomed.store(reason, Ordering::Relaxed);
        let owner = owner.as_ref()?;
        owner.flag.as_ref()?.kill(reason);
        owner.tell.clone()
    }
}

/// What one VM holds, in its engine's pool. Belongs to whoever uses the VM.
pub(crate) struct Account {
    pool: Arc<Pool>,
    number: u64,
    entry: Arc<Entry>,
    /// Of its owner's id.
    share: RefCell<Option<Arc<Share>>>,
}

impl Account {
    /// Counts `bytes` more, or says what refuses them.
    pub(crate) fn charge(&self, bytes: usize) -> Result<(), Shortage> {
        self.entry.held.fetch_add(bytes, Ordering::Relaxed);
        let held = self.pool.held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let share = self.share.borrow();
        let share_fits = share.as_ref().is_none_or(|share| share.charge(bytes));
        if held > self.pool.max && !self.overflow(None) {
            return self.refuse(bytes, Shortage::Pool);
        }
        if !share_fits && !self.overflow(share.as_ref()) {
            return self.refuse(bytes, Shortage::Share);
        }
        Ok(())
    }

    #[cold]
    fn overflow(&self, share: Option<&Arc<Share>>) -> bool {
        let (fits, told) = self.pool.make_room(&self.entry, share);
        for tell in told {
            tell();
        }
        fits
    }

    #[cold]
    fn refuse(&self, bytes: usize, shortage: Shortage) -> Result<(), Shortage> {
        self.discharge(bytes);
        Err(shortage)
    }

    /// Counts `bytes` less.
    pub(crate) fn discharge(&self, bytes: usize) {
        self.entry.held.fetch_sub(bytes, Ordering::Relaxed);
        self.pool.held.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(share) = &*self.share.borrow() {
            share.discharge(bytes);
        }
    }

    /// Says whose VM it is from now on, and which share it belongs to. If it was killed for others meanwhile, so is this
    /// owner. An account stays with one id.
    pub(crate) fn set_owner(&self, id: ScriptId, flag: Arc<Flag>, tell: Option<Tell>, share: Option<Arc<Share>>) {
        let mut owner = self.entry.owner();
        if self.entry.is_doomed() {
            flag.kill(self.entry.doomed.load(Ordering::Relaxed));
        }
        self.join(share.clone());
        *owner = Some(Owner { id, flag: Some(flag), tell, share });
    }

    /// Moves what it holds to another share.
    fn join(&self, share: Option<Arc<Share>>) {
        let held = self.entry.held();
        if let Some(share) = &share {
            // Too much is noticed when it grows next.
            share.charge(held);
        }
        if let Some(before) = self.share.replace(share) {
            before.discharge(held);
        }
    }

    /// Keeps so many bytes for its owner beyond the VM's end: a result, which this account has counted until now. So
    /// nothing is refused.
    pub(crate) fn keep(&self, bytes: usize) -> Held {
        let kept = self.pool.open();
        let share = self.share.borrow().clone();
        if let Some(Owner { id, .. }) = &*self.entry.owner() {
            *kept.entry.owner() = Some(Owner { id: id.clone(), flag: None, tell: None, share: share.clone() });
        }
        kept.entry.held.store(bytes, Ordering::Relaxed);
        self.pool.held.fetch_add(bytes, Ordering::Relaxed);
        self.pool.kept.fetch_add(1, Ordering::Relaxed);
        if let Some(share) = &share {
            share.keep();
        }
        kept.join(share);
        Held(kept)
    }

    /// The reason with which its VM was killed for others, if it was.
    pub(crate) fn doomed(&self) -> Option<i32> {
        Some(self.entry.doomed.load(Ordering::Relaxed)).filter(|&reason| reason != 0)
    }
}

/// What a run's result holds, until JavaScript has made its own values of it.
pub struct Held(Account);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.pool.kept.fetch_sub(1, Ordering::Relaxed);
        if let Some(share) = &*self.0.share.borrow() {
            share.let_go();
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.pool.lock().all.remove(&self.number);
        self.discharge(self.entry.held());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    const REASON: i32 = Flag::FIRST_REASON;
    const REASONS: Reasons = Reasons { of_all: REASON, of_id: REASON + 1 };

    struct Holder {
        account: Account,
        flag: Arc<Flag>,
        told: Arc<AtomicU32>,
    }

    fn holder(pool: &Arc<Pool>, id: &str, bytes: usize) -> Holder {
        holder_of(pool, id, bytes, None)
    }

    fn holder_of(pool: &Arc<Pool>, id: &str, bytes: usize, share: Option<Arc<Share>>) -> Holder {
        let (flag, told) = (Arc::<Flag>::default(), Arc::<AtomicU32>::default());
        let account = pool.open();
        let count = told.clone();
        let tell: Tell = Arc::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        account.set_owner(ScriptId::new(id).expect("a good id"), flag.clone(), Some(tell), share);
        assert!(account.charge(bytes).is_ok());
        Holder { account, flag, told }
    }

    impl Holder {
        fn is_killed(&self) -> bool {
            assert_eq!(self.flag.killed().is_some(), self.told.load(Ordering::Relaxed) == 1);
            self.flag.killed() == Some(REASON)
        }
    }

    #[test]
    fn the_largest_of_the_id_that_holds_most_dies_and_whoever_grows_goes_on() {
        let pool = Pool::new(1000, REASONS);
        // `many` holds most, in small pieces; `one` holds the largest piece.
        let pieces = [100, 200, 150].map(|bytes| holder(&pool, "many", bytes));
        let one = holder(&pool, "one", 400);
        let small = holder(&pool, "small", 10);
        assert!(small.account.charge(150).is_ok());
        assert_eq!(pieces.each_ref().map(Holder::is_killed), [false, true, false]);
        assert!(!one.is_killed() && !small.is_killed());
        // What was killed is as good as gone: nobody else has to die for a while.
        assert!(small.account.charge(100).is_ok());
        assert!(!one.is_killed());
        drop(pieces);
        drop((one, small));
        assert_eq!(pool.held(), 0);
    }

    #[test]
    fn the_largest_itself_is_refused_and_nobody_else_dies() {
        let pool = Pool::new(1000, REASONS);
        let small = holder(&pool, "small", 100);
        let large = holder(&pool, "large", 800);
        assert!(large.account.charge(200).is_err());
        assert!(!large.is_killed() && !small.is_killed());
        assert_eq!(pool.held(), 900);
        large.account.discharge(400);
        assert!(large.account.charge(200).is_ok());
    }

    #[test]
    fn one_that_was_killed_grows_no_more_and_its_next_owner_is_killed_too() {
        let pool = Pool::new(1000, REASONS);
        let large = holder(&pool, "large", 800);
        let small = holder(&pool, "small", 100);
        assert!(small.account.charge(200).is_ok());
        assert!(large.is_killed() && large.account.doomed() == Some(REASON));
        assert!(large.account.charge(1).is_err());
        let next = Arc::<Flag>::default();
        large.account.set_owner(ScriptId::new("large").expect("a good id"), next.clone(), None, None);
        assert_eq!(next.killed(), Some(REASON));
    }

    #[test]
    fn the_excess_is_bounded_while_those_that_were_killed_stay() {
        let pool = Pool::new(1000, REASONS);
        let _large = holder(&pool, "large", 900);
        let small = holder(&pool, "small", 50);
        let grown = (0..100).take_while(|_| small.account.charge(10).is_ok()).count();
        assert_eq!((grown, pool.held()), (30, 1250));
    }

    #[test]
    fn what_is_nobodys_counts_but_does_not_die() {
        let pool = Pool::new(1000, REASONS);
        let warm = pool.open();
        assert!(warm.charge(900).is_ok());
        let small = holder(&pool, "small", 50);
        assert!(small.account.charge(60).is_err());
        assert!(!small.is_killed() && warm.doomed().is_none());
    }

    #[test]
    fn results_count_as_their_owners_until_they_are_taken_over_and_cannot_die() {
        let pool = Pool::new(1000, REASONS);
        let many = holder(&pool, "many", 200);
        let result = many.account.keep(500);
        assert!(pool.keeps_results() && pool.held() == 700);
        let one = holder(&pool, "one", 250);
        assert!(one.account.charge(100).is_ok());
        assert!(many.is_killed() && !one.is_killed());
        drop(many);
        // Only the result is left of that id: whoever grows has to go.
        assert!(one.account.charge(200).is_err());
        drop(result);
        assert!(!pool.keeps_results() && one.account.charge(200).is_ok());
    }

    #[test]
    fn room_ends_before_the_bound() {
        let pool = Pool::new(8 << 20, REASONS);
        let vm = pool.open();
        assert_eq!(pool.room(), Room::Free);
        assert!(vm.charge((7 << 20) + 1).is_ok());
        assert_eq!(pool.room(), Room::Tight);
        assert!(vm.charge((1 << 20) - SMALLEST_VM).is_ok());
        assert_eq!(pool.room(), Room::None);
    }

    #[test]
    fn room_is_for_all_that_new_vms_begin_with() {
        let pool = Pool::new(8 << 20, REASONS).where_new_ones_take(3 << 20);
        let vm = pool.open();
        assert!(vm.charge(4 << 20).is_ok());
        assert_eq!(pool.room(), Room::Free);
        assert!(vm.charge(1).is_ok());
        assert_eq!(pool.room(), Room::Tight);
        assert!(vm.charge((1 << 20) - SMALLEST_VM).is_ok());
        assert_eq!(pool.room(), Room::None);
    }

    #[test]
    fn the_largest_of_an_id_dies_for_the_others_of_that_id_only() {
        let pool = Pool::new(10_000, REASONS);
        let share = Arc::<Share>::default();
        share.set_max(Some(1000));
        let [large, small] = [600, 100].map(|bytes| holder_of(&pool, "bounded", bytes, Some(share.clone())));
        let other = holder(&pool, "other", 5000);
        assert_eq!(share.held(), 700);
        assert!(small.account.charge(400).is_ok());
        assert_eq!(large.flag.killed(), Some(REASON + 1));
        assert_eq!(large.account.doomed(), Some(REASON + 1));
        assert!(!other.is_killed() && small.flag.killed().is_none());
        drop(large);
        assert_eq!((share.held(), share.room()), (500, Room::Free));
        // It is the largest itself now.
        assert_eq!(small.account.charge(600), Err(Shortage::Share));
        assert_eq!((share.held(), pool.held()), (500, 5500));
        let result = small.account.keep(300);
        assert!(share.keeps_results() && share.held() == 800);
        drop((small, result));
        assert!(share.held() == 0 && !share.keeps_results());
    }

    #[test]
    fn what_a_vm_holds_before_it_has_an_owner_counts_from_then_on() {
        let pool = Pool::new(1000, REASONS);
        let (warm, share) = (pool.open(), Arc::<Share>::default());
        assert!(warm.charge(500).is_ok());
        assert_eq!(share.held(), 0);
        warm.set_owner(ScriptId::new("x").expect("a good id"), Arc::default(), None, Some(share.clone()));
        assert_eq!(share.held(), 500);
        warm.set_owner(ScriptId::new("x").expect("a good id"), Arc::default(), None, Some(share.clone()));
        assert_eq!(share.held(), 500);
        drop(warm);
        assert_eq!(share.held(), 0);
    }
}
