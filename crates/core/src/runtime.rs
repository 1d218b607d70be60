//! Tokio runtimes, each on one thread of the process that sleeps while there is nothing to do.

use std::io;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle};

/// A runtime of the process, made when it is first asked for, which then stays. Holds no user's state.
pub(crate) struct Runtime {
    /// The name of its thread.
    name: &'static str,
    made: Mutex<Option<Handle>>,
}

impl Runtime {
    /// One whose thread has this name.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, made: Mutex::new(None) }
    }

    /// The runtime, as `build` makes it.
    ///
    /// # Errors
    /// When the system refuses the thread; the next call asks for it again.
    pub(crate) fn get(&self, build: impl FnOnce(&mut Builder) -> &mut Builder) -> io::Result<Handle> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*made {
            return Ok(handle.clone());
        }
        let runtime = build(&mut Builder::new_current_thread()).build()?;
        let handle = runtime.handle().clone();
        let forever = move || runtime.block_on(std::future::pending::<()>());
        std::thread::Builder::new().name(self.name.to_owned()).spawn(forever)?;
        Ok(made.insert(handle).clone())
    }
}
