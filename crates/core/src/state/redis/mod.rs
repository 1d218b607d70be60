//! The store on a Redis server: for many processes and machines.
//!
//! Nothing is kept here. Each operation waits for the server, and no thread does meanwhile: requests of all stores are at
//! work on one thread of the process.
//!
//! - `operations`: what each operation asks, and what the answers mean; `scripts/` has what Redis executes.
//! - `keys`: which keys of Redis hold what. `index`: who has a key of which name. `grants`: grants, as every process sees them.
//! - `single`: the operations that mostly are one command. `quick`: such a command on its way, without a task that waits.
//! - `asked`: one operation on its way: again where that is safe, and what is said when its time is over.
//! - `link`: batches over one connection, which is taken up again when it is lost. `flight`: those who wait for answers.
//! - `connection`: a new one, and its bytes. `stream`: with TLS or without. `resp`: the protocol of answers.
//! - `address`: the URL. `trouble`: what can go wrong. `answers`: what is expected of them.

mod address;
mod answers;
mod asked;
mod connection;
mod flight;
mod grants;
mod index;
mod keys;
mod link;
mod operations;
mod quick;
mod resp;
mod scripts;
mod single;
mod stream;
mod trouble;

use super::{Answered, Grants, Op, Reply, Request, Response, ScriptId, Store, StoreError};
use crate::runtime::Runtime;
use address::Address;
use asked::Asked;
use grants::Known;
use keys::Keys;
use link::Link;
use operations::{Failed, Operation};
use quick::Quick;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

/// How long an operation may take, by default. A server that restarts is mostly there again within that time, so that
/// scripts do not see it; and it is less than the timeout that runs have by default, so that a script can still say why.
pub const DEFAULT_COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// At most so many operations wait for a server, and so many bytes of keys and values with them.
/// There are up to four copies of what is on its way: the request, its command, another to send it again, and the batch.
const MOST_WAITING: (usize, usize) = (100_000, 64 << 20);

/// The longest walk through all keys of a server.
const A_WALK: Duration = Duration::from_secs(3600);

/// How often a process looks for grants of others.
const LOOK_FOR_GRANTS: Duration = Duration::from_millis(400);

/// Made when the first store is opened.
static RUNTIME: Runtime = Runtime::new("moonpool-redis");

/// A store on a Redis server.
pub(super) struct RedisStore {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Handle,
    link: Arc<Link>,
    keys: Keys,
    known: Known,
    /// How many operations wait.
    waiting: AtomicUsize,
    /// The bytes of their keys and values.
    bytes: AtomicUsize,
}

/// Opens a store. Whether the server is there shows with the first operation.
///
/// # Errors
/// What is wrong with what was given, or that the system refuses the thread.
pub(super) fn open(url: &str, prefix: &str, timeout: Duration) -> Result<RedisStore, String> {
    let address = Address::new(url)?;
    address::check_prefix(prefix)?;
    address::check_timeout(timeout)?;
    let runtime = RUNTIME
        .get(|builder: &mut Builder| builder.enable_io().enable_time())
        .map_err(|error| format!("the system refused a thread, which moonpool needs to talk to Redis ({error})"))?;
    let inner = Arc::new(Inner {
        runtime: runtime.clone(),
        link: Arc::new(Link::new(address, timeout)),
        keys: Keys::new(prefix),
        known: Known::default(),
        waiting: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
    });
    let link = inner.link.clone();
    runtime.spawn(async move { link.drive().await });
    let link = inner.link.clone();
    runtime.spawn(async move { link.expire().await });
    runtime.spawn(look_for_grants(inner.clone()));
    Ok(RedisStore { inner })
}

/// Looks, until the store is closed.
async fn look_for_grants(inner: Arc<Inner>) {
    while !inner.link.is_closed() {
        let asked = Asked::new(&inner.link, false);
        // Without a server, no operation is answered, so what is known does no harm.
        if tokio::time::timeout(inner.link.timeout, inner.known.refresh(&asked, &inner.keys)).await.is_err() {
            // So that a connection which has died is noticed before somebody needs it.
            inner.link.suspect();
        }
        tokio::time::sleep(LOOK_FOR_GRANTS).await;
    }
}

impl Store for RedisStore {
    fn now(&self, _: &Request<'_>) -> Option<Answered> {
        None
    }

