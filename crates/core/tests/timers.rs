//! Timers with a time of the test's own: what is due when, what is skipped, and what may be there.

mod common;

use common::{run, script, store};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{Due, NewTimer, Refused, Rhythm, Services, Task, Timers, Work};
use moonpool_core::scheduler::SLICE;
use moonpool_core::state::ScriptId;
use moonpool_core::vm::{Chunk, Exchange, Factory, Script};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn id(text: &str) -> ScriptId {
    ScriptId::new(text).expect("a good id")
}

/// A timer of this id, made by the run of this number.
fn new(owner: &str, origin: u64, rhythm: Rhythm, time: u64) -> NewTimer {
    let (name, work) = ("maker".into(), Work::Script("s".into()));
    NewTimer { owner: id(owner), origin, name, work, args: vec![0; 4], rhythm, time: ms(time) }
}

fn at(timers: &Timers, now: Instant, time: u64) -> u64 {
    timers.add(new("x", 0, Rhythm::At, time), now).expect("there is room")
}

fn every(timers: &Timers, now: Instant, time: u64) -> u64 {
    timers.add(new("x", 0, Rhythm::Every, time), now).expect("there is room")
}

fn taken(timers: &Timers, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| timers.take(now)).map(|due| due.id).collect()
}

/// Runs, skipped, failed, and when it runs next, in ms from `start`.
fn seen(timers: &Timers, start: Instant) -> (u64, u64, u64, u128) {
    let listed = &timers.list(start)[0];
    (listed.runs, listed.skipped, listed.failed, listed.next.map_or(0, |next| next.as_millis()))
}

#[test]
fn timers_are_due_when_their_time_has_come_in_the_order_of_those() {
    let (timers, start) = (Timers::default(), Instant::now());
    let [c, a, b] = [30, 10, 10].map(|time| at(&timers, start, time));
    assert_eq!(taken(&timers, start + ms(9)), [0_u64; 0]);
    assert_eq!(taken(&timers, start + ms(10)), [a, b]);
    assert_eq!(timers.counts(&id("x")), (1, 2));
    assert_eq!(taken(&timers, start + ms(1000)), [c]);
    for (i, timer) in [a, b, c].into_iter().enumerate() {
        timers.ended(timer, false, start);
        timers.ended(timer, false, start);
        assert_eq!(timers.counts(&id("x")), (0, 2 - i));
    }
    assert_eq!(timers.list(start), vec![]);
}

#[test]
fn every_has_the_times_of_its_beginning_and_those_that_pass_are_skipped() {
    let (timers, start) = (Timers::default(), Instant::now());
    let timer = every(&timers, start, 100);
    // A little late each time: it does not add up.
    for n in 1..=50 {
        let now = start + ms(n * 100 + n % 7);
        assert_eq!(taken(&timers, now), [timer]);
        assert_eq!(taken(&timers, now + ms(200)), [0_u64; 0]);
        timers.ended(timer, n % 10 == 0, now + ms(3));
        assert_eq!(seen(&timers, start), (n, 0, n / 10, u128::from(n + 1) * 100));
    }
    // The thread stood still: one run for all, and the next at its time.
    assert_eq!(taken(&timers, start + ms(5555)), [timer]);
    timers.ended(timer, false, start + ms(5556));
    assert_eq!(seen(&timers, start), (51, 4, 5, 5600));
    // The run took longer than the time.
    assert_eq!(taken(&timers, start + ms(5600)), [timer]);
    timers.ended(timer, false, start + ms(5850));
    assert_eq!(seen(&timers, start), (52, 6, 5, 5900));
    assert_eq!(taken(&timers, start + ms(5899)), [0_u64; 0]);
    // Never again, at the end of time.
    assert_eq!(taken(&timers, start + Duration::from_secs(3_000_000_000)), [timer]);
}

#[test]
fn cancelling_is_for_what_is_pending_and_for_the_owner() {
    let (timers, start) = (Timers::default(), Instant::now());
    let (once, often) = (at(&timers, start, 10), every(&timers, start, 10));
    assert!(!timers.cancel(once, Some(&id("y"))) && !timers.cancel(12345, None));
    assert_eq!(taken(&timers, start + ms(10)), [once, often]);
    assert!(!timers.cancel(once, Some(&id("x"))), "it runs already");
    assert!(timers.cancel(often, Some(&id("x"))), "it would have run again");
    assert!(!timers.cancel(often, None));
    assert_eq!((timers.counts(&id("x")), timers.pending()), ((0, 2), 0));
    timers.ended(once, false, start);
    timers.ended(often, false, start);
    assert_eq!(timers.list(start), vec![]);
    let pending = at(&timers, start, 10);
    assert!(timers.cancel(pending, None));
    assert_eq!(taken(&timers, start + ms(20)), [0_u64; 0]);
    assert_eq!((timers.list(start), timers.pending()), (vec![], 0));
}

