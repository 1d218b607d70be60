//! A disk that fails, fills or hangs under the store in SQLite: what is not durable is lost together, is never told, and
//! the store goes on when the disk does.

mod common;
mod contract;
#[path = "common/disk.rs"]
mod disk;
#[path = "common/folder.rs"]
mod folder;
#[path = "common/held.rs"]
mod held;

use common::{FACTORY, script};
use contract::{Asked, ROOMY, id, key, own, wait_until};
use disk::{Disk, Mood};
use folder::Folder;
use held::{Held, kill_all};
use moonpool_core::bridge::Services;
use moonpool_core::scheduler::{Caller, Capacity, HostCallOf, Scheduler, Settled};
use moonpool_core::state::{
    Access, Depends, Fate, Found, Grant, Grantee, Incr, Number, Op, Pattern, Place, Request, Response, Seq, StoreError,
    Write, open,
};
use moonpool_core::vm::Script;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

fn sqlite(path: &Path) -> Asked {
    let place = Place::Sqlite { path: path.to_owned(), cache_bytes: 64 << 20, relaxed: false };
    Asked(open(&place).expect("a store"))
}

/// A store on a disk of its own.
fn on_disk() -> (Folder, &'static Disk, Asked) {
    let folder = Folder::new();
    let disk = Disk::under(folder.path());
    let store = sqlite(&folder.join("state.db"));
    (folder, disk, store)
}

fn close(store: &Asked) {
    let (done, is_done) = channel();
    store.0.close(Box::new(move || done.send(()).expect("a listener")));
    is_done.recv_timeout(Duration::from_secs(30)).expect("it closes");
}

fn put(store: &Asked, owner: &str, name: &str, json: &str) -> Seq {
    let answered = store.ask(&id(owner), ROOMY, Op::Write(Write::put(name, json)));
    assert!(answered.response.is_ok(), "{answered:?}");
    answered.depends
}

/// What has become of a write, once that is known.
fn fate(store: &Asked, seq: Seq) -> Fate {
    let depends = Depends { first: seq, last: seq };
    wait_until("its fate is known", || store.0.fate(depends) != Fate::Pending);
    store.0.fate(depends)
}

/// What another opening of the file says, once nobody has it open.
fn value_on_disk(path: &Path, owner: &str, name: &str) -> Option<String> {
    let connection = rusqlite::Connection::open(path).expect("it opens");
    let sql = "SELECT value FROM entries WHERE owner = ?1 AND key = ?2";
    connection.query_row(sql, [owner, name], |row| row.get(0)).ok()
}

#[test]
fn a_failed_commit_loses_everything_that_is_not_durable_and_the_next_one_succeeds() {
    for (mood, said) in [(Mood::NoWrite, "disk I/O error"), (Mood::NoSync, "disk I/O error"), (Mood::Full, "is full")] {
        let (folder, disk, store) = on_disk();
        let (a, b) = (id("a"), id("b"));
        assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
        disk.is(mood);
        let lost = put(&store, "a", "k", "2");
        let other = put(&store, "b", "l", "2");
        let Fate::Lost(reason) = fate(&store, lost) else { panic!("{mood:?}: it is lost") };
        assert!(reason.contains("state.db") && reason.contains(said), "{mood:?}: {reason}");
        assert!(matches!(fate(&store, other), Fate::Lost(_)), "{mood:?}");
        // Memory and disk agree: what was lost is not there.
        assert_eq!(store.get(&a, &key("k")), own("1"), "{mood:?}");
        assert_eq!(store.get(&b, &key("l")), Ok(Found::Nowhere), "{mood:?}");
        let again = put(&store, "a", "k", "3");
        assert!(matches!(fate(&store, again), Fate::Lost(_)), "{mood:?}: the disk is as bad as before");
        disk.is(Mood::Good);
        assert_eq!(fate(&store, put(&store, "a", "m", "4")), Fate::Durable, "{mood:?}");
        assert_eq!(store.get(&a, &key("k")), own("1"), "{mood:?}");
        assert!(matches!(fate(&store, lost), Fate::Lost(_)), "{mood:?}: what is lost stays lost");
        close(&store);
        let path = folder.join("state.db");
        assert_eq!(value_on_disk(&path, "a", "k").as_deref(), Some("1"), "{mood:?}");
        assert_eq!(value_on_disk(&path, "a", "m").as_deref(), Some("4"), "{mood:?}");
        assert_eq!(value_on_disk(&path, "b", "l"), None, "{mood:?}");
    }
}

