//! `url`: URLs as the WHATWG has them, their queries, and percent-encoding.

use super::Named;
use super::bytes::{self, Recode};
use crate::bridge::Call;
use crate::bridge::direct;
use crate::c_function;
use crate::error::{Code, Error, quoted_bytes};
use crate::memory::{Budget, Killed};
use crate::value::{Refusal, Text, sort, type_name};
use mlua::{Table, Value};
use moonpool_lua::ffi;
use std::ffi::{CStr, c_int};
use url::{Position, Url};

const FUNCTIONS: &[Named] = &[
    (c"encode", encode),
    (c"decode", decode),
    (c"parse", parse),
    (c"build", c_function!(build)),
    (c"query", c_function!(query)),
];

/// The longest URL: reading one cannot be stopped in the middle.
const LONGEST: usize = 256 << 10;

/// What reading a URL takes in memory, for each byte of it.
const WORK: usize = 8;

/// Sets the global `url`.
///
/// # Safety
/// As [`super::push_library`].
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the caller vouches for the state.
    unsafe {
        super::push_library(state, FUNCTIONS);
        super::set_library(state, c"url");
    }
}

/// Which bytes stay as they are: `encodeURIComponent`'s, or those of a form, where a space is a plus sign.
#[derive(Clone, Copy, PartialEq)]
enum Percent {
    Component,
    Form,
}

impl Percent {
    fn keeps(self, byte: u8) -> bool {
        match byte {
            b'-' | b'_' | b'.' | b'*' => true,
            b'!' | b'~' | b'\'' | b'(' | b')' => self == Self::Component,
            _ => byte.is_ascii_alphanumeric(),
        }
    }
}

impl Recode for Percent {
    fn size(&self, piece: &[u8]) -> usize {
        let kept = |byte: u8| self.keeps(byte) || (*self == Self::Form && byte == b' ');
        piece.iter().map(|&byte| if kept(byte) { 1 } else { 3 }).sum()
    }

    fn recode(&self, piece: &[u8], room: &mut [u8]) -> Result<usize, usize> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut written = 0;
        for &byte in piece {
            if self.keeps(byte) {
                room[written] = byte;
                written += 1;
            } else if *self == Self::Form && byte == b' ' {
                room[written] = b'+';
                written += 1;
            } else {
                room[written..written + 3].copy_from_slice(&[
                    b'%',
                    DIGITS[usize::from(byte >> 4)],
                    DIGITS[usize::from(byte & 15)],
                ]);
                written += 3;
            }
        }
        Ok(written)
    }
}

/// Back again. What is no escape is an error, but not in a form.
struct Unpercent(Percent);

impl Recode for Unpercent {
    fn size(&self, piece: &[u8]) -> usize {
        piece.len()
    }

    fn recode(&self, piece: &[u8], room: &mut [u8]) -> Result<usize, usize> {
        let digit = |at: usize| piece.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        let (mut read, mut written) = (0, 0);
        while read < piece.len() {
            let (byte, length) = match (piece[read], digit(read + 1), digit(read + 2)) {
                (b'%', Some(high), Some(low)) => ((high << 4 | low) as u8, 3),
                (b'%', ..) if self.0 == Percent::Component => return Err(read),
                (b'+', ..) if self.0 == Percent::Form => (b' ', 1),
                (byte, ..) => (byte, 1),
            };
            room[written] = byte;
            read += length;
            written += 1;
        }
        Ok(written)
    }

    fn take(&self, rest: &[u8]) -> usize {
        if rest.len() <= bytes::PIECE {
            return rest.len();
        }
        // No escape is cut in two.
        let end = &rest[bytes::PIECE - 2..bytes::PIECE];
        bytes::PIECE - end.iter().rev().position(|&byte| byte == b'%').map_or(0, |behind| behind + 1)
    }
}

unsafe extern "C-unwind" fn encode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls this with its own state. The text is an argument; nothing in this frame has a destructor.
    unsafe {
        let text = bytes::check(state, 1);
        let size = direct::work(state, |direct| {
            text.chunks(bytes::PIECE).try_fold(0, |size, piece| {
                direct.budget().check()?;
                Ok(size + Percent::Component.size(piece))
            })
        });
        // Nothing that can be encoded is refused.
        let _ = bytes::recode(state, text, size, &Percent::Component);
    }
    1
}

