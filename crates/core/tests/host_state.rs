//! The host's questions to State: each is settled once, in order, and not before the writes that it depends on are durable.

use moonpool_core::error::Code;
use moonpool_core::host_state::{Arguments, Asked, Desk, Importer, Letter, Mail, Pages, Settled, request, talk};
use moonpool_core::state::{
    Answered, Depends, Fate, Grants, MemoryStore, Op, Quotas, Reply, Request, ScriptId, Seq, Store, StoreError,
};
use moonpool_core::value::Values;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// A store that answers late, or numbers its writes, when told to.
#[derive(Default)]
struct Slow {
    memory: MemoryStore,
    /// What was asked and not answered.
    asked: Mutex<Vec<(Request<'static>, Reply)>>,
    late: AtomicU64,
    writes: AtomicU64,
    durable: AtomicU64,
    lost: AtomicU64,
    watchers: Mutex<Vec<Weak<dyn Fn() + Send + Sync>>>,
}

impl Slow {
    fn do_it(&self, request: &Request<'_>) -> Answered {
        let response = self.memory.now(request).expect("in memory").response;
        let depends = if matches!(request.op, Op::Write(_) | Op::Import(_)) {
            self.writes.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            self.writes.load(Ordering::Relaxed)
        };
        Answered { response, depends }
    }

    fn answer_all(&self) {
        let asked = std::mem::take(&mut *self.asked.lock().expect("a lock"));
        for (request, reply) in asked {
            reply(self.do_it(&request));
        }
    }

    fn make_durable(&self, up_to: Seq) {
        self.durable.store(up_to, Ordering::Relaxed);
        for tell in self.watchers.lock().expect("a lock").iter().filter_map(Weak::upgrade) {
            tell();
        }
    }
}

impl Store for Slow {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        (self.late.load(Ordering::Relaxed) == 0).then(|| self.do_it(request))
    }

    fn later(&self, request: Request<'static>, reply: Reply) {
        self.asked.lock().expect("a lock").push((request, reply));
    }

    fn grants(&self) -> &Grants {
        self.memory.grants()
    }

    fn fate(&self, depends: Depends) -> Fate {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 && (depends.first..=depends.last).contains(&lost) {
            return Fate::Lost("the disk is full".into());
        }
        if depends.last <= self.durable.load(Ordering::Relaxed) { Fate::Durable } else { Fate::Pending }
    }

    fn watch(&self, tell: Weak<dyn Fn() + Send + Sync>) {
        self.watchers.lock().expect("a lock").push(tell);
    }
}

/// A desk, its store, and the letters that it has not read.
struct Office {
    store: Arc<Slow>,
    desk: Desk,
    letters: Arc<Mutex<Vec<Letter>>>,
}

fn office() -> Office {
    let store = Arc::<Slow>::default();
    store.durable.store(u64::MAX, Ordering::Relaxed);
    let letters = Arc::<Mutex<Vec<Letter>>>::default();
    let put = letters.clone();
    let mail: Mail = Arc::new(move |letter| put.lock().expect("a lock").push(letter));
    Office { desk: Desk::new(store.clone(), mail), store, letters }
}

impl Office {
    fn key(&self, function: &'static str, key: &str, value: Option<i64>) -> Asked {
        let value = value.map(integer);
        self.desk.ask(talk(
            function,
            id("acme"),
            1 << 20,
            Arguments { key: Some(key.into()), value, ..Arguments::default() },
        ))
    }

    fn whole(&self, op: Op<'static>) -> Asked {
        self.desk.ask(request("whole", Request { owner: id("acme"), quota: 1 << 20, op }))
    }

    fn read(&self) -> Vec<Settled> {
        let letters = std::mem::take(&mut *self.letters.lock().expect("a lock"));
        letters.into_iter().flat_map(|letter| self.desk.heard(letter)).collect()
    }

    /// Makes trips until there is none to make.
    fn travel(&self) -> Vec<Settled> {
        let mut settled = Vec::new();
        while let Some(mut trip) = self.desk.trip() {
            trip.execute();
            settled.extend(self.desk.returned(trip));
        }
        settled
    }
}

fn id(text: &str) -> ScriptId {
    ScriptId::new(text).expect("an id")
}

fn integer(n: i64) -> Values {
    let mut values = 1_u32.to_le_bytes().to_vec();
    values.push(3);
    values.extend_from_slice(&n.to_le_bytes());
    values
}

