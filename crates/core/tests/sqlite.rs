//! The store in SQLite: what it keeps, who may open it, what it refuses, and what it does not hold for ever.

#[path = "common/child.rs"]
mod child;
mod contract;
#[path = "common/folder.rs"]
mod folder;

use child::{Child, serve};
use contract::{Asked, ROOMY, id, key, own, wait_until};
use folder::Folder;
use moonpool_core::state::{
    Access, Depends, Entry, Fate, Found, Grant, Grantee, Lasts, Op, Pattern, Place, Request, Response, Store, Write,
    open,
};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

fn try_open(path: &Path, cache_bytes: usize) -> Result<Asked, String> {
    open(&Place::Sqlite { path: path.to_owned(), cache_bytes, relaxed: false }).map(Asked)
}

fn sqlite(path: &Path) -> Asked {
    try_open(path, 64 << 20).expect("a store")
}

fn refusal(path: &Path) -> String {
    try_open(path, 0).err().expect("it cannot be opened")
}

fn close(store: &Asked) {
    let (done, is_done) = channel();
    store.0.close(Box::new(move || done.send(()).expect("a listener")));
    is_done.recv_timeout(Duration::from_secs(30)).expect("it closes");
}

fn put(store: &Asked, owner: &str, name: &str, json: &str) {
    store.set(&id(owner), &key(name), json, ROOMY).expect("a write");
}

/// Waits until everything that was written is on disk.
fn flush(store: &Asked, owner: &str) {
    let answered = store.ask(&id(owner), ROOMY, Op::Write(Write::put("flushed", "1")));
    let depends = Depends { first: answered.depends, last: answered.depends };
    wait_until("it is durable", || store.0.fate(depends) == Fate::Durable);
}

/// All files of a folder, with a hash of what is in them.
fn contents(folder: &Folder) -> BTreeMap<String, u64> {
    let hash = |name: &String| {
        let mut hasher = std::hash::DefaultHasher::new();
        std::fs::read(folder.join(name)).unwrap_or_default().hash(&mut hasher);
        hasher.finish()
    };
    folder.files().into_iter().map(|name| (name.clone(), hash(&name))).collect()
}

#[test]
fn what_was_written_is_there_after_it_was_closed_and_the_closed_store_is_one_file() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let store = sqlite(&path);
    put(&store, "a", "k", "{\"x\":[1,2.5,\"\\u0000\"]}");
    put(&store, "a", "nul\0in it", "1");
    put(&store, "a", "gone", "1");
    store.set_for(&id("b"), "k", "2", Duration::from_secs(1000));
    assert_eq!(store.delete(&id("a"), &key("gone")), Ok(true));
    let keys = Pattern::new("shared/*").expect("a pattern");
    let grant = Grant::new(id("a"), keys, Grantee::All, Access::Write).expect("a grant");
    assert_eq!(store.ask(&id("a"), 0, Op::Grant(grant.clone())).response, Ok(Response::Done));
    let size = store.size(&id("a"));
    close(&store);
    assert_eq!(folder.files(), ["state.db"]);
    let store = sqlite(&path);
    assert_eq!(store.get(&id("a"), &key("k")), own("{\"x\":[1,2.5,\"\\u0000\"]}"));
    assert_eq!(store.get(&id("a"), &key("nul\0in it")), own("1"));
    assert_eq!(store.get(&id("a"), &key("gone")), Ok(Found::Nowhere));
    assert_eq!(store.size(&id("a")), size);
    assert!(matches!(store.lasts(&id("b"), "k"), Lasts::For(time) if time > Duration::from_secs(900)));
    assert_eq!(store.0.grants().list(), std::slice::from_ref(&grant));
    assert!(matches!(store.ask(&id("a"), 0, Op::Revoke(grant)).response, Ok(Response::Written { met: true, .. })));
    close(&store);
    let store = sqlite(&path);
    assert_eq!(store.0.grants().list(), []);
    close(&store);
}