/// A sync that fails leaves a whole transaction at the end of the log, which would come to life when the process dies.
#[test]
fn what_was_told_to_be_lost_does_not_come_to_life_after_a_crash() {
    let (folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    disk.is(Mood::NoSync);
    assert!(matches!(fate(&store, put(&store, "a", "k", "2")), Fate::Lost(_)));
    disk.is(Mood::Good);
    let crashed = Folder::new();
    wait_until("the end of the log is replaced", || {
        for file in ["state.db", "state.db-wal"] {
            std::fs::copy(folder.join(file), crashed.join(file)).expect("a copy");
        }
        let _ = std::fs::remove_file(crashed.join("state.db-shm"));
        value_on_disk(&crashed.join("state.db"), "a", "k").as_deref() == Some("1")
    });
    close(&store);
}

#[test]
fn what_was_written_while_a_commit_failed_is_lost_with_it() {
    let (folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "n", "1")), Fate::Durable);
    disk.is(Mood::Hangs);
    let first = put(&store, "a", "n", "2");
    wait_until("the writer hangs", || disk.hanging.load(Ordering::SeqCst) > 0);
    let (second, elsewhere) = (put(&store, "a", "n", "3"), put(&store, "b", "n", "3"));
    let read = store.ask(&id("a"), 0, Op::Get { key: "n".into(), foreign: false });
    assert_eq!((read.response, read.depends), (Ok(Response::Value(Found::Own("3".into()))), second));
    let foreign = store.ask(&id("c"), 0, Op::Get { key: "n".into(), foreign: true });
    assert_eq!(foreign.response, Ok(Response::Value(Found::Foreign)));
    assert_eq!(store.0.fate(Depends { first, last: elsewhere }), Fate::Pending);
    disk.is(Mood::FailsOnce);
    for seq in [first, second, elsewhere] {
        assert!(matches!(fate(&store, seq), Fate::Lost(_)));
    }
    assert_eq!(store.get(&id("a"), &key("n")), own("1"));
    let mut depends = Depends::default();
    depends.add(&*store.0, first);
    let after = put(&store, "a", "n", "4");
    depends.add(&*store.0, after);
    assert_eq!(fate(&store, after), Fate::Durable);
    assert!(matches!(store.0.fate(depends), Fate::Lost(_)), "who wrote before and after has lost");
    close(&store);
    let path = folder.join("state.db");
    assert_eq!(value_on_disk(&path, "a", "n").as_deref(), Some("4"));
    assert_eq!(value_on_disk(&path, "b", "n"), None, "what is lost is not written after all");
}

