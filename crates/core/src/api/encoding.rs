//! `base64` and `hex`: bytes as text and back, as RFC 4648 has them.

use super::Named;
use super::bytes::{self, Recode};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, DecodeKind, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use std::ptr;

const BASE64: &[Named] = &[(c"encode", base64_encode), (c"decode", base64_decode)];
const HEX: &[Named] = &[(c"encode", hex_encode), (c"decode", hex_decode)];

/// Sets the global `base64`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install_base64(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, BASE64);
        super::set_library(state, c"base64");
    }
}

/// Sets the global `hex`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install_hex(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, HEX);
        super::set_library(state, c"hex");
    }
}

struct Encode(Encoding);

impl Recode for Encode {
    fn size(&self, piece: &[u8]) -> usize {
        self.0.encode_len(piece.len())
    }

    fn recode(&self, piece: &[u8], room: &mut [u8]) -> Result<usize, usize> {
        self.0.encode_mut(piece, room);
        Ok(room.len())
    }
}

struct Decode(Encoding);

impl Recode for Decode {
    fn size(&self, piece: &[u8]) -> usize {
        // A length that cannot be is found when it is decoded.
        self.0.decode_len(piece.len()).unwrap_or(piece.len())
    }

    fn recode(&self, piece: &[u8], room: &mut [u8]) -> Result<usize, usize> {
        match self.0.decode_len(piece.len()) {
            Ok(size) => self.0.decode_mut(piece, &mut room[..size]).map_err(|partial| match partial.error.kind {
                // What is left of a last group is at its end.
                DecodeKind::Length | DecodeKind::Trailing => piece.len() - 1,
                _ => partial.error.position,
            }),
            // One digit is left over, if what is before it is right.
            Err(_) => self.recode(&piece[..piece.len() - 1], room).and(Err(piece.len() - 1)),
        }
    }
}

/// Whether the second argument asks for the alphabet of URLs.
///
/// # Safety
/// As [`bytes::check`].
unsafe fn is_for_urls(state: *mut ffi::lua_State) -> bool {
    let names = [c"standard".as_ptr(), c"url".as_ptr(), ptr::null()];
    // SAFETY: as the caller; the names end with a null.
    unsafe { ffi::luaL_checkoption(state, 2, c"standard".as_ptr(), names.as_ptr()) == 1 }
}

unsafe extern "C-unwind" fn base64_encode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state. The text is an argument; nothing in this frame has a destructor.
    unsafe {
        let text = bytes::check(state, 1);
        let encoding = if is_for_urls(state) { BASE64URL_NOPAD } else { data_encoding::BASE64 };
        encode(state, text, encoding)
    }
}

unsafe extern "C-unwind" fn base64_decode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `base64_encode`.
    unsafe {
        let text = bytes::check(state, 1);
        let encoding = if is_for_urls(state) { BASE64URL_NOPAD } else { BASE64_NOPAD };
        // The padding is all there, or left out.
        let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
        if digits.len() < text.len() && text.len() % 4 != 0 {
            return bytes::nothing(state, c"base64: the text has a wrong length");
        }
        decode(state, digits, encoding, c"base64")
    }
}

unsafe extern "C-unwind" fn hex_encode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `base64_encode`.
    unsafe {
        let text = bytes::check(state, 1);
        encode(state, text, HEXLOWER)
    }
}

unsafe extern "C-unwind" fn hex_decode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `base64_encode`.
    unsafe {
        let text = bytes::check(state, 1);
        if text.len() % 2 != 0 {
            return bytes::nothing(state, c"hex: the text has an odd length");
        }
        decode(state, text, HEXLOWER_PERMISSIVE, c"hex")
    }
}

/// # Safety
/// As [`bytes::recode`].
unsafe fn encode(state: *mut ffi::lua_State, text: &[u8], encoding: Encoding) -> c_int {
    // SAFETY: as the caller.
    unsafe {
        // Nothing that can be encoded is refused.
        let _ = bytes::recode(state, text, encoding.encode_len(text.len()), &Encode(encoding));
    }
    1
}

/// # Safety
/// As [`bytes::recode`].
unsafe fn decode(state: *mut ffi::lua_State, text: &[u8], encoding: Encoding, library: &CStr) -> c_int {
    let size = decoded_size(&encoding, text.len());
    // SAFETY: as the caller.
    unsafe {
        match bytes::recode(state, text, size, &Decode(encoding)) {
            Ok(()) => 1,
            Err(at) => refused(state, library, at),
        }
    }
}

fn decoded_size(encoding: &Encoding, len: usize) -> usize {
    encoding.decode_len(len).unwrap_or(len)
}

/// Returns nil, and which byte of the text is wrong.
///
/// # Safety
/// As [`bytes::nothing`].
unsafe fn refused(state: *mut ffi::lua_State, library: &CStr, at: usize) -> c_int {
    // SAFETY: as the caller; the format fits its arguments.
    unsafe {
        ffi::lua_pushnil(state);
        ffi::lua_pushfstring(
            state,
            c"%s: the text is wrong at byte %I".as_ptr(),
            library.as_ptr(),
            at as ffi::lua_Integer + 1,
        );
    }
    2
}