#[test]
fn all_users_of_a_file_in_one_process_share_its_store_under_any_of_its_names() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let one = sqlite(&path);
    std::fs::create_dir(folder.join("sub")).expect("a folder");
    let other = sqlite(&folder.join("sub").join("..").join("state.db"));
    put(&one, "a", "k", "1");
    assert_eq!(other.get(&id("a"), &key("k")), own("1"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.join("link.db")).expect("a link");
        let linked = sqlite(&folder.join("link.db"));
        assert_eq!(linked.get(&id("a"), &key("k")), own("1"));
        close(&linked);
    }
    close(&one);
    put(&other, "a", "k", "2");
    let refused = open(&Place::Sqlite { path: path.clone(), cache_bytes: 0, relaxed: true }).err().expect("not both");
    assert!(refused.contains("'full'") && refused.contains("'relaxed'"), "{refused}");
    close(&other);
    let again = sqlite(&path);
    assert_eq!(again.get(&id("a"), &key("k")), own("2"));
    close(&again);
}

#[test]
fn a_closed_store_answers_that_it_is_closed() {
    let folder = Folder::new();
    let store = sqlite(&folder.join("state.db"));
    put(&store, "a", "k", "1");
    close(&store);
    let write = store.ask(&id("a"), ROOMY, Op::Write(Write::put("k", "2"))).response;
    let wanted = Err(moonpool_core::state::StoreError::Unavailable("the store is closed".into()));
    assert_eq!(write, wanted);
    assert_eq!(store.ask(&id("other"), 0, Op::Size).response, wanted);
    let keys = Pattern::new("k").expect("a pattern");
    let grant = Grant::new(id("a"), keys, Grantee::All, Access::Read).expect("a grant");
    assert_eq!(store.ask(&id("a"), 0, Op::Grant(grant)).response, wanted);
}

#[test]
#[ignore = "the other process of the tests below"]
fn child_process() {
    let mut stores = Vec::new();
    serve(|path| match try_open(Path::new(path), 0) {
        Ok(store) => {
            put(&store, "child", "k", "1");
            flush(&store, "child");
            stores.push(store);
            "open".to_owned()
        }
        Err(error) => error,
    });
}

#[test]
fn a_second_process_is_told_who_has_it_and_gets_it_when_that_one_is_dead() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let text = path.to_str().expect("a plain path").to_owned();
    let patience = Duration::from_secs(30);
    let store = sqlite(&path);
    let mut child = Child::start();
    let refused = child.ask(&text, patience).expect("it lives");
    assert!(refused.contains(&format!("process {} has it open", std::process::id())), "{refused}");
    assert!(refused.contains(&text) && refused.contains("Redis"), "{refused}");
    put(&store, "a", "k", "1");
    close(&store);
    assert_eq!(child.ask(&text, patience).as_deref(), Ok("open"));
    let refused = refusal(&path);
    assert!(refused.contains("has it open") && refused.contains("Redis"), "{refused}");
    // It dies without a word: its lock dies with it, and what it had written is there.
    drop(child);
    let store = sqlite(&path);
    assert_eq!((store.get(&id("a"), &key("k")), store.get(&id("child"), &key("k"))), (own("1"), own("1")));
    close(&store);
    assert_eq!(folder.files(), ["state.db"]);
}