fn pending(asked: Asked) -> u64 {
    match asked {
        Asked::Pending(id) => id,
        other => panic!("{other:?}"),
    }
}

fn ids(settled: &[Settled]) -> Vec<u64> {
    settled.iter().map(|(id, _)| *id).collect()
}

#[test]
fn what_the_store_answers_at_once_is_settled_at_once() {
    let office = office();
    assert!(matches!(office.key("set", "k", Some(7)), Asked::Settled(Ok(_))));
    assert!(matches!(office.key("get", "k", None), Asked::Settled(Ok(values)) if values == integer(7)));
    assert!(office.desk.is_idle());
}

#[test]
fn what_the_store_answers_late_is_settled_then_and_once() {
    let office = office();
    office.store.late.store(1, Ordering::Relaxed);
    let set = pending(office.key("set", "k", Some(7)));
    let get = pending(office.key("get", "k", None));
    assert!(office.read().is_empty() && !office.desk.is_idle());
    office.store.answer_all();
    let settled = office.read();
    assert_eq!(ids(&settled), [set, get]);
    assert_eq!(settled[1].1, Ok(integer(7)));
    // A second answer is nobody's.
    assert!(office.desk.heard(Letter::Answered(get, Err(StoreError::OutOfRange).into())).is_empty());
    assert!(office.desk.is_idle());
}

#[test]
fn what_takes_long_makes_a_trip_and_all_that_is_asked_after_it_waits_for_that() {
    let office = office();
    let _ = office.key("set", "k", Some(1));
    let size = pending(office.whole(Op::Size));
    let clear = pending(office.whole(Op::Clear));
    let set = pending(office.key("set", "a", Some(2)));
    let mut trip = office.desk.trip().expect("a trip");
    assert!(office.desk.trip().is_none());
    let list = pending(office.whole(Op::List { prefix: "".into() }));
    trip.execute();
    assert_eq!(ids(&office.desk.returned(trip)), [size, clear, set]);
    let settled = office.travel();
    assert_eq!(ids(&settled), [list]);
    // A list of the one text `a`.
    assert_eq!(settled[0].1, Ok(vec![1, 0, 0, 0, 5, 1, 0, 0, 0, b'a']));
}

#[test]
fn nothing_overtakes_what_the_store_has_not_answered() {
    let office = office();
    office.store.late.store(1, Ordering::Relaxed);
    let first = pending(office.key("set", "k", Some(1)));
    // From now on the store could answer at once: it has loaded the space, and not yet looked at what waited for that.
    office.store.late.store(0, Ordering::Relaxed);
    let second = pending(office.key("set", "k", Some(2)));
    let clear = pending(office.whole(Op::Clear));
    let third = pending(office.key("set", "l", Some(3)));
    assert!(office.travel().is_empty());
    let get = pending(office.key("get", "k", None));
    let list = pending(office.whole(Op::List { prefix: "".into() }));
    assert!(office.travel().is_empty());
    office.store.answer_all();
    let mut settled = office.read();
    settled.extend(office.travel());
    assert_eq!(ids(&settled), [first, second, clear, third, get, list]);
    // Nothing, and the one text `l`.
    assert_eq!(settled[4].1, Ok(vec![0, 0, 0, 0]));
    assert_eq!(settled[5].1, Ok(vec![1, 0, 0, 0, 5, 1, 0, 0, 0, b'l']));
    assert!(matches!(office.key("get", "l", None), Asked::Settled(Ok(values)) if values == integer(3)));
}

#[test]
fn an_answer_is_held_until_what_it_depends_on_is_durable_also_that_of_a_read() {
    let office = office();
    office.store.durable.store(0, Ordering::Relaxed);
    let set = pending(office.key("set", "k", Some(1)));
    let get = pending(office.key("get", "k", None));
    assert!(office.read().is_empty());
    office.store.make_durable(1);
    assert_eq!(ids(&office.read()), [set, get]);
    assert!(matches!(office.key("get", "k", None), Asked::Settled(Ok(_))));
    // Nothing is told twice.
    office.store.make_durable(1);
    assert!(office.read().is_empty() && office.desk.is_idle());
}