unsafe extern "C-unwind" fn decode(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `encode`; the format fits its argument.
    unsafe {
        let text = bytes::check(state, 1);
        match bytes::recode(state, text, text.len(), &Unpercent(Percent::Component)) {
            Ok(()) => 1,
            Err(at) => {
                ffi::lua_pushnil(state);
                let at = at as ffi::lua_Integer + 1;
                ffi::lua_pushfstring(state, c"url: no two hexadecimal digits follow the %% at byte %I".as_ptr(), at);
                2
            }
        }
    }
}

/// Where the parts of a URL are in it.
type Parts = [(&'static CStr, Option<(usize, usize)>); 8];

fn parts(url: &Url) -> Parts {
    let place = |is_there: bool, from: Position, to: Position| is_there.then(|| (url[..from].len(), url[..to].len()));
    let has_user = !url.username().is_empty();
    [
        (c"href", Some((0, url.as_str().len()))),
        (c"scheme", place(true, Position::BeforeScheme, Position::AfterScheme)),
        (c"username", place(has_user, Position::BeforeUsername, Position::AfterUsername)),
        (c"password", place(url.password().is_some(), Position::BeforePassword, Position::AfterPassword)),
        // Which may be empty, as in file:///x.
        (c"host", place(url.has_authority(), Position::BeforeHost, Position::AfterHost)),
        (c"path", place(true, Position::BeforePath, Position::AfterPath)),
        (c"query", place(url.query().is_some(), Position::BeforeQuery, Position::AfterQuery)),
        (c"fragment", place(url.fragment().is_some(), Position::BeforeFragment, Position::AfterFragment)),
    ]
}

unsafe extern "C-unwind" fn parse(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as `encode`. What is kept stays until it is forgotten: nothing in between is work.
    unsafe {
        let text = bytes::check(state, 1);
        let base = if ffi::lua_isnoneornil(state, 2) != 0 { None } else { Some(bytes::check(state, 2)) };
        let found = direct::work(state, |direct| match read_within(direct.budget(), text, base)? {
            Ok(url) => {
                direct.keep(url.as_str().as_bytes().into());
                Ok(Some((parts(&url), url.port())))
            }
            Err(message) => {
                direct.keep(format!("url: {message}").into_bytes().into());
                Ok(None)
            }
        });
        let kept = direct::kept(state);
        let count = match found {
            Some((parts, port)) => {
                ffi::lua_createtable(state, 0, parts.len() as c_int + 1);
                for (name, place) in parts {
                    if let Some((from, to)) = place {
                        bytes::push(state, &kept[from..to]);
                        ffi::lua_setfield(state, -2, name.as_ptr());
                    }
                }
                if let Some(port) = port {
                    ffi::lua_pushinteger(state, port.into());
                    ffi::lua_setfield(state, -2, c"port".as_ptr());
                }
                1
            }
            None => {
                ffi::lua_pushnil(state);
                bytes::push(state, kept);
                2
            }
        };
        direct::forget_kept(state);
        count
    }
}

/// Reads a URL, counting what that takes.
fn read_within(budget: &Budget, text: &[u8], base: Option<&[u8]>) -> Result<Result<Url, String>, Killed> {
    let length = text.len() + base.map_or(0, <[u8]>::len);
    if length > LONGEST {
        return Ok(Err(format!("the URL is longer than {LONGEST} bytes")));
    }
    budget.check()?;
    budget.hold(length * WORK)?;
    let url = read(text, base);
    budget.release(length * WORK);
    Ok(url)
}

fn read(text: &[u8], base: Option<&[u8]>) -> Result<Url, String> {
    let utf8 = |text| str::from_utf8(text).map_err(|_| "the URL is not UTF-8".to_owned());
    match base {
        None => Url::parse(utf8(text)?).map_err(|error| error.to_string()),
        Some(base) => {
            let base = Url::parse(utf8(base)?).map_err(|error| format!("the base is no URL: {error}"))?;
            base.join(utf8(text)?).map_err(|error| error.to_string())
        }
    }
}

/// An error of a function of this library.
fn refusal(function: &str, reason: impl std::fmt::Display) -> Error {
    Error::new(Code::Runtime, format!("url.{function}: {reason}"))
}

/// The fields that [`build`] takes.
const PARTS: [&str; 8] = ["scheme", "username", "password", "host", "port", "path", "query", "fragment"];

/// Refuses fields that nobody would read, but for `href`, which [`parse`] gives beside the others.
fn check_parts(call: &Call, table: &Table) -> Result<(), Error> {
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|e| call.lost(&e))?;
        let name = match &key {
            Value::String(name) => name.as_bytes(),
            other => {
                let reason = format_args!("a field has a {} as its name (string expected)", type_name(other));
                return Err(refusal("build", reason));
            }
        };
        if !PARTS.iter().chain(&["href"]).any(|part| part.as_bytes() == &*name) {
            let (name, parts) = (quoted_bytes(&name), PARTS.join(", "));
            return Err(refusal("build", format_args!("the field '{name}' is unknown; there are {parts}")));
        }
    }
    Ok(())
}

