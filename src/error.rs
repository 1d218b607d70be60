//! Errors: the one kind that our library raises, its stable codes, and the failure of a whole run.

use std::fmt;

/// What went wrong, as users see it in `LuaError.code` and scripts in `.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The source does not compile.
    Syntax,
    /// An uncaught Lua error.
    Runtime,
    /// `timeout` or `cpuTimeout` passed.
    Timeout,
    /// The heap limit was reached.
    Memory,
    /// More output than `maxOutput`.
    Output,
    /// A value that cannot cross to JavaScript.
    Result,
    /// State: the key belongs to another script.
    StateDenied,
    /// State: a key or value outside the rules.
    StateValue,
    /// State: the script's space is full.
    StateQuota,
    /// State: the store cannot be reached.
    StateUnavailable,
    /// A function of the host's failed.
    HostFunction,
    /// More time in the queue than `queueTimeout`: not run.
    QueueTimeout,
    /// The engine was closed: not run, or stopped.
    EngineClosed,
    /// A bug of ours, caught at the boundary.
    Internal,
}

impl Code {
    const ALL: [Self; 14] = [
        Self::Syntax,
        Self::Runtime,
        Self::Timeout,
        Self::Memory,
        Self::Output,
        Self::Result,
        Self::StateDenied,
        Self::StateValue,
        Self::StateQuota,
        Self::StateUnavailable,
        Self::HostFunction,
        Self::QueueTimeout,
        Self::EngineClosed,
        Self::Internal,
    ];

    /// The code with this string.
    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The stable string, as listed in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "ERR_LUA_SYNTAX",
            Self::Runtime => "ERR_LUA_RUNTIME",
            Self::Timeout => "ERR_LUA_TIMEOUT",
            Self::Memory => "ERR_LUA_MEMORY",
            Self::Output => "ERR_LUA_OUTPUT",
            Self::Result => "ERR_LUA_RESULT",
            Self::StateDenied => "ERR_STATE_DENIED",
            Self::StateValue => "ERR_STATE_VALUE",
            Self::StateQuota => "ERR_STATE_QUOTA",
            Self::StateUnavailable => "ERR_STATE_UNAVAILABLE",
            Self::HostFunction => "ERR_HOST_FUNCTION",
            Self::QueueTimeout => "ERR_QUEUE_TIMEOUT",
            Self::EngineClosed => "ERR_ENGINE_CLOSED",
            Self::Internal => "ERR_INTERNAL",
        }
    }
}

/// An error that our library raises. Inside Lua a script may catch it, unless the run is being killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One sentence that names the thing, what was wanted and what came.
    pub message: String,
    /// `chunk:line: `, where a script called the function that raised it; else empty.
    pub position: String,
    /// The host's number for the error of its own that this one stands for.
    pub cause: Option<u32>,
}

impl Error {
    /// An error without a position yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), position: String::new(), cause: None }
    }

    /// The same error, raised at `position`, unless it has one already.
    #[must_use]
    pub fn at(mut self, position: impl FnOnce() -> String) -> Self {
        if self.position.is_empty() {
            self.position = position();
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.position, self.message)
    }
}

impl std::error::Error for Error {}

/// Why a run did not end with a result: everything that `LuaError` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code and the message; the message of a Lua error begins with `chunk:line: `.
    pub error: Error,
    /// The chunk in which it happened, when known.
    pub chunk: Option<String>,
    /// The line in that chunk, from 1.
    pub line: Option<u32>,
    /// The Lua traceback, when Lua code was running.
    pub lua_stack: Option<String>,
    /// What was captured before.
    pub output: String,
    /// The thrown value as JSON text, when it was not a string and can cross.
    pub lua_value: Option<String>,
    /// Which limit passed, when the code is [`Code::Timeout`].
    pub limit: Option<&'static str>,
}

impl Failure {
    /// A failure of which nothing more is known than the error.
    pub fn new(error: Error) -> Self {
        Self { error, chunk: None, line: None, lua_stack: None, output: String::new(), lua_value: None, limit: None }
    }
}