#[test]
fn there_are_no_more_than_may_be_and_what_is_gone_leaves_room() {
    let (timers, start) = (Timers::new(5, 3), Instant::now());
    let [first, ..] = [(); 3].map(|()| at(&timers, start, 10));
    assert_eq!(timers.add(new("x", 0, Rhythm::At, 10), start), Err(Refused::TooMany));
    for _ in 0..2 {
        timers.add(new("y", 0, Rhythm::Every, 10), start).expect("room");
    }
    assert_eq!(timers.add(new("z", 0, Rhythm::At, 10), start), Err(Refused::TooMany));
    assert!(timers.cancel(first, None));
    timers.add(new("z", 0, Rhythm::At, 10), start).expect("room");
    // What runs once is not pending any more; what runs again is.
    assert_eq!(timers.pending(), 5);
    while timers.take(start + ms(10)).is_some() {}
    assert_eq!(timers.pending(), 2);
    assert_eq!(timers.cancel_all(Some(&id("y"))), 2);
    assert_eq!((timers.cancel_all(None), timers.list(start).len()), (0, 5));
}

#[test]
fn no_id_holds_more_bytes_than_it_may_and_all_together_neither() {
    let (timers, start) = (Timers::new(1000, 100), Instant::now());
    let add = |owner: &str| timers.add(NewTimer { args: vec![0; 1 << 20], ..new(owner, 0, Rhythm::At, 10) }, start);
    let of_one = (0..).take_while(|_| add("x").is_ok()).count();
    assert_eq!((of_one, add("x")), (7, Err(Refused::TooManyBytes)));
    let all = (0..100).filter(|i| add(&format!("y{i}")).is_ok()).count();
    assert_eq!((all, add("z")), (63 - 7, Err(Refused::TooManyBytes)));
    timers.add(new("z", 0, Rhythm::At, 10), start).expect("a small one");
    timers.cancel_all(Some(&id("x")));
    assert!(add("z").is_ok());
}

#[test]
fn runs_of_one_id_begin_at_a_rate_and_others_do_not_wait_for_them() {
    let (timers, start) = (Timers::new(100, 4), Instant::now());
    for _ in 0..4 {
        every(&timers, start, 1);
    }
    timers.add(new("y", 0, Rhythm::Every, 5), start).expect("room");
    // 4 at once, and then 64 a second.
    let mut of_x = 0;
    let mut of_y = 0;
    for passed in 1..=1000 {
        let now = start + ms(passed);
        while let Some(due) = timers.take(now) {
            if due.owner == id("x") {
                of_x += 1
            } else {
                of_y += 1
            }
            timers.ended(due.id, false, now);
        }
    }
    for runs in [of_x, of_y] {
        assert!((64..=69).contains(&runs), "{of_x} {of_y}");
    }
    assert_eq!(timers.pending(), 5);
}

#[test]
fn a_script_that_lets_all_of_its_timers_end_gets_no_faster_rate() {
    let (timers, start) = (Timers::new(100, 4), Instant::now());
    let mut runs = 0;
    for passed in 1..=1000 {
        let now = start + ms(passed);
        while timers.pending() < 4 {
            at(&timers, now, 0);
        }
        while let Some(due) = timers.take(now) {
            timers.ended(due.id, false, now);
            runs += 1;
        }
    }
    assert!((64..=69).contains(&runs), "{runs}");
}

#[test]
fn closing_makes_all_due_once_more_for_the_last_time() {
    let (timers, start) = (Timers::default(), Instant::now());
    let often = every(&timers, start, 100);
    assert_eq!(taken(&timers, start + ms(100)), [often]);
    let (late, other) = (at(&timers, start, 10_000), every(&timers, start, 10_000));
    timers.close();
    assert_eq!(timers.add(new("x", 0, Rhythm::At, 0), start), Err(Refused::Closing));
    let last: Vec<Due> = std::iter::from_fn(|| timers.take(start)).collect();
    assert_eq!(last.iter().map(|due| (due.id, due.premature)).collect::<Vec<_>>(), [(late, true), (other, true)]);
    assert_eq!(timers.pending(), 1, "one is still at work");
    assert_eq!(timers.task(late).expect("it runs").args, [1, 0, 0, 0, 2]);
    for timer in [late, other, often] {
        timers.ended(timer, false, start + ms(100));
    }
    assert_eq!(taken(&timers, start), [often]);
    timers.ended(often, false, start);
    assert_eq!((timers.list(start), timers.pending()), (vec![], 0));
    assert_eq!(timers.take(start + ms(100_000)), None);
}

