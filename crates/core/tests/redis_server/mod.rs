//! A real Redis server in a temporary folder, for tests.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use moonpool_core::state::{Place, Store, open};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// A server. It ends with this, or with the process, whatever becomes of that.
pub struct Server {
    pub port: u16,
    folder: PathBuf,
    options: Vec<String>,
    shell: Child,
    pid: String,
}

/// Starts a server, which ends when nobody holds the shell's input any more; a Rust test program runs no destructors of its
/// statics. Then its folder goes, too, unless another one is to begin there.
const SHELL: &str =
    r#"redis-server "$@" >/dev/null 2>&1 & echo $!; read word; kill -9 $!; [ "$word" = keep ] || rm -rf "$FOLDER""#;

/// How long a command may take, in tests that do not wait for that.
pub const PATIENT: Duration = Duration::from_secs(30);

impl Server {
    /// A server with these options; `None`, and a printed sentence, where Redis is not installed.
    pub fn start(options: &[&str]) -> Option<Self> {
        static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
            let is_there = cfg!(unix) && Command::new("redis-server").arg("--version").output().is_ok();
            if !is_there {
                eprintln!("skipped: these tests need redis-server, which is not installed");
            }
            is_there
        });
        if !*IS_THERE {
            return None;
        }
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("moonpool-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let port = free_port();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (shell, pid) = launch(port, &folder, &options);
        let server = Self { port, folder, options, shell, pid };
        server.wait_until_ready();
        Some(server)
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        while !self.try_ask(&["PING"]).is_some_and(|answer| answer.starts_with(['+', '-'])) {
            assert!(begin.elapsed() < Duration::from_secs(20), "redis-server does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Another store on it, with this prefix.
    pub fn store(&self, prefix: &str, command_timeout: Duration) -> Arc<dyn Store> {
        open_store(&self.url(), prefix, command_timeout)
    }

    /// A store with a prefix that no other test has.
    pub fn new_store(&self) -> Arc<dyn Store> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        self.store(&format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)), PATIENT)
    }

    /// Asks the server, past the store. Returns the raw answer.
    pub fn ask(&self, command: &[&str]) -> String {
        self.try_ask(command).expect("an answer of redis-server")
    }

    fn try_ask(&self, command: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let mut text = format!("*{}\r\n", command.len());
        for part in command {
            text += &format!("${}\r\n{part}\r\n", part.len());
        }
        stream.write_all(text.as_bytes()).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut bytes = [0; 4096];
        let len = stream.read(&mut bytes).ok().filter(|len| *len > 0)?;
        Some(String::from_utf8_lossy(&bytes[..len]).trim_end().to_owned())
    }

    /// How many keys it has.
    pub fn size(&self) -> usize {
        self.ask(&["DBSIZE"]).trim_start_matches(':').parse().expect("a number")
    }

    /// Sends its process a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid]).status().expect("kill");
        assert!(sent.success());
    }

    /// Kills it, and starts another one at the same port with what that one has saved.
    pub fn restart(&mut self) {
        self.kill();
        self.begin_again();
    }

    /// Starts one where one was killed.
    pub fn begin_again(&mut self) {
        (self.shell, self.pid) = launch(self.port, &self.folder, &self.options);
        self.wait_until_ready();
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.end("keep");
    }

    fn end(&mut self, word: &str) {
        if let Some(mut shell) = self.shell.stdin.take() {
            let _ = writeln!(shell, "{word}");
        }
        let _ = self.shell.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end("");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn open_store(url: &str, prefix: &str, command_timeout: Duration) -> Arc<dyn Store> {
    open(&Place::Redis { url: url.to_owned(), prefix: prefix.to_owned(), command_timeout }).expect("a store")
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn launch(port: u16, folder: &Path, options: &[String]) -> (Child, String) {
    let port = port.to_string();
    let mut shell = Command::new("sh")
        .args(["-c", SHELL, "redis", "--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder)
        .args(options)
        .env("FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut pid = String::new();
    BufReader::new(shell.stdout.as_mut().expect("a pipe")).read_line(&mut pid).expect("a process id");
    (shell, pid.trim().to_owned())
}

/// The server that all tests of a program share, each with a prefix of its own.
pub fn shared() -> Option<&'static Server> {
    static SHARED: LazyLock<Option<Server>> = LazyLock::new(|| Server::start(&[]));
    SHARED.as_ref()
}