    fn later(&self, request: Request<'static>, reply: Reply) {
        let writes = request.op.writes();
        let reply = Told(Some(reply), writes);
        match self.inner.clone().admit(weight(&request.op)) {
            Some(ticket) => {
                let time = self.inner.link.timeout;
                let informed = self.inner.known.are_known();
                let quick = informed.then(|| single::command(&self.inner.keys, &request)).flatten();
                match quick {
                    Some(command) => {
                        let quick = Quick::new(request, ticket, reply, Instant::now() + time);
                        self.inner.link.send_quick(&command, quick);
                    }
                    None => _ = self.inner.runtime.spawn(ticket.perform(request, informed, reply, time)),
                }
            }
            None => {
                let reason = "too many operations wait for Redis already";
                reply.tell(Err(StoreError::Unavailable(if writes {
                    format!("{reason}; nothing was written")
                } else {
                    reason.to_owned()
                })));
            }
        }
    }

    fn grants(&self) -> &Grants {
        &self.inner.known.grants
    }

    fn close(&self, done: Box<dyn FnOnce() + Send>) {
        self.inner.link.close(done);
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.inner.link.close(Box::new(|| {}));
    }
}

/// Room for one operation that waits.
struct Ticket {
    inner: Arc<Inner>,
    bytes: usize,
}

impl Inner {
    fn admit(self: Arc<Self>, bytes: usize) -> Option<Ticket> {
        let count = self.waiting.fetch_add(1, Ordering::Relaxed);
        let held = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let ticket = Ticket { inner: self, bytes };
        // One alone has room, however large it is.
        (count < MOST_WAITING.0 && (count == 0 || held + bytes <= MOST_WAITING.1)).then_some(ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
        self.inner.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Ticket {
    /// Does an operation, within `time`.
    async fn perform(self, request: Request<'static>, informed: bool, reply: Told, time: Duration) {
        let Inner { link, keys, known, .. } = &*self.inner;
        let asked = Asked::new(link, reply.writes());
        let mut operation = Operation { asked: &asked, keys, known, informed, loose: Vec::new() };
        // A walk through all keys may take longer: each of its steps has this time.
        let time = if matches!(request.op, Op::Owners { .. }) { A_WALK } else { time };
        let response = match tokio::time::timeout(time, operation.perform(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(Failed::Refused(error))) => Err(error),
            Ok(Err(Failed::Trouble(trouble))) => Err(asked.failed(&trouble)),
            Err(_) => Err(asked.late()),
        };
        let loose = std::mem::take(&mut operation.loose);
        reply.tell(response);
        self.tidy(loose).await;
    }

    /// Takes out of the index who has no entry any more.
    async fn tidy(self, loose: Vec<(ScriptId, String)>) {
        let Inner { link, keys, .. } = &*self.inner;
        let asked = Asked::new(link, false);
        for loose in loose.chunks(index::TIDY) {
            // What is not tidied now is when somebody asks for the name.
            let Ok(Ok(_)) = tokio::time::timeout(link.timeout, index::tidy(&asked, keys, loose)).await else { return };
        }
    }
}

/// Whoever waits for an answer, and whether it would say that something was written. Tells in any case.
struct Told(Option<Reply>, bool);

impl Told {
    fn writes(&self) -> bool {
        self.1
    }

    fn tell(mut self, response: Result<Response, StoreError>) {
        if let Some(reply) = self.0.take() {
            reply(response.into());
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            let written = if self.1 { "; it may have been written" } else { "" };
            reply(Err(StoreError::Unavailable(format!("the operation on Redis was given up{written}"))).into());
        }
    }
}

/// The bytes of keys and values in an operation.
fn weight(op: &Op<'_>) -> usize {
    let value = match op {
        Op::Write(write) => {
            let put = if let super::Change::Put(json) = &write.change { json.len() } else { 0 };
            put + if let super::Condition::Is(json) = &write.when { json.len() } else { 0 }
        }
        Op::Import(entries) => entries.iter().map(|entry| entry.key.len() + entry.json.len()).sum(),
        Op::List { prefix } | Op::Entries { prefix, .. } => prefix.len(),
        _ => 0,
    };
    op.key().map_or(0, str::len) + value
}
