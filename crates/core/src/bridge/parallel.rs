//! The functions of `parallel` that are at work in a run: which of them waits for what, and which can go on.
//!
//! Each runs in a coroutine of its own, a branch, and the branches of one call are a group. A function that waits leaves
//! what it waits for in the context, as if it were alone. Its group then parks that under a number, and lets the next branch
//! go on. When none can, the run is suspended. What was parked goes to the scheduler, all of it at once; what comes of it is
//! put back into the context before the branch goes on. So a function that waits knows nothing of branches.
//!
//! In a run with a time of its own, a branch that sleeps is parked without the scheduler. When nothing can go on, and nothing
//! else is waited for, that time goes forward to the end of the next sleep.

use super::waits::Came;
use super::{Context, Wait};
use crate::bridge::tasks::Task;
use crate::memory::Killed;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// How many functions may be at work at once in one run, those of a `parallel` inside another counted with the others.
pub(crate) const MOST: usize = 1000;

/// What a branch that waits holds beside its coroutine: here, in the scheduler, and in its timer.
const WEIGHT: usize = 512;

/// What a function of a group holds here.
const BRANCH: usize = 32;

/// What a run asks for, when its slice is over: waits, by number, that begin; and those that nobody waits for any more.
#[derive(Default)]
pub struct Requests {
    /// Waits that begin.
    pub fresh: Vec<(u32, Wait)>,
    /// Numbers of waits that have begun and are given up.
    pub given_up: Vec<u32>,
}

/// What the calls of `parallel` in one run are at.
#[derive(Default)]
pub(super) struct Parallel {
    groups: HashMap<u32, Group>,
    parked: HashMap<u32, Parked>,
    /// Of a run with a time of its own: waits that end when so much of that has passed.
    sleeping: BTreeSet<(Duration, u32)>,
    requests: Requests,
    at_work: usize,
    last: u32,
}

/// One call of `parallel`.
struct Group {
    branches: Vec<Branch>,
    /// How many have begun, and how many have ended.
    begun: usize,
    ended: usize,
    /// The one that goes on before all others: it was preempted.
    running: Option<u32>,
    /// Those whose waits are over, in that order; and those that gave up their turn.
    ready: VecDeque<u32>,
    yielded: Vec<u32>,
    /// While it waits inside a branch of another group: which one.
    parent: Option<(u32, u32)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Branch {
    /// It has not begun.
    New,
    /// It runs, or was preempted, or gave up its turn.
    Open,
    /// It waits for what is parked under this number.
    Waits(u32),
    /// It waits because no branch of this group, which it called, can go on.
    WaitsInside(u32),
    Ended,
}

/// What a branch waits for.
struct Parked {
    group: u32,
    branch: u32,
    /// Whether the scheduler knows of it.
    asked: bool,
    /// When it is over, if the run has a time of its own.
    until: Option<Duration>,
    held_args: usize,
    task: Option<Box<dyn Task>>,
    came: Option<Came>,
    /// What that counts.
    held: usize,
}

/// Why a group suspends the run, or the branch that it is in: every branch of it waits, or some gave up their turn.
#[derive(Clone, Copy)]
pub(super) struct SuspendsAs {
    group: u32,
    gives_up_turn: bool,
}

/// What a group does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turn {
    /// It lets this branch begin, or go on.
    Begin(u32),
    GoOn(u32),
    /// It suspends the run: no branch can go on now.
    Suspend,
    /// All branches have ended.
    Return,
}

impl Group {
    fn new(functions: usize) -> Self {
        Self {
            branches: vec![Branch::New; functions],
            begun: 0,
            ended: 0,
            running: None,
            ready: VecDeque::new(),
            yielded: Vec::new(),
            parent: None,
        }
    }
}

impl Parallel {
    fn number(&mut self) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }

    fn group(&mut self, group: u32) -> &mut Group {
        self.groups.get_mut(&group).expect("a call of parallel has a group until it ends")
    }

    fn has_come(&self, number: u32) -> bool {
        self.parked.get(&number).is_some_and(|parked| parked.came.is_some())
    }

    /// Whether anything is waited for but the run's own time.
    fn waits_elsewhere(&self) -> bool {
        self.parked.values().any(|parked| parked.until.is_none() && parked.came.is_none())
    }

    /// Lets a branch go on, and with it those that wait for its group.
    fn wake(&mut self, mut group: u32, mut branch: u32) {
        while let Some(woken) = self.groups.get_mut(&group) {
            let was_ready = !woken.ready.is_empty();
            woken.ready.push_back(branch);
            match woken.parent {
                Some(parent) if !was_ready => (group, branch) = parent,
                _ => return,
            }
        }
    }
}

