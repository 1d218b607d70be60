//! The reasons for which a run can be killed, as the flag of the VM carries them.

use super::Limits;
use crate::error::{Code, Error};
use moonpool_lua::Flag;

/// Why a run was killed. No Lua code can catch any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// The allocator refused: the heap limit.
    Memory,
    /// `timeout` passed.
    Timeout,
    /// `cpuTimeout` passed.
    CpuTimeout,
    /// More output than `maxOutput`.
    Output,
    /// A panic in our own code.
    Internal,
    /// The host stopped it.
    Stopped,
    /// `queueTimeout` passed before it began.
    QueueTimeout,
    /// All VMs together held more than `maxMemory`, and this one most of it.
    EngineMemory,
    /// All VMs of its id together held more than `perId.memory`, and this one most of it.
    IdMemory,
    /// A write to State that it depends on is lost.
    StateLost,
    /// The system refused memory.
    SystemMemory,
}

impl Kill {
    const ALL: [Self; 11] = [
        Self::Memory,
        Self::Timeout,
        Self::CpuTimeout,
        Self::Output,
        Self::Internal,
        Self::Stopped,
        Self::QueueTimeout,
        Self::EngineMemory,
        Self::IdMemory,
        Self::StateLost,
        Self::SystemMemory,
    ];

    /// The value of the flag.
    pub const fn reason(self) -> i32 {
        match self {
            Self::Memory => Flag::MEMORY,
            Self::Timeout => Flag::FIRST_REASON,
            Self::CpuTimeout => Flag::FIRST_REASON + 1,
            Self::Output => Flag::FIRST_REASON + 2,
            Self::Internal => Flag::FIRST_REASON + 3,
            Self::Stopped => Flag::FIRST_REASON + 4,
            Self::QueueTimeout => Flag::FIRST_REASON + 5,
            Self::EngineMemory => Flag::FIRST_REASON + 6,
            Self::StateLost => Flag::FIRST_REASON + 7,
            Self::SystemMemory => Flag::FIRST_REASON + 8,
            Self::IdMemory => Flag::FIRST_REASON + 9,
        }
    }

    /// What the flag says, if it says that the run is to die.
    pub fn of(flag: &Flag) -> Option<Self> {
        let reason = flag.killed()?;
        Some(Self::of_reason(reason).unwrap_or(Self::Internal))
    }

    /// The one with this value of the flag.
    pub(crate) fn of_reason(reason: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kill| kill.reason() == reason)
    }

    /// The option that is the limit, if it was one.
    pub const fn limit(self) -> Option<&'static str> {
        match self {
            Self::Memory => Some("memoryLimit"),
            Self::EngineMemory => Some("maxMemory"),
            Self::IdMemory => Some("perId.memory"),
            Self::Timeout => Some("timeout"),
            Self::CpuTimeout => Some("cpuTimeout"),
            Self::Output => Some("maxOutput"),
            Self::QueueTimeout => Some("queueTimeout"),
            Self::SystemMemory | Self::Internal | Self::Stopped | Self::StateLost => None,
        }
    }

    /// The error that the caller gets.
    pub fn error(self, limits: &Limits) -> Error {
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
        let error = match self {
            Self::Memory => Error::new(
                Code::Memory,
                format!("the script needs more memory than its memoryLimit of {} bytes", limits.memory),
            ),
            Self::Timeout => Error::new(
                Code::Timeout,
                format!("the script ran longer than its timeout of {} ms", ms(limits.timeout)),
            ),
            Self::CpuTimeout => Error::new(
                Code::Timeout,
                format!(
                    "the script executed longer than its cpuTimeout of {} ms",
                    ms(limits.cpu_timeout.unwrap_or_default())
                ),
            ),
            Self::Output => {
                Error::new(Code::Output, format!("the script wrote more than its maxOutput of {} bytes", limits.output))
            }
            Self::Stopped => Error::new(Code::EngineClosed, "the engine was closed before the run was done"),
            Self::QueueTimeout => Error::new(
                Code::QueueTimeout,
                format!(
                    "the run waited for its turn longer than its queueTimeout of {} ms; nothing was run",
                    ms(limits.queue_timeout.unwrap_or_default())
                ),
            ),
            Self::EngineMemory => Error::new(
                Code::Memory,
                "all VMs of the engine together needed more than its maxMemory, and of the id that held most, this one \
                 held most",
            ),
            Self::IdMemory => Error::new(
                Code::Memory,
                "all VMs of this id together needed more than its perId.memory, and this one held most",
            ),
            Self::StateLost => Error::new(
                Code::StateUnavailable,
                "State that the script wrote, or read, is lost: the store could not keep it",
            ),
            Self::SystemMemory => Error::new(
                Code::Memory,
                format!(
                    "the system has no memory left for the script, which is within its memoryLimit of {} bytes",
                    limits.memory
                ),
            ),
            Self::Internal => Error::new(Code::Internal, "moonpool failed inside this run; this is a bug of moonpool"),
        };
        Error { limit: self.limit(), ..error }
    }
}
