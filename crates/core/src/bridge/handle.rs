//! mlua's handle of a VM: made when a call needs one, because making it takes several times what a copy of a VM does.

use super::Context;
use crate::memory::Killed;
use crate::value::Marks;
use mlua::Lua;
use moonpool_lua::{Flag, ffi};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a handle takes of the VM's memory, and a little more.
pub(crate) const ROOM: usize = 4 << 10;

/// The context as mlua keeps it in app data, for work that has the handle only.
struct Identity(*const Context);

// SAFETY: the context moves between threads together with the VM, which owns both.
unsafe impl Send for Identity {}

/// The handle of the VM whose context this is.
///
/// # Errors
/// When the VM has no memory for it, and then the run is killed.
///
/// # Safety
/// `state` is of the VM that has this context, used by this thread only; both stay where they are for as long as the
/// handle is used.
pub(crate) unsafe fn handle(state: *mut ffi::lua_State, context: &Context) -> Result<&Lua, Killed> {
    if let Some(lua) = context.handle.get() {
        return Ok(lua);
    }
    // SAFETY: as the caller.
    let lua = context.budget.with_room(ROOM, || unsafe { make(state, context) })??;
    Ok(context.handle.get_or_init(|| lua))
}

/// Tells mlua whose the VM is now.
pub(crate) fn identify(lua: &Lua, context: &Context) {
    lua.set_app_data(Identity(context));
}

/// The context of the VM that this is the handle of.
pub(crate) fn context_of(lua: &Lua) -> Option<&Context> {
    let identity = lua.app_data_ref::<Identity>()?;
    // SAFETY: the context lives as long as the VM has it, and mlua is told when it gets another: between two runs, when
    // nobody uses the handle.
    Some(unsafe { &*identity.0 })
}

/// Makes the handle where no memory is refused: mlua could not bear that. It works on the main thread of the VM, where no
/// script runs.
///
/// # Safety
/// As [`handle`].
unsafe fn make(state: *mut ffi::lua_State, context: &Context) -> Result<Lua, Killed> {
    // SAFETY: as the caller. The main thread is in the registry as long as there is the VM. mlua keeps its data in the
    // registry, too, and is dropped before the state is closed.
    let made = unsafe {
        ffi::lua_rawgeti(state, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_MAINTHREAD);
        let main = ffi::lua_tothread(state, -1);
        ffi::lua_settop(state, -2);
        Flag::undisturbed(main, || {
            catch_unwind(AssertUnwindSafe(|| {
                let lua = Lua::get_or_init_from_ptr(main).clone();
                identify(&lua, context);
                let marks = Marks::of(&lua)?;
                lua.set_app_data(marks);
                mlua::Result::Ok(lua)
            }))
        })
    };
    match made {
        Ok(Ok(lua)) => Ok(lua),
        Ok(Err(_)) => Err(context.budget.kill(Flag::MEMORY)),
        Err(panic) => {
            context.panicked(&*panic);
            Err(Killed)
        }
    }
}
