//! Values of the host's become the same JSON text as a script's, and come back the same, as the way through a VM says.

mod common;
#[path = "common/generate.rs"]
mod generate;

use common::{FACTORY, execute_with, script, services, store};
use generate::{config, floats, integers, texts, values};
use moonpool_core::state::{Found, MAX_VALUE, Op, Request, Response, ScriptId, Store, Write};
use moonpool_core::value::stored::{json_of, values_of};
use moonpool_core::value::{Shapes, Tables, Values};
use moonpool_core::vm::Exchange;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A value as lib/values.js writes it.
#[derive(Clone, Debug)]
enum Given {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Given>),
    Object(Vec<(String, Given)>),
    /// An object whose keys come first, or not at all where the last one at this depth had the same.
    Record(Vec<(String, Given)>),
    Map(Vec<(Given, Given)>),
}

/// The keys of the last record at each depth.
type Records = Vec<Vec<String>>;

impl Given {
    fn write(&self, out: &mut Values, known: &mut Records, depth: usize) {
        let count = |out: &mut Values, n: usize| out.extend_from_slice(&(n as u32).to_le_bytes());
        match self {
            Self::Null => out.push(7),
            Self::Boolean(b) => out.push(if *b { 2 } else { 1 }),
            Self::Integer(n) => {
                out.push(3);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Float(n) => {
                out.push(4);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Text(text) => {
                out.push(5);
                count(out, text.len());
                out.extend_from_slice(text.as_bytes());
            }
            Self::Bytes(bytes) => {
                out.push(6);
                count(out, bytes.len());
                out.extend_from_slice(bytes);
            }
            Self::Array(items) => {
                out.push(8);
                count(out, items.len());
                for side_by_side in items.chunk_by(|one, next| one.shares_tag_with(next)) {
                    if side_by_side.len() == 1 && !matches!(side_by_side[0], Self::Integer(2 | 4)) {
                        side_by_side[0].write(out, known, depth + 1);
                        continue;
                    }
                    out.push(if matches!(side_by_side[0], Self::Integer(_)) { 15 } else { 16 });
                    count(out, side_by_side.len());
                    for number in side_by_side {
                        match number {
                            Self::Integer(n) => out.extend_from_slice(&(*n as i32).to_le_bytes()),
                            Self::Float(n) => out.extend_from_slice(&n.to_le_bytes()),
                            _ => unreachable!("only numbers share a tag"),
                        }
                    }
                }
            }
            Self::Object(members) => {
                out.push(9);
                count(out, members.len());
                for (key, value) in members {
                    count(out, key.len());
                    out.extend_from_slice(key.as_bytes());
                    value.write(out, known, depth + 1);
                }
            }
            Self::Record(members) => {
                let keys: Vec<_> = members.iter().map(|(key, _)| key.clone()).collect();
                known.resize_with(known.len().max(depth + 1), Vec::new);
                if !keys.is_empty() && known[depth] == keys {
                    out.push(13);
                } else {
                    out.push(12);
                    count(out, keys.len());
                    for key in &keys {
                        count(out, key.len());
                        out.extend_from_slice(key.as_bytes());
                    }
                    known[depth] = keys;
                }
                members.iter().for_each(|(_, value)| value.write(out, known, depth + 1));
            }
            Self::Map(members) => {
                out.push(10);
                count(out, members.len());
                for (key, value) in members {
                    key.write(out, known, depth + 1);
                    value.write(out, known, depth + 1);
                }
            }
        }
    }

    /// Whether both are integers of 32 bits, or both floats.
    fn shares_tag_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => [one, other].iter().all(|&&n| i32::try_from(n).is_ok()),
            (Self::Float(_), Self::Float(_)) => true,
            _ => false,
        }
    }

    fn list(&self) -> Values {
        let mut out = 1_u32.to_le_bytes().to_vec();
        self.write(&mut out, &mut Records::new(), 0);
        out
    }
}

/// Keys of maps, of which no two are the same in Lua.
fn map_keys() -> impl Strategy<Value = Vec<Given>> {
    prop_oneof![
        3 => (0..6_i64).prop_map(|n| (1..=n).map(Given::Integer).collect()),
        1 => (1..6_i64).prop_map(|n| (1..=n).rev().map(|i| Given::Float(i as f64)).collect()),
        3 => prop::collection::btree_set(texts(), 0..6).prop_map(|keys| keys.into_iter().map(Given::Text).collect()),
        1 => prop::collection::btree_set(-1..4_i64, 0..4).prop_map(|keys| keys.into_iter().map(Given::Integer).collect()),
        1 => Just(vec![Given::Integer(1), Given::Text("a".into())]),
        1 => Just(vec![Given::Float(1.5)]),
        1 => Just(vec![Given::Boolean(true)]),
    ]
}