#[test]
fn what_is_no_database_of_ours_is_refused_by_name_and_stays_as_it_is() {
    let folder = Folder::new();
    let database = |name: &str, sql: &str| {
        Connection::open(folder.join(name)).and_then(|connection| connection.execute_batch(sql)).expect("a database");
    };
    let ours = |name: &str, sql: &str| {
        close(&sqlite(&folder.join(name)));
        database(name, sql);
    };
    std::fs::write(folder.join("text"), "dear diary, ".repeat(100)).expect("a file");
    std::fs::write(folder.join("short"), "x").expect("a file");
    std::fs::create_dir(folder.join("folder")).expect("a folder");
    database("other", "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    database("walled", "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    database("foreign", "PRAGMA application_id = 42; CREATE TABLE t (x)");
    ours("newer", "PRAGMA user_version = 1000");
    ours("newer walled", "PRAGMA journal_mode = WAL; PRAGMA user_version = 1000");
    ours("bad grant", "INSERT INTO grants VALUES ('a', '*', 'b', 'read')");
    close(&sqlite(&folder.join("torn")));
    let mut torn = std::fs::read(folder.join("torn")).expect("a file");
    torn[100..].fill(0x5a);
    std::fs::write(folder.join("torn"), torn).expect("a file");
    close(&sqlite(&folder.join("read-only")));
    let mut permissions = std::fs::metadata(folder.join("read-only")).expect("a file").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.join("read-only"), permissions).expect("permissions");
    let before = contents(&folder);
    for (name, why) in [
        ("text", "no SQLite database"),
        ("short", "no SQLite database"),
        ("folder", "a folder"),
        ("other", "belongs to another program"),
        ("walled", "belongs to another program"),
        ("foreign", "belongs to another program"),
        ("newer", "newer moonpool has written it: it has version 1000"),
        ("newer walled", "newer moonpool"),
        ("bad grant", "does not read"),
        ("torn", "malformed"),
        ("read-only", "read-only"),
        ("no folder/state.db", "no folder: "),
        ("text/state.db", "text"),
    ] {
        let refused = refusal(&folder.join(name));
        assert!(refused.contains(name) && refused.contains(why), "{name}: {refused}");
        assert_eq!(contents(&folder), before, "{name}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.join("nothing"), folder.join("link")).expect("a link");
        assert!(refusal(&folder.join("link")).contains("a link to nothing"));
    }
    assert!(refusal(Path::new("/")).contains("the SQLite database /: "));
    assert!(refusal(Path::new("")).contains("names no file"));
}

#[test]
fn a_database_that_is_being_written_leaves_nothing_behind_that_it_refused() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let other = Connection::open(&path).expect("a database");
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)").expect("a table");
    let before = contents(&folder);
    assert!(before.contains_key("state.db-wal"));
    let refused = refusal(&path);
    assert!(refused.contains("another program"), "{refused}");
    assert_eq!(contents(&folder), before);
}

#[test]
fn expired_keys_of_spaces_that_nobody_uses_leave_the_disk() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let store = sqlite(&path);
    for k in 0..1200 {
        store.set_for(&id(&format!("o{}", k % 7)), &format!("k{k}"), "1", Duration::from_millis(100));
    }
    put(&store, "a", "k0", "1");
    store.set_for(&id("a"), "later", "1", Duration::from_secs(1000));
    flush(&store, "a");
    close(&store);
    let store = sqlite(&path);
    wait_until("it expires", || store.owners(None, 10) == ["a"]);
    assert_eq!(store.get(&id("b"), &key("k1")), Ok(Found::Nowhere), "nobody has it any more");
    let reader = Connection::open(&path).expect("it can be read meanwhile");
    let rows = || {
        let count = reader.query_row("SELECT count(*) FROM entries", (), |row| row.get::<_, i64>(0));
        count.expect("a count")
    };
    wait_until("the rows are gone", || rows() == 3);
    // One that expires before all that are known.
    store.set_for(&id("c"), "soon", "1", Duration::from_millis(50));
    flush(&store, "a");
    wait_until("the row is gone", || rows() == 3);
    close(&store);
}

#[test]
fn foreign_keys_are_right_whoever_is_loaded() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let store = sqlite(&path);
    for (owner, name) in [("a", "k"), ("b", "k"), ("b", "l")] {
        put(&store, owner, name, "1");
    }
    store.set_for(&id("c"), "short", "1", Duration::from_millis(200));
    flush(&store, "z");
    close(&store);
    let store = sqlite(&path);
    let get = |owner: &str, name: &str| store.get(&id(owner), &key(name)).expect("an answer");
    assert_eq!((get("x", "k"), get("x", "l"), get("x", "m")), (Found::Foreign, Found::Foreign, Found::Nowhere));
    wait_until("it expires", || get("x", "short") == Found::Nowhere);
    // Changes that are not written yet, of spaces that were not loaded before.
    assert_eq!(store.delete(&id("a"), &key("k")), Ok(true));
    assert_eq!(get("x", "k"), Found::Foreign);
    assert_eq!(store.delete(&id("b"), &key("k")), Ok(true));
    assert_eq!(get("x", "k"), Found::Nowhere);
    put(&store, "d", "m", "1");
    assert_eq!(get("x", "m"), Found::Foreign);
    assert_ne!(get("d", "m"), Found::Foreign);
    store.ask(&id("d"), 0, Op::Clear).response.expect("it is cleared");
    assert_eq!(get("x", "m"), Found::Nowhere);
    store.set_for(&id("d"), "m", "1", Duration::from_millis(100));
    wait_until("it expires", || get("x", "m") == Found::Nowhere);
    let entry = Entry { key: "m".into(), json: "1".into(), expires: None };
    assert_eq!(store.ask(&id("e"), ROOMY, Op::Import(vec![entry])).response, Ok(Response::Done));
    assert_eq!(get("x", "m"), Found::Foreign);
    // The second time, memory knows.
    let ask = Request { owner: id("x"), quota: 0, op: Op::Get { key: "m".into(), foreign: true } };
    assert_eq!(store.0.now(&ask).expect("at once").response, Ok(Response::Value(Found::Foreign)));
    close(&store);
}

