//! One process at a time: a file beside the database, locked for as long as this process lives.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Holds a database for this process. The file goes with it.
#[derive(Debug)]
pub(super) struct ProcessLock {
    path: PathBuf,
    _file: File,
}

/// Why a database could not be locked.
#[derive(Debug)]
pub(super) enum Refused {
    /// Another process has it: its number, where that can be read.
    Taken(Option<u32>),
    /// The lock file cannot be made.
    Failed(io::Error),
}

impl ProcessLock {
    /// Locks the database at `path`.
    ///
    /// # Errors
    /// Who has it, or what failed.
    pub(super) fn take(database: &Path) -> Result<Self, Refused> {
        let path = super::beside(database, "-lock");
        loop {
            let mut file = match system::open(&path) {
                Ok(file) => file,
                Err(error) if system::is_taken(&error) => return Err(Refused::Taken(holder(&path))),
                Err(error) => return Err(Refused::Failed(error)),
            };
            match system::lock(&file) {
                Ok(()) => {}
                Err(error) if system::is_taken(&error) => return Err(Refused::Taken(holder(&path))),
                Err(error) => return Err(Refused::Failed(error)),
            }
            // Whoever had it may have removed the file that we locked.
            if !system::is_at(&file, &path) {
                continue;
            }
            // On a full disk the number is missing, and the lock holds all the same.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            return Ok(Self { path, _file: file });
        }
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // First removed, then unlocked: nobody can have locked the same file in between.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Who has the lock. It writes its number right after it has locked the file.
fn holder(path: &Path) -> Option<u32> {
    for _ in 0..20 {
        let mut text = String::new();
        let read = OpenOptions::new().read(true).open(path).and_then(|mut file| file.read_to_string(&mut text));
        if read.is_ok() && text.ends_with('\n') {
            return text.trim().parse().ok();
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    None
}

#[cfg(unix)]
mod system {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    pub(super) fn open(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    pub(super) fn lock(file: &File) -> io::Result<()> {
        loop {
            // SAFETY: flock takes a descriptor, which is open as long as `file` lives, and no memory of ours.
            if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    pub(super) fn is_taken(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::WouldBlock
    }

    /// Whether the file is the one that `path` names.
    pub(super) fn is_at(file: &File, path: &Path) -> bool {
        match (file.metadata(), std::fs::metadata(path)) {
            (Ok(file), Ok(named)) => (file.dev(), file.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }
}

#[cfg(windows)]
mod system {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::windows::fs::OpenOptionsExt;
    use std::path::Path;

    /// Others may read the file, and neither write nor lock it.
    const FILE_SHARE_READ: u32 = 1;
    /// The system removes it with its last handle, also when the process is killed.
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    /// What opening a file says that somebody else has open.
    const ERROR_SHARING_VIOLATION: i32 = 32;

    pub(super) fn open(path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.share_mode(FILE_SHARE_READ).custom_flags(FILE_FLAG_DELETE_ON_CLOSE).open(path)
    }

    pub(super) fn lock(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn is_taken(error: &io::Error) -> bool {
        error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
    }

    pub(super) fn is_at(_: &File, _: &Path) -> bool {
        true
    }
}