fn build(call: &Call) -> Result<Value, Error> {
    let Value::Table(table) = call.arg(0) else { return Err(call.bad_argument(0, "build", "table")) };
    check_parts(call, table)?;
    let mut text = Text::new(call.budget(), LONGEST);
    let part = |name: &str| -> Result<Option<mlua::LuaString>, Error> {
        match table.raw_get(name).map_err(|e| call.lost(&e))? {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(text)),
            other => {
                Err(refusal("build", format_args!("the field '{name}' is a {} (string expected)", type_name(&other))))
            }
        }
    };
    let scheme = part("scheme")?.ok_or_else(|| refusal("build", "the field 'scheme' is missing"))?;
    let is_scheme = |text: &[u8]| {
        text.first().is_some_and(u8::is_ascii_alphabetic)
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    };
    if !is_scheme(&scheme.as_bytes()) {
        return Err(refusal("build", "the field 'scheme' is no scheme, such as https"));
    }
    let mut add = |bytes: &[u8], escaped: &[u8]| add(&mut text, bytes, escaped);
    add(&scheme.as_bytes(), b"")?;
    add(b":", b"")?;
    let path = part("path")?;
    let host = part("host")?;
    if let Some(host) = &host {
        let host = host.as_bytes();
        let is_address = host.starts_with(b"[") && host.ends_with(b"]");
        let is_foreign =
            |byte: &u8| b"/\\?#@".contains(byte) || *byte <= b' ' || *byte == 0x7f || (*byte == b':' && !is_address);
        if host.iter().any(is_foreign) {
            return Err(refusal("build", "the field 'host' has what no host has"));
        }
        add(b"//", b"")?;
        let (user, password) = (part("username")?, part("password")?);
        if let Some(user) = &user {
            add(&user.as_bytes(), b":/\\?#@[]")?;
        }
        if let Some(password) = &password {
            add(b":", b"")?;
            add(&password.as_bytes(), b":/\\?#@[]")?;
        }
        if user.is_some() || password.is_some() {
            add(b"@", b"")?;
        }
        add(&host, b"")?;
        match table.raw_get("port").map_err(|e| call.lost(&e))? {
            Value::Nil => {}
            Value::Integer(port @ 0..=65535) => add(format!(":{port}").as_bytes(), b"")?,
            _ => return Err(refusal("build", "the field 'port' is no integer from 0 to 65535")),
        }
    } else {
        for name in ["username", "password", "port"] {
            if !table.raw_get::<Value>(name).map_err(|e| call.lost(&e))?.is_nil() {
                return Err(refusal("build", format_args!("the field '{name}' needs the field 'host'")));
            }
        }
    }
    if let Some(path) = &path {
        let path = path.as_bytes();
        let is_slash = |byte: Option<&u8>| byte.is_some_and(|byte| b"/\\".contains(byte));
        match host {
            Some(_) if !path.is_empty() && !path.starts_with(b"/") => add(b"/", b"")?,
            // Else its first part would be a host.
            None if is_slash(path.first()) && is_slash(path.get(1)) => add(b"/.", b"")?,
            _ => {}
        }
        add(&path, b"?#")?;
    }
    match table.raw_get("query").map_err(|e| call.lost(&e))? {
        Value::Table(query) => {
            let query = write_query(call, &query, "build: the field 'query'")?;
            if !query.bytes().is_empty() {
                add(b"?", b"")?;
                add(query.bytes(), b"#")?;
            }
        }
        _ => {
            if let Some(query) = part("query")? {
                add(b"?", b"")?;
                add(&query.as_bytes(), b"#")?;
            }
        }
    }
    if let Some(fragment) = part("fragment")? {
        add(b"#", b"")?;
        add(&fragment.as_bytes(), b"")?;
    }
    let url = read_within(call.budget(), text.bytes(), None)?.map_err(|reason| refusal("build", reason))?;
    // A URL of the web has a host. The reader would take the beginning of its path for one.
    if url.host_str().is_some_and(|host| !host.is_empty()) && host.is_none_or(|host| host.as_bytes().is_empty()) {
        return Err(refusal("build", "the field 'host' is missing"));
    }
    call.string(url.as_str())
}