#[test]
fn the_engine_hears_of_runs_that_timers_refer_to_and_of_what_is_due_earlier() {
    let (timers, start) = (Timers::default(), Instant::now());
    let add = |origin, time| timers.add(new("x", origin, Rhythm::At, time), start).expect("room");
    assert!(!timers.has_news());
    let (a, b) = (add(7, 50), add(7, 60));
    assert!(timers.has_news());
    let news = timers.news(start);
    assert_eq!((news.made, news.gone, news.next), (vec![7], vec![], Some(ms(50))));
    let _ = add(7, 55);
    assert!(!timers.has_news(), "nothing is due earlier");
    let c = add(8, 20);
    assert!(timers.has_news());
    assert!(timers.cancel(c, None));
    let news = timers.news(start + ms(10));
    assert_eq!((news.made, news.gone, news.next), (vec![], vec![8], Some(ms(40))));
    timers.cancel(a, None);
    timers.cancel(b, None);
    assert!(!timers.has_news());
    timers.cancel_all(None);
    let news = timers.news(start);
    assert_eq!((news.made, news.gone, news.next), (vec![], vec![7], None));
}

#[test]
fn numbers_tell_nothing_of_what_others_do() {
    let (timers, start) = (Timers::default(), Instant::now());
    let numbers: Vec<u64> = (0..50).map(|_| at(&timers, start, 10)).collect();
    assert!(numbers.iter().all(|number| (1..1 << 48).contains(number)));
    assert!(!numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1));
    let listed: Vec<u64> = timers.list(start).iter().map(|timer| timer.id).collect();
    assert_eq!(listed, numbers, "in the order in which they were made");
}

/// What a script makes, taken and run: the text of the run of its first timer.
fn fired(source: &str) -> String {
    let services = Arc::new(Services::new(store(), 1 << 20));
    let factory = Arc::new(Factory::new(Libraries::ALL, None));
    let settled = common::execute_with(&factory, Script { services: services.clone(), ..script(source) }, SLICE);
    settled.outcome.unwrap_or_else(|failure| panic!("{failure:#?}"));
    let due = services.timers.take(Instant::now() + Duration::from_secs(100)).expect("a timer");
    let Task { owner, work, args, .. } = services.timers.task(due.id).expect("it runs");
    let Work::Function(function) = work else { panic!("not a function") };
    let exchange = Exchange { args: Some(args), ..Exchange::default() };
    let run = Script { chunk: Chunk::Compiled(function), id: owner, exchange, services, ..script("") };
    common::execute_with(&factory, run, Duration::ZERO).outcome.map_or_else(|e| e.error.to_string(), |text| text.text)
}

#[test]
fn a_function_goes_to_another_vm_with_its_lines() {
    assert_eq!(fired("timer.at(1, function(...) return select('#', ...), ... end, 1, nil)"), "3\tfalse\t1\tnil");
    assert_eq!(fired("\n\ntimer.at(1, function()\n error('here') end)"), "tester:4: here");
    assert_eq!(fired("timer.at(1, function() local t = {} for i = 1, 3 do t[i] = i end return #t end)"), "3");
    assert_eq!(fired("x = 1 timer.at(1, function() return x, _ENV == _G end)"), "nil\ttrue");
    assert_eq!(fired("timer.at(1, function() return 1 end)"), "1");
}

#[test]
fn tables_and_strings_arrive_as_they_were() {
    let body = "return t[1], t[2.5], t.k, t[true], t.b == '\\255\\0', t.n == json.null, math.type(t.f), #t.list";
    let args = "{ 1, [2.5] = 2, k = 3, [true] = 4, b = '\\255\\0', n = json.null, f = 1.0, list = { 7, 8 } }";
    let expected = "1\t2\t3\t4\ttrue\ttrue\tfloat\t2";
    assert_eq!(fired(&format!("timer.at(1, function(_, t) {body} end, {args})")), expected);
    let error = common::fail("timer.at(1, function() end, { a = { ['\\255'] = 1 } })").error.message;
    assert!(
        error.contains("the timer cannot be made: args[1].a[\"\u{fffd}\"] is a string that is not UTF-8"),
        "{error}"
    );
}

#[test]
fn a_run_without_timers_finds_none() {
    assert_eq!(run("return timer.pending_count(), timer.running_count(), timer.cancel(1)"), "0\t0\tfalse");
}
