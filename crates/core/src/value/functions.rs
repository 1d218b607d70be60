//! Functions of a VM that JavaScript holds, by number. Nothing in Lua reaches the table that keeps them.

use mlua::{Function, Lua, Table, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What becomes of functions in results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FunctionRule {
    /// They cannot cross.
    #[default]
    Refused,
    /// They cannot cross, but could if the caller asked for it.
    NotAsked,
    /// They are kept, under numbers from `first` on; with those that are kept already, at most so many.
    Kept {
        /// The first number.
        first: i64,
        /// How many there may be.
        most: usize,
    },
}

/// The functions of a VM that JavaScript holds. Kept in app data, once there is one.
pub(crate) struct Functions {
    kept: Table,
    /// The numbers of those that it keeps: to look for some in the table would take as long as it is large.
    numbers: RefCell<BTreeSet<i64>>,
}

impl Functions {
    /// Makes sure that the VM of `lua` can keep functions.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
        if lua.app_data_ref::<Self>().is_none() {
            let kept = lua.create_table()?;
            lua.set_app_data(Self { kept, numbers: RefCell::default() });
        }
        Ok(())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.numbers.borrow().len()
    }

    /// Keeps one under a number that was never used.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(super) fn keep(&self, number: i64, function: &Function) -> mlua::Result<()> {
        self.kept.raw_set(number, function)?;
        self.numbers.borrow_mut().insert(number);
        Ok(())
    }

    /// The function with this number, or nil.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn get(&self, number: i64) -> mlua::Result<Value> {
        self.kept.raw_get(number)
    }

    /// The table that has them by number.
    pub(super) fn table(&self) -> Table {
        self.kept.clone()
    }

    /// Forgets all from one number to another.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn release(&self, first: i64, last: i64) -> mlua::Result<()> {
        loop {
            let next = self.numbers.borrow().range(first..=last).next().copied();
            let Some(number) = next else { return Ok(()) };
            self.kept.raw_set(number, Value::Nil)?;
            self.numbers.borrow_mut().remove(&number);
        }
    }
}

/// The numbers of functions that JavaScript does not need any more, until the VM hears of them, at the beginning of its
/// next run. Shared by the thread that says so and by whoever executes that run.
#[derive(Debug, Default)]
pub struct Released(Mutex<Vec<(i64, i64)>>);

impl Released {
    /// All from one number to another.
    pub fn add(&self, first: i64, last: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((first, last));
    }

    pub(crate) fn take(&self) -> Vec<(i64, i64)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