fn given() -> impl Strategy<Value = Given> {
    let leaf = prop_oneof![
        1 => Just(Given::Null),
        1 => any::<bool>().prop_map(Given::Boolean),
        3 => integers().prop_map(Given::Integer),
        3 => floats().prop_map(Given::Float),
        1 => prop::sample::select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]).prop_map(Given::Float),
        4 => texts().prop_map(Given::Text),
        1 => texts().prop_map(|text| Given::Bytes(text.into_bytes())),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Given::Bytes),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let maps = (map_keys(), prop::collection::vec(inner.clone(), 6))
            .prop_map(|(keys, values)| Given::Map(keys.into_iter().zip(values).collect()));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Given::Array),
            prop::collection::btree_map(texts(), inner.clone(), 0..6)
                .prop_map(|m| Given::Record(m.into_iter().rev().collect())),
            (prop::collection::btree_set(texts(), 1..4), prop::collection::vec(inner.clone(), 3..12))
                .prop_map(repeated),
            prop::collection::btree_map(texts(), inner, 0..6)
                .prop_map(|m| Given::Object(m.into_iter().rev().collect())),
            maps,
        ]
    })
}

/// An array of records with the same keys.
fn repeated((keys, values): (std::collections::BTreeSet<String>, Vec<Given>)) -> Given {
    let keys: Vec<_> = keys.into_iter().collect();
    let record = |values: &[Given]| Given::Record(keys.iter().cloned().zip(values.iter().cloned()).collect());
    Given::Array(values.chunks_exact(keys.len()).map(record).collect())
}

/// A list of values as it is without records, and with one kind of text: written again, a value at a time.
struct Plain<'a> {
    left: &'a [u8],
    out: Values,
    known: Vec<Vec<&'a [u8]>>,
}

impl<'a> Plain<'a> {
    fn of(list: &'a [u8]) -> Values {
        let mut plain = Self { left: list, out: Values::new(), known: Vec::new() };
        for _ in 0..plain.count() {
            plain.value(0);
        }
        assert!(plain.left.is_empty(), "more than the values");
        plain.out
    }

    fn take(&mut self, size: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(size);
        self.left = left;
        taken
    }

    fn count(&mut self) -> usize {
        let bytes = self.take(4);
        self.out.extend_from_slice(bytes);
        u32::from_le_bytes(bytes.try_into().expect("four")) as usize
    }

    fn text(&mut self) -> &'a [u8] {
        let size = self.count();
        let text = self.take(size);
        self.out.extend_from_slice(text);
        text
    }

    /// The next value of an array, or numbers that share a tag, each with one of its own. Returns how many.
    fn items(&mut self, depth: usize) -> usize {
        let Some(tag @ (15 | 16)) = self.left.first() else {
            self.value(depth);
            return 1;
        };
        self.take(1);
        let end = self.out.len();
        let count = self.count();
        self.out.truncate(end);
        for _ in 0..count {
            if *tag == 15 {
                let bytes = self.take(4).try_into().expect("four");
                self.out.push(3);
                self.out.extend_from_slice(&i64::from(i32::from_le_bytes(bytes)).to_le_bytes());
            } else {
                let bytes = self.take(8);
                self.out.push(4);
                self.out.extend_from_slice(bytes);
            }
        }
        count
    }

    fn value(&mut self, depth: usize) {
        let tag = self.take(1)[0];
        self.out.push(match tag {
            14 => 5,
            12 | 13 => 9,
            other => other,
        });
        match tag {
            3 | 4 => {
                let bytes = self.take(8);
                self.out.extend_from_slice(bytes);
            }
            5 | 6 | 14 => {
                self.text();
            }
            8 => {
                let mut left = self.count();
                while left > 0 {
                    left -= self.items(depth + 1);
                }
            }
            9 => (0..self.count()).for_each(|_| {
                self.text();
                self.value(depth + 1);
            }),
            12 | 13 => {
                self.known.resize_with(self.known.len().max(depth + 1), Vec::new);
                let end = self.out.len();
                if tag == 12 {
                    self.known[depth] = (0..self.count()).map(|_| self.text()).collect();
                    self.out.truncate(end);
                }
                let keys = self.known[depth].clone();
                self.out.extend_from_slice(&(keys.len() as u32).to_le_bytes());
                for key in keys {
                    self.out.extend_from_slice(&(key.len() as u32).to_le_bytes());
                    self.out.extend_from_slice(key);
                    self.value(depth + 1);
                }
            }
            _ => {}
        }
    }
}

fn ask(store: &Arc<dyn Store>, op: Op<'_>) -> Response {
    let request = Request { owner: ScriptId::new("tester").expect("an id"), quota: 64 << 20, op };
    store.now(&request).expect("in memory").response.expect("no failure")
}

