//! The store on a Redis server: what many processes see, what is left over, and that nothing waits that need not.

#[path = "common/child.rs"]
mod child;
mod contract;
mod redis_server;

use child::Child;
use contract::{Asked, ROOMY, id, key, own, wait_until};
use moonpool_core::state::{
    Access, Change, Condition, Entry, Expiry, Found, Grant, Grantee, Incr, Lasts, MemoryStore, Number, Op, Pattern,
    Request, Response, ScriptId, Store, StoreError, Write,
};
use redis_server::{PATIENT, Server, shared};
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

/// A server that no other test uses.
macro_rules! server {
    () => {
        match Server::start(&[]) {
            Some(server) => server,
            None => return,
        }
    };
}

/// Numbers that look like random ones.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Asks for so many things at once, and then waits for all answers.
fn at_once(store: &Arc<dyn Store>, count: usize, mut request: impl FnMut(usize) -> Request<'static>) -> Vec<Response> {
    let (sender, answers) = channel();
    for i in 0..count {
        let sender = sender.clone();
        store.later(request(i), Box::new(move |answered| sender.send(answered).expect("a listener")));
    }
    let answer = |_| answers.recv_timeout(Duration::from_secs(60)).expect("an answer").response.expect("a response");
    (0..count).map(answer).collect()
}

fn incr_by_one() -> Op<'static> {
    Op::Incr(Incr { key: "n".into(), by: Number::Integer(1), init: Number::Integer(0), ttl: None })
}

#[test]
fn nothing_is_left_on_the_server_after_deletes() {
    let server = server!();
    let store = Asked(server.new_store());
    let entry = |name: String| Entry { key: name.into(), json: "1".into(), expires: None };
    for owner in ["a", "b:{}"].map(id) {
        for name in ["k", "l", "{m}:"] {
            store.set(&owner, &key(name), "1", ROOMY).expect("a write");
        }
        store.set_for(&owner, "t", "1", Duration::from_secs(100));
        store.incr(&owner, "n", Number::Float(0.5)).expect("a sum");
        for name in ["k", "l", "{m}:", "t", "n"] {
            assert_eq!(store.delete(&owner, &key(name)), Ok(true));
        }
        // What was refused leaves nothing either.
        assert!(matches!(store.set(&owner, &key("big"), "1", 10), Err(StoreError::Quota(_))));
        let unmet = Write { when: Condition::Present, ..Write::put("no", "1") };
        assert_eq!(store.write(&owner, ROOMY, Write { expiry: Expiry::In(PATIENT), ..unmet }), Ok((false, false)));
        let import = |quota| store.ask(&owner, quota, Op::Import((0..300).map(|i| entry(format!("i{i}"))).collect()));
        assert!(matches!(import(100).response, Err(StoreError::Quota(_))));
        assert_eq!(import(ROOMY).response, Ok(Response::Done));
        assert!(matches!(store.ask(&owner, 0, Op::Clear).response, Ok(Response::Size { entries: 300, .. })));
    }
    let grant = grant("a", "k", "b", Access::Read);
    assert_eq!(store.ask(&id("a"), 0, Op::Grant(grant.clone())).response, Ok(Response::Done));
    store.ask(&id("a"), 0, Op::Revoke(grant)).response.expect("a revocation");
    wait_until("nothing is left", || server.size() == 0);
}

#[test]
fn a_large_space_is_imported_in_one_step_and_cleared_without_a_trace() {
    const ENTRIES: usize = 20_000;
    let server = server!();
    let store = Asked(server.new_store());
    let expires = |i: usize| if i.is_multiple_of(2) { Some(4_000_000_000_000) } else { None };
    let entry = |i: usize| Entry { key: format!("k{i:05}").into(), json: "1".into(), expires: expires(i) };
    let import = Op::Import((0..ENTRIES).map(entry).collect());
    assert_eq!(store.ask(&id("a"), ROOMY, import).response, Ok(Response::Done));
    assert_eq!(store.size(&id("a")).0, ENTRIES);
    assert_eq!(store.entries(&id("a"), Some("k19997"), 10), [entry(19_998), entry(19_999)]);
    assert_eq!(store.list(&id("a"), "").map(|keys| keys.len()), Ok(ENTRIES));
    assert!(matches!(store.ask(&id("a"), 0, Op::Clear).response, Ok(Response::Size { entries: ENTRIES, .. })));
    wait_until("nothing is left", || server.size() == 0);
}