#[test]
fn reads_rest_on_the_last_write_of_their_space_until_it_is_durable() {
    let (_folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    let ask = |owner: &str, op| store.ask(&id(owner), 0, op).depends;
    let get = |name: &'static str| Op::Get { key: name.into(), foreign: true };
    assert_eq!(ask("a", get("k")), 0);
    // Memory knows now who has these.
    assert_eq!((ask("b", get("k")), ask("b", get("gone"))), (0, 0));
    disk.is(Mood::Hangs);
    let last = put(&store, "a", "l", "1");
    for op in [get("k"), get("none of a's"), Op::Size, Op::List { prefix: "".into() }, Op::Lasts { key: "k".into() }] {
        if op == get("none of a's") {
            continue;
        }
        assert_eq!(ask("a", op.clone()), last, "{op:?}");
    }
    assert_eq!(ask("b", get("k")), 0, "another space is durable");
    assert_eq!(ask("b", get("l")), last, "that somebody has it rests on the write");
    disk.is(Mood::Good);
    assert_eq!(fate(&store, last), Fate::Durable);
    assert_eq!(ask("a", get("k")), 0);
    close(&store);
}

#[test]
fn a_space_that_cannot_be_read_says_so_and_is_read_when_it_can() {
    let (folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    close(&store);
    let store = sqlite(&folder.join("state.db"));
    disk.is(Mood::NoRead);
    let failed = store.get(&id("a"), &key("k"));
    assert!(matches!(&failed, Err(StoreError::Unavailable(why)) if why.contains("state.db")), "{failed:?}");
    disk.is(Mood::Good);
    assert_eq!(store.get(&id("a"), &key("k")), own("1"));
    close(&store);
}

#[test]
fn a_grant_is_seen_when_it_is_durable_and_never_when_it_is_lost() {
    let (_folder, disk, store) = on_disk();
    let grant = |keys| {
        let keys = Pattern::new(keys).expect("a pattern");
        Op::Grant(Grant::new(id("a"), keys, Grantee::All, Access::Read).expect("a grant"))
    };
    disk.is(Mood::NoSync);
    let refused = store.ask(&id("a"), 0, grant("k")).response;
    assert!(matches!(&refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.0.grants().list(), []);
    disk.is(Mood::Hangs);
    let (reply, answered) = channel();
    let request = Request { owner: id("a"), quota: 0, op: grant("l") };
    store.0.later(request, Box::new(move |answered| reply.send(answered).expect("a listener")));
    wait_until("the writer hangs", || disk.hanging.load(Ordering::SeqCst) > 0);
    assert_eq!(store.0.grants().list(), []);
    disk.is(Mood::Good);
    assert_eq!(answered.recv().expect("an answer").response, Ok(Response::Done));
    assert_eq!(store.0.grants().list().len(), 1);
    close(&store);
}

#[test]
fn sixty_four_writers_gather_into_few_transactions() {
    const ROUNDS: usize = 20;
    let (_folder, disk, store) = on_disk();
    for writer in 0..64 {
        assert_eq!(store.get(&id(&format!("w{writer}")), &key("k")), Ok(Found::Nowhere));
    }
    let before = disk.log_syncs.load(Ordering::SeqCst);
    for round in 0..ROUNDS {
        // The disk is busy with one, and all others come meanwhile.
        disk.is(Mood::Hangs);
        put(&store, "w0", "k", &round.to_string());
        wait_until("the writer hangs", || disk.hanging.load(Ordering::SeqCst) > 0);
        let last = (1..64).map(|writer| put(&store, &format!("w{writer}"), "k", &round.to_string())).max();
        disk.is(Mood::Good);
        assert_eq!(fate(&store, last.expect("64 writers")), Fate::Durable);
    }
    let transactions = disk.log_syncs.load(Ordering::SeqCst) - before;
    // Two for each round; the log begins anew now and then, and with a sync of its own.
    assert!(transactions <= 2 * ROUNDS + 4, "{transactions} transactions for {} writes", 64 * ROUNDS);
    close(&store);
}

#[test]
fn writes_wait_when_too_many_wait_for_a_disk_that_hangs() {
    let (_folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    disk.is(Mood::Hangs);
    put(&store, "a", "first", "1");
    wait_until("the writer hangs", || disk.hanging.load(Ordering::SeqCst) > 0);
    let big = format!("\"{}\"", "x".repeat(1 << 20));
    let write = |name: String| Request { owner: id("a"), quota: 1 << 30, op: Op::Write(Write::put(name, big.clone())) };
    let taken = (0..200).take_while(|k| store.0.now(&write(format!("k{k}"))).is_some()).count();
    assert!((8..100).contains(&taken), "{taken} MiB wait for the writer");
    let read = Request { owner: id("a"), quota: 0, op: Op::Get { key: "k".into(), foreign: false } };
    assert!(store.0.now(&read).is_some(), "reads do not wait");
    let (reply, answered) = channel();
    store.0.later(write("later".into()), Box::new(move |answered| reply.send(answered).expect("a listener")));
    let (reply, read) = channel();
    let request = Request { owner: id("a"), quota: 0, op: Op::Get { key: "later".into(), foreign: false } };
    store.0.later(request, Box::new(move |answered| reply.send(answered).expect("a listener")));
    assert!(answered.recv_timeout(Duration::from_millis(50)).is_err());
    assert!(read.try_recv().is_err(), "what is asked behind a write that waits does not overtake it");
    disk.is(Mood::Good);
    let written = answered.recv_timeout(Duration::from_secs(30)).expect("an answer");
    let read = read.recv_timeout(Duration::from_secs(30)).expect("an answer");
    assert!(matches!(read.response, Ok(Response::Value(Found::Own(_)))));
    assert_eq!(fate(&store, written.depends), Fate::Durable);
    close(&store);
}

#[test]
fn a_close_does_not_wait_for_ever_for_a_disk_that_hangs() {
    let (folder, disk, store) = on_disk();
    disk.is(Mood::Hangs);
    put(&store, "a", "k", "1");
    let begin = Instant::now();
    close(&store);
    assert!(begin.elapsed() < Duration::from_secs(20));
    let place = Place::Sqlite { path: folder.join("state.db"), cache_bytes: 0, relaxed: false };
    let refused = open(&place).err().expect("nobody opens it meanwhile");
    assert!(refused.contains("still being opened, or closed"), "{refused}");
    disk.is(Mood::Good);
    let store = sqlite(&folder.join("state.db"));
    assert_eq!(store.get(&id("a"), &key("k")), own("1"));
    close(&store);
}

/// Writers and a disk that fails now and then: in the end, exactly that is there which was told to be durable.
#[test]
fn what_is_on_disk_is_what_was_told_to_be_durable_however_often_the_disk_fails() {
    const WRITERS: usize = 6;
    let (folder, disk, store) = on_disk();
    let stop = AtomicBool::new(false);
    let lost = AtomicUsize::new(0);
    let sums = AtomicUsize::new(0);
    let last: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, stop, lost, sums) = (&store, &stop, &lost, &sums);
                scope.spawn(move || {
                    let (shared, own) = (id(&format!("shared {}", writer % 2)), format!("w{writer}"));
                    let mut seqs = Vec::new();
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) {
                        n += 1;
                        let put = put(store, &own, "n", &n.to_string());
                        let incr =
                            Incr { key: "n".into(), by: Number::Integer(1), init: Number::Integer(0), ttl: None };
                        let incr = store.ask(&shared, ROOMY, Op::Incr(incr));
                        assert!(incr.response.is_ok(), "{incr:?}");
                        seqs.push((n, put, incr.depends));
                        if n % 7 == 0 {
                            fate(store, incr.depends);
                        }
                    }
                    let mut last = 0;
                    for (n, put, incr) in seqs {
                        match fate(store, put) {
                            Fate::Durable => last = n,
                            _ => drop(lost.fetch_add(1, Ordering::Relaxed)),
                        }
                        sums.fetch_add(usize::from(fate(store, incr) == Fate::Durable), Ordering::Relaxed);
                    }
                    last
                })
            })
            .collect();
        for pause in 0..60_u64 {
            disk.is(Mood::FailsOnce);
            std::thread::sleep(Duration::from_millis(5 + pause * 7 % 20));
        }
        disk.is(Mood::Good);
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
    });
    close(&store);
    let path = folder.join("state.db");
    for (writer, last) in last.into_iter().enumerate() {
        let there = value_on_disk(&path, &format!("w{writer}"), "n").map_or(0, |json| json.parse().expect("a number"));
        assert_eq!(there, last, "writer {writer}");
    }
    let sum = |shared| value_on_disk(&path, shared, "n").map_or(0, |json| json.parse::<usize>().expect("a number"));
    assert_eq!(sum("shared 0") + sum("shared 1"), sums.into_inner());
    assert!(lost.into_inner() > 0, "the disk has failed");
}

