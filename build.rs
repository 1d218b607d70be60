//! Link flags for the addon.

fn main() {
    napi_build::setup();
    // Node unloads an addon when the last worker thread that loaded it ends, but the watchdog
    // thread lives as long as the process: keep its code mapped.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
