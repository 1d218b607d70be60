//! Sleeping scripts: tokio's timer on one thread of the process, which sleeps while nobody does.

use crate::runtime::Runtime;
use std::io;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::task::AbortHandle;

/// Made when the first script sleeps.
static RUNTIME: Runtime = Runtime::new("moonpool-timer");

/// A time that somebody waits for; dropping it takes it back.
pub(super) struct Timer(AbortHandle);

impl Timer {
    /// Calls `ring`, on the timer's thread, when `time` has passed.
    ///
    /// # Errors
    /// When the system refuses the thread; the next call asks for it again.
    pub(super) fn after(time: Duration, ring: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let task = RUNTIME.get(Builder::enable_time)?.spawn(async move {
            tokio::time::sleep(time).await;
            ring();
        });
        Ok(Self(task.abort_handle()))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}