#[test]
fn a_full_disk_refuses_a_new_database_and_harms_no_old_one() {
    let (folder, disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    close(&store);
    for mood in [Mood::Full, Mood::NoWrite, Mood::NoSync] {
        disk.is(mood);
        let place = Place::Sqlite { path: folder.join("new.db"), cache_bytes: 0, relaxed: false };
        let refused = open(&place).err().expect("there is no room");
        assert!(refused.contains("new.db"), "{mood:?}: {refused}");
        assert_eq!(folder.files(), ["state.db"], "{mood:?}: it leaves nothing behind");
        let store = sqlite(&folder.join("state.db"));
        assert_eq!(store.get(&id("a"), &key("k")), own("1"), "{mood:?}");
        assert!(matches!(fate(&store, put(&store, "a", "k", "2")), Fate::Lost(_)), "{mood:?}");
        close(&store);
        disk.is(Mood::Good);
        assert_eq!(value_on_disk(&folder.join("state.db"), "a", "k").as_deref(), Some("1"), "{mood:?}");
    }
}

/// `mount -t tmpfs -o size=4m none /mnt/small`, and `MOONPOOL_SMALL_DISK=/mnt/small`.
#[test]
#[ignore = "needs a small disk of its own"]
fn a_disk_that_really_fills_loses_what_has_no_room_and_goes_on_when_there_is_some() {
    let folder = std::env::var("MOONPOOL_SMALL_DISK").expect("the folder of a small disk");
    let (path, ballast) = (Path::new(&folder).join("state.db"), Path::new(&folder).join("ballast"));
    std::fs::write(&ballast, vec![1; 1 << 20]).expect("room for it");
    let store = sqlite(&path);
    let json = |n: usize| format!("\"{}\"", n.to_string().repeat(20_000));
    let full = (0..1000).find_map(|n| match fate(&store, put(&store, "a", &format!("k{n}"), &json(n))) {
        Fate::Lost(reason) => Some((n, reason)),
        _ => None,
    });
    let (n, reason) = full.expect("it fills");
    assert!(reason.contains("full") && reason.contains("state.db"), "{reason}");
    for k in 0..n {
        assert_eq!(store.get(&id("a"), &key(&format!("k{k}"))), own(&json(k)));
    }
    assert_eq!(store.get(&id("a"), &key(&format!("k{n}"))), Ok(Found::Nowhere));
    std::fs::remove_file(&ballast).expect("it goes");
    wait_until("there is room", || fate(&store, put(&store, "a", "k", "1")) == Fate::Durable);
    close(&store);
    // There is no room for the log in the database: it stays beside it.
    let store = sqlite(&path);
    assert_eq!(store.get(&id("a"), &key("k")), own("1"));
    assert_eq!(store.get(&id("a"), &key(&format!("k{n}"))), Ok(Found::Nowhere));
    close(&store);
}

#[test]
fn a_program_that_holds_the_database_makes_a_commit_fail_until_it_lets_go() {
    let (folder, _disk, store) = on_disk();
    assert_eq!(fate(&store, put(&store, "a", "k", "1")), Fate::Durable);
    let other = rusqlite::Connection::open(folder.join("state.db")).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("it writes");
    let Fate::Lost(reason) = fate(&store, put(&store, "a", "k", "2")) else { panic!("it is held") };
    assert!(reason.contains("locked"), "{reason}");
    assert_eq!(store.get(&id("a"), &key("k")), own("1"));
    drop(other);
    assert_eq!(fate(&store, put(&store, "a", "k", "3")), Fate::Durable);
    close(&store);
}

/// An engine whose batches are executed when told.
struct Engine {
    scheduler: Scheduler<Held>,
    held: Held,
    services: Arc<Services>,
}

impl Engine {
    fn new(store: &Asked) -> Self {
        let held = Held::default();
        let services = Arc::new(Services::new(store.0.clone(), ROOMY));
        services.supply.expose(vec![common::host_function("ask", 7)], None);
        Self { scheduler: Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default()), held, services }
    }

    fn submit(&self, id: u64, source: &str, timeout: Duration) {
        let mut script = Script { services: self.services.clone(), ..script(source) };
        script.limits.timeout = timeout;
        assert_eq!(self.scheduler.submit(script, Caller::Host), Ok(id));
    }

    /// Executes and signals until `is_enough`, or until this time is over.
    fn go(
        &self,
        time: Duration,
        is_enough: impl Fn(&[Settled], &[HostCallOf]) -> bool,
    ) -> (Vec<Settled>, Vec<HostCallOf>) {
        let (mut settled, mut calls) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        while begin.elapsed() < time && !is_enough(&settled, &calls) {
            let batch = self.held.0.borrow_mut().pop_front();
            let signal = || self.held.1.borrow().recv_timeout(Duration::from_millis(5)).ok();
            let finished = match batch {
                Some(mut batch) => {
                    batch.execute();
                    Some(self.scheduler.finished(batch))
                }
                None => signal().map(|signal| self.scheduler.signal(signal)),
            };
            if let Some(finished) = finished {
                settled.extend(finished.settled);
                calls.extend(finished.calls);
            }
        }
        (settled, calls)
    }
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(150);

fn code(settled: &Settled) -> &'static str {
    settled.outcome.as_ref().map_or_else(|failure| failure.error.code.as_str(), |_| "ok")
}

