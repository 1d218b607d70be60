//! The lines of an export: an entry or a grant each, as JSON.

use crate::state::{Access, Entry, Grant, Grantee, Key, Pattern, ScriptId};
use crate::value::stored::{Build, json_of};
use crate::value::{List, Values};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What a line says.
pub(super) enum Line {
    /// Nothing.
    Blank,
    /// An entry.
    Entry(ScriptId, Entry),
    /// A grant.
    Grant(Grant),
    /// Something that is wrong: whose line it is, if that is known, and what is wrong.
    Bad(Option<ScriptId>, String),
}

/// The line of an entry, with its end.
pub(super) fn entry_line(owner: &ScriptId, Entry { key, json, expires }: &Entry) -> String {
    let (owner, key) = (quoted(owner.as_str()), quoted(key));
    let expires = expires.map_or(String::new(), |at| format!(",\"expires\":{at}"));
    format!("{{\"owner\":{owner},\"key\":{key},\"value\":{json}{expires}}}\n")
}

/// How an access is written.
pub(super) fn access_text(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

fn quoted(text: &str) -> String {
    // A string has a JSON text.
    serde_json::to_string(text).unwrap_or_default()
}

/// The grant that four texts are.
///
/// # Errors
/// Which of them is wrong, and how.
pub fn grant_of(owner: &str, keys: &str, to: &str, access: &str) -> Result<Grant, String> {
    let owner = ScriptId::new(owner).map_err(|got| format!("the \"owner\" must be a scriptId: {got}"))?;
    let keys = Pattern::new(keys).map_err(|got| {
        format!("the \"keys\" must be a key of {}, or what keys begin with and '*', got {got}", Key::RULE)
    })?;
    let to = Grantee::new(to).map_err(|got| format!("the \"to\" must be a scriptId or '*': {got}"))?;
    let access = match access {
        "read" => Access::Read,
        "write" => Access::Write,
        other => {
            let other = crate::error::quoted(other);
            return Err(format!("the \"access\" must be 'read' or 'write', got '{other}'"));
        }
    };
    Grant::new(owner, keys, to, access).map_err(|got| format!("the \"to\" must be another scriptId or '*', got {got}"))
}

/// Reads a line, without its end.
pub(super) fn read(line: &[u8]) -> Line {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Line::Blank;
    }
    let mut fields = Fields::default();
    let mut parser = serde_json::Deserializer::from_slice(line);
    // What nests is a value, which has its own limit, or is skipped without recursion.
    parser.disable_recursion_limit();
    let read = Object { fields: &mut fields, known: LINE }.deserialize(&mut parser).and_then(|()| parser.end());
    let owner = match &fields.owner {
        Some(Scalar::Text(text)) => ScriptId::new(text).ok(),
        _ => None,
    };
    if let Err(error) = read {
        let column = error.column();
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        let message = fields.problem.unwrap_or_else(|| match error.is_data() {
            true => format!("the line is not one of an export: {what} at byte {column}"),
            false => format!("the line is not JSON: {what} at byte {column}"),
        });
        return Line::Bad(owner, message);
    }
    match fields.line() {
        Ok(line) => line,
        Err(message) => Line::Bad(owner, message),
    }
}

/// A value that is no table.
enum Scalar {
    Text(String),
    Whole(u64),
    /// What it is instead.
    Other(&'static str),
}

impl Scalar {
    fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Whole(_) => "a number",
            Self::Other(what) => what,
        }
    }
}

/// What a line has.
#[derive(Default)]
struct Fields {
    owner: Option<Scalar>,
    key: Option<Scalar>,
    expires: Option<Scalar>,
    keys: Option<Scalar>,
    to: Option<Scalar>,
    access: Option<Scalar>,
    value: Option<Values>,
    grant: Option<Box<Fields>>,
    /// What was wrong first.
    problem: Option<String>,
}

const LINE: &[&str] = &["owner", "key", "value", "expires", "grant"];
const GRANT: &[&str] = &["owner", "keys", "to", "access"];

impl Fields {
    fn line(self) -> Result<Line, String> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if let Some(grant) = self.grant {
            if self.owner.is_some() || self.key.is_some() || self.value.is_some() || self.expires.is_some() {
                return Err("a line has either a \"grant\", or \"owner\", \"key\" and \"value\"".into());
            }
            let Self { owner, keys, to, access, problem, .. } = *grant;
            if let Some(problem) = problem {
                return Err(problem);
            }
            let [owner, keys, to, access] = [(owner, "owner"), (keys, "keys"), (to, "to"), (access, "access")]
                .map(|(scalar, name)| text(scalar, name));
            return grant_of(&owner?, &keys?, &to?, &access?).map(Line::Grant);
        }
        let owner = text(self.owner, "owner")?;
        let owner = ScriptId::new(&owner).map_err(|got| format!("the \"owner\" must be a scriptId: {got}"))?;
        let key = text(self.key, "key")?;
        Key::new(key.as_bytes()).map_err(|got| format!("the \"key\" must be a string of {}, got {got}", Key::RULE))?;
        let expires = match self.expires {
            None => None,
            Some(Scalar::Whole(at)) => Some(at),
            Some(other) => {
                let what = other.what();
                return Err(format!("the \"expires\" must be a whole number of milliseconds since 1970, got {what}"));
            }
        };
        let values = self.value.ok_or("the \"value\" is missing")?;
        // In the one form that stores have.
        let json = json_of(&values, "value")?.ok_or("the \"value\" is missing")?;
        Ok(Line::Entry(owner, Entry { key: key.into(), json: json.into(), expires }))
    }
}

fn text(scalar: Option<Scalar>, name: &str) -> Result<String, String> {
    match scalar {
        None => Err(format!("the \"{name}\" is missing")),
        Some(Scalar::Text(text)) => Ok(text),
        Some(other) => Err(format!("the \"{name}\" must be a string, got {}", other.what())),
    }
}

/// Reads an object into fields.
struct Object<'a> {
    fields: &'a mut Fields,
    known: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { fields, known } = self;
        while let Some(name) = entries.next_key::<String>()? {
            if !known.contains(&&*name) {
                let (name, known) = (crate::error::quoted(&name), known.join(", "));
                fields.problem.get_or_insert_with(|| format!("there is no field \"{name}\"; there are {known}"));
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            let twice = match &*name {
                "value" => {
                    let mut list = List::new();
                    if let Err(error) = list.add(|values| entries.next_value_seed(Build::new(values))) {
                        let text = error.to_string();
                        if text.contains("nested deeper") {
                            let what = text.split(" at line ").next().unwrap_or_default();
                            fields.problem.get_or_insert_with(|| format!("the value is {what}"));
                        }
                        return Err(error);
                    }
                    fields.value.replace(list.done()).is_some()
                }
                "grant" => {
                    let mut inner = Box::<Fields>::default();
                    entries.next_value_seed(Object { fields: &mut inner, known: GRANT })?;
                    fields.grant.replace(inner).is_some()
                }
                _ => {
                    let slot = match &*name {
                        "owner" => &mut fields.owner,
                        "key" => &mut fields.key,
                        "expires" => &mut fields.expires,
                        "keys" => &mut fields.keys,
                        "to" => &mut fields.to,
                        _ => &mut fields.access,
                    };
                    let scalar = entries.next_value_seed(ScalarSeed)?;
                    slot.replace(scalar).is_some()
                }
            };
            if twice {
                fields.problem.get_or_insert_with(|| format!("the field \"{name}\" is there twice"));
            }
        }
        Ok(())
    }
}

struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other("a number below 0"))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other("a number that is not whole"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scalar, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an object"))
    }
}
