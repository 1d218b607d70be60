//! The databases that this process has open: each once, however many engines and threads use it.

use super::lock::{ProcessLock, Refused};
use super::reader::{Message, Reader};
use super::shared::Shared;
use super::writer::Writer;
use super::{grants, lock, schema};
use rusqlite::Connection;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How long is waited for a database that is still being opened or closed: whoever opens one is a JS thread.
const OPENING: Duration = Duration::from_secs(2);

/// How long a close waits for a disk that hangs.
const CLOSING: Duration = Duration::from_secs(5);

/// The databases, by their canonical paths.
static DATABASES: LazyLock<Mutex<HashMap<PathBuf, Database>>> = LazyLock::new(Mutex::default);

/// Called when a database has been opened or closed, and when fates are known.
static CHANGED: Condvar = Condvar::new();

enum Database {
    /// Being opened, or closed.
    Busy,
    /// Open, for so many users.
    Open(Arc<Shared>, usize),
}

/// Opens a database, or shares it.
///
/// # Errors
/// Why it cannot be used, as a sentence that names it.
pub(super) fn open(path: &Path, cache_bytes: usize, relaxed: bool) -> Result<Arc<Shared>, String> {
    let path = canonical(path)?;
    let mut databases = lock(&DATABASES);
    let give_up = Instant::now() + OPENING;
    loop {
        match databases.get_mut(&path) {
            None => break,
            Some(Database::Open(shared, _)) if shared.relaxed != relaxed => {
                let name = |relaxed| if relaxed { "'relaxed'" } else { "'full'" };
                let (is, wanted) = (name(shared.relaxed), name(relaxed));
                return Err(schema::at(
                    &path,
                    format!("this process has it open with the durability {is}; {wanted} cannot be had beside that"),
                ));
            }
            Some(Database::Open(shared, users)) => {
                *users += 1;
                shared.cache.widen(cache_bytes);
                return Ok(shared.clone());
            }
            Some(Database::Busy) => {
                let left = give_up.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(schema::at(&path, "it is still being opened, or closed, in this process"));
                }
                databases = CHANGED.wait_timeout(databases, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
    databases.insert(path.clone(), Database::Busy);
    drop(databases);
    let started = start(&path, cache_bytes, relaxed);
    let mut databases = lock(&DATABASES);
    match &started {
        Ok(shared) => databases.insert(path, Database::Open(shared.clone(), 1)),
        Err(_) => databases.remove(&path),
    };
    CHANGED.notify_all();
    started
}

/// One user less. Calls `done` when everything is durable, or lost; of the last user, when the file is closed; or when that
/// takes too long, because the disk hangs: what is open then stays so until it answers.
pub(super) fn close(shared: &Arc<Shared>, done: Box<dyn FnOnce() + Send>) {
    let mut is_last = false;
    {
        let mut databases = lock(&DATABASES);
        if let Some(Database::Open(there, users)) = databases.get_mut(&shared.path)
            && Arc::ptr_eq(there, shared)
        {
            *users -= 1;
            is_last = *users == 0;
        }
        if is_last {
            databases.insert(shared.path.clone(), Database::Busy);
        }
    }
    if is_last {
        shared.log.end();
    }
    let (shared, last) = (shared.clone(), shared.log.last());
    let done = Arc::new(Mutex::new(Some(done)));
    let tell = {
        let done = done.clone();
        move || lock(&done).take().map_or((), |done| done())
    };
    let wait = move || {
        let is_done = |databases: &HashMap<PathBuf, Database>| {
            if is_last { !databases.contains_key(&shared.path) } else { shared.log.fates.decided() >= last }
        };
        let databases = lock(&DATABASES);
        let waited = CHANGED.wait_timeout_while(databases, CLOSING, |databases| !is_done(databases));
        drop(waited);
        tell();
    };
    // Without a thread nobody waits: the writer ends all the same.
    if Builder::new().name("moonpool-close".into()).spawn(wait).is_err()
        && let Some(done) = lock(&done).take()
    {
        done();
    }
}

/// The path by which all users of a file find each other.
fn canonical(path: &Path) -> Result<PathBuf, String> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    if path.is_symlink() {
        return Err(schema::at(path, "this is a link to nothing"));
    }
    let Some(name) = path.file_name() else { return Err(schema::at(path, "this names no file")) };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder.join(name)),
        Err(error) => Err(schema::at(path, format!("its folder {}: {error}", folder.display()))),
    }
}

/// Locks and opens a database, and starts the threads that read and write.
fn start(path: &Path, cache_bytes: usize, relaxed: bool) -> Result<Arc<Shared>, String> {
    if path.is_dir() {
        return Err(schema::at(path, "this is a folder, and must be a file"));
    }
    let process = ProcessLock::take(path).map_err(|refused| match refused {
        Refused::Taken(holder) => {
            let holder = match holder {
                Some(id) if id == std::process::id() => format!("process {id}, another copy of moonpool in this one,"),
                Some(id) => format!("process {id}"),
                None => "another process".to_owned(),
            };
            let what = format!("{holder} has it open, and one process at a time can; for several, keep State in Redis");
            schema::at(path, what)
        }
        Refused::Failed(error) => schema::at(path, format!("its lock file cannot be made beside it: {error}")),
    })?;
    let connection = schema::open(path, relaxed)?;
    let granted = grants::read(&connection, path)?;
    let reading = schema::open_reader(path)?;
    let (messages, inbox) = channel();
    let shared = Arc::new(Shared::new(path.to_owned(), cache_bytes, relaxed, messages));
    shared.grants.replace(&granted);
    shared.log.fates.watch(notice());
    let no_thread = |error| schema::at(path, format!("the system has no thread for it: {error}"));
    let reader = {
        let shared = shared.clone();
        let read = move || read(reading, &inbox, &shared);
        Builder::new().name("moonpool-read".into()).spawn(read).map_err(no_thread)?
    };
    let write = {
        let shared = shared.clone();
        move || {
            let connection = Writer::new(connection).run(&shared);
            shared.tell_reader(Message::End);
            let _ = reader.join();
            // The last connection brings everything into one file.
            drop(connection);
            drop(process);
            lock(&DATABASES).remove(&shared.path);
            CHANGED.notify_all();
        }
    };
    if let Err(error) = Builder::new().name("moonpool-write".into()).spawn(write) {
        shared.tell_reader(Message::End);
        return Err(no_thread(error));
    }
    Ok(shared)
}

fn read(connection: Connection, messages: &Receiver<Message>, shared: &Shared) {
    Reader::new(connection).run(messages, shared);
}

/// Wakes those who wait in [`close`].
fn notice() -> std::sync::Weak<dyn Fn() + Send + Sync> {
    static NOTICE: LazyLock<Arc<dyn Fn() + Send + Sync>> = LazyLock::new(|| {
        Arc::new(|| {
            // Whoever is about to wait has looked already, or looks after this.
            drop(lock(&DATABASES));
            CHANGED.notify_all();
        })
    });
    Arc::downgrade(&NOTICE)
}
