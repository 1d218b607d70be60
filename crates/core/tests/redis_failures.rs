//! The store on a Redis server that is not there, goes away, hangs, is full, is too old or is something else: every
//! operation is answered in time, by a sentence that says whether anything may have been written.

#[path = "common/child.rs"]
mod child;
mod contract;
mod redis_server;

use child::Child;
use contract::{Asked, ROOMY, id, key, own, wait_until};
use moonpool_core::state::{Found, Incr, Number, Op, Place, Request, Response, StoreError, Write, open};
use redis_server::{PATIENT, Server, free_port, open_store};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a command may take, in tests that wait for that.
const SHORT: Duration = Duration::from_millis(700);

/// What a machine with other work may take in addition.
const SLACK: Duration = Duration::from_secs(5);

macro_rules! server {
    ($($option:literal),*) => {
        match Server::start(&[$($option),*]) {
            Some(server) => server,
            None => return,
        }
    };
}

/// The sentence with which an operation fails; it must not take longer than it may.
fn why<T: std::fmt::Debug>(ask: impl FnOnce() -> Result<T, StoreError>) -> String {
    let begin = Instant::now();
    let answer = ask();
    assert!(begin.elapsed() < SHORT + SLACK, "it took {:?}", begin.elapsed());
    match answer {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn set(store: &Asked) -> Result<(), StoreError> {
    store.set(&id("a"), &key("k"), "1", ROOMY)
}

fn get(store: &Asked) -> Result<Found, StoreError> {
    store.get(&id("a"), &key("k"))
}

/// A server that is none: what it answers to each line is up to it.
fn pretend(answer: impl Fn(&str) -> Option<&'static str> + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("redis://127.0.0.1:{}", listener.local_addr().expect("an address").port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || converse(&stream, &answer));
        }
    });
    url
}

