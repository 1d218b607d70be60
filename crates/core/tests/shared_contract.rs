//! Shared dictionaries: what holds for every order of calls, and among threads.

use moonpool_core::shared::{Clock, Dict, ENTRY, End, Found, Limits, Number, Refusal, Value, When};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// An entry as the model has it.
#[derive(Clone, Debug)]
struct Entry {
    key: u8,
    stored: Stored,
    flags: u32,
    expires: u64,
}

#[derive(Clone, Debug)]
enum Stored {
    Value(Value),
    List(VecDeque<Value>),
}

/// A dictionary that is a list of entries, the one that was used least recently first.
struct Model {
    entries: Vec<Entry>,
    items: usize,
    now: u64,
}

impl Model {
    /// The entry as the most recently used one, unless it has expired.
    fn live(&mut self, key: u8) -> Option<&mut Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.remove(at);
        self.entries.push(entry);
        let now = self.now;
        self.entries.last_mut().filter(|entry| entry.expires == 0 || entry.expires > now)
    }

    fn is_live(&self, entry: &Entry) -> bool {
        entry.expires == 0 || entry.expires > self.now
    }

    /// As every write begins.
    fn remove_expired(&mut self) {
        for _ in 0..2 {
            if self.entries.first().is_some_and(|first| !self.is_live(first)) {
                self.entries.remove(0);
            }
        }
    }

    /// Stores; says whether an entry was removed for it that had not expired.
    fn put(&mut self, entry: Entry) -> bool {
        self.entries.retain(|other| other.key != entry.key);
        let mut forcible = false;
        while self.entries.len() >= self.items {
            let oldest = self.entries.remove(0);
            forcible |= self.is_live(&oldest);
        }
        self.entries.push(entry);
        forcible
    }

    fn expiry(&self, ttl: u64) -> u64 {
        if ttl == 0 { 0 } else { self.now + ttl }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Get(u8),
    GetStale(u8),
    Set(When, u8, i64, u64),
    Delete(u8),
    Incr(u8, i64, Option<u64>),
    Push(u8, bool, i64),
    Pop(u8, bool),
    Expire(u8, u64),
    Ttl(u8),
    FlushAll,
    FlushExpired,
    Pass(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || 0..8_u8;
    let time = || prop_oneof![Just(0_u64), 1..20_u64];
    let when = prop_oneof![Just(When::Always), Just(When::Absent), Just(When::Present)];
    let op = prop_oneof![
        4 => key().prop_map(Op::Get),
        1 => key().prop_map(Op::GetStale),
        6 => (when, key(), any::<i64>(), time()).prop_map(|(when, key, value, ttl)| Op::Set(when, key, value, ttl)),
        1 => key().prop_map(Op::Delete),
        2 => (key(), -5..5_i64, prop::option::of(time())).prop_map(|(key, by, init)| Op::Incr(key, by, init)),
        3 => (key(), any::<bool>(), 0..9_i64).prop_map(|(key, left, value)| Op::Push(key, left, value)),
        2 => (key(), any::<bool>()).prop_map(|(key, left)| Op::Pop(key, left)),
        1 => (key(), time()).prop_map(|(key, ttl)| Op::Expire(key, ttl)),
        1 => key().prop_map(Op::Ttl),
        1 => Just(Op::FlushAll),
        1 => Just(Op::FlushExpired),
        2 => (1..10_u64).prop_map(Op::Pass),
    ];
    prop::collection::vec(op, 1..200)
}

fn end(left: bool) -> End {
    if left { End::Left } else { End::Right }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

proptest! {
    #[test]
    fn it_does_what_a_list_of_entries_does(ops in ops(), items in 1..6_usize) {
        let clock = Clock::stopped();
        let dict = Dict::with_clock(Limits { items, bytes: 1 << 20 }, clock.clone());
        prop_assert_eq!(dict.shards(), 1);
        let mut model = Model { entries: Vec::new(), items, now: 1 };
        for op in ops {
            match op {
                Op::Get(key) | Op::GetStale(key) => {
                    let stale_too = matches!(op, Op::GetStale(_));
                    let live = model.live(key).cloned();
                    let stale = live.is_none();
                    let any = live.or_else(|| model.entries.last().filter(|last| stale_too && last.key == key).cloned());
                    let expected = match any {
                        Some(Entry { stored: Stored::Value(value), flags, .. }) => Ok(Some(Found { value, flags, stale })),
                        Some(_) => Err(Refusal::List),
                        None => Ok(None),
                    };
                    let found = if stale_too { dict.get_stale(&[key]) } else { dict.get(&[key]) };
                    prop_assert_eq!(found, expected);
                }
                Op::Set(when, key, value, ttl) => {
                    model.remove_expired();
                    let written = dict.store(when, false, &[key], Some(Value::Integer(value)), ttl, value as u32);
                    let expected = match (when, model.live(key).is_some()) {
                        (When::Absent, true) => Err(Refusal::Exists),
                        (When::Present, false) => Err(Refusal::NotFound),
                        _ => {
                            let expires = model.expiry(ttl);
                            let stored = Stored::Value(Value::Integer(value));
                            Ok(model.put(Entry { key, stored, flags: value as u32, expires }))
                        }
                    };
                    prop_assert_eq!(written.done.map(|()| written.forcible), expected);
                }
                Op::Delete(key) => {
                    model.remove_expired();
                    model.entries.retain(|entry| entry.key != key);
                    dict.delete(&[key]);
                }
                Op::Incr(key, by, init) => {
                    model.remove_expired();
                    let written = dict.incr(&[key], Number::Integer(by), init.map(|ttl| (Number::Integer(10), ttl)));
                    let expected = match (model.live(key), init) {
                        (Some(Entry { stored: Stored::Value(value), .. }), _) => {
                            let sum = number(value).unwrap().wrapping_add(by);
                            *value = Value::Integer(sum);
                            Ok((sum, false))
                        }
                        (Some(_), _) => Err(Refusal::NotANumber),
                        (None, None) => Err(Refusal::NotFound),
                        (None, Some(ttl)) => {
                            let stored = Stored::Value(Value::Integer(10 + by));
                            let expires = model.expiry(ttl);
                            Ok((10 + by, model.put(Entry { key, stored, flags: 0, expires })))
                        }
                    };
                    let done = written.done.map(|sum| (number(&sum.into()).unwrap(), written.forcible));
                    prop_assert_eq!(done, expected);
                }
                Op::Push(key, left, value) => {
                    model.remove_expired();
                    let pushed = dict.push(&[key], end(left), &Value::Integer(value));
                    let there = model.entries.iter().any(|entry| entry.key == key);
                    let oldest_is_live = model.entries.first().is_some_and(|oldest| model.is_live(oldest));
                    let full = !there && model.entries.len() >= items && oldest_is_live;
                    let expected = match model.live(key) {
                        Some(Entry { stored: Stored::List(list), .. }) => {
                            if left { list.push_front(Value::Integer(value)) } else { list.push_back(Value::Integer(value)) }
                            Ok(list.len())
                        }
                        Some(_) => Err(Refusal::NotAList),
                        None if full => Err(Refusal::NoMemory),
                        None => {
                            let stored = Stored::List([Value::Integer(value)].into());
                            model.put(Entry { key, stored, flags: 0, expires: 0 });
                            Ok(1)
                        }
                    };
                    prop_assert_eq!(pushed, expected);
                }
                Op::Pop(key, left) => {
                    model.remove_expired();
                    let expected = match model.live(key) {
                        Some(Entry { stored: Stored::List(list), .. }) => {
                            Ok(if left { list.pop_front() } else { list.pop_back() })
                        }
                        Some(_) => Err(Refusal::NotAList),
                        None => Ok(None),
                    };
                    model.entries.retain(|entry| !matches!(&entry.stored, Stored::List(list) if list.is_empty()));
                    prop_assert_eq!(dict.pop(&[key], end(left)), expected);
                }
                Op::Expire(key, ttl) => {
                    let (now, expires) = (model.now, model.expiry(ttl));
                    let live = |entry: &&mut Entry| entry.key == key && (entry.expires == 0 || entry.expires > now);
                    let entry = model.entries.iter_mut().find(live);
                    prop_assert_eq!(dict.expire(&[key], ttl), entry.is_some());
                    if let Some(entry) = entry {
                        entry.expires = expires;
                    }
                }
                Op::Ttl(key) => {
                    let entry = model.entries.iter().find(|entry| entry.key == key && model.is_live(entry));
                    let expected = entry.map(|entry| entry.expires.saturating_sub(model.now));
                    prop_assert_eq!(dict.ttl(&[key]), expected);
                }
                Op::FlushAll => {
                    dict.flush_all();
                    // As if it had expired just now.
                    let now = model.now;
                    model.entries.iter_mut().for_each(|entry| entry.expires = now);
                }
                Op::FlushExpired => {
                    let before = model.entries.len();
                    let now = model.now;
                    model.entries.retain(|entry| entry.expires == 0 || entry.expires > now);
                    prop_assert_eq!(dict.flush_expired(0, usize::MAX), before - model.entries.len());
                }
                Op::Pass(time) => {
                    clock.advance(time);
                    model.now += time;
                }
            }
            let keys: Vec<u8> = model.entries.iter().filter(|entry| model.is_live(entry)).map(|entry| entry.key).collect();
            prop_assert_eq!(dict.keys(0, usize::MAX).iter().map(|key| key[0]).collect::<Vec<_>>(), keys);
            prop_assert_eq!(dict.items(), model.entries.len());
        }
        dict.flush_all();
        dict.flush_expired(0, usize::MAX);
        prop_assert_eq!((dict.items(), dict.free_space()), (0, 1 << 20));
    }
}

/// A number for a key, so that threads do not agree on them.
fn scattered(n: usize) -> [u8; 8] {
    (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()
}

#[test]
fn the_limits_hold_at_any_moment_in_all_shards_together() {
    let limits = Limits { items: 50_000, bytes: 50_000 * (ENTRY + 20) };
    let dict = Dict::new(limits);
    assert!(dict.shards() > 4, "{}", dict.shards());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|thread| {
                let dict = &dict;
                scope.spawn(move || {
                    for n in 0..60_000 {
                        let key = scattered(n * 3 + thread);
                        let text = Value::String((*b"0123456789").into());
                        let written = match n % 5 {
                            0 => dict.push(&[(n % 100) as u8], End::Left, &Value::Integer(1)).map(|_| ()),
                            1 => dict.pop(&[(n % 100) as u8], End::Right).map(|_| ()),
                            2 => dict.store(When::Always, false, &scattered(n), None, 0, 0).done,
                            _ => dict.store(When::Always, false, &key, Some(text), 0, 0).done,
                        };
                        // Pushes remove nothing, so they may be refused.
                        assert!(written.is_ok() || (n % 5 == 0 && written == Err(Refusal::NoMemory)), "{written:?}");
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(dict.items() <= limits.items && dict.free_space() <= limits.bytes);
            }
        });
        let panicked = writers.into_iter().filter_map(|writer| writer.join().err()).count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(panicked, 0);
    });
    let held = (0..dict.shards()).map(|shard| dict.keys(shard, usize::MAX).len()).sum::<usize>();
    assert_eq!(dict.items(), held);
    dict.flush_all();
    let flushed = (0..dict.shards()).map(|shard| dict.flush_expired(shard, usize::MAX)).sum::<usize>();
    assert_eq!((flushed, dict.items(), dict.free_space()), (held, 0, limits.bytes));
}

#[test]
fn a_full_dictionary_of_many_shards_always_takes_another_entry() {
    let dict = Dict::new(Limits { items: 20_000, bytes: 1 << 30 });
    for n in 0..60_000 {
        let written = dict.store(When::Always, false, &scattered(n), Some(Value::Boolean(true)), 0, 0);
        assert_eq!((written.done, written.forcible), (Ok(()), n >= 20_000));
    }
    assert_eq!(dict.items(), 20_000);
    // What was written last is there, and what was written first is not.
    let there = |range: std::ops::Range<usize>| range.filter(|&n| dict.get(&scattered(n)) != Ok(None)).count();
    assert_eq!((there(59_000..60_000), there(0..20_000)), (1000, 0));
}

#[test]
fn no_increment_is_lost_among_threads() {
    let dict = Dict::new(Limits { items: 100, bytes: 1 << 20 });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..20_000_u32 {
                    let key = [(n % 7) as u8];
                    dict.incr(&key, Number::Integer(1), Some((Number::Integer(0), 0))).done.expect("room");
                }
            });
        }
    });
    let sum: i64 = (0..7_u8)
        .map(|key| match dict.get(&[key]) {
            Ok(Some(Found { value: Value::Integer(sum), .. })) => sum,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(sum, 80_000);
}

#[test]
fn of_two_threads_that_add_a_key_one_does() {
    let dict = Arc::new(Dict::new(Limits { items: 100_000, bytes: 1 << 30 }));
    let added = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for n in 0..10_000 {
                    let written = dict.store(When::Absent, false, &scattered(n), Some(Value::Boolean(true)), 0, 0);
                    added.fetch_add(written.done.is_ok().into(), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(added.into_inner(), 10_000);
}

#[test]
fn a_walk_through_many_entries_leaves_the_others_their_turns() {
    let dict = Dict::new(Limits { items: 300_000, bytes: 1 << 30 });
    for n in 0..300_000 {
        dict.store(When::Always, false, &scattered(n), Some(Value::Integer(n as i64)), 0, 0);
    }
    let longest_shard = (0..dict.shards()).map(|shard| dict.keys(shard, usize::MAX).len()).max().unwrap();
    assert!(longest_shard < 10_000, "a lock is held for {longest_shard} entries");
    let start = Instant::now();
    dict.flush_all();
    assert_eq!(dict.get(&scattered(7)), Ok(None));
    let flushed = (0..dict.shards()).map(|shard| dict.flush_expired(shard, usize::MAX)).sum::<usize>();
    assert_eq!(flushed, 300_000);
    assert!(start.elapsed().as_secs() < 30);
}
