//! Contexts: VMs that live on between their runs, which happen one after the other.

use super::run::{ContextId, Run, Settled};
use super::tenants::TenantRef;
use crate::bridge::Kill;
use crate::error::{Code, Error};
use crate::vm::Vm;
use std::collections::{BTreeMap, HashMap};

/// Every context of an engine that is not forgotten.
#[derive(Default)]
pub(super) struct Contexts {
    all: HashMap<ContextId, Context>,
    last: u64,
    /// How many runs wait for their turn in one.
    waiting: usize,
}

#[derive(Default)]
struct Context {
    /// Its VM, between two runs; before the first there is none.
    vm: Option<Box<Vm>>,
    /// Whether a run has its turn: in the queue, started, or with a worker.
    busy: bool,
    /// Those whose turn comes later, in the order of submission.
    waiting: BTreeMap<u64, Run>,
    end: End,
}

/// How far a context is from its end.
#[derive(Clone, Copy, Default, PartialEq)]
enum End {
    /// It takes runs.
    #[default]
    Open,
    /// It was closed: it takes no further run, and is forgotten after the last.
    Closed,
    /// Its VM is gone, because a run was stopped.
    Gone,
    /// Its VM is gone, because others needed its memory: of all VMs, or of those of its id.
    Evicted(Kill),
}

impl Context {
    /// How far it is, also when nobody has told yet that its VM was killed for others.
    fn end(&self) -> End {
        let doomed = self.vm.as_ref().and_then(|vm| vm.doomed());
        doomed.map_or(self.end, End::Evicted)
    }
}

impl End {
    /// Why a run is refused.
    fn refusal(self) -> Option<Error> {
        match self {
            Self::Open => None,
            Self::Closed => Some(closed("the context is closed")),
            Self::Gone => Some(gone()),
            Self::Evicted(kill) => Some(evicted(kill)),
        }
    }
}

impl Contexts {
    /// A new context, without a VM yet.
    pub(super) fn create(&mut self) -> ContextId {
        self.last += 1;
        let id = ContextId(self.last);
        self.all.insert(id, Context::default());
        id
    }

    /// How many runs wait for their turn in a context.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether a context takes runs.
    ///
    /// # Errors
    /// `ERR_CONTEXT_CLOSED`, with the reason.
    pub(super) fn check_open(&self, id: ContextId) -> Result<(), Error> {
        self.all.get(&id).map_or(End::Closed, Context::end).refusal().map_or(Ok(()), Err)
    }

    /// Whether a context takes runs, and has not lost its VM to others.
    pub(super) fn is_open(&self, id: ContextId) -> bool {
        self.check_open(id).is_ok()
    }

    /// Whether the next run would have its turn at once.
    pub(super) fn is_idle(&self, id: ContextId) -> bool {
        self.all.get(&id).is_some_and(|context| !context.busy)
    }

    /// Gives a run of an idle context its turn, with the context's VM.
    pub(super) fn begin(&mut self, id: ContextId, run: &mut Run) {
        if let Some(context) = self.all.get_mut(&id) {
            context.busy = true;
            run.set_vm(context.vm.take());
        }
    }

    /// Lets a run wait for its turn.
    pub(super) fn wait(&mut self, id: ContextId, run: Run) {
        if let Some(context) = self.all.get_mut(&id) {
            context.waiting.insert(run.id(), run);
            self.waiting += 1;
        }
    }

    /// Takes a run out that waits for its turn. It is none of the context's any more.
    pub(super) fn remove(&mut self, id: ContextId, run: u64) -> Option<Run> {
        let mut run = self.all.get_mut(&id)?.waiting.remove(&run)?;
        self.waiting -= 1;
        run.forget_context();
        Some(run)
    }

    /// Whose runs wait for their turn.
    pub(super) fn owners(&self) -> impl Iterator<Item = TenantRef> {
        let any = self.all.values().take(if self.waiting > 0 { usize::MAX } else { 0 });
        any.filter_map(|context| context.waiting.first_key_value()).map(|(_, run)| run.tenant())
    }

    /// The last of an id's runs that wait for their turn.
    pub(super) fn last_of(&self, owner: TenantRef) -> Option<u64> {
        let last = |context: &Context| {
            context.waiting.last_key_value().filter(|(_, run)| run.tenant() == owner).map(|(id, _)| *id)
        };
        self.all.values().filter_map(last).max()
    }

    /// Takes back what a run that has ended leaves, and says whose turn it is. A run that began and brings no VM back has
    /// ended the context, and so has one whose VM was killed for others; then those that wait are refused.
    pub(super) fn end(&mut self, settled: &mut Settled) -> Ended {
        let Some((id, context)) = settled.context.and_then(|id| Some((id, self.all.get_mut(&id)?))) else {
            return Ended::default();
        };
        context.busy = false;
        let lost = match &settled.vm {
            Some(vm) => vm.doomed().map(End::Evicted),
            None => (settled.usage.slices > 0).then_some(End::Gone),
        };
        if let Some(end) = lost {
            context.end = end;
            let refused = std::mem::take(&mut context.waiting);
            self.waiting -= refused.len();
            let refuse = |run: Run| run.refuse(end.refusal().unwrap_or_else(gone));
            return Ended { next: None, refused: refused.into_values().map(refuse).collect() };
        }
        context.vm = settled.vm.take();
        let next = context.waiting.pop_first().map(|(_, run)| run);
        self.waiting -= usize::from(next.is_some());
        let next = next.map(|mut run| {
            context.busy = true;
            run.set_vm(context.vm.take());
            run
        });
        if next.is_none() && context.end == End::Closed {
            self.all.remove(&id);
        }
        Ended { next, refused: Vec::new() }
    }

    /// Lets a context take no further run. Its VM, if no run has it or waits for it, is for the caller to drop.
    pub(super) fn close(&mut self, id: ContextId) -> Option<Box<Vm>> {
        let context = self.all.get_mut(&id)?;
        if context.busy {
            if context.end == End::Open {
                context.end = End::Closed;
            }
            return None;
        }
        self.all.remove(&id)?.vm
    }

    /// The bytes that the VM of a context holds, between two runs; otherwise 0.
    pub(super) fn memory(&self, id: ContextId) -> usize {
        self.all.get(&id).and_then(|context| context.vm.as_ref()).map_or(0, |vm| vm.memory())
    }

    /// Ends the contexts whose VMs were killed for others between two runs. Those are for the caller to drop.
    pub(super) fn evict(&mut self) -> Vec<Vm> {
        let evict = |context: &mut Context| {
            context.end = End::Evicted(context.vm.as_ref()?.doomed()?);
            context.vm.take().map(|vm| *vm)
        };
        self.all.values_mut().filter_map(evict).collect()
    }

    /// Drops every VM, and every run that waits.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.waiting = 0;
    }
}

/// What follows from the end of a run in a context.
#[derive(Default)]
pub(super) struct Ended {
    /// The run whose turn it is now.
    pub(super) next: Option<Run>,
    /// Runs that will never have one.
    pub(super) refused: Vec<Settled>,
}

fn gone() -> Error {
    closed("the context has ended, because a run in it was stopped")
}

fn evicted(kill: Kill) -> Error {
    let of_whom = if kill == Kill::IdMemory {
        "of the VMs of its id, which met its perId.memory"
    } else {
        "when the engine met its maxMemory"
    };
    let error = closed(&format!("the context has ended, because its VM held most {of_whom}"));
    Error { limit: kill.limit(), ..error }
}

fn closed(why: &str) -> Error {
    Error::new(Code::ContextClosed, format!("{why}; nothing was run"))
}