/// Adds a part of a URL, with `escaped` bytes, and those that the reader would drop, as escapes.
fn add(text: &mut Text, part: &[u8], escaped: &[u8]) -> Result<(), Error> {
    for piece in part.chunk_by(|a, b| is_plain(*a, escaped) && is_plain(*b, escaped)) {
        match piece {
            &[byte] if !is_plain(byte, escaped) => push(text, format!("%{byte:02X}").as_bytes(), "build")?,
            plain => push(text, plain, "build")?,
        }
    }
    Ok(())
}

fn is_plain(byte: u8, escaped: &[u8]) -> bool {
    byte > b' ' && byte < 0x7f && !escaped.contains(&byte)
}

fn push(text: &mut Text, bytes: &[u8], function: &str) -> Result<(), Error> {
    text.push(bytes).map_err(|refused| match refused {
        Refusal::Killed => Killed.into(),
        _ => refusal(function, format_args!("the URL is longer than {LONGEST} bytes")),
    })
}

fn query(call: &Call) -> Result<Value, Error> {
    match call.arg(0) {
        Value::Table(table) => call.bytes(write_query(call, table, "query")?.bytes()),
        Value::String(text) => read_query(call, &text.as_bytes()),
        _ => Err(call.bad_argument(0, "query", "string or table")),
    }
}

/// What a key of a query counts until it is written, beside its bytes.
const LISTED: usize = 64;

/// A query of a table. `place` is where its errors are: the function, and perhaps more.
fn write_query<'a>(call: &Call<'a>, table: &Table, place: &str) -> Result<Text<'a>, Error> {
    let budget = &call.context.budget;
    let mut held = 0;
    let mut text = Text::new(budget, usize::MAX);
    let written = list_query(call, table, place, &mut held).and_then(|keys| {
        for key in &keys {
            let name = call.lua.create_string(key).map_err(|e| call.lost(&e))?;
            match table.raw_get(name).map_err(|e| call.lost(&e))? {
                Value::Table(list) => {
                    check_list(call, &list, key, place)?;
                    for i in 1..=list.raw_len() {
                        let value = list.raw_get(i).map_err(|e| call.lost(&e))?;
                        write_pair(call, &mut text, key, &value, place)?;
                    }
                }
                value => write_pair(call, &mut text, key, &value, place)?,
            }
        }
        Ok(())
    });
    budget.release(held);
    written.map(|()| text)
}

/// The keys of a query, sorted. Their values stay in the table: mlua has no place for a million of them at once.
fn list_query(call: &Call, table: &Table, place: &str, held: &mut usize) -> Result<Vec<Vec<u8>>, Error> {
    let budget = call.budget();
    let mut keys = Vec::new();
    for pair in table.pairs::<Value, Value>() {
        let key = pair.map_err(|e| call.lost(&e))?.0;
        let Value::String(key) = key else {
            return Err(refusal(place, format_args!("a key is a {} (string expected)", type_name(&key))));
        };
        let bytes = LISTED + key.as_bytes().len();
        budget.hold(bytes)?;
        *held += bytes;
        budget.check()?;
        keys.push(key.as_bytes().to_vec());
    }
    sort(&mut keys, budget, Vec::cmp)?;
    Ok(keys)
}