#[test]
fn a_run_settles_and_its_calls_go_out_only_after_the_commit() {
    let (_folder, disk, store) = on_disk();
    let engine = Engine::new(&store);
    // Loaded, so that nothing but the commit is waited for.
    engine.submit(0, "State.list()", LONG);
    assert_eq!(engine.go(LONG, |settled, _| !settled.is_empty()).0.len(), 1);
    disk.is(Mood::Hangs);
    engine.submit(1, "State.set('k', 1)", LONG);
    engine.submit(2, "State.set('l', 1) return host.ask(1)", LONG);
    engine.submit(3, "return 'nothing of State'", LONG);
    let (settled, calls) = engine.go(SHORT, |_, _| false);
    assert_eq!(settled.iter().map(|settled| settled.id).collect::<Vec<_>>(), [3]);
    assert!(calls.is_empty(), "{calls:?}");
    disk.is(Mood::Good);
    let (settled, calls) = engine.go(LONG, |settled, calls| !settled.is_empty() && !calls.is_empty());
    assert_eq!((settled[0].id, code(&settled[0]), calls[0].run), (1, "ok", 2));
    close(&store);
}

#[test]
fn calls_that_are_made_at_once_go_out_after_the_commit_and_those_that_are_given_up_never() {
    let (_folder, disk, store) = on_disk();
    let engine = Engine::new(&store);
    engine.submit(0, "State.list()", LONG);
    assert_eq!(engine.go(LONG, |settled, _| !settled.is_empty()).0.len(), 1);
    disk.is(Mood::Hangs);
    engine.submit(1, "State.set('k', 1) parallel(host.ask, host.ask)", LONG);
    engine.submit(
        2,
        "State.set('l', 1) pcall(parallel, host.ask, function() sleep(0.01) error() end) host.ask()",
        LONG,
    );
    let (settled, calls) = engine.go(SHORT, |_, _| false);
    assert!(settled.is_empty() && calls.is_empty(), "{calls:?}");
    disk.is(Mood::Good);
    let calls = engine.go(LONG, |_, calls| calls.len() == 3).1;
    let mut made: Vec<_> = calls.iter().map(|call| (call.run, call.number == 0)).collect();
    made.sort_unstable();
    assert_eq!(made, [(1, false), (1, false), (2, true)]);
    close(&store);
}