#[test]
fn nothing_is_left_on_the_server_after_expiry_though_nobody_asks() {
    let server = server!();
    let store = Asked(server.new_store());
    let a = id("a");
    for i in 0..100 {
        store.set_for(&a, &format!("k{i}"), "1", Duration::from_millis(200 + i));
    }
    store.set(&a, &key("forever"), "1", ROOMY).expect("a write");
    store.set_for(&a, "forever", "2", Duration::from_millis(400));
    assert_eq!(store.set(&id("b"), &key("k0"), "1", ROOMY), Ok(()), "another one has the same name for ever");
    assert_eq!(store.delete(&id("b"), &key("k0")), Ok(true));
    assert!(server.size() > 100);
    wait_until("all has expired", || server.size() == 0);
}

#[test]
fn a_space_expires_with_its_last_entry_unless_one_stays() {
    let server = server!();
    let store = Asked(server.store("p", PATIENT));
    let (a, values) = (id("a"), "{p:a}:v");
    let lasts = || server.ask(&["PTTL", values]).trim_start_matches(':').parse::<i64>().expect("a number");
    store.set_for(&a, "short", "1", Duration::from_secs(50));
    assert!((1..=50_000).contains(&lasts()));
    store.set_for(&a, "long", "1", Duration::from_secs(100));
    assert!((50_001..=100_000).contains(&lasts()));
    store.set(&a, &key("stays"), "1", ROOMY).expect("a write");
    assert_eq!(lasts(), -1);
    store.delete(&a, &key("stays")).expect("a delete");
    assert!((50_001..=100_000).contains(&lasts()));
    store.delete(&a, &key("long")).expect("a delete");
    assert!((1..=50_000).contains(&lasts()));
    let keep = Write { change: Change::Keep, expiry: Expiry::Never, ..Write::remove("short") };
    assert_eq!(store.write(&a, ROOMY, keep), Ok((true, true)));
    assert_eq!(lasts(), -1);
}

#[test]
fn a_counter_that_expires_is_exact_and_keeps_its_time() {
    let Some(server) = shared() else { return };
    let store = Asked(server.new_store());
    let a = id("a");
    store.set_for(&a, "n", "9223372036854775806", PATIENT);
    assert_eq!(store.incr(&a, "n", Number::Integer(1)), Ok(Number::Integer(i64::MAX)));
    assert_eq!(store.incr(&a, "n", Number::Integer(1)), Err(StoreError::OutOfRange));
    assert_eq!(store.incr(&a, "n", Number::Integer(i64::MIN)), Ok(Number::Integer(-1)));
    assert_eq!(store.get(&a, &key("n")), own("-1"));
    assert!(matches!(store.lasts(&a, "n"), Lasts::For(time) if time <= PATIENT));
    assert_eq!(store.incr(&a, "n", Number::Float(0.25)), Ok(Number::Float(-0.75)));
    assert!(matches!(store.lasts(&a, "n"), Lasts::For(time) if time <= PATIENT));
}

/// What is counted is what is there, whatever was done and expired in between.
#[test]
fn size_and_quota_stay_true_whatever_expires() {
    let Some(server) = shared() else { return };
    let store = Asked(server.new_store());
    let (a, mut dice) = (id("a"), Dice(7));
    let fixed = 192;
    for round in 0..1500 {
        let name = format!("k{}", dice.roll(20));
        let json = format!("\"{}\"", "x".repeat(dice.roll(200) as usize));
        let expiry = match dice.roll(3) {
            0 => Expiry::Never,
            1 => Expiry::Keep,
            _ => Expiry::In(Duration::from_millis(1 + dice.roll(20))),
        };
        let op = match dice.roll(8) {
            0 => Op::Write(Write::remove(name)),
            1 => Op::Write(Write { change: Change::Keep, expiry, ..Write::remove(name) }),
            2 => Op::Incr(Incr { key: "n".into(), by: Number::Integer(7), init: Number::Integer(1), ttl: None }),
            3 => {
                let expires = if dice.roll(2) == 0 { None } else { Some(1) };
                Op::Import(vec![Entry { key: name.into(), json: json.into(), expires }])
            }
            _ => Op::Write(Write { expiry, ..Write::put(name, json) }),
        };
        if let Err(error) = store.ask(&a, 4000, op).response {
            assert!(matches!(error, StoreError::Quota(bytes) if bytes > 4000), "{error:?}");
        }
        if round % 50 == 0 {
            // What expires between the two questions is asked for again.
            wait_until("what is counted is there", || {
                let before = store.size(&a);
                let entries = store.entries(&a, None, 100);
                let mark = |entry: &Entry| usize::from(entry.expires.is_some());
                let cost = |entry: &Entry| entry.key.len() + entry.json.len() + mark(entry) + fixed;
                let counted = (entries.len(), entries.iter().map(cost).sum::<usize>());
                assert!(counted.1 <= 4000);
                before == counted
            });
        }
    }
}

