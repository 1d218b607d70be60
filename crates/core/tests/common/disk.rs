//! Disks that fail, hang and count: a file system for SQLite, in front of the real one, for the folders that ask for it.

#![allow(unreachable_pub, dead_code, reason = "shared by several test programs")]

use rusqlite::ffi::{
    self, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_OK, SQLITE_OPEN_WAL,
    sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs,
};
use std::ffi::{CStr, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, Once, OnceLock};

/// What a disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// What is asked.
    Good,
    /// It has no room: writes fail.
    Full,
    /// Writes fail.
    NoWrite,
    /// One write or sync fails, and then it is good.
    FailsOnce,
    /// Writes succeed, but cannot be made durable.
    NoSync,
    /// Nothing can be read.
    NoRead,
    /// Whoever writes or syncs waits.
    Hangs,
    /// After so many more writes and syncs, the process dies in the middle of a write.
    Dies(usize),
}

/// The disk under a folder.
pub struct Disk {
    mood: Mutex<Mood>,
    changed: Condvar,
    /// Syncs of write-ahead logs: a transaction each.
    pub log_syncs: AtomicUsize,
    /// Those who wait for a disk that hangs.
    pub hanging: AtomicUsize,
}

impl Disk {
    /// Takes the disk under a folder over, for good.
    pub fn under(folder: &Path) -> &'static Self {
        register();
        let disk = Box::leak(Box::new(Self {
            mood: Mutex::new(Mood::Good),
            changed: Condvar::new(),
            log_syncs: AtomicUsize::new(0),
            hanging: AtomicUsize::new(0),
        }));
        let folder = folder.canonicalize().expect("it is there");
        DISKS.lock().expect("nobody panicked").push((folder, disk));
        disk
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().expect("nobody panicked") = mood;
        self.changed.notify_all();
    }

    /// What it does now with somebody who writes, or syncs; waits while it hangs.
    fn now(&self) -> Mood {
        let mut mood = self.mood.lock().expect("nobody panicked");
        self.hanging.fetch_add(1, Ordering::SeqCst);
        mood = self.changed.wait_while(mood, |mood| *mood == Mood::Hangs).expect("nobody panicked");
        self.hanging.fetch_sub(1, Ordering::SeqCst);
        let is = *mood;
        match &mut *mood {
            Mood::Dies(left) => *left = left.saturating_sub(1),
            once @ Mood::FailsOnce => *once = Mood::Good,
            _ => {}
        }
        is
    }
}

static DISKS: Mutex<Vec<(PathBuf, &'static Disk)>> = Mutex::new(Vec::new());

/// The real file system.
static REAL: OnceLock<Real> = OnceLock::new();

struct Real(*mut sqlite3_vfs);

// SAFETY: SQLite's own file system lives as long as the process, and may be used by all threads.
unsafe impl Send for Real {}
// SAFETY: as above.
unsafe impl Sync for Real {}

/// What stands behind the real file in the same allocation.
struct Tail {
    disk: &'static Disk,
    real: *const sqlite3_io_methods,
    is_log: bool,
}

fn real() -> *mut sqlite3_vfs {
    REAL.get().expect("it is registered").0
}

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the default file system is a valid struct for ever; the copy is leaked, so that it is, too.
        unsafe {
            let found = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(REAL.set(Real(found)).is_ok());
            let mut vfs = std::ptr::read(found);
            vfs.szOsFile = tail_at() as c_int + size_of::<Tail>() as c_int;
            vfs.pNext = std::ptr::null_mut();
            vfs.zName = c"moods".as_ptr();
            vfs.xOpen = Some(open);
            assert_eq!(ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1), SQLITE_OK);
        }
    });
}

/// Where the tail is.
fn tail_at() -> usize {
    // SAFETY: a valid struct for ever.
    (unsafe { (*real()).szOsFile } as usize).next_multiple_of(align_of::<Tail>())
}

/// Our methods, for each kind of real ones: SQLite has few kinds of files. Kept for ever, as SQLite has their addresses.
static METHODS: Mutex<Methods> = Mutex::new(Methods(Vec::new()));

struct Methods(Vec<(*const sqlite3_io_methods, Box<sqlite3_io_methods>)>);

// SAFETY: structs of functions, which nobody changes.
unsafe impl Send for Methods {}

impl Methods {
    /// # Safety
    /// `real` are valid methods, for ever.
    unsafe fn of(&mut self, real: *const sqlite3_io_methods) -> *const sqlite3_io_methods {
        let known = self.0.iter().position(|(known, _)| *known == real);
        let at = known.unwrap_or_else(|| {
            // SAFETY: the caller vouches for them.
            let mut methods = unsafe { std::ptr::read(real) };
            methods.xRead = Some(read);
            methods.xWrite = Some(write);
            methods.xSync = Some(sync);
            self.0.push((real, Box::new(methods)));
            self.0.len() - 1
        });
        &raw const *self.0[at].1
    }
}

/// # Safety
/// The file was opened by [`open`], on a disk.
unsafe fn tail(file: *mut sqlite3_file) -> &'static Tail {
    // SAFETY: `open` has put it there.
    unsafe { &*file.cast::<u8>().add(tail_at()).cast::<Tail>() }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with room for our size of a file, of which the real one takes the beginning.
    unsafe {
        let open = (*real()).xOpen.expect("every file system opens");
        let opened = open(real(), name, file, flags, out);
        if opened != SQLITE_OK || name.is_null() {
            return opened;
        }
        let name = Path::new(CStr::from_ptr(name).to_str().expect("a path of ours"));
        let disks = DISKS.lock().expect("nobody panicked");
        if let Some((_, disk)) = disks.iter().find(|(folder, _)| name.starts_with(folder)) {
            let real = (*file).pMethods;
            let tail = Tail { disk, real, is_log: flags & SQLITE_OPEN_WAL != 0 };
            file.cast::<u8>().add(tail_at()).cast::<Tail>().write(tail);
            (*file).pMethods = METHODS.lock().expect("nobody panicked").of(real);
        }
        opened
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, buffer: *mut c_void, len: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: as SQLite calls the real one.
    unsafe {
        let tail = tail(file);
        if *tail.disk.mood.lock().expect("nobody panicked") == Mood::NoRead {
            return SQLITE_IOERR_READ;
        }
        (*tail.real).xRead.expect("every file reads")(file, buffer, len, at)
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, buffer: *const c_void, len: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: as SQLite calls the real one.
    unsafe {
        let tail = tail(file);
        let write = (*tail.real).xWrite.expect("every file writes");
        match tail.disk.now() {
            Mood::Full => SQLITE_FULL,
            Mood::NoWrite | Mood::FailsOnce => SQLITE_IOERR_WRITE,
            Mood::Dies(0) => {
                write(file, buffer, len / 2, at);
                std::process::abort()
            }
            _ => write(file, buffer, len, at),
        }
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: as SQLite calls the real one.
    unsafe {
        let tail = tail(file);
        match tail.disk.now() {
            Mood::NoSync | Mood::FailsOnce => return SQLITE_IOERR_FSYNC,
            Mood::Dies(0) => std::process::abort(),
            _ => {}
        }
        if tail.is_log {
            tail.disk.log_syncs.fetch_add(1, Ordering::SeqCst);
        }
        (*tail.real).xSync.expect("every file syncs")(file, flags)
    }
}
