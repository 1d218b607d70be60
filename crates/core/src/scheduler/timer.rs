//! Sleeping scripts: tokio's timer on one thread of the process, which sleeps while nobody does.

use super::thread::spawn;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

/// A time that somebody waits for; dropping it takes it back.
pub(super) struct Timer(AbortHandle);

impl Timer {
    /// Calls `ring`, on the timer's thread, when `time` has passed.
    ///
    /// # Errors
    /// When the system refuses the thread; the next call asks for it again.
    pub(super) fn after(time: Duration, ring: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let task = runtime()?.spawn(async move {
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

/// The one runtime of the process, made when the first script sleeps. Holds no user's state.
fn runtime() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);
    let mut made = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*made {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    spawn("moonpool-timer", move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(made.insert(handle).clone())
}
