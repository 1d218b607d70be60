//! Threads of the process's own, which the system may refuse.

use crate::error::{Code, Error};
use std::io;

/// Starts a thread of this name, which never ends.
///
/// # Errors
/// When the system refuses it.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Why a run cannot begin for which the system refused a thread.
pub(super) fn refused(reason: &io::Error) -> Error {
    let message =
        format!("the system refused a thread, which moonpool needs for time limits ({reason}); nothing was run");
    Error::new(Code::System, message)
}