/// What a script keeps that is given these values, or what it hears.
fn kept_by_a_script(list: Values) -> Result<String, String> {
    let store = store();
    let mut setter = script("State.set('k', ...)");
    setter.services = services(store.clone());
    setter.id = ScriptId::new("tester").expect("an id");
    setter.exchange = Exchange { args: Some(list), ..Exchange::default() };
    execute_with(&FACTORY, setter, Duration::from_secs(10)).outcome.map_err(|failure| failure.error.message)?;
    match ask(&store, Op::Get { key: "k".into(), foreign: false }) {
        Response::Value(Found::Own(json)) => Ok(json.to_string()),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn the_text_of_a_hosts_value_is_that_of_a_script(given in given()) {
        let list = given.list();
        let text = json_of(&list, "value");
        match kept_by_a_script(list) {
            Ok(kept) => prop_assert_eq!(text, Ok(Some(kept))),
            Err(_) => prop_assert!(text.is_err(), "{:?}", text),
        }
    }

    #[test]
    fn a_text_becomes_the_values_that_a_script_returns(json in values()) {
        let text = serde_json::to_string(&json).expect("JSON");
        let store = store();
        ask(&store, Op::Write(Write::put("k", &*text)));
        let mut getter = script("return State.get('k')");
        getter.services = services(store);
        getter.id = ScriptId::new("tester").expect("an id");
        getter.exchange = Exchange { results: Some(Shapes::default()), ..Exchange::default() };
        let success = execute_with(&FACTORY, getter, Duration::from_secs(10)).outcome.expect("it runs");
        let values = values_of(&text, Shapes::default()).expect("it reads");
        let given = success.values.expect("values");
        prop_assert_eq!(Plain::of(&values), Plain::of(&given));
        // The host may keep what a script has given.
        prop_assert_eq!(json_of(&given, "value"), json_of(&values, "value"));
        // And back: the canonical text is what a script would store.
        prop_assert_eq!(json_of(&values, "value"), kept_by_a_script(values.clone()).map(Some));
    }

    #[test]
    fn bytes_that_are_no_values_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut list = 1_u32.to_le_bytes().to_vec();
        list.extend(bytes);
        let _ = json_of(&list, "value");
    }
}

#[test]
fn a_refusal_has_the_path_as_javascript_writes_it() {
    let refused = |given: Given| json_of(&given.list(), "value").expect_err("a refusal");
    let object = |key: &str, value| Given::Object(vec![(key.to_owned(), value)]);
    assert_eq!(refused(Given::Float(f64::NAN)), "value is NaN");
    let inner = Given::Array(vec![Given::Null, object("x y", Given::Float(f64::INFINITY))]);
    assert_eq!(refused(object("list", inner)), "value.list[1][\"x y\"] is infinite");
    let map = Given::Map(vec![(Given::Integer(1), Given::Null), (Given::Integer(3), Given::Null)]);
    assert_eq!(refused(object("m", map)), "value.m is an array with holes (2 values, highest index 3)");
    assert_eq!(refused(Given::Bytes(vec![0xff])), "value is a string that is not UTF-8");
    let mut deep = Given::Null;
    for _ in 0..129 {
        deep = Given::Array(vec![deep]);
    }
    assert!(refused(deep).ends_with("[0] is nested deeper than 128 levels"));
}

#[test]
fn a_text_has_at_most_a_mebibyte() {
    let text = |n: usize| Given::Text("x".repeat(n)).list();
    assert!(json_of(&text(MAX_VALUE - 2), "value").is_ok());
    let refused = json_of(&text(MAX_VALUE - 1), "value");
    assert_eq!(refused, Err(format!("the value is longer than {MAX_VALUE} bytes of JSON")));
}

#[test]
fn of_several_values_of_one_key_the_last_one_counts() {
    let values = values_of("{\"b\":1,\"a\":[2],\"b\":{\"10\":0,\"9\":1},\"a\":3}", Shapes::default()).expect("JSON");
    assert_eq!(json_of(&values, "value"), Ok(Some("{\"a\":3,\"b\":{\"10\":0,\"9\":1}}".into())));
    assert!(values_of("[1", Shapes::default()).is_err() && values_of("1 2", Shapes::default()).is_err());
    assert!(values_of(&"[".repeat(1 << 20), Shapes::default()).is_err_and(|e| e.contains("128 levels")));
}

#[test]
fn in_other_shapes_strings_are_bytes_and_tables_maps_and_what_is_stored_again_is_the_same() {
    let json = "{\"a\":[\"x\",null,{\"10\":0,\"9\":1}],\"b\":{}}";
    let shapes = Shapes { bytes: true, tables: Tables::Maps, ..Default::default() };
    let values = values_of(json, shapes).expect("JSON");
    assert_eq!(json_of(&values, "value"), Ok(Some(json.to_owned())));
    assert_eq!(
        values_of("[\"x\"]", shapes).expect("JSON"),
        [
            [1, 0, 0, 0].as_slice(),      // one value
            &[10, 1, 0, 0, 0],            // a map with one key
            &[3, 1, 0, 0, 0, 0, 0, 0, 0], // the integer 1
            &[6, 1, 0, 0, 0, b'x'],       // bytes
        ]
        .concat()
    );
    assert_eq!(Shapes::from_bits(shapes.bits()), shapes);
}
