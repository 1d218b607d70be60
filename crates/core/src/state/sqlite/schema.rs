//! The database: how it is opened, what is in it, and how it becomes what this version needs.
//!
//! docs/state.md describes the tables for those who read them with other tools.

use super::beside;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Display;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Whose databases these are: "moon", in the header of the file.
const APPLICATION: i64 = 0x6d6f_6f6e;

/// What makes version n + 1 of version n. A new version is added at the end; what is here never changes.
const STEPS: &[&str] = &["
    CREATE TABLE entries (
        owner   TEXT NOT NULL,
        key     TEXT NOT NULL,
        value   TEXT NOT NULL,
        expires INTEGER,
        PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_key ON entries (key);
    CREATE INDEX entries_by_expires ON entries (expires) WHERE expires IS NOT NULL;
    CREATE TABLE grants (
        owner   TEXT NOT NULL,
        keys    TEXT NOT NULL,
        grantee TEXT NOT NULL,
        access  TEXT NOT NULL CHECK (access IN ('read', 'write')),
        PRIMARY KEY (keys, grantee)
    ) STRICT, WITHOUT ROWID;
"];

/// How long a statement waits for another program that holds the database.
pub(super) const BUSY: Duration = Duration::from_secs(2);

/// An error as a sentence that names the file.
pub(super) fn at(path: &Path, error: impl Display) -> String {
    format!("the SQLite database {}: {error}", path.display())
}

/// Opens the database of this process, and makes it what this version needs.
///
/// # Errors
/// Why it cannot be used. Then it is as it was.
pub(super) fn open(path: &Path, relaxed: bool) -> Result<Connection, String> {
    let is_new = !path.exists();
    look(path)?;
    let opened = prepare(path, relaxed);
    if opened.is_err() && is_new {
        for end in ["", "-journal", "-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(path, end));
        }
    }
    opened
}

/// One more connection, which only reads.
///
/// # Errors
/// Why it cannot be opened.
pub(super) fn open_reader(path: &Path) -> Result<Connection, String> {
    let connect = || {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(connection)
    };
    connect().map_err(|error: rusqlite::Error| at(path, error))
}

/// Looks at a file from outside, so that one that is not ours stays untouched.
fn look(path: &Path) -> Result<(), String> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(path, error)),
    };
    if metadata.is_dir() {
        return Err(at(path, "this is a folder, and must be a file"));
    }
    if !metadata.is_file() {
        return Err(at(path, "this is no plain file"));
    }
    if metadata.permissions().readonly() {
        return Err(at(path, "the file is read-only"));
    }
    // What a crash left half done, SQLite repairs first.
    if metadata.len() == 0 || beside(path, "-journal").exists() {
        return Ok(());
    }
    let mut header = [0; 100];
    let mut file = std::fs::File::open(path).map_err(|error| at(path, error))?;
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(at(path, "this is no SQLite database"));
    }
    let number =
        |at: usize| i64::from(i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    let (pages, version, application) = (number(28), number(60), number(68));
    // One page that is nobody's yet has no table in it; a log beside it may have some, and would not be ours.
    let is_blank = application == 0 && pages <= 1 && !beside(path, "-wal").exists();
    if is_blank { Ok(()) } else { check(path, application, version) }
}

/// Whether a database is ours, and of no later version than this one.
///
/// # Errors
/// Which it is instead.
pub(super) fn check(path: &Path, application: i64, version: i64) -> Result<(), String> {
    if application != APPLICATION {
        return Err(at(path, "this database belongs to another program"));
    }
    if version > STEPS.len() as i64 {
        let known = STEPS.len();
        return Err(at(
            path,
            format!(
                "a newer moonpool has written it: it has version {version}, and this one reads up to version {known}"
            ),
        ));
    }
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

fn prepare(path: &Path, relaxed: bool) -> Result<Connection, String> {
    let named = |error: rusqlite::Error| at(path, error);
    let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE).map_err(named)?;
    // Until it is known to be ours, not even the end of this connection may bring a log into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log).map_err(named)?;
    if connection.is_readonly("main").map_err(named)? {
        return Err(at(path, "the file is read-only"));
    }
    let number = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).map_err(named);
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    if !(application == 0 && version == 0 && is_empty) {
        check(path, application, version)?;
    }
    // macOS asks the drive itself with this; others have nothing more to ask.
    let synchronous = if relaxed { "NORMAL" } else { "FULL" };
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; \
             PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY"
        ))
        .map_err(named)?;
    migrate(&connection, version).map_err(named)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0)).map_err(named)?;
    if mode != "wal" {
        return Err(at(path, "SQLite cannot keep a write-ahead log beside it on this file system"));
    }
    // What a process wrote that was killed before it could sync: from here on, what can be read is durable.
    // Without room in the database it stays in the log, which is synced first.
    match connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(())) {
        Err(error) if error.sqlite_error_code() != Some(ErrorCode::DiskFull) => return Err(named(error)),
        _ => {}
    }
    // The writer does it itself, when nobody waits for it.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0").map_err(named)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(named)?;
    Ok(connection)
}

/// Takes the steps that are missing, all in one transaction.
fn migrate(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let missing = STEPS.get(version as usize..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let steps = missing.concat();
    let known = STEPS.len();
    let script = format!(
        "BEGIN IMMEDIATE; {steps} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {known}; COMMIT"
    );
    let migrated = connection.execute_batch(&script);
    if migrated.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    migrated
}
