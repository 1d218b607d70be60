//! What can go wrong with a server, and what that means for what was asked.

use super::address::Address;
use redis::ServerError;
use std::io;

/// Why a server did not do what it was asked.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// The reason, as a sentence without its end.
    pub(super) reason: String,
    pub(super) then: Then,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The server has done nothing, and may do it soon.
    Again,
    /// The server has done nothing and may do it soon; or, more likely, another one at the same address.
    AgainElsewhere,
    /// The server has done nothing, and will not.
    Never,
    /// Nobody knows whether the server has done it.
    Unknown,
}

impl Trouble {
    pub(super) fn new(then: Then, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), then }
    }

    /// What a server's refusal of one command means. Our scripts refuse nothing after their first write, and Redis refuses
    /// nothing of a script that has written: so nothing was done.
    pub(super) fn refused(address: &Address, error: &ServerError) -> Self {
        let code = error.code();
        let said = address.shown(&format!("{code} {}", error.details().unwrap_or_default()));
        let server = &address.name;
        let (then, what) = match code {
            "LOADING" => (Then::Again, "is loading its data"),
            "BUSY" => (Then::Again, "executes another script for too long"),
            "TRYAGAIN" | "CLUSTERDOWN" => (Then::Again, "is a cluster that is not ready"),
            "READONLY" => (Then::AgainElsewhere, "is a replica, which cannot be written to"),
            "MASTERDOWN" => (Then::AgainElsewhere, "is a replica without its master"),
            "OOM" => (Then::Never, "has no memory left, by its maxmemory"),
            "MISCONF" => (Then::Never, "takes no writes because it cannot save them"),
            "NOREPLICAS" => (Then::Again, "has too few replicas to take writes"),
            "NOAUTH" => (Then::Never, "wants a password"),
            "NOPERM" => (Then::Never, "does not allow this to the user"),
            "MOVED" | "ASK" => {
                (Then::Never, "is one node of a cluster, and the key is on another. Give the address of a proxy")
            }
            "WRONGTYPE" => (Then::Never, "has something else under a key of this prefix"),
            _ => (Then::Never, "refused"),
        };
        Self::new(then, format!("the server at {server} {what} ({said})"))
    }

    /// Why the connection is of no more use.
    pub(super) fn lost(address: &Address, error: &io::Error) -> Self {
        let said = address.shown(&error.to_string());
        Self::new(Then::Unknown, format!("the connection to {} was lost ({said})", address.name))
    }
}
