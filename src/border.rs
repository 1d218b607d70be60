//! The border to C: no panic crosses it.

use napi::sys;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Runs `work` for a callback of Node's. A panic in it is a bug of moonpool: Rust prints it, and the host hears of it as of
/// an exception that nobody caught, so that by default the process ends in an orderly way, and an `uncaughtException`
/// listener may decide otherwise.
///
/// # Safety
/// Called on the JS thread of `env`, inside a callback of Node's.
pub(super) unsafe fn guarded(env: sys::napi_env, work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_ok() {
        return;
    }
    let text = c"moonpool panicked; this is a bug of moonpool, and its runs may never settle";
    let (mut message, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: on the JS thread. When JS cannot be called any more, nothing happens.
    unsafe {
        let made = sys::napi_create_string_utf8(env, text.as_ptr(), text.count_bytes() as isize, &mut message)
            == sys::Status::napi_ok
            && sys::napi_create_error(env, ptr::null_mut(), message, &mut error) == sys::Status::napi_ok;
        if made {
            sys::napi_fatal_exception(env, error);
        }
    }
}

/// Runs `work` where nobody can be told: a panic in it is printed by Rust, and ends here.
pub(super) fn guarded_elsewhere(work: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(work));
}

#[cfg(test)]
mod tests {
    use super::guarded_elsewhere;

    #[test]
    fn a_panic_on_a_worker_ends_at_the_border() {
        guarded_elsewhere(|| panic!("a panic that a test wants"));
    }
}