/// Whether a table has nothing but a list.
fn check_list(call: &Call, list: &Table, key: &[u8], place: &str) -> Result<(), Error> {
    let length = list.raw_len() as i64;
    for pair in list.pairs::<Value, Value>() {
        call.budget().check()?;
        match pair.map_err(|e| call.lost(&e))?.0 {
            Value::Integer(i) if (1..=length).contains(&i) => {}
            _ => return Err(no_value(key, place)),
        }
    }
    Ok(())
}

fn no_value(key: &[u8], place: &str) -> Error {
    let key = String::from_utf8_lossy(&key[..key.len().min(100)]);
    refusal(place, format_args!("the value of '{key}' is no string, number, boolean or list of them"))
}

fn write_pair(call: &Call, text: &mut Text, key: &[u8], value: &Value, place: &str) -> Result<(), Error> {
    call.budget().check()?;
    let value = match value {
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            call.lua.coerce_string(value.clone()).map_err(|e| call.lost(&e))?
        }
        Value::Boolean(value) => Some(call.lua.create_string(value.to_string()).map_err(|e| call.lost(&e))?),
        _ => None,
    };
    let Some(value) = value else { return Err(no_value(key, place)) };
    if !text.bytes().is_empty() {
        push(text, b"&", place)?;
    }
    write_form(call, text, key, place)?;
    push(text, b"=", place)?;
    write_form(call, text, &value.as_bytes(), place)
}

fn write_form(call: &Call, text: &mut Text, bytes: &[u8], place: &str) -> Result<(), Error> {
    let mut room = [0; 3 * 256];
    for piece in bytes.chunks(256) {
        call.budget().check()?;
        let size = Percent::Form.recode(piece, &mut room).unwrap_or(0);
        push(text, &room[..size], place)?;
    }
    Ok(())
}

fn read_query(call: &Call, text: &[u8]) -> Result<Value, Error> {
    let lost = |error: mlua::Error| call.lost(&error);
    let table = call.lua.create_table().map_err(lost)?;
    let text = text.strip_prefix(b"?").unwrap_or(text);
    let mut rest = text;
    while !rest.is_empty() {
        let (pair, others) = split_at(call, rest, b'&')?;
        rest = others;
        if pair.is_empty() {
            continue;
        }
        let (key, value) = split_at(call, pair, b'=')?;
        let (key, value) = (read_form(call, key)?, read_form(call, value)?);
        match table.raw_get(&key).map_err(lost)? {
            Value::Nil => table.raw_set(key, value).map_err(lost)?,
            Value::Table(list) => list.raw_push(value).map_err(lost)?,
            first => {
                let list = call.lua.create_table().map_err(lost)?;
                list.raw_push(first).and_then(|()| list.raw_push(value)).map_err(lost)?;
                table.raw_set(key, list).map_err(lost)?;
            }
        }
    }
    Ok(Value::Table(table))
}

/// What is before the first such byte, and what is behind it.
fn split_at<'a>(call: &Call, text: &'a [u8], byte: u8) -> Result<(&'a [u8], &'a [u8]), Error> {
    for (i, piece) in text.chunks(bytes::PIECE).enumerate() {
        call.budget().check()?;
        if let Some(at) = piece.iter().position(|&other| other == byte) {
            let at = i * bytes::PIECE + at;
            return Ok((&text[..at], &text[at + 1..]));
        }
    }
    Ok((text, b""))
}

/// A key or a value of a query as a Lua string.
fn read_form(call: &Call, bytes: &[u8]) -> Result<mlua::LuaString, Error> {
    let code = Unpercent(Percent::Form);
    let mut text = Text::new(call.budget(), usize::MAX);
    let mut room = [0; 1024];
    let mut rest = bytes;
    while !rest.is_empty() {
        call.budget().check()?;
        let mut end = rest.len().min(room.len());
        if end < rest.len() {
            // No escape is cut in two.
            end -= rest[end - 2..end].iter().rev().position(|&byte| byte == b'%').map_or(0, |behind| behind + 1);
        }
        let size = code.recode(&rest[..end], &mut room).unwrap_or(0);
        push(&mut text, &room[..size], "query")?;
        rest = &rest[end..];
    }
    call.lua.create_string(text.bytes()).map_err(|e| call.lost(&e))
}
