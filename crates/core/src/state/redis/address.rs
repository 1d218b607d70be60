//! Where a Redis server is, and what tells our keys on it from others. Refuses, without a word of what may be secret.

use redis::{ConnectionInfo, IntoConnectionInfo};
use std::time::Duration;

/// The longest prefix, in bytes.
const LONGEST_PREFIX: usize = 128;

/// A server.
pub(super) struct Address {
    info: ConnectionInfo,
    /// Its host and port.
    pub(super) name: String,
    /// What must not be shown: the password as it is, and as the URL has it.
    secrets: Vec<String>,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of the URL is in the sentence: if it is wrong, any part may belong to the password.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        const SHAPE: &str = "redis://[user[:password]@]host[:port][/database]";
        let wrong = |what: &str| Err(format!("the URL of Redis {what}; wanted: {SHAPE}, or rediss:// for TLS"));
        if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("has control characters or spaces");
        }
        if !["redis://", "rediss://"].iter().any(|scheme| url.starts_with(scheme)) {
            return wrong("does not begin with redis:// or rediss://");
        }
        let Some(parsed) = redis::parse_redis_url(url) else {
            return wrong("does not read. In a user's name and password, write / ? # [ ] @ : and % as %2F %3F ...");
        };
        if parsed.host_str().is_none_or(str::is_empty) {
            return wrong("names no host");
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return wrong("has a query or a fragment. In a password, write ? and # as %3F and %23");
        }
        let path = parsed.path().trim_start_matches('/');
        if !path.is_empty() && (path.parse::<u32>().is_err() || path.starts_with('+')) {
            return wrong("has a path that is no number of a database");
        }
        let port = parsed.port().unwrap_or(6379);
        let name = format!("{}:{port}", parsed.host_str().unwrap_or_default());
        let mut secrets: Vec<String> = parsed.password().map(str::to_owned).into_iter().collect();
        if url.starts_with("rediss://") {
            // Refused when somebody has chosen one before: then that one is used.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        // The host is not looked up here.
        let Ok(info) = parsed.into_connection_info() else { return wrong("does not read") };
        secrets.extend(info.redis_settings().password().map(str::to_owned));
        secrets.retain(|secret| !secret.is_empty());
        Ok(Self { info, name, secrets })
    }

    /// What the client connects to.
    pub(super) fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// What a server or a library said, as messages show it: one line, not long, without secrets.
    pub(super) fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(&**secret, "***");
        }
        let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        line.take(200).collect::<String>().trim().trim_end_matches('.').to_owned()
    }
}

/// Checks a prefix.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_prefix(prefix: &str) -> Result<(), String> {
    let wrong = |what: String| {
        Err(format!(
            "the prefix of keys in Redis {what}; wanted: 1 to {LONGEST_PREFIX} bytes without braces and control characters"
        ))
    };
    match prefix.len() {
        0 => wrong("is empty".to_owned()),
        len if len > LONGEST_PREFIX => wrong(format!("has {len} bytes")),
        _ if prefix.contains(['{', '}']) => wrong("has braces".to_owned()),
        _ if prefix.chars().any(char::is_control) => wrong("has control characters".to_owned()),
        _ => Ok(()),
    }
}

/// Checks a time.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_timeout(time: Duration) -> Result<(), String> {
    if time.is_zero() { Err("commandTimeout is 0; an operation needs some time".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_refused_by_what_is_wrong_and_nothing_of_it_is_shown() {
        for (url, what) in [
            ("http://:s3cret@host", "does not begin with"),
            ("unix:///s3cret", "does not begin with"),
            ("s3cret", "does not begin with"),
            ("", "does not begin with"),
            ("redis://", "names no host"),
            ("redis://:s3cret@", "does not read"),
            ("redis://host:s3cret/0", "does not read"),
            ("redis://host/s3cret", "path"),
            ("redis://host/1/s3cret", "path"),
            ("redis://host/-1", "path"),
            ("redis://host/+1", "path"),
            ("redis://host/99999999999", "path"),
            ("redis://:s3?cret@host", "does not read"),
            ("redis://host?s3cret=1", "query"),
            ("rediss://host#insecure", "fragment"),
            ("redis://host\n/s3cret", "control characters"),
            ("redis:// host", "control characters or spaces"),
        ] {
            let Err(text) = Address::new(url) else { panic!("{url} is taken") };
            assert!(text.contains(what), "{url}: {text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
        for url in
            ["redis://host", "redis://host/", "redis://u:p%40@host:1/15", "rediss://[::1]:7", "redis://:p@1.2.3.4"]
        {
            assert!(Address::new(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_shown_has_no_password_in_it() {
        let address = Address::new("redis://user:s3%40cret@host").expect("a good URL");
        assert_eq!(address.shown("no s3@cret and no s3%40cret\r\nhere."), "no *** and no ***  here");
    }

    #[test]
    fn a_wrong_prefix_is_refused_by_what_is_wrong() {
        let long = "x".repeat(129);
        for (prefix, what) in [
            ("", "is empty"),
            ("a{", "braces"),
            ("}", "braces"),
            ("a\n", "control"),
            ("\u{85}", "control"),
            (&long, "129"),
        ] {
            let refused = check_prefix(prefix).expect_err(prefix);
            assert!(refused.contains(what), "{refused}");
        }
        assert_eq!(check_prefix("moonpool:prod"), Ok(()));
    }
}