/// What threads write at random, with hardly any memory, is what a map says.
#[test]
fn spaces_come_and_go_and_lose_nothing() {
    let folder = Folder::new();
    let store = try_open(&folder.join("state.db"), 4096).expect("a store");
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let store = &store;
            scope.spawn(move || {
                let mut random = 88_172_645_463_325_252 + thread;
                let mut next = |below: u64| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    random % below
                };
                let mut wanted = BTreeMap::new();
                for step in 0..1500 {
                    let (owner, name) = (format!("t{thread}-{}", next(20)), format!("k{}", next(5)));
                    match next(4) {
                        0 => {
                            let was_there = wanted.remove(&(owner.clone(), name.clone())).is_some();
                            assert_eq!(store.delete(&id(&owner), &key(&name)), Ok(was_there));
                        }
                        1 => {
                            let found = store.get(&id(&owner), &key(&name)).expect("an answer");
                            match wanted.get(&(owner, name)) {
                                Some(json) => assert_eq!(found, Found::Own(Arc::<str>::from(json as &str))),
                                None => assert!(!matches!(found, Found::Own(_))),
                            }
                        }
                        _ => {
                            put(store, &owner, &name, &step.to_string());
                            wanted.insert((owner, name), step.to_string());
                        }
                    }
                }
                for ((owner, name), json) in wanted {
                    assert_eq!(store.get(&id(&owner), &key(&name)), own(&json));
                }
            });
        }
    });
    close(&store);
}

#[test]
fn memory_holds_no_more_spaces_than_it_may() {
    let folder = Folder::new();
    let store = try_open(&folder.join("state.db"), 100_000).expect("a store");
    let json = format!("\"{}\"", "x".repeat(10_000));
    for owner in 0..50 {
        put(&store, &format!("o{owner}"), "k", &json);
    }
    flush(&store, "z");
    let in_memory = || {
        let size =
            |owner: &i32| Request { owner: id(&format!("o{owner}")), quota: 0, op: Op::List { prefix: "".into() } };
        (0..50).filter(|owner| store.0.now(&size(owner)).is_some()).count()
    };
    wait_until("there is room", || in_memory() < 10);
    assert_eq!(store.get(&id("o0"), &key("k")), own(&json));
    // The space that was read again may be the one too many, until another is forgotten.
    wait_until("there is room again", || (1..10).contains(&in_memory()));
    close(&store);
}

#[test]
fn the_log_does_not_grow_without_bound() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    let store = sqlite(&path);
    let mut longest = 0;
    for round in 0..200 {
        // Always another text: SQLite does not write what is there already.
        let json = format!("\"{}\"", (round % 10).to_string().repeat(500_000));
        put(&store, "a", &format!("k{}", round % 7), &json);
        flush(&store, "a");
        longest = longest.max(std::fs::metadata(folder.join("state.db-wal")).map_or(0, |file| file.len()));
    }
    assert!(longest < 20 << 20, "{longest} bytes of log for 5 MB of data");
    close(&store);
}

#[test]
fn a_broken_row_is_an_error_that_names_the_file() {
    let folder = Folder::new();
    let path = folder.join("state.db");
    close(&sqlite(&path));
    let connection = Connection::open(&path).expect("it opens");
    connection.execute("INSERT INTO entries VALUES ('a', 'k', CAST(x'ff' AS TEXT), NULL)", ()).expect("a row");
    drop(connection);
    let store = sqlite(&path);
    let failed = format!("{:?}", store.get(&id("a"), &key("k")));
    assert!(failed.contains("Unavailable") && failed.contains("state.db"), "{failed}");
    assert_eq!(store.get(&id("b"), &key("l")), Ok(Found::Nowhere));
    close(&store);
}

/// The trait object that a store is, shared between threads.
#[test]
fn stores_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Arc<dyn Store>>();
}
