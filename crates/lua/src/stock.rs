//! Unedited Lua 5.4.9 in the same process, to compare answers and speed with.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

// SAFETY: none needed for declarations; the calls below state theirs.
unsafe extern "C" {
    fn moonpool_stock_run(
        source: *const c_char,
        size: usize,
        name: *const c_char,
        cpu_ms: c_int,
        text: *mut *mut c_char,
        len: *mut usize,
    ) -> c_int;
    fn moonpool_stock_free(text: *mut c_char);
}

/// What a chunk did in unedited Lua.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it ended without an error.
    pub ok: bool,
    /// What it printed; then, when it failed, the error's text.
    pub text: Vec<u8>,
}

/// Runs a chunk in a new unedited VM with every standard library: only for trusted sources.
///
/// `cpu_ms` above 0 ends ordinary Lua loops after that much CPU time of this process, with an error.
///
/// # Panics
/// When `name` holds a NUL.
pub fn run(source: &[u8], name: &str, cpu_ms: i32) -> Answer {
    let name = CString::new(name).expect("a chunk name holds no NUL");
    let (mut text, mut len) = (ptr::null_mut(), 0);
    // SAFETY: the buffers are valid for the call; C copies what it keeps. The result is a malloc'd
    // block of `len` bytes (or null), read once and freed.
    unsafe {
        let status =
            moonpool_stock_run(source.as_ptr().cast(), source.len(), name.as_ptr(), cpu_ms, &mut text, &mut len);
        let bytes = if text.is_null() { Vec::new() } else { std::slice::from_raw_parts(text.cast(), len).to_vec() };
        moonpool_stock_free(text);
        Answer { ok: status == 0, text: bytes }
    }
}
