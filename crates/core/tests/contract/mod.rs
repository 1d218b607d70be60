//! What every store must do: one suite, for each store by the function that makes an empty one.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test program uses a part of it")]

use moonpool_core::state::{
    Access, Answered, Change, Condition, Entry, Expiry, Found, Grant, Grantee, Incr, Key, Lasts, Number, Op, Pattern,
    Request, Response, ScriptId, Store, StoreError, Write,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// More than any test keeps.
pub(crate) const ROOMY: usize = 16 << 20;

pub(crate) fn id(name: &str) -> ScriptId {
    ScriptId::new(name).expect("a good id")
}

pub(crate) fn key(name: &str) -> Key {
    Key::new(name.as_bytes()).expect("a good key")
}

pub(crate) fn own(json: &str) -> Result<Found, StoreError> {
    Ok(Found::Own(json.into()))
}

/// A store whose answers are waited for.
#[derive(Clone)]
pub(crate) struct Asked(pub(crate) Arc<dyn Store>);

impl Asked {
    /// The answer, whether it comes at once or later.
    pub(crate) fn ask(&self, owner: &ScriptId, quota: usize, op: Op<'_>) -> Answered {
        let request = Request { owner: owner.clone(), quota, op };
        if let Some(answered) = self.0.now(&request) {
            return answered;
        }
        let (reply, answered) = mpsc::channel();
        self.0.later(request.into_owned(), Box::new(move |answered| reply.send(answered).expect("a listener")));
        answered.recv_timeout(Duration::from_secs(30)).expect("an answer")
    }

    pub(crate) fn get(&self, owner: &ScriptId, key: &Key) -> Result<Found, StoreError> {
        match self.ask(owner, 0, Op::Get { key: key.as_str().into(), foreign: true }).response? {
            Response::Value(found) => Ok(found),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn write(&self, owner: &ScriptId, quota: usize, write: Write<'_>) -> Result<(bool, bool), StoreError> {
        match self.ask(owner, quota, Op::Write(write)).response? {
            Response::Written { met, was_there } => Ok((met, was_there)),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn set(&self, owner: &ScriptId, key: &Key, json: &str, quota: usize) -> Result<(), StoreError> {
        self.write(owner, quota, Write::put(key.as_str(), json)).map(|written| assert!(written.0))
    }

    /// Sets a key that lasts so long.
    pub(crate) fn set_for(&self, owner: &ScriptId, name: &str, json: &str, ttl: Duration) {
        let write = Write { expiry: Expiry::In(ttl), ..Write::put(name, json) };
        assert!(self.write(owner, ROOMY, write).expect("a write").0);
    }

    pub(crate) fn delete(&self, owner: &ScriptId, key: &Key) -> Result<bool, StoreError> {
        self.write(owner, 0, Write::remove(key.as_str())).map(|(_, was_there)| was_there)
    }

    pub(crate) fn incr(&self, owner: &ScriptId, name: &str, by: Number) -> Result<Number, StoreError> {
        let incr = Incr { key: name.into(), by, init: Number::Integer(0), ttl: None };
        match self.ask(owner, ROOMY, Op::Incr(incr)).response? {
            Response::Number(sum) => Ok(sum),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn lasts(&self, owner: &ScriptId, name: &str) -> Lasts {
        match self.ask(owner, 0, Op::Lasts { key: name.into() }).response {
            Ok(Response::Lasts(lasts)) => lasts,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn list(&self, owner: &ScriptId, prefix: &str) -> Result<Vec<Arc<str>>, StoreError> {
        match self.ask(owner, 0, Op::List { prefix: prefix.into() }).response? {
            Response::Keys(keys) => Ok(keys),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn size(&self, owner: &ScriptId) -> (usize, usize) {
        match self.ask(owner, 0, Op::Size).response {
            Ok(Response::Size { entries, bytes }) => (entries, bytes),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn entries(&self, owner: &ScriptId, after: Option<&str>, limit: usize) -> Vec<Entry> {
        let after = after.map(Into::into);
        match self.ask(owner, 0, Op::Entries { prefix: "".into(), after, limit }).response {
            Ok(Response::Entries(entries)) => entries,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn owners(&self, after: Option<ScriptId>, limit: usize) -> Vec<String> {
        match self.ask(&id("nobody"), 0, Op::Owners { after, limit }).response {
            Ok(Response::Owners(owners)) => owners.iter().map(|owner| owner.as_str().to_owned()).collect(),
            other => panic!("{other:?}"),
        }
    }
}

/// Waits until `is_so`, which has a reason to be soon.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: never");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs every test of the contract for the stores that `$make` makes.
#[macro_export]
macro_rules! contract {
    ($store:ident, $make:expr) => {
        mod $store {
            use super::*;
            contract!(
                $make, a_value_is_kept_and_replaced, another_owners_key_is_foreign_and_nobodys_is_nowhere,
                nobody_is_told_of_others_who_does_not_ask, delete_says_whether_the_key_was_there,
                list_is_in_byte_order_and_has_own_keys_only, a_write_past_the_quota_says_how_much_and_changes_nothing,
                a_deleted_value_gives_its_room_back, threads_lose_no_write_and_leak_into_no_space,
                threads_together_never_pass_the_quota, a_condition_is_checked_and_kept,
                a_sum_is_luas_and_a_refused_one_changes_nothing, eighty_thousand_additions_lose_none,
                an_expired_key_is_gone_for_everybody_at_once, a_key_keeps_its_time_unless_it_gets_another,
                an_expired_value_gives_its_room_back, of_many_that_compare_and_set_one_wins_each_time,
                entries_come_in_pages_and_owners_too, size_counts_and_clear_empties, an_import_is_all_or_nothing,
                grants_are_kept_listed_and_taken_back
            );
        }
    };
    ($make:expr, $($test:ident),+) => { $(
        #[test]
        fn $test() {
            $crate::contract::$test($crate::contract::Asked($make));
        }
    )+ };
}

pub(crate) fn a_value_is_kept_and_replaced(store: Asked) {
    let (a, k) = (id("a"), key("k"));
    assert_eq!(store.get(&a, &k), Ok(Found::Nowhere));
    for json in ["1", "{\"x\":[]}", "\"\\u0000\""] {
        assert_eq!(store.set(&a, &k, json, ROOMY), Ok(()));
        assert_eq!(store.get(&a, &k), own(json));
    }
}

pub(crate) fn another_owners_key_is_foreign_and_nobodys_is_nowhere(store: Asked) {
    let k = key("k");
    let ids = ["a", "a/b", "a/", "A", "a*", "*", "a:k", "\u{e4}"].map(id);
    for (i, owner) in ids.iter().enumerate() {
        let wanted = if i == 0 { Found::Nowhere } else { Found::Foreign };
        assert_eq!(store.get(owner, &k), Ok(wanted), "{owner:?}");
        assert_eq!(store.set(owner, &k, &i.to_string(), ROOMY), Ok(()));
    }
    for (i, owner) in ids.iter().enumerate() {
        assert_eq!(store.get(owner, &k), own(&i.to_string()), "{owner:?}");
        assert_eq!(store.delete(owner, &k), Ok(true));
    }
    assert_eq!(store.get(&ids[0], &k), Ok(Found::Nowhere), "an emptied store remembers nobody");
}

pub(crate) fn delete_says_whether_the_key_was_there(store: Asked) {
    let (a, k) = (id("a"), key("k"));
    assert_eq!(store.delete(&a, &k), Ok(false));
    assert_eq!(store.set(&id("b"), &k, "1", ROOMY), Ok(()));
    assert_eq!(store.delete(&a, &k), Ok(false), "another owner's key");
    assert_eq!(store.set(&a, &k, "1", ROOMY), Ok(()));
    assert_eq!((store.delete(&a, &k), store.delete(&a, &k)), (Ok(true), Ok(false)));
    assert_eq!(store.get(&id("b"), &k), own("1"));
}

pub(crate) fn list_is_in_byte_order_and_has_own_keys_only(store: Asked) {
    let list = |owner: &str, prefix: &str| {
        let keys = store.list(&id(owner), prefix).expect("a list");
        keys.iter().map(|key| key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list("a", ""), [""; 0]);
    for name in ["b", "a.2", "a.10", "a", "\u{e4}", "a.1"] {
        assert_eq!(store.set(&id("a"), &key(name), "1", ROOMY), Ok(()));
    }
    assert_eq!(store.set(&id("b"), &key("a.foreign"), "1", ROOMY), Ok(()));
    assert_eq!(list("a", ""), ["a", "a.1", "a.10", "a.2", "b", "\u{e4}"]);
    assert_eq!(list("a", "a."), ["a.1", "a.10", "a.2"]);
    assert_eq!(list("a", "z"), [""; 0]);
}

pub(crate) fn a_write_past_the_quota_says_how_much_and_changes_nothing(store: Asked) {
    let a = id("a");
    let json = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(store.set(&a, &key("k"), &json(500), 1200), Ok(()));
    let Err(StoreError::Quota(bytes)) = store.set(&a, &key("l"), &json(500), 1200) else { panic!("it is too much") };
    assert!(bytes > 1200, "{bytes}");
    assert_eq!(store.get(&a, &key("l")), Ok(Found::Nowhere));
    // What is replaced counts no more.
    assert_eq!(store.set(&a, &key("k"), &json(900), 1200), Ok(()));
    assert!(matches!(store.set(&a, &key("k"), &json(1200), 1200), Err(StoreError::Quota(_))));
    assert_eq!(store.get(&a, &key("k")), own(&json(900)));
    assert!(matches!(store.set(&id("b"), &key("k"), &json(1200), 1200), Err(StoreError::Quota(_))));
    assert_eq!(store.list(&id("b"), ""), Ok(Vec::new()));
}

pub(crate) fn a_deleted_value_gives_its_room_back(store: Asked) {
    let (a, json) = (id("a"), format!("\"{}\"", "x".repeat(900)));
    for round in 0..10 {
        let key = key(&format!("k{round}"));
        assert_eq!(store.set(&a, &key, &json, 1200), Ok(()), "round {round}");
        assert_eq!(store.delete(&a, &key), Ok(true));
    }
}

pub(crate) fn threads_lose_no_write_and_leak_into_no_space(store: Asked) {
    const KEYS: usize = 50;
    const ROUNDS: usize = 200;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                let id = id(&format!("script-{thread}"));
                for round in 0..ROUNDS {
                    for k in 0..KEYS {
                        let (key, json) = (key(&format!("key-{k}")), format!("\"{thread}/{round}\""));
                        assert_eq!(store.set(&id, &key, &json, ROOMY), Ok(()));
                        assert_eq!(store.get(&id, &key), own(&json));
                    }
                    if round % 10 == 9 && round + 1 < ROUNDS {
                        assert_eq!(store.delete(&id, &key("key-0")), Ok(true));
                    }
                }
            });
        }
    });
    for thread in 0..8 {
        let id = id(&format!("script-{thread}"));
        let keys = store.list(&id, "").expect("a list");
        assert_eq!(keys.len(), KEYS);
        for name in keys {
            assert_eq!(store.get(&id, &key(&name)), own(&format!("\"{thread}/{}\"", ROUNDS - 1)));
            assert_eq!(store.delete(&id, &key(&name)), Ok(true));
        }
    }
    assert_eq!(store.get(&id("x"), &key("key-1")), Ok(Found::Nowhere), "an emptied store remembers nobody");
}

/// The check of the quota and the write are one step: however many write at once, no more fits than one after the other.
pub(crate) fn threads_together_never_pass_the_quota(store: Asked) {
    let (a, json) = (id("a"), format!("\"{}\"", "x".repeat(1000)));
    let fits = (0..).take_while(|k| store.set(&id("alone"), &key(&format!("{k:04}")), &json, 50_000).is_ok()).count();
    let written = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (store, a, json, written) = (&store, &a, &json, &written);
            scope.spawn(move || {
                for k in 0..500 {
                    let key = key(&format!("{:04}", thread * 500 + k));
                    written.fetch_add(usize::from(store.set(a, &key, json, 50_000).is_ok()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(written.into_inner(), fits);
    assert_eq!(store.list(&a, "").map(|keys| keys.len()), Ok(fits));
}

pub(crate) fn nobody_is_told_of_others_who_does_not_ask(store: Asked) {
    assert_eq!(store.set(&id("a"), &key("k"), "1", ROOMY), Ok(()));
    let get = Op::Get { key: "k".into(), foreign: false };
    assert_eq!(store.ask(&id("b"), 0, get).response, Ok(Response::Value(Found::Nowhere)));
}

pub(crate) fn a_condition_is_checked_and_kept(store: Asked) {
    let a = id("a");
    let write = |when, json: &'static str| store.write(&a, ROOMY, Write { when, ..Write::put("k", json) });
    assert_eq!(write(Condition::Present, "1"), Ok((false, false)));
    assert_eq!(store.get(&a, &key("k")), Ok(Found::Nowhere));
    assert_eq!(write(Condition::Missing, "1"), Ok((true, false)));
    assert_eq!(write(Condition::Missing, "2"), Ok((false, true)));
    assert_eq!(store.get(&a, &key("k")), own("1"));
    assert_eq!(write(Condition::Present, "2"), Ok((true, true)));
    assert_eq!(write(Condition::Is("1".into()), "3"), Ok((false, true)));
    assert_eq!(write(Condition::Is("2".into()), "3"), Ok((true, true)));
    assert_eq!(store.get(&a, &key("k")), own("3"));
    let remove = |when| store.write(&a, ROOMY, Write { when, change: Change::Remove, ..Write::remove("k") });
    assert_eq!(remove(Condition::Is("2".into())), Ok((false, true)));
    assert_eq!(remove(Condition::Is("3".into())), Ok((true, true)));
    assert_eq!(remove(Condition::Present), Ok((false, false)));
    let keep = Write { when: Condition::Present, change: Change::Keep, ..Write::remove("k") };
    assert_eq!(store.write(&a, ROOMY, keep), Ok((false, false)));
    assert_eq!(store.get(&a, &key("k")), Ok(Found::Nowhere), "what is kept is not made");
    assert_eq!(store.size(&a), (0, 0));
}

pub(crate) fn a_sum_is_luas_and_a_refused_one_changes_nothing(store: Asked) {
    use Number::{Float, Integer};
    let a = id("a");
    assert_eq!(store.incr(&a, "n", Integer(1 << 53)), Ok(Integer(1 << 53)));
    assert_eq!(store.incr(&a, "n", Integer(1)), Ok(Integer((1 << 53) + 1)));
    assert_eq!(store.get(&a, &key("n")), own("9007199254740993"));
    assert_eq!(store.incr(&a, "f", Float(0.5)), Ok(Float(0.5)));
    assert_eq!(store.incr(&a, "f", Integer(1)), Ok(Float(1.5)));
    assert_eq!(store.incr(&a, "f", Float(0.5)), Ok(Float(2.0)));
    assert_eq!(store.get(&a, &key("f")), own("2.0"));
    assert_eq!(store.set(&a, &key("n"), &i64::MAX.to_string(), ROOMY), Ok(()));
    assert_eq!(store.incr(&a, "n", Integer(1)), Err(StoreError::OutOfRange));
    assert_eq!(store.get(&a, &key("n")), own(&i64::MAX.to_string()));
    assert_eq!(store.set(&a, &key("n"), &i64::MIN.to_string(), ROOMY), Ok(()));
    assert_eq!(store.incr(&a, "n", Integer(-1)), Err(StoreError::OutOfRange));
    assert_eq!(store.set(&a, &key("f"), "1.7e308", ROOMY), Ok(()));
    assert_eq!(store.incr(&a, "f", Float(1.7e308)), Err(StoreError::OutOfRange));
    assert_eq!(store.get(&a, &key("f")), own("1.7e308"));
    for (json, what) in
        [("\"1\"", "string"), ("{\"a\":1}", "table"), ("[1]", "table"), ("true", "boolean"), ("null", "json.null")]
    {
        assert_eq!(store.set(&a, &key("x"), json, ROOMY), Ok(()));
        assert_eq!(store.incr(&a, "x", Integer(1)), Err(StoreError::NotANumber(what)), "{json}");
        assert_eq!(store.get(&a, &key("x")), own(json));
    }
    let incr = Incr { key: "new".into(), by: Integer(5), init: Integer(37), ttl: Some(Duration::from_secs(60)) };
    assert_eq!(store.ask(&a, ROOMY, Op::Incr(incr.clone())).response, Ok(Response::Number(Integer(42))));
    assert!(matches!(store.lasts(&a, "new"), Lasts::For(time) if time > Duration::from_secs(50)));
    assert_eq!(
        store.ask(&a, ROOMY, Op::Incr(incr)).response,
        Ok(Response::Number(Integer(47))),
        "init is for a new key"
    );
    let small = Incr { key: "much".into(), by: Integer(1), init: Integer(0), ttl: None };
    assert!(matches!(store.ask(&id("b"), 10, Op::Incr(small)).response, Err(StoreError::Quota(_))));
    assert_eq!(store.size(&id("b")), (0, 0));
}

pub(crate) fn eighty_thousand_additions_lose_none(store: Asked) {
    const EACH: i64 = 10_000;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let a = id("a");
                for _ in 0..EACH {
                    store.incr(&a, "n", Number::Integer(1)).expect("a sum");
                }
            });
        }
    });
    assert_eq!(store.get(&id("a"), &key("n")), own(&(8 * EACH).to_string()));
}

pub(crate) fn an_expired_key_is_gone_for_everybody_at_once(store: Asked) {
    let (a, b) = (id("a"), id("b"));
    let begin = Instant::now();
    store.set_for(&a, "k", "1", Duration::from_millis(300));
    store.set_for(&a, "stays", "1", Duration::from_secs(100));
    if store.get(&a, &key("k")) != own("1") {
        assert!(begin.elapsed() >= Duration::from_millis(300), "it went too early");
    }
    wait_until("it expires", || store.lasts(&a, "k") == Lasts::Missing);
    assert!(begin.elapsed() >= Duration::from_millis(299), "it went too early");
    assert_eq!(store.get(&a, &key("k")), Ok(Found::Nowhere));
    assert_eq!(store.get(&b, &key("k")), Ok(Found::Nowhere), "nobody has it any more");
    assert_eq!(store.list(&a, ""), Ok(vec!["stays".into()]));
    assert_eq!(store.entries(&a, None, 10).len(), 1);
    assert_eq!(store.size(&a).0, 1);
    assert_eq!(store.delete(&a, &key("k")), Ok(false));
    assert_eq!(store.write(&a, ROOMY, Write { when: Condition::Present, ..Write::put("k", "2") }), Ok((false, false)));
    assert_eq!(store.incr(&a, "k", Number::Integer(7)), Ok(Number::Integer(7)));
    assert_eq!(store.lasts(&a, "k"), Lasts::Forever);
}

pub(crate) fn a_key_keeps_its_time_unless_it_gets_another(store: Asked) {
    let a = id("a");
    let lasts = |name| match store.lasts(&a, name) {
        Lasts::For(time) => time.as_secs_f64(),
        other => panic!("{other:?}"),
    };
    assert_eq!(store.lasts(&a, "k"), Lasts::Missing);
    store.set_for(&a, "k", "1", Duration::from_secs(100));
    assert!((80.0..=100.0).contains(&lasts("k")));
    store.incr(&a, "k", Number::Integer(1)).expect("a sum");
    assert!((80.0..=100.0).contains(&lasts("k")));
    let keep = Write { when: Condition::Is("2".into()), expiry: Expiry::Keep, ..Write::put("k", "3") };
    assert_eq!(store.write(&a, ROOMY, keep), Ok((true, true)));
    assert!((80.0..=100.0).contains(&lasts("k")));
    let longer = Write { change: Change::Keep, expiry: Expiry::In(Duration::from_secs(1000)), ..Write::remove("k") };
    assert_eq!(store.write(&a, ROOMY, longer), Ok((true, true)));
    assert!((900.0..=1000.0).contains(&lasts("k")));
    assert_eq!(store.get(&a, &key("k")), own("3"));
    let forever = Write { change: Change::Keep, expiry: Expiry::Never, ..Write::remove("k") };
    assert_eq!(store.write(&a, ROOMY, forever), Ok((true, true)));
    assert_eq!(store.lasts(&a, "k"), Lasts::Forever);
    store.set_for(&a, "k", "1", Duration::from_secs(100));
    assert_eq!(store.set(&a, &key("k"), "4", ROOMY), Ok(()));
    assert_eq!(store.lasts(&a, "k"), Lasts::Forever, "a plain write makes it last");
}

pub(crate) fn an_expired_value_gives_its_room_back(store: Asked) {
    let (a, json) = (id("a"), format!("\"{}\"", "x".repeat(900)));
    let write = Write { expiry: Expiry::In(Duration::from_millis(20)), ..Write::put("k", &*json) };
    assert_eq!(store.write(&a, 1200, write), Ok((true, false)));
    wait_until("there is room", || store.set(&a, &key("l"), &json, 1200).is_ok());
    assert_eq!(store.size(&a).0, 1);
}

pub(crate) fn of_many_that_compare_and_set_one_wins_each_time(store: Asked) {
    let a = id("a");
    assert_eq!(store.set(&a, &key("k"), "0", ROOMY), Ok(()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    loop {
                        let Ok(Found::Own(old)) = store.get(&a, &key("k")) else { panic!("it is there") };
                        let new = (old.parse::<u64>().expect("a number") + 1).to_string();
                        let write = Write { when: Condition::Is((*old).into()), ..Write::put("k", new) };
                        if store.write(&a, ROOMY, write).expect("an answer").0 {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(store.get(&a, &key("k")), own("2000"));
}

pub(crate) fn entries_come_in_pages_and_owners_too(store: Asked) {
    for owner in ["b", "a", "c"] {
        for k in 0..5 {
            assert_eq!(store.set(&id(owner), &key(&format!("k{k}")), &k.to_string(), ROOMY), Ok(()));
        }
    }
    let names = |entries: Vec<Entry>| entries.iter().map(|entry| entry.key.to_string()).collect::<Vec<_>>();
    assert_eq!(names(store.entries(&id("a"), None, 2)), ["k0", "k1"]);
    assert_eq!(names(store.entries(&id("a"), Some("k1"), 2)), ["k2", "k3"]);
    assert_eq!(names(store.entries(&id("a"), Some("k3"), 2)), ["k4"]);
    assert_eq!(names(store.entries(&id("a"), Some("k4"), 2)), [""; 0]);
    let entry = &store.entries(&id("a"), Some("k1"), 1)[0];
    assert_eq!((&*entry.key, &*entry.json, entry.expires), ("k2", "2", None));
    assert_eq!(store.owners(None, 2), ["a", "b"]);
    assert_eq!(store.owners(Some(id("b")), 2), ["c"]);
    assert_eq!(store.owners(Some(id("c")), 2), [""; 0]);
}

pub(crate) fn size_counts_and_clear_empties(store: Asked) {
    let (a, b) = (id("a"), id("b"));
    assert_eq!(store.size(&a), (0, 0));
    for (owner, name) in [(&a, "k"), (&a, "l"), (&b, "k")] {
        assert_eq!(store.set(owner, &key(name), "\"value\"", ROOMY), Ok(()));
    }
    let (entries, bytes) = store.size(&a);
    assert_eq!(entries, 2);
    assert!(bytes >= 2 * (1 + 7), "{bytes}");
    let cleared = store.ask(&a, 0, Op::Clear).response;
    assert_eq!(cleared, Ok(Response::Size { entries, bytes }));
    assert_eq!(store.size(&a), (0, 0));
    assert_eq!(store.get(&a, &key("l")), Ok(Found::Nowhere));
    assert_eq!(store.get(&b, &key("k")), own("\"value\""), "another space stays");
    assert_eq!(store.owners(None, 10), ["b"]);
}

pub(crate) fn an_import_is_all_or_nothing(store: Asked) {
    let a = id("a");
    assert_eq!(store.set(&a, &key("old"), "1", ROOMY), Ok(()));
    let entry = |name: &str, json: &str, expires| Entry { key: name.into(), json: json.into(), expires };
    let big = format!("\"{}\"", "x".repeat(2000));
    let import = |quota, entries| store.ask(&a, quota, Op::Import(entries)).response;
    let refused = import(1500, vec![entry("k", "1", None), entry("big", &big, None)]);
    assert!(matches!(refused, Err(StoreError::Quota(bytes)) if bytes > 1500), "{refused:?}");
    assert_eq!(store.list(&a, ""), Ok(vec!["old".into()]));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis() as u64;
    let entries = vec![
        entry("k", "1", None),
        entry("old", "2", Some(now + 100_000)),
        entry("gone", "3", Some(now - 1)),
        entry("k", "4", None),
    ];
    assert_eq!(import(ROOMY, entries), Ok(Response::Done));
    assert_eq!(store.list(&a, ""), Ok(vec!["k".into(), "old".into()]));
    assert_eq!((store.get(&a, &key("k")), store.get(&a, &key("old"))), (own("4"), own("2")));
    assert!(matches!(store.lasts(&a, "old"), Lasts::For(time) if time > Duration::from_secs(50)));
}

pub(crate) fn grants_are_kept_listed_and_taken_back(store: Asked) {
    let grant = |owner, keys, to, access| {
        let (keys, to) = (Pattern::new(keys).expect("a pattern"), Grantee::new(to).expect("a grantee"));
        Grant::new(id(owner), keys, to, access).expect("a grant")
    };
    let ask = |op| store.ask(&id("a"), 0, op).response;
    let (one, all) = (grant("a", "k", "b", Access::Read), grant("a", "p/*", "*", Access::Write));
    assert_eq!(ask(Op::Grant(one.clone())), Ok(Response::Done));
    assert_eq!(ask(Op::Grant(all.clone())), Ok(Response::Done));
    assert_eq!(ask(Op::Grants), Ok(Response::Grants(store.0.grants().list())));
    assert_eq!(store.0.grants().list(), [one.clone(), all.clone()]);
    let taken = ask(Op::Grant(grant("c", "k", "b", Access::Read)));
    assert_eq!(taken, Err(StoreError::Taken(id("a"))));
    let more = Grant { access: Access::Write, ..one.clone() };
    assert_eq!(ask(Op::Grant(more.clone())), Ok(Response::Done));
    assert_eq!(store.0.grants().list(), [more.clone(), all.clone()]);
    assert_eq!(ask(Op::Revoke(one.clone())), Ok(Response::Written { met: true, was_there: true }));
    assert_eq!(ask(Op::Revoke(one)), Ok(Response::Written { met: false, was_there: false }));
    assert_eq!(store.0.grants().list(), [all]);
}