#[test]
fn all_room_comes_back_at_once_when_many_expire() {
    let Some(server) = shared() else { return };
    let store = Asked(server.new_store());
    let a = id("a");
    assert_eq!(store.set(&a, &key("stays"), "1", ROOMY), Ok(()));
    for i in 0..300 {
        store.set_for(&a, &format!("k{i}"), "1", Duration::from_millis(1000));
    }
    let quota = store.size(&a).1;
    assert!(matches!(store.set(&a, &key("more"), "1", quota), Err(StoreError::Quota(_))));
    wait_until("the last expires", || store.lasts(&a, "k299") == Lasts::Missing);
    let most = format!("\"{}\"", "x".repeat(quota - 1000));
    assert_eq!(store.set(&a, &key("more"), &most, quota), Ok(()));
}

/// The store in memory is the model: the same answers to the same questions.
#[test]
fn answers_are_those_of_the_store_in_memory() {
    let Some(server) = shared() else { return };
    let (redis, memory) = (Asked(server.new_store()), Asked(Arc::<MemoryStore>::default()));
    let mut dice = Dice(11);
    let values =
        ["1", "-7", "2.5", "\"text\"", "9007199254740993", "9223372036854775807", "[1]", "null", "true", "1e300"];
    for round in 0..4000 {
        let owner = id(["a", "b", "c:{}"][dice.roll(3) as usize]);
        let name = ["k", "k1", "k:", "{k}", "\u{e4}", "l"][dice.roll(6) as usize];
        let json = values[dice.roll(values.len() as u64) as usize];
        let when = match dice.roll(6) {
            0 => Condition::Missing,
            1 => Condition::Present,
            2 => Condition::Is(values[dice.roll(values.len() as u64) as usize].into()),
            _ => Condition::Always,
        };
        let change = match dice.roll(5) {
            0 => Change::Remove,
            1 => Change::Keep,
            _ => Change::Put(json.into()),
        };
        let expiry = if dice.roll(2) == 0 { Expiry::Never } else { Expiry::Keep };
        let by = match dice.roll(4) {
            0 => Number::Float(0.5),
            1 => Number::Integer(-1),
            2 => Number::Integer(i64::MAX),
            _ => Number::Integer(1),
        };
        let op = match dice.roll(10) {
            0..4 => Op::Write(Write { key: name.into(), when, change, expiry }),
            4 | 5 => Op::Incr(Incr { key: name.into(), by, init: Number::Integer(3), ttl: None }),
            6 | 7 => Op::Get { key: name.into(), foreign: dice.roll(2) == 0 },
            8 => match dice.roll(5) {
                0 => Op::Size,
                1 => Op::List { prefix: ["", "k", "k:", "z"][dice.roll(4) as usize].into() },
                2 => Op::Lasts { key: name.into() },
                3 if dice.roll(10) == 0 => Op::Clear,
                _ => Op::Owners { after: None, limit: dice.roll(4) as usize },
            },
            _ => {
                let after = if dice.roll(2) == 0 { None } else { Some(name.into()) };
                Op::Entries { prefix: ["", "k"][dice.roll(2) as usize].into(), after, limit: dice.roll(4) as usize }
            }
        };
        let quota = 450 + dice.roll(400) as usize;
        let [redis, memory] = [&redis, &memory].map(|store| store.ask(&owner, quota, op.clone()).response);
        assert_eq!(redis, memory, "round {round}: {owner:?} {op:?} with {quota}");
    }
}