#[test]
fn a_run_dies_with_what_it_wrote_or_read_when_that_is_lost() {
    let (_folder, disk, store) = on_disk();
    let engine = Engine::new(&store);
    engine.submit(0, "State.set('n', 1)", LONG);
    assert_eq!(code(&engine.go(LONG, |settled, _| !settled.is_empty()).0[0]), "ok");
    disk.is(Mood::Hangs);
    engine.submit(1, "State.set('n', 2)", LONG);
    engine.submit(2, "return State.get('n')", LONG);
    engine.submit(3, "State.incr('n') pcall(host.ask, 1) while true do end", LONG);
    let (settled, calls) = engine.go(SHORT, |_, _| false);
    assert!(settled.is_empty() && calls.is_empty());
    disk.is(Mood::NoSync);
    let (mut settled, calls) = engine.go(LONG, |settled, _| settled.len() == 3);
    settled.sort_by_key(|settled| settled.id);
    let codes: Vec<_> = settled.iter().map(code).collect();
    assert_eq!((codes.as_slice(), calls.len()), (["ERR_STATE_UNAVAILABLE"; 3].as_slice(), 0));
    disk.is(Mood::Good);
    engine.submit(4, "return State.get('n')", LONG);
    let (settled, _) = engine.go(LONG, |settled, _| !settled.is_empty());
    assert_eq!(settled[0].outcome.as_ref().map(|success| &*success.text).ok(), Some("1"));
    close(&store);
}

