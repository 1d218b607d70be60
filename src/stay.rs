//! The addon stays in memory once it is loaded. Node unloads it when the last worker thread that loaded it ends, but the
//! threads of the watchdog and of the timer live as long as the process, in its code.

use std::ffi::c_void;

/// Asks the system not to unload the addon. Should it refuse, nothing else is to be done.
pub(super) fn stay_loaded() {
    pin((stay_loaded as fn()) as *const c_void);
}

/// By opening it once more, and never closing that.
#[cfg(unix)]
fn pin(within: *const c_void) {
    // SAFETY: all its fields may be zero.
    let mut addon: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: the address is that of a function; the name that is found lives as long as the addon is loaded. Nothing is
    // loaded that is not there already.
    unsafe {
        if libc::dladdr(within, &mut addon) != 0 {
            libc::dlopen(addon.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}

#[cfg(windows)]
fn pin(within: *const c_void) {
    /// Until the process ends.
    const PIN: u32 = 1;
    /// The name is no name, but an address in the module.
    const FROM_ADDRESS: u32 = 4;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, name: *const u16, module: *mut *mut c_void) -> i32;
    }
    let mut module = std::ptr::null_mut();
    // SAFETY: the address is that of a function of the addon, and the handle has a place to go.
    unsafe { GetModuleHandleExW(PIN | FROM_ADDRESS, within.cast(), &mut module) };
}

#[cfg(not(any(unix, windows)))]
fn pin(_within: *const c_void) {}
