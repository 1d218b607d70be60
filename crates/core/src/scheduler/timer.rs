//! Sleeping scripts: tokio's timer on one thread of the process, which sleeps while nobody does.

use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

/// A time that somebody waits for; dropping it takes it back.
pub(super) struct Timer(AbortHandle);

impl Timer {
    /// Calls `ring`, on the timer's thread, when `time` has passed.
    pub(super) fn after(time: Duration, ring: impl FnOnce() + Send + 'static) -> Self {
        let task = runtime().spawn(async move {
            tokio::time::sleep(time).await;
            ring();
        });
        Self(task.abort_handle())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The one runtime of the process, made when the first script sleeps. Holds no user's state.
fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_time().build().expect("the system has room for a timer");
        let handle = runtime.handle().clone();
        let thread = std::thread::Builder::new().name("moonpool-timer".into());
        thread
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .expect("the system has room for one thread");
        handle
    })
}
