//! The thread that writes: everything that came while it wrote goes into its next transaction.

use super::log::{Batch, Change, Work};
use super::shared::Shared;
use super::{grants, schema};
use crate::state::{Grants, StoreError, now};
use rusqlite::{Connection, ErrorCode, params};
use std::time::{Duration, Instant};

/// From so many pages on, the write-ahead log goes into the database.
const CHECKPOINT: u64 = 1000;

/// From so many pages on, readers are waited for, so that the log can begin anew.
const TRUNCATE: u64 = 8 * CHECKPOINT;

/// So many rows that have expired are deleted at once.
const SWEEP: i64 = 500;

/// The pause between two sweeps, and between those that found more than they deleted.
const PAUSE: Duration = Duration::from_millis(500);
const SHORT_PAUSE: Duration = Duration::from_millis(10);

/// The pause before what failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What writes.
pub(super) struct Writer {
    connection: Connection,
    /// Bytes written, roughly, since the log last went into the database.
    bytes: usize,
    /// The log is tried again when it has become so long.
    truncate: u64,
    /// When the next rows are to be deleted.
    sweep: Option<Instant>,
    /// Whether the log may end with a transaction that was told to have failed.
    tail: bool,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, bytes: 0, truncate: TRUNCATE, sweep: Some(Instant::now()), tail: false }
    }

    /// Writes until the store is closed, and everything is written.
    pub(super) fn run(mut self, shared: &Shared) -> Connection {
        loop {
            let until = if self.tail { Some(Instant::now() + RETRY) } else { self.sweep };
            match shared.log.work(until) {
                Work::Write(batch) => self.write(batch, shared),
                Work::Idle if self.tail => self.mend(),
                Work::Idle => {}
                Work::End => return self.connection,
            }
            if self.sweep.is_some_and(|at| at <= Instant::now()) {
                self.sweep();
            }
            self.checkpoint();
        }
    }

    fn write(&mut self, batch: Batch, shared: &Shared) {
        let Batch { last, changes, regrants } = batch;
        let granted = Grants::default();
        if !regrants.is_empty() {
            granted.replace(&shared.grants.list());
        }
        let answers: Vec<_> = regrants.iter().map(|regrant| granted.change(&regrant.grant, regrant.revoked)).collect();
        let written = self.transaction(|connection| {
            let mut bytes = 0;
            {
                let mut put = connection.prepare_cached(
                    "INSERT INTO entries (owner, key, value, expires) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE \
                     SET value = excluded.value, expires = excluded.expires",
                )?;
                let mut delete = connection.prepare_cached("DELETE FROM entries WHERE owner = ?1 AND key = ?2")?;
                for ((key, owner), Change { entry, .. }) in &*changes {
                    match entry {
                        Some(entry) => {
                            // What never expires in the lifetime of SQLite's integers never expires.
                            let expires = entry.expires.and_then(|at| i64::try_from(at).ok());
                            put.execute(params![owner.as_str(), &**key, &*entry.json, expires])?;
                            bytes += entry.json.len();
                        }
                        None => {
                            delete.execute(params![owner.as_str(), &**key])?;
                        }
                    }
                    bytes += 2 * (owner.as_str().len() + key.len()) + 64;
                }
            }
            for (regrant, answer) in regrants.iter().zip(&answers) {
                if answer.is_ok() {
                    grants::write(connection, &regrant.grant, regrant.revoked)?;
                }
            }
            Ok(bytes)
        });
        match written {
            Ok(bytes) => {
                self.tail = false;
                self.bytes += bytes;
                let expiries = changes.values().filter_map(|change| change.entry.as_ref()?.expires);
                if let Some(next) = expiries.min() {
                    let at = sweep_at(next);
                    self.sweep = Some(self.sweep.map_or(at, |sweep| sweep.min(at)));
                }
                shared.log.committed(last);
                if !regrants.is_empty() {
                    shared.grants.replace(&granted.list());
                }
                for (regrant, answer) in regrants.into_iter().zip(answers) {
                    (regrant.reply)(answer.into());
                }
            }
            Err(error) => {
                let busy =
                    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
                let reason = schema::at(&shared.path, &error);
                // A transaction whose last step failed may stand whole at the end of the log, and come to life after a crash:
                // so another takes its place, best before anybody hears that it is lost.
                self.tail = !busy;
                if self.tail {
                    self.mend();
                }
                let (owners, more) = shared.log.failed(&reason);
                shared.cache.forget_lost(&owners, &shared.log.fates);
                for regrant in regrants.into_iter().chain(more) {
                    let reason = format!("{reason}; the grant is as it was");
                    (regrant.reply)(Err(StoreError::Unavailable(reason)).into());
                }
            }
        }
        shared.log.fates.tell();
        shared.tell_reader_of_decision();
    }

    /// Takes the place of a transaction that failed with one that changes nothing.
    fn mend(&mut self) {
        let mended = self.transaction(|connection| {
            let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
            connection.execute_batch(&format!("PRAGMA user_version = {version}"))
        });
        self.tail = mended.is_err();
    }

    fn transaction<T>(&mut self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let connection = &self.connection;
        let execute = |sql| connection.prepare_cached(sql)?.execute(());
        execute("BEGIN IMMEDIATE")?;
        let written = write(connection).and_then(|written| execute("COMMIT").map(|_| written));
        if written.is_err() && !connection.is_autocommit() {
            let _ = execute("ROLLBACK");
        }
        written
    }

    /// Deletes some rows that have expired, and decides when to look again.
    fn sweep(&mut self) {
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        let swept = self.transaction(|connection| {
            let deleted = connection.execute(
                "DELETE FROM entries WHERE (owner, key) IN (SELECT owner, key FROM entries WHERE expires <= ?1 LIMIT ?2)",
                params![now, SWEEP],
            )?;
            let next = "SELECT min(expires) FROM entries WHERE expires IS NOT NULL";
            Ok((deleted, connection.query_row(next, (), |row| row.get::<_, Option<i64>>(0))?))
        });
        self.sweep = match swept {
            Ok((_, None)) => None,
            Ok((deleted, Some(next))) => {
                self.bytes += deleted * 256;
                let has_more = deleted as i64 >= SWEEP;
                let next = u64::try_from(next).unwrap_or(0);
                Some(if has_more { Instant::now() + SHORT_PAUSE } else { sweep_at(next) })
            }
            Err(_) => Some(Instant::now() + 10 * RETRY),
        };
    }

    /// Lets the write-ahead log go into the database when it has grown. No one waits for that, and what fails comes again.
    fn checkpoint(&mut self) {
        const PAGE: usize = 4096;
        if self.bytes < CHECKPOINT as usize * PAGE {
            return;
        }
        self.bytes = 0;
        let run = |sql: &str| {
            self.connection.query_row(sql, (), |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))).ok()
        };
        let Some((pages, done)) = run("PRAGMA wal_checkpoint(PASSIVE)") else { return };
        let pages = u64::try_from(pages).unwrap_or(0);
        if i64::try_from(pages) == Ok(done) {
            self.truncate = TRUNCATE;
        } else if pages > self.truncate {
            // Readers of ours are done soon; another program's may last, and then the log grows on until the next attempt.
            let _ = self.connection.busy_timeout(Duration::from_millis(200));
            let truncated = run("PRAGMA wal_checkpoint(TRUNCATE)");
            let _ = self.connection.busy_timeout(schema::BUSY);
            self.truncate = if matches!(truncated, Some((0, _))) { TRUNCATE } else { pages + TRUNCATE };
        }
    }
}

/// When to sweep for a row that expires then: a little later, for others to come; and within an hour, because clocks are
/// set.
fn sweep_at(expires: u64) -> Instant {
    Instant::now() + PAUSE + Duration::from_millis(expires.saturating_sub(now()).min(3_600_000))
}
