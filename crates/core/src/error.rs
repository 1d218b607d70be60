//! Errors: the one kind that our library raises, its stable codes, and the failure of a whole run.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Makes the enum of codes, so that each code is written down once.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What went wrong, as users see it in `LuaError.code` and scripts in `.code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable string, as listed in the documentation.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The source does not compile.
    Syntax = "ERR_LUA_SYNTAX",
    /// An uncaught Lua error.
    Runtime = "ERR_LUA_RUNTIME",
    /// `timeout` or `cpuTimeout` passed.
    Timeout = "ERR_LUA_TIMEOUT",
    /// The heap limit was reached.
    Memory = "ERR_LUA_MEMORY",
    /// More output than `maxOutput`.
    Output = "ERR_LUA_OUTPUT",
    /// A value that cannot cross to JavaScript.
    Result = "ERR_LUA_RESULT",
    /// State: the key belongs to another script.
    StateDenied = "ERR_STATE_DENIED",
    /// State: a key or value outside the rules.
    StateValue = "ERR_STATE_VALUE",
    /// State: the script's space is full.
    StateQuota = "ERR_STATE_QUOTA",
    /// State: the store cannot be reached.
    StateUnavailable = "ERR_STATE_UNAVAILABLE",
    /// A host function failed.
    HostFunction = "ERR_HOST_FUNCTION",
    /// There is no script of this name.
    ScriptUnknown = "ERR_SCRIPT_UNKNOWN",
    /// The script may not be called by this id.
    ScriptDenied = "ERR_SCRIPT_DENIED",
    /// The queue is full: not run.
    QueueFull = "ERR_QUEUE_FULL",
    /// More of an id than one of its limits in `perId` allows: not run.
    Quota = "ERR_QUOTA",
    /// More time in the queue than `queueTimeout`: not run.
    QueueTimeout = "ERR_QUEUE_TIMEOUT",
    /// The context is closed, or was ended by a run that was stopped: not run.
    ContextClosed = "ERR_CONTEXT_CLOSED",
    /// A run in the context waits for the host function that makes this call: not run.
    ContextBusy = "ERR_CONTEXT_BUSY",
    /// The engine was closed: not run, or stopped.
    EngineClosed = "ERR_ENGINE_CLOSED",
    /// The system refused something that a run needs, such as a thread: not run.
    System = "ERR_SYSTEM",
    /// A bug of ours, caught at the boundary.
    Internal = "ERR_INTERNAL",
}

impl Code {
    /// The option that is the limit, where there is but one for the code.
    const fn limit(self) -> Option<&'static str> {
        match self {
            Self::Output => Some("maxOutput"),
            Self::StateQuota => Some("stateQuota"),
            Self::QueueFull => Some("maxQueue"),
            Self::Quota => Some("maxQueued"),
            Self::QueueTimeout => Some("queueTimeout"),
            _ => None,
        }
    }

    /// The code with this string.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
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
    /// The option that is the limit, if one was met.
    pub limit: Option<&'static str>,
    /// After how long trying again may help, where that can be said.
    pub retry_after: Option<Duration>,
    /// What the host shows of an error of its own.
    pub shown: Option<Box<Shown>>,
}

/// What scripts see of an error of the host's, beside its message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What it has as `.code`, in place of ours.
    pub code: Option<String>,
    /// What it has as `.details`: a list of one value, as the bytes that cross.
    pub details: Option<Vec<u8>>,
}

impl Error {
    /// An error without a position yet.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            position: String::new(),
            cause: None,
            limit: code.limit(),
            shown: None,
            retry_after: None,
        }
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

/// The longest piece of a script's own text that a message of ours shows, in bytes.
const LONGEST_QUOTE: usize = 60;

/// A piece of a script's own text as messages show it: its beginning, when it is long. Costs no more than that.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_QUOTE {
        return Cow::Borrowed(text);
    }
    let end = (0..=LONGEST_QUOTE).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    Cow::Owned(format!("{}...", &text[..end]))
}

/// As [`quoted`], of bytes; what is not UTF-8 becomes U+FFFD.
pub(crate) fn quoted_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.len() <= LONGEST_QUOTE {
        return String::from_utf8_lossy(bytes);
    }
    // A character that is cut in two is left out.
    let end = (LONGEST_QUOTE - 3..=LONGEST_QUOTE).rev().find(|&end| bytes[end] & 0xC0 != 0x80).unwrap_or(LONGEST_QUOTE);
    Cow::Owned(format!("{}...", String::from_utf8_lossy(&bytes[..end])))
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
    /// The option that is the limit, if one was met.
    pub limit: Option<&'static str>,
}

impl Failure {
    /// A failure of which nothing more is known than the error.
    pub fn new(error: Error) -> Self {
        let limit = error.limit;
        Self { error, chunk: None, line: None, lua_stack: None, output: String::new(), lua_value: None, limit }
    }
}