#[test]
fn an_answer_that_depends_on_what_is_lost_is_an_error() {
    let office = office();
    office.store.durable.store(0, Ordering::Relaxed);
    pending(office.key("set", "k", Some(1)));
    pending(office.key("get", "k", None));
    office.store.lost.store(1, Ordering::Relaxed);
    office.store.make_durable(0);
    for (_, outcome) in office.read() {
        let error = outcome.expect_err("it is lost");
        assert_eq!(error.code, Code::StateUnavailable);
        assert!(error.message.contains("the disk is full"));
    }
    assert!(office.desk.is_idle());
}

#[test]
fn what_is_forgotten_is_never_settled_wherever_it_is() {
    let office = office();
    office.whole(Op::Size);
    let mut trip = office.desk.trip().expect("a trip");
    office.whole(Op::Size);
    trip.execute();
    office.desk.forget();
    assert!(office.desk.returned(trip).is_empty() && office.travel().is_empty());
    office.store.late.store(1, Ordering::Relaxed);
    office.key("set", "k", Some(1));
    office.desk.forget();
    office.store.answer_all();
    assert!(office.read().is_empty() && office.desk.is_idle());
}

#[test]
fn compare_and_set_asks_again_when_two_texts_may_be_one_value() {
    let office = office();
    let cas = |old: &[u8], new| {
        let arguments = Arguments {
            key: Some("k".into()),
            old: Some(old.to_vec()),
            value: Some(integer(new)),
            ..Arguments::default()
        };
        match office.desk.ask(talk("cas", id("acme"), 1 << 20, arguments)) {
            // The first of two booleans.
            Asked::Settled(Ok(values)) => values[4] == 2,
            other => panic!("{other:?}"),
        }
    };
    let mut float = integer(1);
    float[4] = 4;
    float[5..].copy_from_slice(&1.0_f64.to_le_bytes());
    let _ = office.key("set", "k", Some(1));
    assert!(cas(&float, 2));
    assert!(!cas(&float, 3));
    assert!(cas(&integer(2), 4));
}

#[test]
fn pages_are_as_many_as_fit_and_at_least_one() {
    let office = office();
    for i in 0..3 {
        let mut text = vec![1, 0, 0, 0, 5];
        text.extend_from_slice(&200_000_u32.to_le_bytes());
        text.extend(vec![b'x'; 200_000]);
        let arguments = Arguments { key: Some(format!("k{i}")), value: Some(text), ..Arguments::default() };
        office.desk.ask(talk("set", id("acme"), 1 << 20, arguments));
    }
    office.travel();
    let mut after = None;
    for i in 0..3 {
        let page = Pages::new("entries", id("acme"), String::new(), after, 10);
        pending(office.desk.ask(Box::new(page)));
        let values = office.travel().remove(0).1.expect("a page");
        // Whether there is more, the last key, and one entry.
        assert_eq!((values[0], values[4] == 2), (4, i < 2));
        after = Some(format!("k{i}"));
    }
}

#[test]
fn an_import_whose_store_is_slow_goes_on_where_it_was() {
    let office = office();
    office.store.late.store(1, Ordering::Relaxed);
    let lines = "{\"owner\":\"a\",\"key\":\"k\",\"value\":1}\n{\"owner\":\"b\",\"key\":\"k\",\"value\":1}\n\
                 {\"grant\":{\"owner\":\"a\",\"keys\":\"k\",\"to\":\"b\",\"access\":\"read\"}}";
    let importer = Importer::new(Arc::new(Quotas::new(1 << 20)));
    let mut outcomes = Vec::new();
    for piece in [Some(lines.as_bytes()[..20].to_vec()), Some(lines.as_bytes()[20..].to_vec()), None] {
        let asked = pending(office.desk.ask(importer.take(piece)));
        let mut settled = office.travel();
        while settled.is_empty() {
            office.store.answer_all();
            settled.extend(office.read());
            settled.extend(office.travel());
        }
        assert_eq!(ids(&settled), [asked]);
        outcomes.push(settled.remove(0).1.expect("no failure"));
    }
    let counts = |values: &[u8]| -> Vec<u8> { (0..4).map(|i| values[5 + 9 * i]).collect() };
    // Owners, entries, grants and refusals.
    assert_eq!(outcomes.iter().map(|values| counts(values)).collect::<Vec<_>>(), [[0; 4], [1, 1, 0, 0], [2, 2, 1, 0]]);
}
