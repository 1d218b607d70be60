//! Identity and State hold for generated ids, keys and sequences of operations, as a simple model says.

mod common;
mod contract;
#[path = "common/generate.rs"]
mod generate;

use common::{QUOTA, execute, script};
use contract::Asked;
use generate::{config, lua_string, lua_value, values};
use moonpool_core::bridge::Services;
use moonpool_core::error::{Code, Failure};
use moonpool_core::state::{
    Found, Key, Lasts, MAX_VALUE, Op, Quotas, Response, ScriptId, Store, StoreError, View, Write,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an entry costs besides its key and value, as `MemoryStore` documents.
const ENTRY: usize = 192;

/// What keys and ids are built from: separators of all kinds, so that many are prefixes of each other.
const PIECES: &[&str] = &["a", "ab", "/", ".", "%", "*", ":", " ", "-", "é", "🌍", "tester", "config", "__index", "1"];
/// What only keys may hold.
const CONTROLS: &[&str] = &["\0", "\n", "\r\n", "\u{7f}", "\u{85}", "a", "/", "\u{1b}[2J"];

fn joined(pieces: &'static [&'static str], max: usize) -> impl Strategy<Value = String> {
    let short = prop::collection::vec(prop::sample::select(pieces), 1..4).prop_map(|pieces| pieces.concat());
    let cut = move |mut text: String| {
        while text.len() > max {
            text.pop();
        }
        text
    };
    prop_oneof![9 => short, 1 => prop::sample::select(pieces).prop_map(move |piece| cut(piece.repeat(max)))]
}

fn ids() -> impl Strategy<Value = String> {
    joined(PIECES, ScriptId::MAX)
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![2 => joined(PIECES, Key::MAX), 1 => joined(CONTROLS, Key::MAX)]
}

fn id(text: &str) -> ScriptId {
    ScriptId::new(text).expect("a generated id is good")
}

fn key(text: &str) -> Key {
    Key::new(text.as_bytes()).expect("a generated key is good")
}

/// One operation; `by` and `key` are indices into the ids and keys of the case.
#[derive(Clone, Debug)]
struct Operation {
    by: usize,
    key: usize,
    act: Act,
    /// Through a script, or through the store's trait.
    scripted: bool,
}

#[derive(Clone, Debug)]
enum Act {
    Get,
    GetDefault,
    Set(serde_json::Value),
    SetNil,
    Has,
    Delete,
    /// With the first so many characters of the key as the prefix.
    List(usize),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let act = prop_oneof![
        3 => Just(Act::Get),
        1 => Just(Act::GetDefault),
        5 => values().prop_map(Act::Set),
        // Values around the size that fills the small quota.
        2 => (0..700_usize).prop_map(|len| Act::Set("v".repeat(len).into())),
        1 => Just(Act::SetNil),
        1 => Just(Act::Has),
        2 => Just(Act::Delete),
        2 => (0..5_usize).prop_map(Act::List),
    ];
    let operation = (0..4_usize, 0..6_usize, act, any::<bool>());
    prop::collection::vec(operation.prop_map(|(by, key, act, scripted)| Operation { by, key, act, scripted }), 1..40)
}

/// What State must do, in the plainest words.
struct Model {
    quota: usize,
    spaces: BTreeMap<String, BTreeMap<String, String>>,
}

impl Model {
    fn found(&self, id: &str, key: &str) -> Found {
        match self.spaces.get(id).and_then(|space| space.get(key)) {
            Some(value) => Found::Own(value.as_str().into()),
            None if self.spaces.values().any(|space| space.contains_key(key)) => Found::Foreign,
            None => Found::Nowhere,
        }
    }

    /// Whether the write is allowed; then it is done.
    fn set(&mut self, id: &str, key: &str, value: &str) -> bool {
        let mut space = self.spaces.get(id).cloned().unwrap_or_default();
        space.insert(key.to_owned(), value.to_owned());
        let bytes: usize = space.iter().map(|(key, value)| key.len() + value.len() + ENTRY).sum();
        if bytes <= self.quota {
            self.spaces.insert(id.to_owned(), space);
        }
        bytes <= self.quota
    }

    fn delete(&mut self, id: &str, key: &str) -> bool {
        self.spaces.get_mut(id).is_some_and(|space| space.remove(key).is_some())
    }

