//! A connection to a server that can do what we need: known password, new enough, ready, with our scripts.

use super::address::Address;
use super::resp::Reader;
use super::scripts;
use super::stream::{self, Stream};
use super::trouble::{Then, Trouble};
use redis::{Cmd, ServerError, Value};
use std::error::Error;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};
use tokio::io::ReadBuf;

/// The oldest version of Redis: `ZADD GT` and what scripts may read are as old.
const OLDEST: (u32, u32) = (6, 2);

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// More room than this is given back when all is sent.
const ROOM: usize = 1 << 20;

/// A connection.
pub(super) struct Connection {
    stream: Stream,
    /// Commands on their way out, of which so many bytes are out.
    out: Vec<u8>,
    sent: usize,
    piece: Box<[u8]>,
    answers: Reader,
}

impl Connection {
    fn new(stream: Stream) -> Self {
        Self { stream, out: Vec::new(), sent: 0, piece: vec![0; PIECE].into(), answers: Reader::default() }
    }

    /// Where commands are written that are to go out.
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Sends what is to go out.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            match ready!(self.stream.as_mut().poll_write(cx, &self.out[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        if self.sent > 0 {
            self.sent = 0;
            self.out.clear();
            self.out.shrink_to(ROOM);
        }
        self.stream.as_mut().poll_flush(cx)
    }

    /// The next answer.
    ///
    /// # Errors
    /// Why the connection is lost; [`NoRedis`] when it is no server of Redis that answers.
    pub(super) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Value>> {
        loop {
            let answer = self.answers.next();
            if let Some(answer) = answer.map_err(|what| io::Error::other(NoRedis(what)))? {
                return Poll::Ready(Ok(answer));
            }
            let mut piece = ReadBuf::new(&mut self.piece);
            ready!(self.stream.as_mut().poll_read(cx, &mut piece))?;
            if piece.filled().is_empty() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")));
            }
            self.answers.take(piece.filled());
        }
    }

    /// Asks one thing after the other, when nothing else is asked; stops at a refusal, which is the last answer.
    async fn ask(&mut self, commands: &[Cmd]) -> io::Result<Vec<Value>> {
        commands.iter().for_each(|command| command.write_packed_command(&mut self.out));
        let mut answers = Vec::new();
        std::future::poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = self.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            while answers.len() < commands.len() && !matches!(answers.last(), Some(Value::ServerError(_))) {
                answers.push(ready!(self.poll_answer(cx))?);
            }
            Poll::Ready(Ok(()))
        })
        .await?;
        Ok(answers)
    }
}

/// What answers does not speak as Redis does.
#[derive(Debug)]
struct NoRedis(String);

impl Error for NoRedis {}

impl fmt::Display for NoRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Connects, within `time`.
///
/// # Errors
/// Why that is not possible: [`Then::Never`] when it will not be the next time either.
pub(super) async fn connect(address: &Address, time: Duration) -> Result<Connection, Trouble> {
    match tokio::time::timeout(time, greet(address)).await {
        Ok(greeted) => greeted,
        Err(_) => {
            let ms = time.as_millis();
            Err(Trouble::new(Then::Again, format!("{} did not answer like Redis within {ms} ms", address.name)))
        }
    }
}

async fn greet(address: &Address) -> Result<Connection, Trouble> {
    let lost = |error: io::Error| unreachable(address, &error);
    let mut connection = Connection::new(stream::open(address).await.map_err(lost)?);
    let info = address.info();
    let settings = info.redis_settings();
    if let Some(password) = settings.password() {
        let command = redis::cmd("AUTH").arg(settings.username()).arg(password).take();
        if let Some(error) = refusal(&connection.ask(&[command]).await.map_err(lost)?) {
            return Err(refused_password(address, error));
        }
    }
    let hello = connection.ask(&[redis::cmd("HELLO")]).await.map_err(lost)?;
    check_version(address, hello.into_iter().next().unwrap_or(Value::Nil))?;
    let mut commands = scripts::load();
    if settings.db() != 0 {
        commands.insert(0, redis::cmd("SELECT").arg(settings.db()).take());
    }
    match refusal(&connection.ask(&commands).await.map_err(lost)?) {
        Some(error) => Err(Trouble::refused(address, error)),
        None => Ok(connection),
    }
}

fn refusal(answers: &[Value]) -> Option<&ServerError> {
    if let Some(Value::ServerError(error)) = answers.last() { Some(error) } else { None }
}

/// Why a server cannot be talked to.
fn unreachable(address: &Address, error: &io::Error) -> Trouble {
    let (server, said) = (&address.name, address.shown(&error.to_string()));
    if error.get_ref().is_some_and(|error| error.is::<NoRedis>()) {
        Trouble::new(Then::Never, format!("{server} does not answer like Redis ({said})"))
    } else {
        Trouble::new(Then::Again, format!("{server} cannot be reached ({said})"))
    }
}

/// Why a server does not take the password.
fn refused_password(address: &Address, error: &ServerError) -> Trouble {
    match error.code() {
        // Not because of the password.
        "LOADING" | "BUSY" | "MASTERDOWN" => Trouble::refused(address, error),
        code => {
            let said = address.shown(&format!("{code} {}", error.details().unwrap_or_default()));
            let server = &address.name;
            Trouble::new(Then::Never, format!("{server} does not take the user and password of the URL ({said})"))
        }
    }
}

/// Whether a server is new enough, by its answer to HELLO.
fn check_version(address: &Address, hello: Value) -> Result<(), Trouble> {
    let pairs: Vec<(Value, Value)> = match hello {
        Value::ServerError(error) if error.code() != "ERR" => return Err(Trouble::refused(address, &error)),
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
