//! The thread that reads: loads spaces, and answers what memory cannot.

use super::cache::Cell;
use super::schema;
use super::shared::{Shared, Wait};
use crate::state::space::Space;
use crate::state::{Answered, Entry, Op, Reply, Request, Response, ScriptId, Seq, StoreError, now};
use rusqlite::{Connection, params};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// What the thread is told.
pub(super) enum Message {
    /// Somebody asks.
    Ask(Request<'static>, Reply),
    /// The fate of writes has become known.
    Decided,
    /// The spaces in memory are too many.
    Full,
    /// The store is closed.
    End,
}

/// What reads.
pub(super) struct Reader {
    connection: Connection,
    /// What waits for the writer.
    waiting: VecDeque<Waiting>,
    /// The spaces in which a write waits: what is asked after it waits, too.
    held: HashSet<ScriptId>,
}

struct Waiting {
    request: Request<'static>,
    reply: Reply,
    /// When all up to here are decided, it goes on; `None` when there is room for writes.
    after: Option<Seq>,
}

/// Why an answer is not there yet.
enum NotYet {
    Failed(rusqlite::Error),
    After(Option<Seq>),
}

impl From<rusqlite::Error> for NotYet {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, waiting: VecDeque::new(), held: HashSet::new() }
    }

    /// Answers until the store is closed.
    pub(super) fn run(mut self, messages: &Receiver<Message>, shared: &Shared) {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Ask(request, reply) => self.ask(request, reply, None, shared),
                Message::Decided => {
                    shared.reader_waits(false);
                    self.held.clear();
                    for Waiting { request, reply, after } in std::mem::take(&mut self.waiting) {
                        self.ask(request, reply, after, shared);
                    }
                }
                Message::Full => {}
                Message::End => break,
            }
            shared.evict();
        }
        for Waiting { request, reply, .. } in self.waiting.drain(..) {
            shared.answer(&request, reply, Shared::closed());
        }
        while let Ok(Message::Ask(request, reply)) = messages.try_recv() {
            shared.answer(&request, reply, Shared::closed());
        }
    }

    /// Answers, or keeps the question until it can be answered: one that has waited for `after` waits for no more.
    fn ask(&mut self, request: Request<'static>, reply: Reply, after: Option<Seq>, shared: &Shared) {
        let mut answer = self.answer(&request, after, shared);
        if let Err(NotYet::After(after)) = answer
            && !shared.reader_waits(true)
        {
            // It may have been decided meanwhile, and nobody tells of that.
            answer = self.answer(&request, after, shared);
        }
        let answered = match answer {
            Ok(answered) => answered,
            Err(NotYet::Failed(error)) => Err(StoreError::Unavailable(schema::at(&shared.path, error))).into(),
            Err(NotYet::After(after)) => {
                if after.is_none() {
                    self.held.insert(request.owner.clone());
                }
                return self.waiting.push_back(Waiting { request, reply, after });
            }
        };
        shared.answer(&request, reply, answered);
    }

    fn answer(&self, request: &Request<'_>, after: Option<Seq>, shared: &Shared) -> Result<Answered, NotYet> {
        if let Op::Owners { after: from, limit } = &request.op {
            let after = after.unwrap_or_else(|| shared.log.last());
            if shared.log.fates.decided() < after {
                return Err(NotYet::After(Some(after)));
            }
            return Ok(Ok(Response::Owners(self.owners(from.as_ref(), *limit)?)).into());
        }
        if self.held.contains(&request.owner) {
            return Err(NotYet::After(None));
        }
        // What was learnt may be out of date again before it is used; but not for ever.
        for _ in 0..100 {
            let cell = match shared.cache.get(&request.owner) {
                Some(cell) => cell,
                None => self.load(&request.owner, shared)?,
            };
            match shared.ask(&cell, request) {
                Ok(answered) => return Ok(answered),
                Err(Wait::Load) => {}
                Err(Wait::Name(key)) => self.learn(key, shared)?,
                Err(Wait::Room) => return Err(NotYet::After(None)),
            }
        }
        let reason = format!("{} changes too fast to be asked", schema::at(&shared.path, "State"));
        Ok(Err(StoreError::Unavailable(reason)).into())
    }

    /// Loads a space. It has nothing in it that is not on disk: nobody can have written in it since it was forgotten.
    fn load(&self, owner: &ScriptId, shared: &Shared) -> rusqlite::Result<Arc<Cell>> {
        let mut statement = self.connection.prepare("SELECT key, value, expires FROM entries WHERE owner = ?1")?;
        let mut rows = statement.query(params![owner.as_str()])?;
        let mut space = Space::default();
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column).and_then(|value| Ok(Arc::from(value.as_str()?)));
            let expires = row.get::<_, Option<i64>>(2)?.map(|at| u64::try_from(at).unwrap_or(0));
            space.load(Entry { key: text(0)?, json: text(1)?, expires });
        }
        Ok(shared.cache.put(owner, space))
    }

    /// Learns whether anybody has a key.
    fn learn(&self, key: &str, shared: &Shared) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(
            "SELECT owner, expires FROM entries WHERE key = ?1 AND (expires IS NULL OR expires > ?2) LIMIT ?3",
        )?;
        let mut more = 1;
        loop {
            let now = now();
            let (ended, changed) = shared.log.before_search(key);
            let limit = changed + more;
            let time = i64::try_from(now).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![key, time, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let expires = row.get::<_, Option<i64>>(1)?.map(|at| u64::try_from(at).unwrap_or(0));
                Ok((ScriptId(row.get_ref(0)?.as_str()?.into()), expires))
            })?;
            let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            if shared.log.learn(key, ended, &rows, rows.len() < limit, now) {
                return Ok(());
            }
            more *= 2;
        }
    }

    /// Owners that have something, each found by one step in the index.
    fn owners(&self, after: Option<&ScriptId>, limit: usize) -> rusqlite::Result<Vec<ScriptId>> {
        let mut next = self.connection.prepare(
            "SELECT owner FROM entries WHERE owner > ?1 AND (expires IS NULL OR expires > ?2) ORDER BY owner LIMIT 1",
        )?;
        let time = i64::try_from(now()).unwrap_or(i64::MAX);
        let mut owners: Vec<ScriptId> = Vec::new();
        while owners.len() < limit {
            let before = owners.last().or(after).map_or("", ScriptId::as_str);
            let mut rows = next.query(params![before, time])?;
            let Some(row) = rows.next()? else { break };
            owners.push(ScriptId(row.get_ref(0)?.as_str()?.into()));
        }
        Ok(owners)
    }
}
