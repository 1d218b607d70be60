//! Functions of a VM that JavaScript holds, by number. Nothing in Lua reaches the table that keeps them.

use mlua::{Function, Lua, Table, Value};
use std::cell::Cell;
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
    count: Cell<usize>,
}

impl Functions {
    /// Makes sure that the VM of `lua` can keep functions.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn install(lua: &Lua) -> mlua::Result<()> {
        if lua.app_data_ref::<Self>().is_none() {
            let kept = lua.create_table()?;
            lua.set_app_data(Self { kept, count: Cell::default() });
        }
        Ok(())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    /// Keeps one under a number that was never used.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(super) fn keep(&self, number: i64, function: &Function) -> mlua::Result<()> {
        self.kept.raw_set(number, function)?;
        self.count.update(|count| count + 1);
        Ok(())
    }

    /// The function with this number, or nil.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn get(&self, number: i64) -> mlua::Result<Value> {
        self.kept.raw_get(number)
    }

    /// Forgets all from one number to another.
    ///
    /// # Errors
    /// When the VM's memory does not suffice.
    pub(crate) fn release(&self, first: i64, last: i64) -> mlua::Result<()> {
        if first == last {
            return self.forget(first);
        }
        let mut numbers = Vec::new();
        for pair in self.kept.pairs::<i64, Value>() {
            let (number, _) = pair?;
            if (first..=last).contains(&number) {
                numbers.push(number);
            }
        }
        numbers.into_iter().try_for_each(|number| self.forget(number))
    }

    fn forget(&self, number: i64) -> mlua::Result<()> {
        if !self.get(number)?.is_nil() {
            self.kept.raw_set(number, Value::Nil)?;
            self.count.update(|count| count - 1);
        }
        Ok(())
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
