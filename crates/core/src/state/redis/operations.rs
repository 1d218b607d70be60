//! The operations: what each asks the server, and what its answers mean.

use super::answers::{confused, count, integer, list, next, some_text, text};
use super::asked::Asked;
use super::grants::Known;
use super::index::{self, For};
use super::keys::Keys;
use super::scripts::{self, evaluate};
use super::single::{self, Json, Sum, Written};
use super::trouble::{Then, Trouble};
use crate::state::{
    Change, Condition, Entry, Expiry, Found, Incr, Number, Op, Request, Response, ScriptId, StoreError, Write,
};
use redis::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many keys Redis looks at in one step of a walk through all.
const STEP: usize = 1000;

/// One operation at work.
pub(super) struct Operation<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) keys: &'a Keys,
    pub(super) known: &'a Known,
    /// Whether the grants were known when this was asked.
    pub(super) informed: bool,
    /// Whose membership in which index is to be looked at when all is done.
    pub(super) loose: Vec<(ScriptId, String)>,
}

/// Why there is no response.
pub(super) enum Failed {
    /// The server could not be asked.
    Trouble(Trouble),
    /// It was, and nothing changed.
    Refused(StoreError),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl Operation<'_> {
    /// Does what is asked.
    ///
    /// # Errors
    /// Why that could not be done.
    pub(super) async fn perform(&mut self, request: Request<'static>) -> Result<Response, Failed> {
        let Request { owner, quota, op } = request;
        if !self.informed {
            // A name may mean another's key. Who asked has taken it for one of its own.
            // Also before a walk, whose steps have this time each.
            let learned = tokio::time::timeout(self.asked.time(), self.known.learn(self.asked, self.keys)).await;
            learned.map_err(|_| self.asked.late())??;
            if self.known.redirect(&owner, &op) {
                return Err(Trouble::new(Then::Never, "the grants of this key were not known yet; ask again").into());
            }
        }
        Ok(match op {
            Op::Get { key, foreign } => Response::Value(self.get(&owner, &key, foreign).await?),
            Op::Lasts { key } => single::lasts(&self.read(index::lasts(self.keys, &owner, &key)).await?)?,
            Op::Write(write) => self.write(&owner, quota, &write, false).await?,
            Op::Incr(incr) => Response::Number(self.incr(&owner, quota, &incr).await?),
            Op::List { prefix } => {
                let (low, high) = bounds(&prefix, None);
                let command = evaluate(&scripts::LIST, &self.keys.space(&owner)).arg(low).arg(high).take();
                let names = list(self.read(command).await?)?;
                Response::Keys(names.into_iter().map(text).collect::<Result<_, _>>()?)
            }
            Op::Entries { prefix, after, limit } => self.entries(&owner, &prefix, after.as_deref(), limit).await?,
            Op::Size => {
                let answer = list(self.read(evaluate(&scripts::SIZE, &self.keys.space(&owner))).await?)?;
                size(&answer)?
            }
            Op::Clear => {
                let mut answer =
                    list(self.asked.write(vec![evaluate(&scripts::CLEAR, &self.keys.space(&owner))], 0).await?)?;
                let names = list(answer.pop().ok_or_else(confused)?)?;
                for name in names {
                    self.loose.push((owner.clone(), text(name)?.to_string()));
                }
                size(&answer)?
            }
            Op::Import(entries) => self.import(&owner, quota, &entries).await?,
            Op::Owners { after, limit } => Response::Owners(self.owners(after.as_ref(), limit).await?),
            Op::Grant(grant) => self.known.add(self.asked, self.keys, &grant).await??,
            Op::Grants => {
                self.known.refresh(self.asked, self.keys).await?;
                Response::Grants(self.known.grants.list())
            }
            Op::Revoke(grant) => self.known.remove(self.asked, self.keys, &grant).await??,
        })
    }

    async fn read(&self, command: redis::Cmd) -> Result<Value, Trouble> {
        next(&mut self.asked.read(vec![command]).await?.into_iter())
    }

    async fn get(&self, owner: &ScriptId, name: &str, foreign: bool) -> Result<Found, Trouble> {
        let json = match single::json(self.read(single::get(self.keys, owner, name)).await?)? {
            Json::Is(json) => json,
            Json::Expires => {
                some_text(self.read(evaluate(&scripts::GET, &self.keys.space(owner)).arg(name).take()).await?)?
            }
        };
        Ok(match json {
            Some(json) => Found::Own(json),
            None if foreign && index::is_held(self.asked, self.keys, name).await? => Found::Foreign,
            None => Found::Nowhere,
        })
    }

    /// Changes an entry. The index is told first of one that is new or lasts longer: `creates` says that it likely is; else
    /// the script says so.
    async fn write(
        &mut self,
        owner: &ScriptId,
        quota: usize,
        write: &Write<'_>,
        creates: bool,
    ) -> Result<Response, Failed> {
        let mut joins = creates && matches!(write.change, Change::Put(_)) || single::lasts_longer(write);
        loop {
            let command = single::write(self.keys, owner, quota, write, joins);
            let answer = if joins {
                let join = index::join(self.keys, owner, &write.key, single::time(write));
                self.asked.write(vec![join.clone(), command, join], 1).await?
            } else {
                self.asked.write(vec![command], 0).await?
            };
            match single::written(answer)? {
                Written::JoinFirst => {
                    self.asked.wrote_nothing();
                    joins = true;
                }
                Written::Done { response, tidy } => {
                    if tidy {
                        self.loose.push((owner.clone(), write.key.to_string()));
                    }
                    return Ok(response?);
                }
            }
        }
    }

