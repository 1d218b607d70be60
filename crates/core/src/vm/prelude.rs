//! Preludes: code of the host's that runs once, when an engine is made. All VMs of the engine are copies of what it left.
//!
//! It runs as nobody's script: without identity, State, host functions and waits. What it leaves must be at rest, so that it
//! can be copied. A run that repeats has its VM in a place of its own, and of its own seed: there the prelude runs again.

use super::fiber::{Fiber, Step};
use super::snapshot::{Snapshot, build};
use super::{Chunk, Exchange, Script, Vm, no_memory, unfit};
use crate::api;
use crate::api::libraries::Libraries;
use crate::bridge::{Compiled, Limits, Modules, Repeats, Services, direct, panic_message};
use crate::error::{Code, Error, Failure};
use crate::memory::SMALLEST_VM;
use crate::state::ScriptId;
use moonpool_lua::{Flag, ffi, protect};
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One chunk of a prelude.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name, and that of the module that it is.
    pub name: Arc<str>,
    /// Its source.
    pub source: Arc<[u8]>,
    /// Whether it is a module, which `require` finds.
    pub is_module: bool,
}

/// A prelude that has run: what all VMs begin as, and how to run it again.
pub struct Prelude {
    snapshot: Snapshot,
    plan: Plan,
}

/// What is done, in this order, and what may be used meanwhile.
struct Plan {
    acts: Vec<Act>,
    modules: Modules,
    services: Arc<Services>,
}

enum Act {
    /// Runs a chunk.
    Run(Compiled),
    /// Loads a module of this name, if nothing has before.
    Require(Arc<str>),
}

/// On the stack of the main thread while a prelude runs, above what is there: the keys that the registry had before, and
/// `require`.
const KEPT: c_int = 2;

impl Prelude {
    /// Compiles the parts and runs them, in a VM with these libraries that obeys the flag.
    ///
    /// # Errors
    /// What a part fails with, or why what they leave cannot be copied.
    pub fn new(libraries: Libraries, parts: &[Part], limits: &Limits, flag: &Arc<Flag>) -> Result<Self, Box<Failure>> {
        let plan = Plan::new(libraries, parts, limits, flag)?;
        let blank = build(libraries, None);
        let roots = blank.as_ref().map(|blank| blank.roots);
        let mut vm = Vm::of(blank, false).map_err(|error| Box::new(Failure::new(error)))?;
        let roots = roots.expect("there is a VM");
        let nobody = ScriptId::new("prelude").expect("a good id");
        plan.run(&mut vm, &nobody, None, limits, flag)?;
        // SAFETY: the VM is ours; `run` has left it at rest, without a context and a handle.
        match unsafe { Snapshot::of(roots) } {
            Ok(Some(snapshot)) => Ok(Self { snapshot: snapshot.with_spares(), plan }),
            Ok(None) => Err(Box::new(Failure::new(Error::new(Code::Memory, "the system has no memory for a prelude")))),
            // SAFETY: as above.
            Err(why) => Err(refused(&unsafe { unfit::describe(roots.state, why) })),
        }
    }

    /// What VMs are copies of.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What it takes in each VM, in bytes.
    pub fn size(&self) -> usize {
        self.snapshot.size()
    }

    /// The least that VMs may hold together, of an engine with so many threads: a copy for each thread, and a VM that grows.
    pub fn least_memory(&self, slots: usize) -> usize {
        self.size().saturating_mul(slots).saturating_add(SMALLEST_VM)
    }

    /// The modules that it has loaded.
    pub fn modules(&self) -> &Modules {
        &self.plan.modules
    }

    /// Runs again in a VM that repeats, and is to be given this script.
    ///
    /// # Errors
    /// What a part fails with: also the limits of the script.
    pub(super) fn run_again(
        &self,
        vm: &mut Vm,
        script: &Script,
        repeats: &Repeats,
        flag: &Arc<Flag>,
    ) -> Result<(), Box<Failure>> {
        // What it draws is not what the script is going to draw.
        let seed = repeats.seed.map(|seed| !seed);
        self.plan.run(vm, &script.id, Some(Repeats { seed, ..*repeats }), &script.limits, flag)
    }
}

