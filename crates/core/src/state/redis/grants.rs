//! Grants on the server: changed there in one step, and read again whenever somebody has changed them.

use super::answers::{confused, integer, list, next, some_text, text};
use super::asked::Asked;
use super::keys::Keys;
use super::scripts::{GRANT, REVOKE, evaluate};
use super::trouble::{Then, Trouble};
use crate::state::{Access, Grant, Grantee, Grants, Op, Pattern, Response, ScriptId, StoreError};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

/// What a process knows of the grants.
#[derive(Default)]
pub(super) struct Known {
    pub(super) grants: Grants,
    /// Whether they have been read at all.
    read: AtomicBool,
    /// The name of the last change of what is known. Held while they are read, so that nobody puts older ones over newer.
    change: Mutex<Option<Arc<str>>>,
}

impl Known {
    /// Whether they have been read at all: what was asked before, was asked without knowing of any.
    pub(super) fn are_known(&self) -> bool {
        self.read.load(Ordering::Acquire)
    }

    /// Whether a request would be about another key if the grants had been known.
    pub(super) fn redirect(&self, owner: &ScriptId, op: &Op<'_>) -> bool {
        match (op, op.key()) {
            (_, Some(key)) => self.grants.resolve(owner, key).is_some(),
            (Op::List { prefix }, None) => !self.grants.seen_by(owner, prefix).is_empty(),
            _ => false,
        }
    }

    /// Reads them, if nobody has.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub(super) async fn learn(&self, asked: &Asked<'_>, keys: &Keys) -> Result<(), Trouble> {
        let mut change = self.change.lock().await;
        if self.are_known() { Ok(()) } else { self.look(&mut change, asked, keys).await }
    }

    /// Reads them, if somebody has changed them.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub(super) async fn refresh(&self, asked: &Asked<'_>, keys: &Keys) -> Result<(), Trouble> {
        let mut change = self.change.lock().await;
        self.look(&mut change, asked, keys).await
    }

    async fn look(&self, change: &mut Option<Arc<str>>, asked: &Asked<'_>, keys: &Keys) -> Result<(), Trouble> {
        let look = redis::cmd("HGET").arg(keys.grants()).arg("").take();
        let last = some_text(next(&mut asked.read(vec![look]).await?.into_iter())?)?;
        if last == *change {
            self.read.store(true, Ordering::Release);
            return Ok(());
        }
        let all = redis::cmd("HGETALL").arg(keys.grants()).take();
        let all = list(next(&mut asked.read(vec![all]).await?.into_iter())?)?;
        let mut all = all.into_iter();
        let mut grants = Vec::new();
        let mut name = None;
        while let (Some(field), Some(value)) = (all.next(), all.next()) {
            let (field, value) = (text(field)?, text(value)?);
            if field.is_empty() {
                name = Some(value);
            } else {
                grants.push(read(&field, &value).ok_or_else(confused)?);
            }
        }
        self.grants.replace(&grants);
        *change = name;
        self.read.store(true, Ordering::Release);
        Ok(())
    }

    /// Reads them after a change of ours, which may have been written whatever comes of this.
    async fn refresh_own(&self, asked: &Asked<'_>, keys: &Keys) -> Result<(), Trouble> {
        self.refresh(asked, keys).await.map_err(|trouble| Trouble { then: Then::Unknown, ..trouble })
    }

    /// Adds a grant, or changes its access.
    ///
    /// # Errors
    /// Why that could not be done.
    pub(super) async fn add(&self, asked: &Asked<'_>, keys: &Keys, grant: &Grant) -> Result<Done, Trouble> {
        let access = match grant.access {
            Access::Read => 'r',
            Access::Write => 'w',
        };
        let value = format!("{access}{}", grant.owner.as_str());
        let command = evaluate(&GRANT, &[keys.grants()]).arg(field(grant)).arg(value).arg(name()).take();
        let other = some_text(asked.write(vec![command], 0).await?)?;
        self.refresh_own(asked, keys).await?;
        Ok(match other {
            Some(owner) => Err(StoreError::Taken(ScriptId::new(&owner).map_err(|_| confused())?)),
            None => Ok(Response::Done),
        })
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// Why that could not be done.
    pub(super) async fn remove(&self, asked: &Asked<'_>, keys: &Keys, grant: &Grant) -> Result<Done, Trouble> {
        let owner = grant.owner.as_str();
        let command = evaluate(&REVOKE, &[keys.grants()]).arg(field(grant)).arg(owner).arg(name()).take();
        let was_there = integer(&asked.write(vec![command], 0).await?)? == 1;
        self.refresh_own(asked, keys).await?;
        Ok(Ok(Response::Written { met: was_there, was_there }))
    }
}

type Done = Result<Response, StoreError>;

/// The name of a change, which no other has.
fn name() -> String {
    format!("{:016x}", RandomState::new().hash_one(std::time::Instant::now()))
}

/// Who for, and what: an id has no control characters.
fn field(grant: &Grant) -> String {
    format!("{}\0{}", grant.to.as_str(), grant.keys.as_str())
}

fn read(field: &str, value: &str) -> Option<Grant> {
    let (to, keys) = field.split_once('\0')?;
    let access = match value.as_bytes().first()? {
        b'r' => Access::Read,
        b'w' => Access::Write,
        _ => return None,
    };
    let owner = ScriptId::new(&value[1..]).ok()?;
    Grant::new(owner, Pattern::new(keys).ok()?, Grantee::new(to).ok()?, access).ok()
}