#[test]
fn two_processes_that_add_lose_nothing() {
    const EACH: usize = 50_000;
    let Some(server) = shared() else { return };
    let mut children = [Child::start(), Child::start()];
    std::thread::scope(|scope| {
        for child in &mut children {
            let question = format!("{} {EACH}", server.url());
            scope.spawn(move || assert_eq!(child.ask(&question, Duration::from_secs(100)), Ok("done".to_owned())));
        }
    });
    let store = Asked(server.store("two-processes", PATIENT));
    assert_eq!(store.get(&id("a"), &key("n")), own(&(2 * EACH).to_string()));
}

#[test]
#[ignore = "the child of another test"]
fn child_process() {
    child::serve(|question| {
        let (url, count) = question.split_once(' ').expect("two words");
        let store = redis_server::open_store(url, "two-processes", PATIENT);
        let incr = |_| Request { owner: id("a"), quota: ROOMY, op: incr_by_one() };
        at_once(&store, count.parse().expect("a number"), incr);
        "done".to_owned()
    });
}

#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_requests_at_once_are_all_answered_and_no_thread_waits() {
    let Some(server) = shared() else { return };
    let store = server.new_store();
    Asked(store.clone()).set(&id("a"), &key("k"), "1", ROOMY).expect("a write");
    let threads = || std::fs::read_dir("/proc/self/task").expect("the threads").count();
    let before = threads();
    let answers = at_once(&store, 10_000, |i| Request {
        owner: id("a"),
        quota: ROOMY,
        op: if i % 2 == 0 { Op::Get { key: "k".into(), foreign: true } } else { incr_by_one() },
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Response::Value(Found::Own("1".into()))).count(), 5000);
    // Other tests of this program come and go meanwhile.
    assert!(threads() < before + 40, "{before} threads, and then {}", threads());
    assert_eq!(Asked(store).get(&id("a"), &key("n")), own("5000"));
}

fn grant(owner: &str, keys: &str, to: &str, access: Access) -> Grant {
    let (keys, to) = (Pattern::new(keys).expect("a pattern"), Grantee::new(to).expect("a grantee"));
    Grant::new(id(owner), keys, to, access).expect("a grant")
}

#[test]
fn grants_and_revocations_of_one_process_reach_another_within_a_second() {
    let Some(server) = shared() else { return };
    let (here, there) = (Asked(server.store("grants", PATIENT)), server.store("grants", PATIENT));
    let other = server.store("no-grants", PATIENT);
    let grants = [
        grant("a", "k\0*", "*", Access::Write),
        grant("a", "\u{e4}", "b", Access::Read),
        grant("b", "k", "a:1", Access::Read),
    ];
    for round in 0..2 {
        for grant in &grants {
            assert_eq!(here.ask(&id("a"), 0, Op::Grant(grant.clone())).response, Ok(Response::Done), "round {round}");
        }
        assert_eq!(here.0.grants().list(), grants);
        let begin = Instant::now();
        wait_until("another process sees the grants", || there.grants().list() == grants);
        assert!(begin.elapsed() < Duration::from_secs(2), "much more than a second: {:?}", begin.elapsed());
        for grant in &grants {
            here.ask(&id("a"), 0, Op::Revoke(grant.clone())).response.expect("a revocation");
        }
        assert!(here.0.grants().is_empty());
        wait_until("another process sees the revocations", || there.grants().is_empty());
    }
    assert!(other.grants().is_empty(), "another prefix");
}