impl Plan {
    fn new(libraries: Libraries, parts: &[Part], limits: &Limits, flag: &Arc<Flag>) -> Result<Self, Box<Failure>> {
        let (mut acts, mut modules) = (Vec::new(), Vec::new());
        for part in parts {
            let vm = Vm::of(build(libraries, None), false).map_err(|error| Box::new(Failure::new(error)))?;
            let compiled = vm.compile(&part.source, part.name.clone(), limits, flag.clone())?;
            if part.is_module {
                acts.push(Act::Require(part.name.clone()));
                modules.push(compiled);
            } else {
                acts.push(Act::Run(compiled));
            }
        }
        let modules: Modules = modules.into_iter().collect();
        let services = Arc::new(Services::of_prelude(&modules));
        Ok(Self { acts, modules, services })
    }

    /// Does all of it, and leaves the VM at rest, without a context and a handle.
    fn run(
        &self,
        vm: &mut Vm,
        id: &ScriptId,
        repeats: Option<Repeats>,
        limits: &Limits,
        flag: &Arc<Flag>,
    ) -> Result<(), Box<Failure>> {
        let script = |name: &Arc<str>| Script {
            chunk: Chunk::Get(name.clone()),
            id: id.clone(),
            name: name.clone(),
            limits: limits.clone(),
            exchange: Exchange { repeats, ..Exchange::default() },
            services: self.services.clone(),
        };
        vm.assign(&script(&"prelude".into()), flag.clone());
        vm.begin_prelude().map_err(|error| vm.not_handed_over(error.into()))?;
        for act in &self.acts {
            let name = match act {
                Act::Run(compiled) => compiled.name(),
                Act::Require(name) => name,
            };
            vm.assign(&script(name), flag.clone());
            on_a_stack(vm, act, flag)?;
        }
        vm.end_prelude().map_err(|error| vm.not_handed_over(error.into()))
    }
}

/// Does one act on a native stack of its own, as scripts run on one.
fn on_a_stack(vm: &mut Vm, act: &Act, flag: &Flag) -> Result<(), Box<Failure>> {
    let (on, what) = (&raw mut *vm, &raw const *act);
    let mut step = Fiber::start(move |suspender| {
        // SAFETY: both outlive the fiber, which is done below, and nobody uses the VM meanwhile.
        let (vm, act) = unsafe { (&mut *on, &*what) };
        vm.set_suspender(&suspender);
        let done = catch_unwind(AssertUnwindSafe(|| vm.act(act)));
        vm.set_suspender(&super::fiber::Suspender { suspend: None, fiber: std::ptr::null_mut() });
        done.unwrap_or_else(|panic| {
            let message =
                format!("moonpool failed inside a prelude; this is a bug of moonpool: {}", panic_message(&*panic));
            Err(Box::new(Failure::new(Error::new(Code::Internal, message))))
        })
    });
    loop {
        match step {
            Step::Done(done) => return done,
            // Nobody else wants the thread.
            Step::Suspended(fiber) => {
                flag.go_on();
                step = fiber.resume();
            }
        }
    }
}

/// A prelude that cannot be copied.
fn refused(what: &str) -> Box<Failure> {
    let message = format!("the prelude cannot be copied into VMs: {what}");
    Box::new(Failure::new(Error::new(Code::Runtime, message)))
}

