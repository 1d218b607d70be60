//! `crypto`: hashes, HMAC, random bytes, UUIDs, and a comparison that tells nothing by its time.

use super::{Named, bytes};
use crate::bridge::direct::{self, Direct};
use crate::error::Error;
use data_encoding::HEXLOWER;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use md5::Md5;
use moonpool_lua::ffi;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};
use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::{ptr, slice};
use subtle::ConstantTimeEq;

const FUNCTIONS: &[Named] = &[
    (c"md5", hash::<Md5>),
    (c"sha1", hash::<Sha1>),
    (c"sha256", hash::<Sha256>),
    (c"sha512", hash::<Sha512>),
    (c"hmac", hmac),
    (c"random", random),
    (c"uuid", uuid),
    (c"uuid7", uuid7),
    (c"equal", equal),
];

/// The most random bytes at once.
const MOST_RANDOM: usize = 1 << 20;

/// Sets the global `crypto`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"crypto");
    }
}

/// What a hash gives: 64 bytes at most.
#[derive(Clone, Copy)]
struct Output {
    bytes: [u8; 64],
    len: usize,
}

impl Output {
    fn of(given: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes[..given.len()].copy_from_slice(given);
        Self { bytes, len: given.len() }
    }
}

/// # Safety
/// As [`bytes::push`].
unsafe fn push(state: *mut ffi::lua_State, output: &Output) -> c_int {
    // SAFETY: as the caller.
    unsafe { bytes::push(state, &output.bytes[..output.len]) }
    1
}

unsafe extern "C-unwind" fn hash<D: Digest>(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state. The text is an argument; nothing in this frame has a destructor.
    unsafe {
        let text = bytes::check(state, 1);
        let output = direct::work(state, |direct| {
            let mut hasher = D::new();
            in_pieces(direct, text, |piece| hasher.update(piece))?;
            Ok(Output::of(&hasher.finalize()))
        });
        push(state, &output)
    }
}

fn in_pieces(direct: &Direct, text: &[u8], mut with: impl FnMut(&[u8])) -> Result<(), Error> {
    for piece in text.chunks(bytes::PIECE) {
        direct.budget().check()?;
        with(piece);
    }
    Ok(())
}

const ALGORITHMS: [&CStr; 4] = [c"md5", c"sha1", c"sha256", c"sha512"];

unsafe extern "C-unwind" fn hmac(state: *mut ffi::lua_State) -> c_int {
    let [a, b, c, d] = ALGORITHMS.map(CStr::as_ptr);
    let names: [*const c_char; 5] = [a, b, c, d, ptr::null()];
    // SAFETY: as `hash`; the names end with a null.
    unsafe {
        let algorithm = ffi::luaL_checkoption(state, 1, ptr::null(), names.as_ptr());
        let (key, text) = (bytes::check(state, 2), bytes::check(state, 3));
        let output = direct::work(state, |direct| match algorithm {
            0 => authenticate::<Md5>(direct, key, text),
            1 => authenticate::<Sha1>(direct, key, text),
            2 => authenticate::<Sha256>(direct, key, text),
            _ => authenticate::<Sha512>(direct, key, text),
        });
        push(state, &output)
    }
}

fn authenticate<D: Digest + EagerHash>(direct: &Direct, key: &[u8], text: &[u8]) -> Result<Output, Error> {
    // A key that is longer than a block stands for its hash, which is made here, in pieces.
    let mut short = D::new();
    let is_long = key.len() > bytes::PIECE;
    if is_long {
        in_pieces(direct, key, |piece| short.update(piece))?;
    }
    let short = short.finalize();
    let key = if is_long { &short[..] } else { key };
    let mut mac = Hmac::<D>::new_from_slice(key).expect("a key has any length");
    in_pieces(direct, text, |piece| mac.update(piece))?;
    Ok(Output::of(&mac.finalize().into_bytes()))
}