/// It was asked for as the script's own key, because nobody knew better.
#[test]
fn what_is_asked_before_the_grants_are_known_is_never_done_to_the_wrong_key() {
    let server = server!();
    let here = Asked(server.store("p", PATIENT));
    here.ask(&id("a"), 0, Op::Grant(grant("a", "k*", "b", Access::Write))).response.expect("a grant");
    server.signal("-STOP");
    let there = Asked(server.store("p", PATIENT));
    std::thread::scope(|scope| {
        let set = scope.spawn(|| there.set(&id("b"), &key("k"), "1", ROOMY));
        let list = scope.spawn(|| there.list(&id("b"), ""));
        let own = scope.spawn(|| there.set(&id("b"), &key("own"), "1", ROOMY));
        std::thread::sleep(Duration::from_millis(100));
        server.signal("-CONT");
        for answer in [set.join().expect("no panic").err(), list.join().expect("no panic").err()] {
            assert!(
                matches!(&answer, Some(StoreError::Unavailable(why)) if why.contains("not known yet")),
                "{answer:?}"
            );
        }
        assert_eq!(own.join().expect("no panic"), Ok(()));
    });
    assert_eq!(here.list(&id("b"), ""), Ok(vec!["own".into()]));
    assert!(!there.0.grants().is_empty(), "by now they are known");
    assert_eq!(there.set(&id("b"), &key("k"), "1", ROOMY), Ok(()), "whoever asks now, knows");
}

#[test]
fn an_owner_that_the_index_names_and_that_has_no_such_key_is_not_believed_and_taken_out() {
    let server = server!();
    let store = Asked(server.store("p", PATIENT));
    for i in 0..100 {
        server.ask(&["ZADD", "{p:k}:n", "inf", &format!("gone-{i}")]);
    }
    assert_eq!(store.get(&id("a"), &key("k")), Ok(Found::Nowhere));
    assert_eq!(server.size(), 0);
    store.set(&id("b"), &key("k"), "1", ROOMY).expect("a write");
    for i in 0..100 {
        server.ask(&["ZADD", "{p:k}:n", "inf", &format!("z-gone-{i}")]);
    }
    assert_eq!(store.get(&id("a"), &key("k")), Ok(Found::Foreign));
    assert!(server.ask(&["ZRANGE", "{p:k}:n", "0", "0"]).ends_with("\r\nb"), "who has the key stays");
}

#[test]
fn the_index_forgets_an_owner_no_sooner_and_no_later_than_the_key_expires() {
    let server = server!();
    let store = Asked(server.store("p", PATIENT));
    let lasts = || server.ask(&["PTTL", "{p:k}:n"]).trim_start_matches(':').parse::<i64>().expect("a number");
    assert_eq!(store.set(&id("a"), &key("k"), "1", ROOMY), Ok(()));
    assert_eq!(lasts(), -1);
    store.set_for(&id("a"), "k", "1", Duration::from_secs(100));
    wait_until("the index expires with the key", || (90_000..102_000).contains(&lasts()));
    assert_eq!(store.get(&id("b"), &key("k")), Ok(Found::Foreign));
    store.set_for(&id("a"), "k", "1", Duration::from_secs(1000));
    assert!((900_000..1_002_000).contains(&lasts()));
    assert_eq!(store.set(&id("a"), &key("k"), "1", ROOMY), Ok(()));
    assert_eq!(lasts(), -1);
}

/// Two processes that write and delete one key in turn leave no trace, and no owner is forgotten.
#[test]
fn the_index_survives_processes_that_write_and_delete_the_same_key() {
    let server = server!();
    let stores = [server.store("p", PATIENT), server.store("p", PATIENT)].map(Asked);
    for round in 0..20 {
        std::thread::scope(|scope| {
            for (i, store) in stores.iter().enumerate() {
                scope.spawn(move || {
                    for step in 0..30 {
                        store.delete(&id("a"), &key("k")).expect("a delete");
                        if i == 0 || step % 2 == 0 {
                            store.set(&id("a"), &key("k"), "1", ROOMY).expect("a write");
                        } else {
                            store.set_for(&id("a"), "k", "1", Duration::from_secs(100));
                        }
                    }
                });
            }
        });
        assert_eq!(stores[0].get(&id("a"), &key("k")), own("1"));
        // What was to be tidied has been when the same process has been asked something else, and answered.
        wait_until("the index names the owner", || stores[1].get(&id("b"), &key("k")) == Ok(Found::Foreign));
        assert_eq!(stores[0].delete(&id("a"), &key("k")), Ok(true), "round {round}");
        wait_until("nothing is left", || server.size() == 0);
    }
}