impl Context {
    fn with_parallel<T>(&self, f: impl FnOnce(&mut Parallel) -> T) -> T {
        f(self.parallel.borrow_mut().get_or_insert_default())
    }

    /// Begins a group of so many functions, and gives its number; `None` when so many cannot be at work.
    ///
    /// # Errors
    /// When memory does not suffice, and then the run is killed.
    pub(crate) fn begin_parallel(&self, functions: usize) -> Result<Option<u32>, Killed> {
        if self.with_parallel(|parallel| parallel.at_work) + functions > MOST {
            return Ok(None);
        }
        self.budget.hold(WEIGHT + functions * BRANCH)?;
        Ok(Some(self.with_parallel(|parallel| {
            let number = parallel.number();
            parallel.at_work += functions;
            parallel.groups.insert(number, Group::new(functions));
            number
        })))
    }

    /// Forgets a group that has ended, or all of whose branches have been closed.
    pub(crate) fn end_parallel(&self, group: u32) {
        let Some(ended) = self.with_parallel(|parallel| {
            let ended = parallel.groups.remove(&group)?;
            parallel.at_work -= ended.branches.len() - ended.ended;
            Some(ended)
        }) else {
            return;
        };
        self.budget.release(WEIGHT + ended.branches.len() * BRANCH);
    }

    /// What a group does next. What a branch waited for is back in the context when it goes on.
    pub(crate) fn next_branch(&self, group: u32) -> Turn {
        self.with_parallel(|parallel| {
            if let Some(branch) = parallel.group(group).running {
                return Turn::GoOn(branch);
            }
            let Group { branches, begun, .. } = parallel.group(group);
            if *begun < branches.len() {
                let branch = *begun as u32;
                *begun += 1;
                return self.goes_on(parallel, group, branch, Turn::Begin(branch));
            }
            while let Some(branch) = parallel.group(group).ready.pop_front() {
                let state = parallel.group(group).branches[branch as usize];
                match state {
                    Branch::Waits(number) if parallel.has_come(number) => self.unpark(parallel, number),
                    Branch::WaitsInside(inner) => parallel.group(inner).parent = None,
                    Branch::Open => {}
                    // It was ready for something that is over.
                    Branch::New | Branch::Waits(_) | Branch::Ended => continue,
                }
                return self.goes_on(parallel, group, branch, Turn::GoOn(branch));
            }
            let Group { branches, ended, ready, yielded, .. } = parallel.group(group);
            if *ended == branches.len() {
                return Turn::Return;
            }
            let gives_up_turn = !yielded.is_empty();
            ready.extend(yielded.drain(..));
            self.suspends_as.set(Some(SuspendsAs { group, gives_up_turn }));
            Turn::Suspend
        })
    }

    fn goes_on(&self, parallel: &mut Parallel, group: u32, branch: u32, turn: Turn) -> Turn {
        let group = parallel.group(group);
        group.running = Some(branch);
        group.branches[branch as usize] = Branch::Open;
        turn
    }

    /// The branch that runs waits: for what the context has, for a group inside it, or for its next turn.
    pub(crate) fn park(&self, group: u32) {
        let wait = self.wait.take();
        let inner = self.suspends_as.take();
        let parked = wait.is_some();
        self.with_parallel(|parallel| {
            let branch = parallel.group(group).running.take().expect("one was running");
            let state = match (wait, inner) {
                (Some(wait), _) => {
                    let number = parallel.number();
                    let until = match (&wait, self.sources.passed()) {
                        (Wait::Sleep(time), Some(passed)) => Some(passed.saturating_add(*time)),
                        _ => None,
                    };
                    let (held_args, task) = (self.held_args.take(), self.task.take());
                    let parked = Parked { group, branch, asked: false, until, held_args, task, came: None, held: 0 };
                    parallel.parked.insert(number, parked);
                    match until {
                        Some(until) => drop(parallel.sleeping.insert((until, number))),
                        None => parallel.requests.fresh.push((number, wait)),
                    }
                    Branch::Waits(number)
                }
                (None, Some(SuspendsAs { group: inner, gives_up_turn })) => {
                    parallel.group(inner).parent = Some((group, branch));
                    parallel.group(group).yielded.extend(gives_up_turn.then_some(branch));
                    Branch::WaitsInside(inner)
                }
                (None, None) => {
                    parallel.group(group).yielded.push(branch);
                    Branch::Open
                }
            };
            parallel.group(group).branches[branch as usize] = state;
        });
        if parked {
            // When this is too much, the run is killed.
            let _ = self.budget.hold(WEIGHT);
        }
    }

