//! What one run may use.

use std::time::Duration;

/// What one run may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Wall time from the start of execution.
    pub timeout: Duration,
    /// Time of execution on a worker thread, waits not counted; `None` for no such limit.
    pub cpu_timeout: Option<Duration>,
    /// Time in the queue, before execution; `None` for no such limit.
    pub queue_timeout: Option<Duration>,
    /// Bytes of Lua heap, and of what the host holds for the script; at least [`Limits::MIN_MEMORY`].
    pub memory: usize,
    /// Bytes of captured output.
    pub output: usize,
    /// Values and keys that JavaScript is given at once: of results, and of arguments of a host function.
    pub nodes: usize,
}

impl Limits {
    /// The smallest memory limit: room for the libraries and a small script.
    pub const MIN_MEMORY: usize = 1 << 20;

    /// Bytes of source, by default. Checked before a run is submitted.
    pub const SOURCE: usize = 1 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            cpu_timeout: None,
            queue_timeout: None,
            memory: 64 << 20,
            output: 1 << 20,
            nodes: 1_000_000,
        }
    }
}