#[test]
fn a_server_that_forgets_the_scripts_learns_them_again() {
    let server = server!();
    let store = Asked(server.new_store());
    for n in 1..=3 {
        assert_eq!(server.ask(&["SCRIPT", "FLUSH"]), "+OK");
        assert_eq!(store.incr(&id("a"), "n", Number::Integer(1)), Ok(Number::Integer(n)));
        assert_eq!(server.ask(&["SCRIPT", "FLUSH"]), "+OK");
        store.set_for(&id("a"), "t", "1", PATIENT);
        let missing = Write { when: Condition::Missing, ..Write::put(format!("m{n}"), "1") };
        assert_eq!(server.ask(&["SCRIPT", "FLUSH"]), "+OK");
        assert_eq!(store.write(&id("a"), ROOMY, missing), Ok((true, false)));
    }
}

#[test]
fn owners_are_those_of_the_prefix_and_come_in_pages_among_other_keys() {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| (0..2500).map(|i| format!("{:04}:{{%}}*", i)).collect());
    let server = server!();
    let store = server.store("p*[", PATIENT);
    for foreign in ["{p*[:x}:v", "{pxx:a}:v", "{p*[:%}:v", "{p*[:%zz}:v", "{p*[:%4}:v", "other", "{p*[a:x}:v"] {
        server.ask(&["SET", foreign, "1"]);
    }
    let write = |i: usize| Op::Write(Write::put("k", NAMES[i].clone()));
    at_once(&store, NAMES.len(), |i| Request { owner: id(&NAMES[i]), quota: ROOMY, op: write(i) });
    let store = Asked(store);
    let mut found = Vec::new();
    let mut after: Option<ScriptId> = None;
    loop {
        let page = store.owners(after.clone(), 1000);
        let Some(last) = page.last() else { break };
        after = Some(id(last));
        found.extend(page);
    }
    let mut wanted = NAMES.clone();
    // Somebody else's key looks like a space of ours, and is named.
    wanted.push("x".to_owned());
    assert_eq!(found, wanted);
}

/// The list is that of docs/state-redis.md.
#[test]
fn a_user_of_redis_needs_no_more_than_the_documents_say() {
    let server = server!();
    let commands = "+evalsha +script|load +hello +hget +hgetall +zrevrange +scan +time +del +pttl +persist +pexpireat +@hash \
                    +@sortedset";
    let rules = ["ACL", "SETUSER", "moonpool", "on", ">pw", "~{p:*"];
    let rules: Vec<&str> = rules.into_iter().chain(commands.split_whitespace()).collect();
    assert_eq!(server.ask(&rules), "+OK");
    let url = format!("redis://moonpool:pw@127.0.0.1:{}", server.port);
    let store = Asked(redis_server::open_store(&url, "p", PATIENT));
    let a = id("a");
    store.set_for(&a, "k", "1", PATIENT);
    assert_eq!(store.set(&a, &key("l"), "1", ROOMY), Ok(()));
    assert_eq!(store.get(&a, &key("k")), own("1"));
    assert_eq!(store.get(&id("b"), &key("k")), Ok(Found::Foreign));
    assert_eq!(store.incr(&a, "k", Number::Integer(1)), Ok(Number::Integer(2)));
    assert_eq!(store.incr(&a, "l", Number::Float(0.5)), Ok(Number::Float(1.5)));
    assert_eq!(store.list(&a, ""), Ok(vec!["k".into(), "l".into()]));
    assert_eq!(store.entries(&a, None, 10).len(), 2);
    assert_eq!(store.size(&a).0, 2);
    assert_eq!(store.owners(None, 10), ["a"]);
    assert_eq!(store.delete(&a, &key("k")), Ok(true));
    let entry = Entry { key: "i".into(), json: "1".into(), expires: None };
    assert_eq!(store.ask(&a, ROOMY, Op::Import(vec![entry])).response, Ok(Response::Done));
    let grant = grant("a", "k", "b", Access::Read);
    assert_eq!(store.ask(&a, 0, Op::Grant(grant.clone())).response, Ok(Response::Done));
    assert_eq!(store.0.grants().list(), std::slice::from_ref(&grant));
    store.ask(&a, 0, Op::Revoke(grant)).response.expect("a revocation");
    store.ask(&a, 0, Op::Clear).response.expect("it clears");
    wait_until("nothing is left", || server.size() == 0);
}