    /// Puts what came of a wait, and what goes on with it, to where a function that waits alone finds it.
    fn unpark(&self, parallel: &mut Parallel, number: u32) {
        let Some(parked) = parallel.parked.remove(&number) else { return };
        self.budget.release(WEIGHT + parked.held);
        self.held_args.set(parked.held_args);
        *self.task.borrow_mut() = parked.task;
        match parked.came {
            Some(Came::Answer(answer)) => self.set_answer(answer),
            Some(Came::State(answered)) => self.set_state_answer(answered),
            Some(Came::NotAwake(error)) => self.refuse_sleep(error),
            Some(Came::Awake) | None => {}
        }
    }

    /// The branch that runs has ended.
    pub(crate) fn end_branch(&self, group: u32) {
        self.with_parallel(|parallel| {
            parallel.at_work -= 1;
            let group = parallel.group(group);
            let branch = group.running.take().expect("one was running");
            group.branches[branch as usize] = Branch::Ended;
            group.ended += 1;
        });
    }

    /// Whether a branch has begun and not ended.
    pub(crate) fn is_open(&self, group: u32, branch: u32) -> bool {
        self.with_parallel(|parallel| {
            let branches = parallel.groups.get(&group).map_or(&[][..], |group| &group.branches);
            branches.get(branch as usize).is_some_and(|branch| !matches!(branch, Branch::New | Branch::Ended))
        })
    }

    /// Nobody waits any more for what the branches of a group wait for, and those of the groups inside them.
    pub(crate) fn give_up(&self, group: u32) {
        let released: usize = self.with_parallel(|parallel| {
            let (mut groups, mut released) = (vec![group], 0);
            while let Some(group) = groups.pop() {
                let mut branches = std::mem::take(&mut parallel.group(group).branches);
                for branch in &mut branches {
                    match *branch {
                        Branch::Waits(number) => released += parallel.forget(number),
                        Branch::WaitsInside(inner) => groups.push(inner),
                        _ => continue,
                    }
                    *branch = Branch::Open;
                }
                parallel.group(group).branches = branches;
            }
            let Parallel { requests, parked, .. } = parallel;
            requests.fresh.retain(|(number, _)| parked.contains_key(number));
            released
        });
        self.budget.release(released);
    }

    /// What came of a wait. Nobody may wait for it any more.
    pub(crate) fn came(&self, number: u32, came: Came) {
        let bytes = came.weight();
        let awaited = self.with_parallel(|parallel| {
            let Some(parked) = parallel.parked.get_mut(&number) else { return false };
            let (group, branch) = (parked.group, parked.branch);
            (parked.came, parked.held) = (Some(came), bytes);
            parallel.wake(group, branch);
            true
        });
        if awaited && self.budget.hold(bytes).is_err() {
            self.with_parallel(|parallel| {
                if let Some(parked) = parallel.parked.get_mut(&number) {
                    parked.held = 0;
                }
            });
        }
    }

    /// What begins, and what is given up, since this was last asked.
    pub(crate) fn take_requests(&self) -> Option<Box<Requests>> {
        let mut parallel = self.parallel.borrow_mut();
        let parallel = parallel.as_mut()?;
        if parallel.requests.fresh.is_empty() && parallel.requests.given_up.is_empty() {
            return None;
        }
        let requests = std::mem::take(&mut parallel.requests);
        for (number, _) in &requests.fresh {
            if let Some(parked) = parallel.parked.get_mut(number) {
                parked.asked = true;
            }
        }
        Some(Box::new(requests))
    }

    /// Whether the run is suspended because every function of a `parallel` waits for something.
    pub(crate) fn take_waits_for_any(&self) -> bool {
        let Some(suspends) = self.suspends_as.take() else { return false };
        !self.wake_sleeping() && !suspends.gives_up_turn
    }

    /// In a run with a time of its own, lets the next of those go on that sleep; not while anything else is waited for, for
    /// which no time passes. Says whether there was one.
    fn wake_sleeping(&self) -> bool {
        self.with_parallel(|parallel| {
            if parallel.sleeping.is_empty() || parallel.waits_elsewhere() {
                return false;
            }
            let Some((until, number)) = parallel.sleeping.pop_first() else { return false };
            self.sources.pass_until(until);
            if let Some(parked) = parallel.parked.get_mut(&number) {
                let (group, branch) = (parked.group, parked.branch);
                parked.came = Some(Came::Awake);
                parallel.wake(group, branch);
            }
            true
        })
    }
}

impl Parallel {
    /// Forgets what is parked. Returns what it counts.
    fn forget(&mut self, number: u32) -> usize {
        let Some(parked) = self.parked.remove(&number) else { return 0 };
        if let Some(until) = parked.until {
            self.sleeping.remove(&(until, number));
        }
        if parked.asked && parked.came.is_none() {
            self.requests.given_up.push(number);
        }
        WEIGHT + parked.held + parked.held_args
    }
}