    /// In byte order, as Rust compares strings.
    fn list(&self, id: &str, prefix: &str) -> Vec<String> {
        let space = self.spaces.get(id);
        space.into_iter().flat_map(BTreeMap::keys).filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// The answer of an operation, in words that both ways of doing it can give.
    fn perform(&mut self, id: &str, key: &str, act: &Act) -> String {
        match act {
            Act::Get | Act::GetDefault => match self.found(id, key) {
                Found::Own(value) => value.to_string(),
                Found::Foreign => Code::StateDenied.as_str().to_owned(),
                Found::Nowhere => if matches!(act, Act::Get) { "nothing" } else { "default" }.to_owned(),
            },
            Act::Set(value) => {
                if self.set(id, key, &value.to_string()) { "done" } else { Code::StateQuota.as_str() }.to_owned()
            }
            Act::SetNil => {
                self.delete(id, key);
                "done".to_owned()
            }
            Act::Has => matches!(self.found(id, key), Found::Own(_)).to_string(),
            Act::Delete => self.delete(id, key).to_string(),
            Act::List(chars) => format!("{:?}", self.list(id, &prefix(key, *chars))),
        }
    }
}

fn prefix(key: &str, chars: usize) -> String {
    key.chars().take(chars).collect()
}

/// Does the operation through the trait.
fn call(store: &dyn Store, quota: usize, id: &ScriptId, key: &Key, act: &Act) -> String {
    let quotas = Quotas::new(quota);
    let view = View::new(store, id, &quotas, true);
    let name = key.as_str();
    let ask = |op| {
        let request = view.request(op).expect("nothing was granted");
        store.now(&request).expect("memory answers at once").response
    };
    let write = |write| match ask(Op::Write(write)) {
        Ok(Response::Written { was_there, .. }) => Ok(was_there),
        Ok(other) => panic!("{other:?}"),
        Err(StoreError::Quota(_)) => Err(Code::StateQuota.as_str().to_owned()),
        Err(error) => panic!("{error:?}"),
    };
    match act {
        Act::Get | Act::GetDefault => match ask(view.get(name)) {
            Ok(Response::Value(Found::Own(value))) => value.to_string(),
            Ok(Response::Value(Found::Foreign)) => Code::StateDenied.as_str().to_owned(),
            Ok(Response::Value(Found::Nowhere)) => {
                if matches!(act, Act::Get) { "nothing" } else { "default" }.to_owned()
            }
            other => panic!("{other:?}"),
        },
        Act::Set(value) => write(Write::put(name, value.to_string())).map_or_else(|code| code, |_| "done".to_owned()),
        Act::SetNil => write(Write::remove(name)).map_or_else(|code| code, |_| "done".to_owned()),
        Act::Has => (ask(Op::Lasts { key: name.into() }) != Ok(Response::Lasts(Lasts::Missing))).to_string(),
        Act::Delete => write(Write::remove(name)).map_or_else(|code| code, |was| was.to_string()),
        Act::List(chars) => match ask(Op::List { prefix: prefix(name, *chars).into() }) {
            Ok(Response::Keys(keys)) => format!("{keys:?}"),
            other => panic!("{other:?}"),
        },
    }
}

/// Does the operation in a script.
fn run(store: &Arc<dyn Store>, quota: usize, id: &ScriptId, key: &Key, act: &Act) -> String {
    let name = lua_string(key.as_str().as_bytes());
    let answer = execute_as(store, quota, id, &source(&name, key, act));
    match (act, answer) {
        (Act::List(_), Ok(text)) => {
            format!("{:?}", serde_json::from_str::<Vec<String>>(&text).expect("an array of strings"))
        }
        (_, Ok(text)) => text,
        (_, Err(failure)) => failure.error.code.as_str().to_owned(),
    }
}

fn source(name: &str, key: &Key, act: &Act) -> String {
    match act {
        Act::Get => {
            format!("local v = State.get({name}) if v == nil then return 'nothing' end return json.encode(v)")
        }
        Act::GetDefault => format!(
            "local d = {{}} local v = State.get({name}, d) if v == d then return 'default' end return json.encode(v)"
        ),
        Act::Set(value) => format!("State.set({name}, {}) return 'done'", lua_value(value)),
        Act::SetNil => format!("State.set({name}, nil) return 'done'"),
        Act::Has => format!("return State.has({name})"),
        Act::Delete => format!("return State.delete({name})"),
        Act::List(chars) => {
            let prefix = lua_string(prefix(key.as_str(), *chars).as_bytes());
            format!("return json.encode(json.array(State.list({prefix})))")
        }
    }
}

fn execute_as(store: &Arc<dyn Store>, quota: usize, id: &ScriptId, source: &str) -> Result<String, Box<Failure>> {
    let mut script = script(source);
    script.id = id.clone();
    script.services = Arc::new(Services::new(store.clone(), quota));
    execute(script)
}

/// Everything that every script can see is as the model says.
fn compare(store: &Arc<dyn Store>, model: &Model, ids: &[String], keys: &[String]) -> Result<(), TestCaseError> {
    let store = Asked(store.clone());
    for owner in ids {
        for name in keys {
            let found = store.get(&id(owner), &key(name)).expect("memory is available");
            prop_assert_eq!(found, model.found(owner, name), "{:?} of {:?}", name, owner);
        }
        let listed: Vec<String> =
            store.list(&id(owner), "").expect("memory is available").iter().map(ToString::to_string).collect();
        prop_assert_eq!(listed, model.list(owner, ""), "the keys of {:?}", owner);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn several_scripts_on_one_store_see_what_the_model_says(
        ids in prop::collection::vec(ids(), 1..4),
        keys in prop::collection::vec(keys(), 1..6),
        quota in prop_oneof![2 => 200..1500_usize, 1 => Just(QUOTA)],
        operations in operations(),
    ) {
        let store = common::store();
        let mut model = Model { quota, spaces: BTreeMap::new() };
        for Operation { by, key: name, act, scripted } in operations {
            let (owner, name) = (&ids[by % ids.len()], &keys[name % keys.len()]);
            let answer = if scripted {
                run(&store, quota, &id(owner), &key(name), &act)
            } else {
                call(&*store, quota, &id(owner), &key(name), &act)
            };
            prop_assert_eq!(answer, model.perform(owner, name, &act), "{:?} of {:?} by {:?}", act, name, owner);
            compare(&store, &model, &ids, &keys)?;
        }
    }

    #[test]
    fn the_last_byte_of_the_quota_can_be_used_and_not_one_more(name in keys(), others in prop::collection::vec(keys(), 0..4), len in 0..400_usize) {
        let owner = id("a");
        let value = format!("{:?}", "v".repeat(len));
        let mut names: Vec<_> = others.into_iter().filter(|other| *other != name).collect();
        names.sort();
        names.dedup();
        let used: usize = names.iter().map(|other| other.len() + 1 + ENTRY).sum();
        let exact = used + name.len() + value.len() + ENTRY;
        for (quota, fits) in [(exact, true), (exact - 1, false)] {
            let store = Asked(common::store());
            for other in &names {
                prop_assert_eq!(store.set(&owner, &key(other), "1", quota), Ok(()));
            }
            let before = store.list(&owner, "");
            let answer = store.set(&owner, &key(&name), &value, quota);
            prop_assert_eq!(answer.is_ok(), fits, "{:?}", answer);
            if !fits {
                prop_assert_eq!(answer, Err(StoreError::Quota(exact)));
                prop_assert_eq!(store.get(&owner, &key(&name)), Ok(Found::Nowhere));
                prop_assert_eq!(store.list(&owner, ""), before);
            }
            // Another script's space has a quota of its own.
            prop_assert_eq!(store.set(&id("b"), &key(&name), &value, quota).is_ok(), quota >= name.len() + value.len() + ENTRY);
        }
    }

    #[test]
    fn a_script_is_who_the_host_says(owner in ids(), other in ids(), name in keys()) {
        prop_assume!(owner != other);
        let store = common::store();
        let literal = lua_string(name.as_bytes());
        let text = execute_as(&store, QUOTA, &id(&owner), &format!("State.set({literal}, script.id) return script.id"));
        prop_assert_eq!(text.map_err(|failure| failure.error), Ok(owner.clone()));
        // Naming the owner in every place that a script can write changes nothing.
        let forged = lua_string(owner.as_bytes());
        let theft = format!(
            "pcall(function() script.id = {forged} end) script = {{id = {forged}}} scriptId = {forged}
            _ENV = setmetatable({{}}, {{__index = _G}})
            return State.get({literal}, 'default')"
        );
        let refusal = execute_as(&store, QUOTA, &id(&other), &theft).map_err(|failure| failure.error.code);
        prop_assert_eq!(refusal, Err(Code::StateDenied));
        let quiet = format!("return State.has({literal}), State.delete({literal}), #State.list()");
        let text = execute_as(&store, QUOTA, &id(&other), &quiet).map_err(|failure| failure.error);
        prop_assert_eq!(text, Ok("false\tfalse\t0".to_owned()));
        prop_assert_eq!(Asked(store).get(&id(&owner), &key(&name)), Ok(Found::Own(serde_json::json!(owner).to_string().into())));
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn an_id_is_good_exactly_by_the_rule(text in prop_oneof![joined(PIECES, 300), joined(CONTROLS, 300), ".{0,4}"]) {
        let good = (1..=256).contains(&text.len()) && !text.chars().any(char::is_control);
        prop_assert_eq!(ScriptId::new(&text).is_ok(), good);
    }

    #[test]
    fn a_key_is_good_exactly_by_the_rule(
        bytes in prop_oneof![
            joined(PIECES, 600).prop_map(String::into_bytes),
            joined(CONTROLS, 600).prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..6),
            (505..520_usize).prop_map(|len| vec![b'x'; len]),
        ],
        function in prop::sample::select(&["get", "set", "has", "delete"][..]),
    ) {
        let good = (1..=512).contains(&bytes.len()) && std::str::from_utf8(&bytes).is_ok();
        prop_assert_eq!(Key::new(&bytes).is_ok(), good);
        let outcome = execute(script(&format!("State.{function}({}, 1)", lua_string(&bytes))));
        let expected = if good { Ok(()) } else { Err(Code::StateValue) };
        prop_assert_eq!(outcome.map(|_| ()).map_err(|failure| failure.error.code), expected);
    }

}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn a_value_is_as_long_as_its_json(extra in 0..4_usize, escapes in 0..3_usize) {
        // An escaped control character takes six bytes of JSON, a quote two.
        let len = MAX_VALUE - 2 - 6 * escapes - 2 + extra;
        let source = format!("State.set('k', ('v'):rep({}) .. ('\\0'):rep({escapes}) .. '\"')", len);
        let outcome = execute(script(&source)).map(|_| ()).map_err(|failure| failure.error.code);
        prop_assert_eq!(outcome, if extra == 0 { Ok(()) } else { Err(Code::StateValue) });
    }
}