impl Vm {
    /// Gets the part of `require` that finds modules, and remembers what the registry has.
    fn begin_prelude(&mut self) -> mlua::Result<()> {
        let part_in_lua = api::require::part_in_lua()?;
        // SAFETY: the VM is ours, and not running; the closure owns nothing that has a destructor.
        let status = unsafe {
            protect(self.state, 0, KEPT, |state| {
                api::require::enable(state, part_in_lua);
                ffi::lua_createtable(state, 0, 0);
                ffi::lua_pushnil(state);
                while ffi::lua_next(state, ffi::LUA_REGISTRYINDEX) != 0 {
                    ffi::lua_pushboolean(state, 1);
                    ffi::lua_replace(state, -2);
                    ffi::lua_pushvalue(state, -2);
                    ffi::lua_rotate(state, -2, 1);
                    ffi::lua_rawset(state, 1);
                }
                api::push_global(state, "require");
                KEPT
            })
        };
        if status != ffi::LUA_OK {
            return Err(no_memory());
        }
        self.requires = true;
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), Box<Failure>> {
        let args = match act {
            // SAFETY: `base` is at rest, and has nothing on its stack.
            Act::Run(compiled) if unsafe { compiled.load_onto(self.base) } != ffi::LUA_OK => {
                return Err(self.outcome(Err(Code::Syntax)).expect_err("it was not loaded"));
            }
            Act::Run(_) => 0,
            Act::Require(name) => {
                self.push_require(name).map_err(|error| self.not_handed_over(error.into()))?;
                1
            }
        };
        let (mut args, mut results) = (args, 0);
        loop {
            // SAFETY: `base` holds a function and so many arguments, or is suspended; lua_resume is protected by Lua itself.
            match unsafe { ffi::lua_resume(self.base, self.state, args, &mut results) } {
                ffi::LUA_YIELD => args = 0,
                ffi::LUA_OK => break,
                _ => return Err(self.outcome(Err(Code::Runtime)).expect_err("it failed")),
            }
        }
        // What it returned is nobody's.
        // SAFETY: `base` has ended.
        unsafe { ffi::lua_settop(self.base, 0) };
        self.outcome(Ok(())).map(|_| ())
    }

    /// Puts `require` and a name onto the base coroutine.
    fn push_require(&self, name: &str) -> mlua::Result<()> {
        let base = self.base;
        // SAFETY: both are ours, and not running; the closure owns nothing that has a destructor.
        let status = unsafe {
            ffi::lua_pushvalue(self.state, -1);
            protect(self.state, 1, 0, |state| {
                ffi::luaL_checkstack(base, 2, std::ptr::null());
                direct::push_bytes(state, name.as_bytes());
                ffi::lua_xmove(state, base, 2);
                0
            })
        };
        if status == ffi::LUA_OK { Ok(()) } else { Err(no_memory()) }
    }

    /// Takes everything of ours out of the VM that came with the prelude, which has ended: the context, and mlua's handle with
    /// what that keeps in the registry.
    fn end_prelude(&mut self) -> mlua::Result<()> {
        // From here on it is our own work.
        self.ignore_flag();
        if let Some(mut context) = self.context.take() {
            context.take_output();
            context.take_told(true);
            drop(context.handle.take());
            // SAFETY: the state is ours, and not running.
            unsafe { direct::set_context(self.state, None) };
        }
        // SAFETY: as above; the closure owns nothing that has a destructor. Keys may be set to nil while they are gone through.
        let status = unsafe {
            ffi::lua_settop(self.state, -2);
            protect(self.state, 1, 0, |state| {
                ffi::lua_pushnil(state);
                while ffi::lua_next(state, ffi::LUA_REGISTRYINDEX) != 0 {
                    ffi::lua_pushvalue(state, -2);
                    if ffi::lua_rawget(state, 1) == ffi::LUA_TNIL {
                        ffi::lua_pushvalue(state, -3);
                        ffi::lua_pushnil(state);
                        ffi::lua_rawset(state, ffi::LUA_REGISTRYINDEX);
                    }
                    ffi::lua_settop(state, 2);
                }
                0
            })
        };
        if status != ffi::LUA_OK {
            return Err(no_memory());
        }
        // SAFETY: the VM is at rest. The finalizers that run are mlua's.
        unsafe { moonpool_lua::image::settle(self.state) };
        Ok(())
    }
}
