//! What every store must do: one suite, for each store by the function that makes an empty one.

use moonpool_core::state::{Found, Key, MemoryStore, ScriptId, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than any test keeps.
const ROOMY: usize = 16 << 20;

fn id(name: &str) -> ScriptId {
    ScriptId::new(name).expect("a good id")
}

fn key(name: &str) -> Key {
    Key::new(name.as_bytes()).expect("a good key")
}

fn own(json: &str) -> Result<Found, StoreError> {
    Ok(Found::Own(json.into()))
}

/// Runs every test of the contract for the stores that `$make` makes.
macro_rules! contract {
    ($store:ident, $make:expr) => {
        mod $store {
            use super::*;
            contract!(
                $make, a_value_is_kept_and_replaced, another_owners_key_is_foreign_and_nobodys_is_nowhere,
                delete_says_whether_the_key_was_there, list_is_in_byte_order_and_has_own_keys_only,
                a_write_past_the_quota_says_how_much_and_changes_nothing, a_deleted_value_gives_its_room_back,
                threads_lose_no_write_and_leak_into_no_space, threads_together_never_pass_the_quota
            );
        }
    };
    ($make:expr, $($test:ident),+) => { $(
        #[test]
        fn $test() {
            super::$test($make);
        }
    )+ };
}

contract!(memory, Arc::<MemoryStore>::default());

fn a_value_is_kept_and_replaced(store: Arc<dyn Store>) {
    let (a, k) = (id("a"), key("k"));
    assert_eq!(store.get(&a, &k), Ok(Found::Nowhere));
    for json in ["1", "{\"x\":[]}", "\"\\u0000\""] {
        assert_eq!(store.set(&a, &k, json, ROOMY), Ok(()));
        assert_eq!(store.get(&a, &k), own(json));
    }
}

fn another_owners_key_is_foreign_and_nobodys_is_nowhere(store: Arc<dyn Store>) {
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

fn delete_says_whether_the_key_was_there(store: Arc<dyn Store>) {
    let (a, k) = (id("a"), key("k"));
    assert_eq!(store.delete(&a, &k), Ok(false));
    assert_eq!(store.set(&id("b"), &k, "1", ROOMY), Ok(()));
    assert_eq!(store.delete(&a, &k), Ok(false), "another owner's key");
    assert_eq!(store.set(&a, &k, "1", ROOMY), Ok(()));
    assert_eq!((store.delete(&a, &k), store.delete(&a, &k)), (Ok(true), Ok(false)));
    assert_eq!(store.get(&id("b"), &k), own("1"));
}

fn list_is_in_byte_order_and_has_own_keys_only(store: Arc<dyn Store>) {
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

fn a_write_past_the_quota_says_how_much_and_changes_nothing(store: Arc<dyn Store>) {
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

fn a_deleted_value_gives_its_room_back(store: Arc<dyn Store>) {
    let (a, json) = (id("a"), format!("\"{}\"", "x".repeat(900)));
    for round in 0..10 {
        let key = key(&format!("k{round}"));
        assert_eq!(store.set(&a, &key, &json, 1200), Ok(()), "round {round}");
        assert_eq!(store.delete(&a, &key), Ok(true));
    }
}

fn threads_lose_no_write_and_leak_into_no_space(store: Arc<dyn Store>) {
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
fn threads_together_never_pass_the_quota(store: Arc<dyn Store>) {
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
