//! What tables have, where it lies: without Lua's stack, and without allocating anything.

use crate::ffi;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::slice;

unsafe extern "C" {
    fn moonpool_lookat(table: *const c_void, array: *mut usize, hash: *mut usize) -> *const c_void;
    fn moonpool_lookahead(table: *const c_void, from: usize, to: usize) -> usize;
    fn moonpool_looksempty(table: *const c_void, from: usize, to: usize) -> c_int;
    fn moonpool_lookarray(table: *const c_void, from: usize, to: usize, items: *mut Item);
    fn moonpool_lookhash(
        table: *const c_void,
        from: *mut usize,
        to: usize,
        keys: *mut Item,
        values: *mut Item,
        most: usize,
    ) -> usize;
}

/// A value as it stands in a table.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Item {
    kind: c_int,
    bits: u64,
    size: usize,
}

/// What an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    /// nil.
    Nil,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A string.
    String(&'a [u8]),
    /// A light userdata: its address.
    Light(usize),
    /// A table.
    Table(Looked<'a>),
    /// A function, a coroutine or a userdata.
    Other,
}

/// A table that nobody changes while it is looked at, and its size when that began.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    table: *const c_void,
    array: usize,
    hash: usize,
    metatable: *const c_void,
    life: std::marker::PhantomData<&'a ()>,
}

impl PartialEq for Looked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
}

impl Item {
    /// Nil.
    pub const NIL: Self = Self { kind: 0, bits: 0, size: 0 };

    /// What it is.
    ///
    /// # Safety
    /// It came of a table that was not changed since, in a VM that did nothing since, nor does while `'a` lasts.
    #[inline]
    pub unsafe fn see<'a>(&self) -> Seen<'a> {
        let address = self.bits as usize as *const c_void;
        match self.kind {
            0 => Seen::Nil,
            1 => Seen::Boolean(false),
            2 => Seen::Boolean(true),
            3 => Seen::Integer(self.bits as i64),
            4 => Seen::Float(f64::from_bits(self.bits)),
            // SAFETY: as the caller; the string lives as long as the table has it.
            5 => Seen::String(unsafe { slice::from_raw_parts(address.cast(), self.size) }),
            6 => Seen::Light(address.addr()),
            // SAFETY: as the caller.
            7 => Seen::Table(unsafe { Looked::at(address) }),
            _ => Seen::Other,
        }
    }

    /// What it is, if it is an integer of 32 bits.
    #[inline]
    pub fn small_integer(&self) -> Option<i32> {
        if self.kind == 3 { i32::try_from(self.bits as i64).ok() } else { None }
    }

    /// What it is, if it is a float.
    #[inline]
    pub fn float(&self) -> Option<f64> {
        (self.kind == 4).then(|| f64::from_bits(self.bits))
    }

    /// Whether both are one and the same string, or have no more in common than their type.
    #[inline]
    pub fn is_same_string(&self, other: &Self) -> bool {
        self.kind == 5 && other.kind == 5 && self.bits == other.bits && self.size == other.size
    }
}

impl<'a> Looked<'a> {
    /// The table at this address, which is what `lua_topointer` says.
    ///
    /// # Safety
    /// It is there, and neither is it changed, nor does its VM do anything else, while `'a` lasts.
    #[inline]
    pub unsafe fn at(table: *const c_void) -> Self {
        let (mut array, mut hash) = (0, 0);
        // SAFETY: as the caller.
        let metatable = unsafe { moonpool_lookat(table, &raw mut array, &raw mut hash) };
        Self { table, array, hash, metatable, life: std::marker::PhantomData }
    }

    /// The table on the stack, if it is one.
    ///
    /// # Safety
    /// As [`Looked::at`], of the VM of `state`.
    pub unsafe fn on_stack(state: *mut ffi::lua_State, n: c_int) -> Option<Self> {
        // SAFETY: as the caller.
        unsafe { (ffi::lua_type(state, n) == ffi::LUA_TTABLE).then(|| Self::at(ffi::lua_topointer(state, n))) }
    }

    /// Its address.
    pub fn address(&self) -> *const c_void {
        self.table
    }

    /// The address of its metatable, or null.
    pub fn metatable(&self) -> *const c_void {
        self.metatable
    }

    /// How many places its array has.
    pub fn array_size(&self) -> usize {
        self.array
    }

    /// How many places its hash has.
    pub fn hash_size(&self) -> usize {
        self.hash
    }

    /// How many values stand in its array from one place on, up to a nil or to another place.
    pub fn run_of_array(&self, from: usize, to: usize) -> usize {
        // SAFETY: as `at` demands; within the array.
        unsafe { moonpool_lookahead(self.table, from, to.min(self.array)) }
    }

    /// Whether its array has only nil from one place to another.
    pub fn is_empty_from(&self, from: usize, to: usize) -> bool {
        // SAFETY: as above.
        unsafe { moonpool_looksempty(self.table, from, to.min(self.array)) != 0 }
    }

    /// The values of its array from one place on, as many as there is room for.
    pub fn read_array(&self, from: usize, items: &mut [Item]) {
        let to = (from + items.len()).min(self.array);
        // SAFETY: as above; there is room for so many.
        unsafe { moonpool_lookarray(self.table, from, to, items.as_mut_ptr()) }
    }

    /// Keys and values of its hash from the place `from` on, before `to`, as many as there is room for. Returns how many.
    pub fn read_hash(&self, from: &mut usize, to: usize, keys: &mut [Item], values: &mut [Item]) -> usize {
        let most = keys.len().min(values.len());
        let (keys, values) =
            if most == 0 { (null_mut(), null_mut()) } else { (keys.as_mut_ptr(), values.as_mut_ptr()) };
        // SAFETY: as above; there is room for so many.
        unsafe { moonpool_lookhash(self.table, from, to.min(self.hash), keys, values, most) }
    }

    /// Whether it has this metatable.
    pub fn has_metatable(&self, metatable: *const c_void) -> bool {
        !self.metatable.is_null() && self.metatable == metatable
    }
}