fn converse(mut stream: &TcpStream, answer: &dyn Fn(&str) -> Option<&'static str>) {
    let mut reader = BufReader::new(stream);
    let line = |reader: &mut BufReader<&TcpStream>| {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|len| *len > 0).map(|_| line.trim_end().to_owned())
    };
    while let Some(head) = line(&mut reader) {
        let Ok(count) = head.trim_start_matches('*').parse::<usize>() else { return };
        let mut command = Vec::new();
        for _ in 0..count {
            let Some(len) = line(&mut reader).and_then(|len| len[1..].parse::<usize>().ok()) else { return };
            let mut bytes = vec![0; len + 2];
            if reader.read_exact(&mut bytes).is_err() {
                return;
            }
            command.push(String::from_utf8_lossy(&bytes[..len]).into_owned());
        }
        if let Some(answer) = answer(&command[0])
            && stream.write_all(answer.as_bytes()).is_err()
        {
            return;
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_named_and_nothing_was_written() {
    let port = free_port();
    let store = Asked(open_store(&format!("redis://127.0.0.1:{port}"), "p", SHORT));
    let write = why(|| set(&store));
    assert!(write.contains(&format!("127.0.0.1:{port}")) && write.contains("refused"), "{write}");
    assert!(write.ends_with("; nothing was written"), "{write}");
    let read = why(|| get(&store));
    assert!(!read.contains("written"), "{read}");
}

#[test]
fn a_server_that_comes_later_is_found() {
    let mut server = server!();
    server.kill();
    let store = Asked(server.store("p", PATIENT));
    std::thread::scope(|scope| {
        let write = scope.spawn(|| set(&store));
        std::thread::sleep(Duration::from_millis(200));
        server.begin_again();
        assert_eq!(write.join().expect("no panic"), Ok(()));
    });
    assert_eq!(get(&store), own("1"));
}

/// Under load, killed and started again: what was acknowledged is there, and what was not is said to be unknown or not
/// written.
#[test]
fn a_server_that_is_killed_and_starts_again_loses_no_addition_that_was_answered() {
    let mut server = server!("--appendonly", "yes", "--appendfsync", "no");
    let store = server.store("p", PATIENT);
    let (sender, answers) = channel();
    let (mut acknowledged, mut unknown) = (0, 0);
    let mut take = |answers: &Receiver<_>, time| {
        while let Ok(response) = answers.recv_timeout(time) {
            match response {
                Ok(Response::Number(_)) => acknowledged += 1,
                Err(StoreError::Unavailable(why)) if str::ends_with(&why, "; it may have been written") => unknown += 1,
                other => panic!("{other:?}"),
            }
            if acknowledged + unknown == 20_000 {
                return (acknowledged, unknown);
            }
        }
        (acknowledged, unknown)
    };
    for i in 0..20_000 {
        let sender = sender.clone();
        let incr = Incr { key: "n".into(), by: Number::Integer(1), init: Number::Integer(0), ttl: None };
        let request = Request { owner: id("a"), quota: ROOMY, op: Op::Incr(incr) };
        store.later(request, Box::new(move |answered| sender.send(answered.response).expect("a listener")));
        if i == 10_000 {
            take(&answers, Duration::from_millis(20));
            server.restart();
        }
    }
    let (acknowledged, unknown) = take(&answers, Duration::from_secs(60));
    assert_eq!(acknowledged + unknown, 20_000, "each is answered");
    assert!(acknowledged > 0);
    let Ok(Found::Own(n)) = Asked(store).get(&id("a"), &key("n")) else { panic!("it is there") };
    let n: i32 = n.parse().expect("a number");
    assert!((acknowledged..=acknowledged + unknown).contains(&n), "{n} of {acknowledged} and perhaps {unknown}");
}

#[test]
fn a_server_that_stops_answering_fails_what_it_got_as_unknown_and_is_used_again_when_it_goes_on() {
    let server = server!();
    let store = Asked(server.store("p", SHORT));
    set(&store).expect("a write");
    server.signal("-STOP");
    let write = why(|| set(&store));
    assert!(write.contains("within 700 ms") && write.ends_with("; it may have been written"), "{write}");
    // By now the connection was given up, and a new one gets no answer.
    let write = why(|| set(&store));
    assert!(write.ends_with("; nothing was written"), "{write}");
    why(|| get(&store));
    why(|| store.ask(&id("a"), 0, Op::Owners { after: None, limit: 1 }).response);
    server.signal("-CONT");
    wait_until("it is used again", || get(&store) == own("1"));
    set(&store).expect("a write");
}

#[test]
fn a_wrong_password_is_told_at_once_and_not_shown() {
    let server = server!("--requirepass", "right");
    let begin = Instant::now();
    for url in [format!("redis://:s3cr%25t@127.0.0.1:{}", server.port), server.url()] {
        let store = Asked(open_store(&url, "p", PATIENT));
        let write = match set(&store) {
            Err(StoreError::Unavailable(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(write.contains("password") || write.contains("NOAUTH"), "{write}");
        assert!(write.ends_with("; nothing was written") && !write.contains("s3cr"), "{write}");
    }
    assert!(begin.elapsed() < PATIENT, "nobody waits for what will not be");
    let store = Asked(open_store(&format!("redis://:right@127.0.0.1:{}", server.port), "p", PATIENT));
    set(&store).expect("a write");
}

/// What a server answers that is new enough and knows our scripts.
fn greets(command: &str) -> Option<&'static str> {
    Some(match command {
        "HELLO" => "*2\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n",
        _ => "+OK\r\n",
    })
}

#[test]
fn a_write_whose_answer_is_lost_is_not_sent_again_and_a_read_is() {
    let (writes, reads) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counts = (writes.clone(), reads.clone());
    // Looks for grants are reads of Redis, too: they are not about an entry.
    let url = pretend(move |command| match command {
        "EVALSHA" | "SCAN" => {
            let count = if command == "SCAN" { &counts.1 } else { &counts.0 };
            count.fetch_add(1, Ordering::Relaxed);
            Some("\u{1}no protocol\r\n")
        }
        "HGET" => Some("$-1\r\n"),
        other => greets(other),
    });
    let store = Asked(open_store(&url, "p", SHORT));
    let write = why(|| store.incr(&id("a"), "n", Number::Integer(1)));
    assert!(write.contains("was lost") && write.ends_with("; it may have been written"), "{write}");
    assert_eq!(writes.load(Ordering::Relaxed), 1);
    why(|| store.ask(&id("a"), 0, Op::Owners { after: None, limit: 1 }).response);
    assert!(reads.load(Ordering::Relaxed) > 1);
}

#[test]
fn an_answer_that_nobody_asked_for_is_nobodys() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let url = pretend(move |command| match command {
        "SCAN" => Some("*2\r\n$1\r\n0\r\n*0\r\n$1\r\n7\r\n"),
        "HGET" => Some("$-1\r\n"),
        "HELLO" => {
            count.fetch_add(1, Ordering::Relaxed);
            greets(command)
        }
        other => greets(other),
    });
    let store = Asked(open_store(&url, "p", SHORT));
    store.ask(&id("a"), 0, Op::Owners { after: None, limit: 1 }).response.expect("nobody");
    for _ in 0..3 {
        let response = store.ask(&id("a"), 0, Op::Get { key: "k".into(), foreign: false }).response;
        assert_eq!(response, Ok(Response::Value(Found::Nowhere)));
    }
    assert!(connections.load(Ordering::Relaxed) > 1, "the connection was given up");
}

#[test]
fn what_is_no_redis_is_told() {
    for (what, answer) in [
        ("HTTP", Some("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")),
        ("silence", None),
        ("nothing but numbers", Some(":1\r\n")),
        ("an answer too large", Some("$99999999999\r\n")),
    ] {
        let store = Asked(open_store(&pretend(move |_| answer), "p", SHORT));
        let write = why(|| set(&store));
        assert!(write.contains("127.0.0.1") && write.ends_with("; nothing was written"), "{what}: {write}");
        println!("{what}: {write}");
    }
}

#[test]
fn a_server_that_is_too_old_is_told_which_is_needed() {
    const OLD: &str = "*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n6.0.16\r\n";
    for (answer, version) in [(OLD, "6.0.16"), ("-ERR unknown command `HELLO`\r\n", "older than 6.0")] {
        let url = pretend(move |command| if command == "HELLO" { Some(answer) } else { Some("+OK\r\n") });
        let write = why(|| set(&Asked(open_store(&url, "p", SHORT))));
        assert!(write.contains(version) && write.contains("6.2"), "{write}");
    }
}

#[test]
fn a_server_that_loads_its_data_is_waited_for_as_long_as_that_may_take() {
    let url = pretend(|_| Some("-LOADING Redis is loading the dataset in memory\r\n"));
    let write = why(|| set(&Asked(open_store(&url, "p", SHORT))));
    assert!(write.contains("loading") && write.ends_with("; nothing was written"), "{write}");
}

#[test]
fn a_full_server_refuses_writes_and_still_reads_and_deletes() {
    let server = server!("--maxmemory-policy", "noeviction");
    let store = Asked(server.store("p", SHORT));
    set(&store).expect("a write");
    store.set(&id("a"), &key("big"), &format!("\"{}\"", "x".repeat(100_000)), ROOMY).expect("a write");
    let before = store.size(&id("a"));
    server.ask(&["CONFIG", "SET", "maxmemory", "1000"]);
    for why in [why(|| set(&store)), why(|| store.incr(&id("a"), "k", Number::Integer(1)))] {
        assert!(why.contains("maxmemory") && why.ends_with("; nothing was written"), "{why}");
    }
    assert_eq!(get(&store), own("1"));
    assert_eq!(store.size(&id("a")), before);
    assert_eq!(store.delete(&id("a"), &key("big")), Ok(true));
    assert_eq!(store.list(&id("a"), ""), Ok(vec!["k".into()]));
    assert_eq!(store.size(&id("a")), (1, "k1".len() + 192));
    assert!(matches!(store.ask(&id("a"), 0, Op::Clear).response, Ok(Response::Size { entries: 1, .. })));
}

#[test]
fn a_replica_is_told_and_waited_for_until_it_is_none() {
    let server = server!();
    let store = Asked(server.store("p", SHORT));
    set(&store).expect("a write");
    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    let write = why(|| set(&store));
    // The last attempt may just be on its way.
    assert!(write.contains("replica") && write.ends_with(" written"), "{write}");
    let patient = Asked(server.store("p", PATIENT));
    std::thread::scope(|scope| {
        let write = scope.spawn(|| set(&patient));
        std::thread::sleep(Duration::from_millis(300));
        server.ask(&["REPLICAOF", "NO", "ONE"]);
        assert_eq!(write.join().expect("no panic"), Ok(()));
    });
}

#[test]
fn what_is_not_state_under_our_keys_is_told() {
    let server = server!();
    let store = Asked(server.store("p", SHORT));
    server.ask(&["SET", "{p:a}:v", "1"]);
    for why in [why(|| get(&store)), why(|| set(&store))] {
        assert!(why.contains("something else"), "{why}");
    }
}

#[test]
fn no_more_wait_than_have_room_and_closing_answers_them_all() {
    let store = open_store(&format!("redis://127.0.0.1:{}", free_port()), "p", PATIENT);
    let (sender, answers) = channel();
    let ask = |count: usize, json: &str| {
        for _ in 0..count {
            let sender = sender.clone();
            let op = Op::Write(Write::put("k", json.to_owned()));
            let request = Request { owner: id("a"), quota: ROOMY, op };
            store.later(request, Box::new(move |answered| sender.send(answered.response).expect("a listener")));
        }
    };
    let refused = |count: usize| {
        for _ in 0..count {
            let why = match answers.recv_timeout(PATIENT) {
                Ok(Err(StoreError::Unavailable(why))) => why,
                other => panic!("{other:?}"),
            };
            assert!(why.contains("too many") && why.ends_with("; nothing was written"), "{why}");
        }
    };
    ask(1000, &"x".repeat(1 << 20));
    refused(1000 - 63);
    ask(100_000, "1");
    refused(63);
    let (done, is_done) = channel();
    store.close(Box::new(move || done.send(()).expect("a listener")));
    is_done.recv_timeout(PATIENT).expect("it closes");
    for _ in 0..100_000 {
        match answers.recv_timeout(PATIENT) {
            Ok(Err(StoreError::Unavailable(why))) => assert!(why.contains("closed; nothing"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(why(|| set(&Asked(store.clone()))).contains("closed"));
    let (done, is_done) = channel();
    store.close(Box::new(move || done.send(()).expect("a listener")));
    is_done.recv_timeout(PATIENT).expect("a second time, too");
}

#[test]
fn closing_waits_for_no_server_that_does_not_answer() {
    let server = server!();
    let stopped = server.store("p", PATIENT);
    set(&Asked(stopped.clone())).expect("a write");
    server.signal("-STOP");
    for store in [open_store(&pretend(|_| None), "p", PATIENT), stopped] {
        let (sender, answers) = channel();
        for op in [Op::Write(Write::put("k", "1")), Op::Owners { after: None, limit: 1 }] {
            let sender = sender.clone();
            let request = Request { owner: id("a"), quota: ROOMY, op };
            store.later(request, Box::new(move |answered| sender.send(answered.response).expect("a listener")));
        }
        std::thread::sleep(Duration::from_millis(50));
        let (done, is_done) = channel();
        store.close(Box::new(move || done.send(()).expect("a listener")));
        is_done.recv_timeout(SLACK).expect("it closes");
        for _ in 0..2 {
            assert!(matches!(answers.recv_timeout(SLACK), Ok(Err(StoreError::Unavailable(_)))));
        }
    }
}

#[test]
fn wrong_options_are_refused_by_name_and_secrets_are_not_shown() {
    let place = |url: &str, prefix: &str, command_timeout| Place::Redis {
        url: url.to_owned(),
        prefix: prefix.to_owned(),
        command_timeout,
    };
    let refused = |place: Place| match open(&place) {
        Err(why) => why,
        Ok(_) => panic!("{place:?} is taken"),
    };
    assert!(refused(place("redis://:s3cret@h/path", "p", SHORT)).contains("number of a database"));
    assert!(refused(place("http://h", "p", SHORT)).contains("redis:// or rediss://"));
    assert!(refused(place("redis://h", "{p}", SHORT)).contains("braces"));
    assert!(refused(place("redis://h", "", SHORT)).contains("empty"));
    assert!(refused(place("redis://h", "a\tb", SHORT)).contains("control"));
    assert!(refused(place("redis://h", "p", Duration::ZERO)).contains("commandTimeout"));
    let shown = format!("{:?}", place("redis://:s3cret@h/path", "p", SHORT));
    assert!(shown.contains("\"p\"") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn tls_is_checked_against_the_roots_that_the_system_trusts() {
    let folder = std::env::temp_dir().join(format!("moonpool-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let (certificate, secret) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext"])
        .args(["basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&secret)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: this test needs openssl, which is not installed");
        return;
    }
    let port = free_port().to_string();
    let text = |path: &std::path::Path| path.to_str().expect("a path of text").to_owned();
    let (certificate, secret) = (text(&certificate), text(&secret));
    let options =
        ["--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &secret, "--tls-auth-clients", "no"];
    let Some(_server) = Server::start(&options) else { return };
    for host in ["localhost", "127.0.0.1"] {
        let question = format!("rediss://{host}:{port}");
        let mut trusting = Child::start_with(&[("SSL_CERT_FILE", &certificate)]);
        assert_eq!(trusting.ask(&question, PATIENT), Ok("1".to_owned()), "{host}");
        let mut distrusting = Child::start();
        let answer = distrusting.ask(&question, PATIENT).expect("an answer");
        assert!(answer.contains("ertificate") && answer.ends_with("; nothing was written"), "{answer}");
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
#[ignore = "the child of another test"]
fn child_process() {
    child::serve(|url| {
        let store = Asked(open_store(url, "p", Duration::from_secs(3)));
        match set(&store).and_then(|()| get(&store)) {
            Ok(Found::Own(json)) => json.to_string(),
            Err(StoreError::Unavailable(why)) => why,
            other => format!("{other:?}"),
        }
    });
}