#[test]
fn a_run_that_is_held_settles_at_its_timeout_and_an_engine_ends_while_the_disk_hangs() {
    let (_folder, disk, store) = on_disk();
    let engine = Engine::new(&store);
    engine.submit(0, "State.list()", LONG);
    engine.go(LONG, |settled, _| !settled.is_empty());
    disk.is(Mood::Hangs);
    let begin = Instant::now();
    engine.submit(1, "State.set('k', 1)", Duration::from_millis(300));
    engine.submit(2, "State.set('k', 2) host.ask()", Duration::from_millis(300));
    let (settled, calls) = engine.go(LONG, |settled, _| settled.len() == 2);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let mut codes: Vec<_> = settled.iter().map(|settled| (settled.id, code(settled))).collect();
    codes.sort_unstable();
    assert_eq!((codes, calls.len()), (vec![(1, "ERR_STATE_UNAVAILABLE"), (2, "ERR_STATE_UNAVAILABLE")], 0));
    engine.submit(3, "State.set('k', 3)", LONG);
    let (settled, _) = engine.go(SHORT, |_, _| false);
    assert!(settled.is_empty());
    let stopped = kill_all(&engine.scheduler, [3]);
    assert_eq!((stopped.len(), stopped[0].id), (1, 3));
    engine.scheduler.close();
    disk.is(Mood::Good);
    close(&store);
}

/// `cargo test --test sqlite_faults gathered -- --ignored --nocapture`, alone on the machine.
#[test]
#[ignore = "a measurement"]
fn gathered_commits_against_a_transaction_for_each_write() {
    const FLIGHT: u64 = 64;
    const RUNS: u64 = 64 * 60;
    const ALONE: u32 = 600;
    for round in 1..=5 {
        let (folder, disk, store) = on_disk();
        let engine = Engine::new(&store);
        engine.submit(0, "State.list()", LONG);
        engine.go(LONG, |settled, _| !settled.is_empty());
        let before = disk.log_syncs.load(Ordering::SeqCst);
        let begin = Instant::now();
        for id in 1..=FLIGHT {
            engine.submit(id, &format!("State.set('k{}', {id})", id % FLIGHT), LONG);
        }
        let mut next = FLIGHT + 1;
        let mut done = 0;
        while done < RUNS {
            let (settled, _) = engine.go(LONG, |settled, _| !settled.is_empty());
            assert!(settled.iter().all(|settled| code(settled) == "ok"));
            done += settled.len() as u64;
            for _ in settled.iter().filter(|_| next <= RUNS).collect::<Vec<_>>() {
                engine.submit(next, &format!("State.set('k{}', {next})", next % FLIGHT), LONG);
                next += 1;
            }
        }
        let gathered = begin.elapsed() / u32::try_from(RUNS).expect("few");
        let syncs = disk.log_syncs.load(Ordering::SeqCst) - before;
        close(&store);
        let connection = rusqlite::Connection::open(folder.join("state.db")).expect("it opens");
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").expect("it is set");
        let mut put = connection
            .prepare("INSERT INTO entries VALUES ('b', ?1, ?2, NULL) ON CONFLICT DO UPDATE SET value = excluded.value")
            .expect("a statement");
        let begin = Instant::now();
        for n in 0..ALONE {
            put.execute([format!("k{}", n % 64), n.to_string()]).expect("a write");
        }
        let alone = begin.elapsed() / ALONE;
        let ratio = alone.as_secs_f64() / gathered.as_secs_f64();
        println!(
            "round {round}: {gathered:?} a run ({syncs} syncs for {RUNS} runs), {alone:?} a transaction alone: {ratio:.1} times"
        );
    }
}
