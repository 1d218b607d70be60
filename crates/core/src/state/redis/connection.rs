//! A connection to a server that can do what we need: known password, new enough, ready, with our scripts.

use super::address::Address;
use super::scripts;
use super::trouble::{Then, Trouble};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, Pipeline, RedisError, Value};
use std::time::Duration;

/// The oldest version of Redis: `ZADD GT` and what scripts may read are as old.
const OLDEST: (u32, u32) = (6, 2);

/// Connects, within `time`.
///
/// # Errors
/// Why that is not possible: [`Then::Never`] when it will not be the next time either.
pub(super) async fn connect(address: &Address, time: Duration) -> Result<MultiplexedConnection, Trouble> {
    match tokio::time::timeout(time, greet(address)).await {
        Ok(greeted) => greeted,
        Err(_) => {
            let ms = time.as_millis();
            Err(Trouble::new(Then::Again, format!("{} did not answer like Redis within {ms} ms", address.name)))
        }
    }
}

async fn greet(address: &Address) -> Result<MultiplexedConnection, Trouble> {
    let client = Client::open(address.info()).map_err(|error| refused(address, &error))?;
    // Each operation has its own time; and what waits is bounded before it comes here.
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    let mut connection = connection.map_err(|error| refused(address, &error))?;
    let hello = connection.send_packed_command(&redis::cmd("HELLO")).await;
    check_version(address, hello.map_err(|error| refused(address, &error))?)?;
    let mut load = Pipeline::new();
    for command in scripts::load() {
        load.add_command(command);
    }
    for answer in
        connection.send_packed_commands(&load, 0, load.len()).await.map_err(|error| refused(address, &error))?
    {
        if let Value::ServerError(error) = answer {
            return Err(Trouble::refused(address, &error));
        }
    }
    Ok(connection)
}

/// Why a server cannot be connected to.
fn refused(address: &Address, error: &RedisError) -> Trouble {
    let said = address.shown(&error.to_string());
    let server = &address.name;
    match error.kind() {
        ErrorKind::AuthenticationFailed => {
            Trouble::new(Then::Never, format!("{server} does not take the user and password of the URL ({said})"))
        }
        ErrorKind::Parse => Trouble::new(Then::Never, format!("{server} does not answer like Redis ({said})")),
        ErrorKind::Io => Trouble::new(Then::Again, format!("{server} cannot be reached ({said})")),
        ErrorKind::InvalidClientConfig => {
            Trouble::new(Then::Never, format!("{server} cannot be connected to ({said})"))
        }
        _ => {
            let then = match error.code() {
                Some("LOADING" | "BUSY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN") => Then::Again,
                _ => Then::Never,
            };
            Trouble::new(then, format!("{server} refused the connection ({said})"))
        }
    }
}

/// Whether a server is new enough, by its answer to HELLO.
fn check_version(address: &Address, hello: Value) -> Result<(), Trouble> {
    let pairs: Vec<(Value, Value)> = match hello {
        Value::ServerError(error) if error.code() != "ERR" => return Err(Trouble::refused(address, &error)),
        Value::Map(pairs) => pairs,
        Value::Array(list) => {
            let mut list = list.into_iter();
            std::iter::from_fn(|| Some((list.next()?, list.next()?))).collect()
        }
        // Before 6.0 there was no HELLO.
        _ => Vec::new(),
    };
    let version = pairs.iter().find(|(name, _)| text(name) == Some("version")).and_then(|(_, version)| text(version));
    let mut parts = version.unwrap_or_default().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= OLDEST {
        return Ok(());
    }
    let version = address.shown(version.unwrap_or("older than 6.0"));
    let (major, minor) = OLDEST;
    let reason = format!("{} is too old: Redis {major}.{minor} or later is needed, and it is {version}", address.name);
    Err(Trouble::new(Then::Never, reason))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