    /// Integers are added on the server; whatever else, here, and written if the value is still what it was: [`Number`]
    /// alone says what a sum is.
    async fn incr(&mut self, owner: &ScriptId, quota: usize, incr: &Incr<'_>) -> Result<Number, Failed> {
        loop {
            let old = match incr.by {
                Number::Integer(by) => {
                    let command = single::incr(self.keys, owner, quota, &incr.key, by);
                    match single::sum(self.asked.write(vec![command], 0).await?)? {
                        Sum::Is(sum) => return Ok(Number::parse(&sum)?),
                        Sum::AddTo(old) => old,
                    }
                }
                Number::Float(_) => match self.get(owner, &incr.key, false).await? {
                    Found::Own(json) => Some(json),
                    _ => None,
                },
            };
            self.asked.wrote_nothing();
            let (when, before, expiry) = match &old {
                Some(json) => (Condition::Is(Cow::Borrowed(&**json)), Number::parse(json)?, Expiry::Keep),
                None => (Condition::Missing, incr.init, incr.ttl.map_or(Expiry::Never, Expiry::In)),
            };
            let sum = before.plus(incr.by)?;
            let write =
                Write { key: Cow::Borrowed(&*incr.key), when, change: Change::Put(sum.to_json().into()), expiry };
            match self.write(owner, quota, &write, old.is_none()).await? {
                Response::Written { met: true, .. } => return Ok(sum),
                _ => self.asked.wrote_nothing(),
            }
        }
    }

    async fn entries(
        &self,
        owner: &ScriptId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Response, Failed> {
        let (low, high) = bounds(prefix, after);
        let limit = limit.min(i32::MAX as usize);
        let command = evaluate(&scripts::ENTRIES, &self.keys.space(owner)).arg(low).arg(high).arg(limit).take();
        let mut parts = list(self.read(command).await?)?.into_iter();
        let mut entries = Vec::with_capacity(parts.len() / 3);
        while let (Some(key), Some(json), Some(expires)) = (parts.next(), parts.next(), parts.next()) {
            let expires = text(expires)?;
            let expires = if expires.is_empty() { None } else { Some(expires.parse().map_err(|_| confused())?) };
            entries.push(Entry { key: text(key)?, json: text(json)?, expires });
        }
        Ok(Response::Entries(entries))
    }

    async fn import(&mut self, owner: &ScriptId, quota: usize, entries: &[Entry]) -> Result<Response, Failed> {
        // The last of several entries with one key counts.
        let new: BTreeMap<&str, &Entry> = entries.iter().map(|entry| (&*entry.key, entry)).collect();
        let mut command = evaluate(&scripts::IMPORT, &self.keys.space(owner));
        command.arg(quota);
        for entry in new.values() {
            command.arg(&*entry.key).arg(&*entry.json);
            match entry.expires {
                Some(at) => command.arg(at.min(single::LONGEST)),
                None => command.arg(""),
            };
        }
        // For how long is looked at when all is done: the time on an index's node may be another.
        let names: Vec<&str> = new.into_keys().collect();
        self.join(owner, &names).await?;
        let answer = list(self.asked.write(vec![command], 0).await?)?;
        let names = || names.iter().map(|name| (owner.clone(), (*name).to_owned()));
        self.loose.extend(names());
        match (integer(answer.first().ok_or_else(confused)?)?, answer.get(1)) {
            (2, Some(bytes)) => Err(StoreError::Quota(count(bytes)?).into()),
            _ => Ok(Response::Done),
        }
    }

    async fn join(&self, owner: &ScriptId, names: &[&str]) -> Result<(), Trouble> {
        for names in names.chunks(index::TIDY) {
            let commands = names.iter().map(|name| index::join(self.keys, owner, name, For::Ever)).collect();
            self.asked.read(commands).await?;
        }
        Ok(())
    }

    /// Walks through all keys of the database: who has a space is written down nowhere else, so it cannot be wrong. Keeps no
    /// more ids than are wanted.
    async fn owners(&self, after: Option<&ScriptId>, limit: usize) -> Result<Vec<ScriptId>, Failed> {
        let mut owners = BTreeSet::new();
        let mut cursor: Arc<str> = "0".into();
        loop {
            let mut command = redis::cmd("SCAN");
            command.arg(&*cursor).arg("MATCH").arg(self.keys.all_values()).arg("COUNT").arg(STEP);
            let step = tokio::time::timeout(self.asked.time(), self.read(command)).await;
            let mut answer = list(step.map_err(|_| self.asked.late())??)?.into_iter();
            cursor = text(next(&mut answer)?)?;
            for key in list(next(&mut answer)?)? {
                // Of another prefix, or none of ours, perhaps not even text.
                let Some(owner) = text(key).ok().and_then(|key| self.keys.owner(&key)) else { continue };
                if after.is_none_or(|after| owner > *after) {
                    owners.insert(owner);
                    if owners.len() > limit {
                        owners.pop_last();
                    }
                }
            }
            if &*cursor == "0" {
                return Ok(owners.into_iter().collect());
            }
        }
    }
}

/// Between which names those are that begin with a prefix and come after another, as Redis writes it. No name has the byte
/// 255.
fn bounds(prefix: &str, after: Option<&str>) -> (Vec<u8>, Vec<u8>) {
    let low = match after {
        Some(after) if after >= prefix => format!("({after}"),
        _ => format!("[{prefix}"),
    };
    let high = if prefix.is_empty() { b"+".to_vec() } else { [b"(", prefix.as_bytes(), &[255]].concat() };
    (low.into_bytes(), high)
}

fn size(answer: &[Value]) -> Result<Response, Trouble> {
    match answer {
        [entries, bytes] => Ok(Response::Size { entries: count(entries)?, bytes: count(bytes)? }),
        _ => Err(confused()),
    }
}
