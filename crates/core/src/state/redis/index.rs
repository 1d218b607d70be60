//! Who has a key of which name, so that a script can be told "another's" from "nobody's".
//!
//! A name's owners are on another node of a cluster than their spaces, so no step changes both. Instead:
//! - Who is about to have an entry, or to have it longer, is added before the write, and once more after it.
//! - Who has none any more is taken out, then looked for again, and added again if there is one after all.
//!
//! Whichever way two processes do both at once, the last step that touches an owner's membership finds it as it is. A member
//! too many is harmless: it is believed only when its space has the entry, and else taken out. One is missing only when a
//! process is killed between two such steps while another writes the same key; then a script is told that nobody has the
//! key, which it does not get either way.

use super::answers::{integer, next};
use super::asked::Asked;
use super::keys::Keys;
use super::scripts::{INDEX, LASTS, evaluate};
use super::trouble::Trouble;
use crate::state::ScriptId;
use redis::{Cmd, Value};

/// How many owners of a name are looked at in one step.
const LOOK: usize = 16;

/// How many memberships are tidied in one step.
pub(super) const TIDY: usize = 128;

/// For how long an owner has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Until it is deleted.
    Ever,
    /// So many milliseconds.
    Millis(u64),
}

/// Adds an owner.
pub(super) fn join(keys: &Keys, owner: &ScriptId, name: &str, time: For) -> Cmd {
    let mut command = evaluate(&INDEX, &[keys.index(name)]);
    match time {
        For::Ever => command.arg(owner.as_str()).arg(-1),
        For::Millis(ms) => command.arg(owner.as_str()).arg(ms),
    };
    command
}

fn leave(keys: &Keys, owner: &ScriptId, name: &str) -> Cmd {
    evaluate(&INDEX, &[keys.index(name)]).arg(owner.as_str()).arg("").take()
}

/// How long an entry lasts.
pub(super) fn lasts(keys: &Keys, owner: &ScriptId, name: &str) -> Cmd {
    evaluate(&LASTS, &keys.space(owner)).arg(name).take()
}

/// Takes out who has no entry of a name any more, and writes down for how long those have one who do. Returns whether
/// anybody does. At most [`TIDY`] at a time.
///
/// # Errors
/// Why the server cannot be asked.
pub(super) async fn tidy(asked: &Asked<'_>, keys: &Keys, pairs: &[(ScriptId, String)]) -> Result<bool, Trouble> {
    let mut commands = Vec::with_capacity(2 * pairs.len());
    commands.extend(pairs.iter().map(|(owner, name)| leave(keys, owner, name)));
    commands.extend(pairs.iter().map(|(owner, name)| lasts(keys, owner, name)));
    let answers = asked.read(commands).await?;
    let mut again = Vec::new();
    for ((owner, name), answer) in pairs.iter().zip(answers.iter().skip(pairs.len())) {
        match integer(answer)? {
            -1 => again.push(join(keys, owner, name, For::Ever)),
            ms if ms >= 0 => again.push(join(keys, owner, name, For::Millis(ms.unsigned_abs()))),
            _ => {}
        }
    }
    let any = !again.is_empty();
    if any {
        asked.read(again).await?;
    }
    Ok(any)
}

/// Whether anybody has an entry of this name.
///
/// # Errors
/// Why the server cannot be asked.
pub(super) async fn is_held(asked: &Asked<'_>, keys: &Keys, name: &str) -> Result<bool, Trouble> {
    loop {
        let range = redis::cmd("ZREVRANGE").arg(keys.index(name)).arg(0).arg(LOOK - 1).take();
        let members = match next(&mut asked.read(vec![range]).await?.into_iter())? {
            Value::Array(members) => members,
            _ => Vec::new(),
        };
        let owners = members.into_iter().filter_map(|member| match member {
            Value::BulkString(bytes) => ScriptId::new(std::str::from_utf8(&bytes).ok()?).ok(),
            _ => None,
        });
        let owners: Vec<ScriptId> = owners.collect();
        if owners.is_empty() {
            return Ok(false);
        }
        let look = owners.iter().map(|owner| lasts(keys, owner, name)).collect();
        for answer in asked.read(look).await? {
            if integer(&answer)? > -2 {
                return Ok(true);
            }
        }
        let dead: Vec<_> = owners.into_iter().map(|owner| (owner, name.to_owned())).collect();
        if tidy(asked, keys, &dead).await? {
            return Ok(true);
        }
    }
}
