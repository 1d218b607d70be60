//! The store in SQLite, in a process that is killed at any moment: what was acknowledged is there, nothing is torn, and
//! nothing is there that was never written. `MOONPOOL_KILLS=200` kills so often.

mod contract;
#[path = "common/disk.rs"]
mod disk;
#[path = "common/folder.rs"]
mod folder;
#[path = "../../lua/tests/common/program.rs"]
mod program;

use contract::{Asked, ROOMY, id, key, own};
use disk::{Disk, Mood};
use folder::Folder;
use moonpool_core::state::{Depends, Entry, Fate, Found, Op, Place, Write as Change, open};
use program::this_program;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

/// How many threads of the child write at once.
const WRITERS: usize = 4;
/// Where the child works, and what it does there.
const PLACE: &str = "MOONPOOL_TEST_DATABASE";

fn sqlite(path: &Path) -> Asked {
    let place = Place::Sqlite { path: path.to_owned(), cache_bytes: 1 << 20, relaxed: false };
    Asked(open(&place).expect("a store"))
}

fn close(store: &Asked) {
    let (done, is_done) = channel();
    store.0.close(Box::new(move || done.send(()).expect("a listener")));
    is_done.recv_timeout(Duration::from_secs(30)).expect("it closes");
}

/// What the n-th round of a writer writes: the same in two keys.
fn value(n: u64) -> String {
    format!("{{\"n\":{n},\"pad\":\"{}\"}}", n.to_string().repeat(usize::try_from(n % 700).expect("small")))
}

fn number(json: &str) -> u64 {
    let digits = json.strip_prefix("{\"n\":").and_then(|rest| rest.split(',').next());
    let n = digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("a torn value: {json}"));
    assert_eq!(json, value(n), "a torn value");
    n
}

/// The last round of a writer that is on disk.
fn last_round(store: &Asked, writer: usize) -> u64 {
    let read = |name| match store.get(&id(&format!("w{writer}")), &key(name)).expect("an answer") {
        Found::Own(json) => number(&json),
        _ => 0,
    };
    let (a, b) = (read("a"), read("b"));
    assert_eq!(a, b, "half of what was written at once");
    a
}

fn child(test: &str, place: &str) -> Child {
    let arguments = [test, "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    let mut command = this_program();
    command.args(arguments).env(PLACE, place).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("the test program starts again")
}

#[test]
#[ignore = "the process that is killed"]
fn writing_process() {
    let Ok(path) = std::env::var(PLACE) else { return };
    let store = sqlite(Path::new(&path));
    let say = |line: String| {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{line}").and_then(|()| stdout.flush()).expect("the parent listens");
    };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, say) = (&store, &say);
            scope.spawn(move || {
                let owner = id(&format!("w{writer}"));
                for n in last_round(store, writer) + 1.. {
                    say(format!("\nbegin {writer} {n}"));
                    let json = value(n);
                    let entry = |name: &str| Entry { key: name.into(), json: (*json).into(), expires: None };
                    let both = store.ask(&owner, ROOMY, Op::Import(vec![entry("a"), entry("b")]));
                    assert!(both.response.is_ok(), "{both:?}");
                    let other = store.ask(&owner, ROOMY, Op::Write(Change::put(format!("{}", n % 50), json)));
                    // Every third goes on without waiting.
                    if n % 3 != 0 {
                        let depends = Depends { first: both.depends, last: other.depends };
                        // Told at once, so that a kill may come between a word too early and the disk.
                        while store.0.fate(depends) == Fate::Pending {
                            std::thread::yield_now();
                        }
                        assert_eq!(store.0.fate(depends), Fate::Durable);
                        say(format!("\nacknowledged {writer} {n}"));
                    }
                }
            });
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged_and_tears_nothing() {
    let kills = std::env::var("MOONPOOL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let folder = Folder::new();
    let path = folder.join("state.db");
    let mut random = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_nanos() as u64;
    let (mut acknowledged, mut all) = ([0; WRITERS], 0_u64);
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut process = child("writing_process", path.to_str().expect("a plain path"));
        let output = BufReader::new(process.stdout.take().expect("a piped stdout"));
        let (begun, has_begun) = channel();
        let lines = std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            let told = |line: &String| _ = begun.send(line.starts_with("acknowledged"));
            lines.inspect(told).collect::<Vec<_>>()
        });
        // It dies while it opens the database; or right after it has acknowledged something; or at any moment after that.
        let how = random >> 33 & 7;
        for _ in 0..if how == 0 { 0 } else { 1 + (random >> 36 & 63) } {
            while has_begun.recv_timeout(Duration::from_secs(60)) == Ok(false) {}
        }
        if how < 4 {
            std::thread::sleep(Duration::from_micros((random >> 42) % 60_000));
        }
        process.kill().expect("it lives");
        process.wait().expect("it is dead");
        let mut begun = acknowledged;
        for line in lines.join().expect("its lines") {
            let words: Vec<_> = line.split(' ').collect();
            let [what @ ("begin" | "acknowledged"), writer, n] = words[..] else { continue };
            let (writer, n): (usize, u64) = (writer.parse().expect("a number"), n.parse().expect("a number"));
            let known = if what == "begin" { &mut begun } else { &mut acknowledged };
            known[writer] = known[writer].max(n);
            all += u64::from(what == "acknowledged");
        }
        let store = sqlite(&path);
        for writer in 0..WRITERS {
            let there = last_round(&store, writer);
            assert!(there >= acknowledged[writer], "{there} is there, {} was acknowledged", acknowledged[writer]);
            assert!(there <= begun[writer], "{there} is there, {} was begun", begun[writer]);
            acknowledged[writer] = there;
            for entry in store.entries(&id(&format!("w{writer}")), None, 1000) {
                assert!(number(&entry.json) <= there, "{}: of a later round than the last", entry.key);
            }
        }
        close(&store);
    }
    assert!(all > kills, "{all} acknowledged writes in {kills} lives");
    println!("{all} acknowledged writes in {kills} lives");
}

#[test]
#[ignore = "the process that dies while it makes a database"]
fn making_process() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let (steps, path) = place.split_once(' ').expect("a number and a path");
    let path = Path::new(path);
    let disk = Disk::under(path.parent().expect("a folder"));
    disk.is(Mood::Dies(steps.parse().expect("a number")));
    let store = sqlite(path);
    disk.is(Mood::Good);
    close(&store);
}

#[test]
fn a_process_that_dies_while_it_makes_the_database_leaves_one_that_opens() {
    for steps in 0.. {
        let folder = Folder::new();
        let path = folder.join("state.db");
        let mut process = child("making_process", &format!("{steps} {}", path.display()));
        let has_lived = process.wait().expect("it ends").success();
        let store = sqlite(&path);
        store.set(&id("a"), &key("k"), "1", ROOMY).expect("a write");
        close(&store);
        assert_eq!(folder.files(), ["state.db"], "after {steps} steps");
        let store = sqlite(&path);
        assert_eq!(store.get(&id("a"), &key("k")), own("1"), "after {steps} steps");
        close(&store);
        if has_lived {
            assert!(steps > 5, "it took {steps} steps");
            return;
        }
    }
}