unsafe extern "C-unwind" fn random(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `hash`. The buffer has room for so many bytes, and stays where it is.
    unsafe {
        let count = ffi::luaL_checkinteger(state, 1);
        let Some(count) = usize::try_from(count).ok().filter(|&count| count <= MOST_RANDOM) else {
            return ffi::luaL_argerror(state, 1, c"from 0 to 1048576 bytes expected".as_ptr());
        };
        let mut buffer = MaybeUninit::<ffi::luaL_Buffer>::uninit();
        let room = ffi::luaL_buffinitsize(state, buffer.as_mut_ptr(), count).cast::<u8>();
        room.write_bytes(0, count);
        let room = slice::from_raw_parts_mut(room, count);
        direct::work(state, |direct| {
            for piece in room.chunks_mut(bytes::PIECE) {
                direct.budget().check()?;
                direct.context.random(piece);
            }
            Ok(())
        });
        ffi::luaL_pushresultsize(buffer.as_mut_ptr(), count);
    }
    1
}

unsafe extern "C-unwind" fn uuid(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `hash`.
    unsafe {
        let text = direct::work(state, |direct| {
            let mut random = [0; 16];
            direct.context.random(&mut random);
            Ok(shown(version(random, 4)))
        });
        bytes::push(state, &text);
    }
    1
}

unsafe extern "C-unwind" fn uuid7(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `hash`.
    unsafe {
        let text = direct::work(state, |direct| Ok(shown(timed(direct.context.next_in_order()))));
        bytes::push(state, &text);
    }
    1
}

/// A UUID of version 7, of a time and what is random behind it, as [`Context::next_in_order`] has them: later ones sort
/// behind.
///
/// [`Context::next_in_order`]: crate::bridge::Context::next_in_order
fn timed(order: u128) -> [u8; 16] {
    const BEHIND: u128 = (1 << 62) - 1;
    let bits = order >> 74 << 80 | (order >> 62 & 0xfff) << 64 | order & BEHIND;
    version(bits.to_be_bytes(), 7)
}

/// Marks 16 bytes as a UUID of this version, as RFC 9562 has it.
fn version(mut bytes: [u8; 16], version: u8) -> [u8; 16] {
    bytes[6] = version << 4 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    bytes
}

/// Where the digits of a UUID's text stand, between dashes.
const DIGITS: [Range<usize>; 5] = [0..8, 9..13, 14..18, 19..23, 24..36];

fn shown(uuid: [u8; 16]) -> [u8; 36] {
    let mut digits = [0; 32];
    HEXLOWER.encode_mut(&uuid, &mut digits);
    let (mut text, mut left) = ([b'-'; 36], &digits[..]);
    for place in DIGITS {
        let (digits, rest) = left.split_at(place.len());
        text[place].copy_from_slice(digits);
        left = rest;
    }
    text
}

unsafe extern "C-unwind" fn equal(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `hash`.
    unsafe {
        let (a, b) = (bytes::check(state, 1), bytes::check(state, 2));
        let is_equal = a.len() == b.len()
            && direct::work(state, |direct| {
                let mut pieces = b.chunks(bytes::PIECE);
                let mut all = subtle::Choice::from(1);
                in_pieces(direct, a, |piece| all &= piece.ct_eq(pieces.next().unwrap_or_default()))?;
                Ok(bool::from(all))
            });
        ffi::lua_pushboolean(state, is_equal.into());
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9562, A.6, and that of a version 4 in A.3.
    #[test]
    fn uuids_are_those_of_the_rfc() {
        let uuid = shown(timed(0x017f_22e2_79b0 << 74 | 0xcc3 << 62 | 0x18c4_dc0c_0c07_398f));
        assert_eq!(&uuid, b"017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        let random = 0x919108f7_52d1_3320_5bac_f847db4148a8_u128.to_be_bytes();
        assert_eq!(&shown(version(random, 4)), b"919108f7-52d1-4320-9bac-f847db4148a8");
    }
}
