//! How many threads libuv's pool has: what `UV_THREADPOOL_SIZE` says, as libuv reads it when the pool starts.

use napi_derive::napi;
use std::env;
use std::sync::LazyLock;

const DEFAULT: u32 = 4;
const MOST: u32 = 1024;

/// The size of libuv's pool, as the environment says when this is first asked. To be asked on a JS thread, where nobody changes
/// the environment meanwhile.
#[cfg_attr(test, allow(dead_code, reason = "test programs register nothing with Node"))]
#[napi(catch_unwind)]
pub(super) fn thread_pool_size() -> u32 {
    static SIZE: LazyLock<u32> =
        LazyLock::new(|| env::var_os("UV_THREADPOOL_SIZE").map_or(DEFAULT, |size| read(size.as_encoded_bytes())));
    *SIZE
}

/// As libuv's `init_threads` does: by atoi, where what is no number counts as 0; then 0 means 1, and a negative number is a huge
/// unsigned one.
fn read(setting: &[u8]) -> u32 {
    let setting = setting.trim_ascii_start();
    let (is_negative, digits) = match setting {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0, |number: u32, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    if is_negative && number > 0 { MOST } else { number.clamp(1, MOST) }
}
