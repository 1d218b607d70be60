//! Reads a database from outside, as any other program may: without a store, and without a change to any file.

use super::{beside, schema};
use crate::state::{now, space};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// What an owner has in a database.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredOwner {
    /// Whose it is.
    pub owner: String,
    /// How many entries have not expired.
    pub entries: u64,
    /// Their bytes, as a quota counts them.
    pub bytes: u64,
}

/// An entry in a database.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its key.
    pub key: String,
    /// Its value, as JSON.
    pub value: String,
    /// When it expires, in ms since 1970.
    pub expires: Option<i64>,
}

/// A page of entries ends after so many bytes.
const PAGE: usize = 4 << 20;

/// Up to `limit` owners behind `after` that have something, in byte order.
///
/// # Errors
/// Why the file cannot be read, as a sentence that names it.
pub fn stored_owners(path: &Path, after: &str, limit: u32) -> Result<Vec<StoredOwner>, String> {
    read(path, |connection| {
        let mut statement = connection.prepare(
            "SELECT owner, count(*), sum(octet_length(key) + octet_length(value) + ?4) FROM entries \
             WHERE owner > ?1 AND (expires IS NULL OR expires > ?2) GROUP BY owner ORDER BY owner LIMIT ?3",
        )?;
        let rows = statement.query_map(params![after, time(), limit, space::ENTRY as i64], |row| {
            let count = |column| row.get::<_, i64>(column).map(|count| u64::try_from(count).unwrap_or(0));
            Ok(StoredOwner { owner: row.get(0)?, entries: count(1)?, bytes: count(2)? })
        })?;
        rows.collect()
    })
}

/// Entries of an owner whose keys begin with `prefix` and stand behind `after`, in byte order: up to `limit` of
/// them, fewer when they are long, and none only when there are no more.
///
/// # Errors
/// As [`stored_owners`].
pub fn stored_entries(
    path: &Path,
    owner: &str,
    prefix: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<StoredEntry>, String> {
    read(path, |connection| {
        let mut statement = connection.prepare(
            "SELECT key, value, expires FROM entries WHERE owner = ?1 AND key >= ?2 AND key > ?3 \
             AND (expires IS NULL OR expires > ?4) ORDER BY key LIMIT ?5",
        )?;
        let mut rows = statement.query(params![owner, prefix, after, time(), limit])?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE
            && let Some(row) = rows.next()?
        {
            let entry = StoredEntry { key: row.get(0)?, value: row.get(1)?, expires: row.get(2)? };
            // All keys that begin with it stand together.
            if !entry.key.starts_with(prefix) {
                break;
            }
            bytes += entry.key.len() + entry.value.len();
            entries.push(entry);
        }
        Ok(entries)
    })
}

/// How long is waited before it is tried again.
const PAUSE: Duration = Duration::from_millis(5);

fn time() -> i64 {
    i64::try_from(now()).unwrap_or(i64::MAX)
}

/// Asks a database that is ours.
fn read<T>(path: &Path, ask: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
    let give_up = Instant::now() + schema::BUSY;
    loop {
        let log = has_log(path);
        let before = print_of(path)?;
        match attempt(path, log, &ask) {
            Err(error) if passes(&error) && Instant::now() < give_up => sleep(PAUSE),
            // Without a log, nothing told whether a program began to write meanwhile. When one has, there is a log now, or
            // the file is another one.
            answer if log || (!has_log(path) && print_of(path)? == before) => {
                return answer.map_err(|error| schema::at(path, error)).and_then(|answer| answer);
            }
            _ => {}
        }
    }
}

/// What it says; or why it is none that can be asked.
fn attempt<T>(
    path: &Path,
    log: bool,
    ask: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<Result<T, String>> {
    let connection = connect(path, log)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    match schema::check(path, number("application_id")?, number("user_version")?) {
        Ok(()) => ask(&connection).map(Ok),
        Err(reason) => Ok(Err(reason)),
    }
}

/// Whether it may go well soon: a program that opens or closes the database makes and removes the log and its index.
fn passes(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Whether a store has the database open, or has not closed it.
fn has_log(path: &Path) -> bool {
    beside(path, "-wal").exists()
}

/// What changes with a file.
fn print_of(path: &Path) -> Result<(u64, Option<SystemTime>), String> {
    let metadata = std::fs::metadata(path).map_err(|error| schema::at(path, error))?;
    if !metadata.is_file() {
        return Err(schema::at(path, if metadata.is_dir() { "this is a folder" } else { "this is no plain file" }));
    }
    if metadata.len() == 0 {
        return Err(schema::at(path, "the file is empty"));
    }
    Ok((metadata.len(), metadata.modified().ok()))
}

/// With a log, SQLite reads that too, beside the program that writes it; `readonly_shm` keeps it from making the index of
/// the log anew. Without one it takes the file as it is: otherwise it would make a log.
fn connect(path: &Path, log: bool) -> rusqlite::Result<Connection> {
    let how = if log { "readonly_shm=1" } else { "immutable=1" };
    let uri = format!("{}?mode=ro&{how}", uri_of(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.busy_timeout(schema::BUSY)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY")?;
    Ok(connection)
}

/// A path as SQLite takes it in a URI.
fn uri_of(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = absolute.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    let mut uri = String::from(if text.starts_with('/') { "file:" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'/' | b':' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
