//! What single ids may use: turns by weight, places in the queue, runs, time, calls of the host, memory, State.

mod common;
#[path = "common/held.rs"]
mod held;
use common::{FACTORY, script, services, store};
use held::{Held, codes, drain, engine, engine_of, ids, kill_all, step, submit_as, text};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::Services;
use moonpool_core::error::Error;
use moonpool_core::scheduler::{
    Caller, Capacity, HostCallOf, IdLimits, IdUsage, MAX_STARTED, Scheduler, Settled, Signal,
};
use moonpool_core::state::ScriptId;
use moonpool_core::vm::{Factory, Script};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn id(name: &str) -> ScriptId {
    ScriptId::new(name).expect("a good id")
}

fn limits() -> IdLimits {
    IdLimits::default()
}

/// A time that passes when told.
#[derive(Clone)]
struct Time(Arc<Mutex<Instant>>);

impl Time {
    fn of(engine: &Scheduler<Held>) -> Self {
        let time = Self(Arc::new(Mutex::new(Instant::now())));
        let shown = time.clone();
        engine.set_clock(move || *shown.0.lock().expect("a time"));
        time
    }

    fn passes(&self, time: Duration) {
        *self.0.lock().expect("a time") += time;
    }
}

fn try_as(engine: &Scheduler<Held>, owner: &str, source: &str) -> Result<u64, Error> {
    engine.submit(Script { id: id(owner), ..script(source) }, Caller::Host)
}

const ENDLESS: &str = "while true do end";
/// Takes several slices.
const LONG: &str = "local t = os.clock() while os.clock() - t < 0.03 do end return 'long'";

#[test]
fn turns_of_queued_runs_are_shared_by_weight() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("heavy"), IdLimits { weight: 3.0, ..limits() });
    submit_as(&engine, "x", 0, "return 1");
    for run in 1..=100 {
        submit_as(&engine, if run % 2 == 0 { "heavy" } else { "light" }, run, "return 1");
    }
    let settled = ids(&drain(&engine, &held));
    let heavy = settled[1..=40].iter().filter(|&&run| run % 2 == 0).count();
    // About: on a slow machine a batch ends before its last run.
    assert!((26..=34).contains(&heavy), "three in four of the first forty: {heavy}");
    assert_eq!(settled.len(), 101);
}

#[test]
fn slices_of_long_runs_are_shared_by_weight_and_nobody_starves() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("heavy"), IdLimits { weight: 4.0, ..limits() });
    for (run, owner) in ["heavy", "light"].into_iter().enumerate() {
        submit_as(&engine, owner, run as u64, ENDLESS);
    }
    let mut slices = [0; 2];
    for _ in 0..42 {
        slices[held.0.borrow()[0].ids()[0] as usize] += 1;
        step(&engine, &held);
    }
    assert!((6..=11).contains(&slices[1]), "a fifth of them: {slices:?}");
}

#[test]
fn no_more_runs_of_an_id_wait_than_it_may_and_others_do_not_notice() {
    let (engine, held) = engine(1);
    let time = Time::of(&engine);
    engine.set_limits(&id("a"), IdLimits { max_queued: Some(2), ..limits() });
    submit_as(&engine, "x", 0, "return 1");
    for run in [1, 2] {
        submit_as(&engine, "a", run, "return 1");
    }
    time.passes(Duration::from_secs(3));
    let refused = try_as(&engine, "a", "return 1").expect_err("two wait");
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_QUOTA", Some("maxQueued")));
    assert!(refused.message.contains("2 runs of this id wait"), "{}", refused.message);
    assert_eq!(refused.retry_after, Some(Duration::from_secs(3)), "nothing of it has begun for so long");
    submit_as(&engine, "b", 4, "return 1");
    assert_eq!(engine.usage(&id("a")), IdUsage { queued: 2, ..IdUsage::default() });
    assert_eq!(ids(&drain(&engine, &held)), [0, 1, 4, 2]);
    assert_eq!(engine.usage(&id("a")).queued, 0);
}

#[test]
fn runs_that_may_come_back_keep_their_places_in_the_queue_of_their_id() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("a"), IdLimits { max_queued: Some(3), ..limits() });
    submit_as(&engine, "x", 0, "return 1");
    for run in 1..=3 {
        submit_as(&engine, "a", run, if run == 1 { LONG } else { "return 1" });
    }
    step(&engine, &held);
    // All three are on their way; the last two may come back.
    submit_as(&engine, "a", 4, "return 1");
    assert!(try_as(&engine, "a", "return 1").is_err());
    step(&engine, &held);
    assert!(engine.usage(&id("a")).queued <= 3);
    assert_eq!(drain(&engine, &held).len(), 4);
}

#[test]
fn a_wait_is_estimated_by_the_time_from_one_run_to_the_next() {
    let (engine, held) = engine(1);
    let time = Time::of(&engine);
    engine.set_limits(&id("a"), IdLimits { max_queued: Some(3), max_started: Some(1), ..limits() });
    for run in 0..4 {
        submit_as(&engine, "a", run, "return 1");
    }
    for run in 4..8 {
        time.passes(Duration::from_millis(700));
        step(&engine, &held);
        submit_as(&engine, "a", run, "return 1");
    }
    let retry_after = || try_as(&engine, "a", "return 1").expect_err("three wait").retry_after;
    assert_eq!(retry_after(), Some(Duration::from_millis(700)));
    // That place is for the one before.
    assert_eq!(retry_after(), Some(Duration::from_millis(1400)));
    step(&engine, &held);
    assert_eq!(engine.usage(&id("a")).queued, 2);
}

#[test]
fn no_more_runs_of_an_id_begin_than_may_be_started() {
    let (engine, held) = engine(2);
    engine.set_limits(&id("a"), IdLimits { max_started: Some(2), ..limits() });
    for run in 0..10 {
        submit_as(&engine, "a", run, LONG);
    }
    submit_as(&engine, "b", 10, "return 1");
    let mut settled = Vec::new();
    while engine.busy() > 0 {
        assert!(engine.usage(&id("a")).started <= 2);
        settled.extend(step(&engine, &held));
    }
    assert_eq!(settled.len(), 11);
    assert!(ids(&settled)[..3].contains(&10), "the other one begins beside them");
    assert_eq!(engine.usage(&id("a")), IdUsage::default());
}

#[test]
fn no_more_runs_of_an_id_begin_while_as_many_wait_as_may() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("a"), IdLimits { max_waiting: Some(3), ..limits() });
    for run in 0..8 {
        // It waits twice.
        submit_as(&engine, "a", run, "sleep(0) sleep(1e-3) sleep(1e-3) return 1");
    }
    let (mut settled, mut most) = (Vec::new(), 0);
    while settled.len() < 8 {
        while engine.busy() > 0 {
            settled.extend(step(&engine, &held));
            most = most.max(engine.usage(&id("a")).waiting);
            // On a slow machine a slice may be over before its run waits. Beside that, another begins.
            assert!(engine.usage(&id("a")).started <= 3 + engine.started());
        }
        if settled.len() < 8 {
            let signal = held.1.borrow().recv_timeout(Duration::from_secs(30)).expect("time passes");
            settled.extend(engine.signal(signal).settled);
        }
    }
    assert!(most >= 3);
    assert_eq!(engine.usage(&id("a")), IdUsage::default());
}

#[test]
fn an_id_over_its_time_gets_the_turns_that_nobody_else_wants_and_no_others() {
    let (engine, held) = engine(1);
    let time = Time::of(&engine);
    engine.set_limits(&id("a"), IdLimits { cpu_per_second: Some(5.0), ..limits() });
    submit_as(&engine, "a", 0, LONG);
    // Its burst is used up after this slice, and nobody else is there.
    assert!(step(&engine, &held).is_empty());
    assert_eq!(held.0.borrow()[0].ids(), [0], "work-conserving");
    for run in 1..=2 {
        submit_as(&engine, "a", run, "return 1");
    }
    for run in 3..=6 {
        submit_as(&engine, "b", run, LONG);
    }
    let order = ids(&drain(&engine, &held));
    let place = |run| order.iter().position(|&of| of == run).expect("it is done");
    assert!([3, 4, 5, 6].iter().all(|&run| place(run) < place(1)), "{order:?}");
    // When time has passed, it takes turns again.
    time.passes(Duration::from_secs(3));
    submit_as(&engine, "x", 7, "return 1");
    for run in [8, 9, 10] {
        submit_as(&engine, if run == 8 { "a" } else { "b" }, run, "return 1");
    }
    assert_eq!(ids(&drain(&engine, &held)), [7, 8, 9, 10]);
}

/// What an engine with the host function `host.get` gives to its scripts.
fn with_get() -> Arc<Services> {
    let services = services(store());
    services.supply.expose(vec![common::host_function("get", 0)], None);
    services
}

/// Executes what can be, and says which runs called the host.
fn calls(engine: &Scheduler<Held>, held: &Held) -> (Vec<u64>, Vec<Settled>) {
    let (mut called, mut settled) = (Vec::new(), Vec::new());
    while engine.busy() > 0 {
        let mut batch = held.next();
        batch.execute();
        let finished = engine.finished(batch);
        called.extend(finished.calls.iter().map(|HostCallOf { run, .. }| *run));
        settled.extend(finished.settled);
    }
    (called, settled)
}

#[test]
fn calls_beyond_the_rate_wait_in_order_and_do_not_fail() {
    let (engine, held) = engine(1);
    let time = Time::of(&engine);
    engine.set_limits(&id("tester"), IdLimits { host_calls_per_second: Some(2.0), ..limits() });
    let services = with_get();
    for _ in 0..5 {
        let script = Script { services: services.clone(), ..script("return host.get()") };
        engine.submit(script, Caller::Host).expect("there is room");
    }
    assert_eq!(calls(&engine, &held).0, [0, 1], "one second of burst");
    assert_eq!(engine.usage(&id("tester")).waiting, 5);
    let due = || {
        let calls = engine.signal(Signal::CallDue(id("tester"))).calls;
        calls.iter().map(|HostCallOf { run, .. }| *run).collect::<Vec<_>>()
    };
    assert!(due().is_empty(), "no time has passed");
    time.passes(Duration::from_millis(500));
    assert_eq!(due(), [2]);
    // One that is stopped meanwhile takes nobody's turn.
    engine.kill(3);
    assert_eq!(codes(drain(&engine, &held)), [(3, "ERR_ENGINE_CLOSED")]);
    time.passes(Duration::from_millis(500));
    assert_eq!(due(), [4]);
    for run in [0, 1, 2, 4] {
        engine.answer(run, Ok(vec![0]));
    }
    let settled = calls(&engine, &held).1;
    assert_eq!(settled.len(), 4);
    assert_eq!(engine.usage(&id("tester")), IdUsage::default());
}

#[test]
fn a_call_that_waits_is_told_of_when_it_is_due() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("tester"), IdLimits { host_calls_per_second: Some(50.0), ..limits() });
    let services = with_get();
    for _ in 0..52 {
        let script = Script { services: services.clone(), ..script("return host.get()") };
        engine.submit(script, Caller::Host).expect("there is room");
    }
    let mut called = calls(&engine, &held).0.len();
    while called < 52 {
        let signal = held.1.borrow().recv_timeout(Duration::from_secs(30)).expect("it is due");
        assert_eq!(signal, Signal::CallDue(id("tester")));
        called += engine.signal(signal).calls.len();
    }
}

#[test]
fn the_places_of_a_full_queue_are_divided_among_ids() {
    let (engine, held) = engine_of(Capacity { queue: 6, ..Capacity::default() });
    submit_as(&engine, "x", 0, "return 1");
    for run in 1..=6 {
        submit_as(&engine, "flood", run, "return 1");
    }
    // Newcomers displace the last of its runs, until they have as much.
    for run in 7..=9 {
        submit_as(&engine, "other", run, "return 1");
    }
    assert_eq!(engine.usage(&id("flood")).queued, 3);
    for owner in ["other", "flood"] {
        let refused = try_as(&engine, owner, "return 1").expect_err("each has its part");
        assert_eq!((refused.code.as_str(), refused.limit), ("ERR_QUEUE_FULL", Some("maxQueue")));
    }
    let told = engine.signal(Signal::Overdue).settled;
    assert_eq!(codes(told), [6, 5, 4].map(|run| (run, "ERR_QUEUE_FULL")));
    submit_as(&engine, "third", 12, "return 1");
    let mut settled = codes(engine.signal(Signal::Overdue).settled);
    settled.extend(codes(drain(&engine, &held)));
    assert_eq!(settled.len(), 8);
    assert_eq!(settled.iter().filter(|(_, code)| *code == "ok").count(), 7);
}

#[test]
fn places_in_the_queue_are_divided_by_weight() {
    let (engine, _held) = engine_of(Capacity { queue: 12, ..Capacity::default() });
    engine.set_limits(&id("heavy"), IdLimits { weight: 2.0, ..limits() });
    submit_as(&engine, "x", 0, "return 1");
    for run in 1..=12 {
        submit_as(&engine, "light", run, "return 1");
    }
    while try_as(&engine, "heavy", "return 1").is_ok() {}
    assert_eq!((engine.usage(&id("light")).queued, engine.usage(&id("heavy")).queued), (4, 8));
    // It takes no more of them back than its part.
    assert!(try_as(&engine, "light", "return 1").is_err());
}

#[test]
fn runs_that_wait_in_contexts_give_up_their_places_too() {
    let (engine, held) = engine_of(Capacity { queue: 3, ..Capacity::default() });
    let context = engine.create_context();
    for _ in 0..4 {
        engine.submit_within(context, script("return 1"), Caller::Host).expect("there is room");
    }
    submit_as(&engine, "other", 4, "return 1");
    assert_eq!(codes(engine.signal(Signal::Overdue).settled), [(3, "ERR_QUEUE_FULL")]);
    assert_eq!(drain(&engine, &held).len(), 4);
}

#[test]
fn a_flood_of_ids_made_up_is_refused_when_the_queue_is_full() {
    let (engine, held) = engine_of(Capacity { queue: 10, ..Capacity::default() });
    submit_as(&engine, "x", 0, "return 1");
    for run in 1..=10 {
        submit_as(&engine, &format!("id {run}"), run, "return 1");
    }
    for run in 11..50 {
        let refused = try_as(&engine, &format!("id {run}"), "return 1").expect_err("each has one");
        assert_eq!(refused.code.as_str(), "ERR_QUEUE_FULL");
    }
    assert_eq!(drain(&engine, &held).len(), 11);
}

const MIB: usize = 1 << 20;

/// Holds about so many MiB until it is answered or done.
fn holds(mib: usize, then: &str) -> String {
    format!("t = {{}} for i = 1, {mib} do t[i] = ('x'):rep({MIB} - 100) end {then}")
}

#[test]
fn the_largest_run_of_an_id_dies_for_its_others_and_nobody_elses() {
    let (engine, held) = engine(1);
    engine.set_limits(&id("a"), IdLimits { memory: Some(12 * MIB), ..limits() });
    submit_as(&engine, "b", 0, &holds(20, "sleep(60)"));
    submit_as(&engine, "a", 1, &holds(8, "sleep(60)"));
    drain(&engine, &held);
    assert!(engine.usage(&id("a")).memory > 8 * MIB && engine.usage(&id("b")).memory > 20 * MIB);
    submit_as(&engine, "a", 2, &holds(4, "return 'small'"));
    let mut settled = drain(&engine, &held);
    let next = || held.1.borrow().recv_timeout(Duration::from_secs(30)).expect("somebody was killed");
    // On a busy machine a slice may take longer than it should, which is told, too.
    let signal = std::iter::repeat_with(next).find(|signal| *signal != Signal::Overdue);
    assert_eq!(signal, Some(Signal::Killed(1)));
    let signal = Signal::Killed(1);
    settled.extend(engine.signal(signal).settled);
    settled.extend(drain(&engine, &held));
    assert_eq!(text(&settled[0]), Ok("small"));
    let failure = settled[1].outcome.as_ref().expect_err("it was killed");
    assert_eq!((failure.error.code.as_str(), failure.limit), ("ERR_LUA_MEMORY", Some("perId.memory")));
    // The one that needs more than all its id may have fails itself.
    submit_as(&engine, "a", 3, &holds(16, "return 1"));
    let settled = drain(&engine, &held);
    let failure = settled[0].outcome.as_ref().expect_err("it is too much");
    assert_eq!((failure.error.code.as_str(), failure.limit), ("ERR_LUA_MEMORY", Some("perId.memory")));
    assert_eq!(engine.usage(&id("a")).memory, 0);
    engine.close();
}

#[test]
fn a_context_whose_vm_was_killed_for_others_takes_no_run_also_before_the_engine_is_told() {
    let (engine, held) = engine(2);
    engine.set_limits(&id("tester"), IdLimits { memory: Some(12 * MIB), ..limits() });
    let submit = |context, source: &str| engine.submit_within(context, script(source), Caller::Host);
    let between_runs = engine.create_context();
    submit(between_runs, &holds(8, "")).expect("there is room");
    drain(&engine, &held);
    submit_as(&engine, "tester", 1, &holds(5, "t = nil"));
    drain(&engine, &held);
    let refused = submit(between_runs, "return 1").expect_err("its VM is gone");
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_CONTEXT_CLOSED", Some("perId.memory")));
    engine.signal(Signal::Killed(0));

    // The same when the run has ended, and the engine has not taken the VM back yet.
    let at_its_end = engine.create_context();
    submit(at_its_end, &holds(8, "")).expect("there is room");
    drain(&engine, &held);
    submit(at_its_end, "return 'done'").expect("there is room");
    submit(at_its_end, "return 'next'").expect("there is room");
    let mut ended = held.next();
    ended.execute();
    submit_as(&engine, "tester", 5, &holds(5, "t = nil"));
    let mut grown = Vec::new();
    while grown.is_empty() {
        grown.extend(step(&engine, &held));
    }
    assert_eq!(codes(grown), [(5, "ok")]);
    let settled = engine.finished(ended).settled;
    assert_eq!(text(&settled[0]), Ok("done"));
    let refused = &settled[1].outcome.as_ref().expect_err("the VM is gone").error;
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_CONTEXT_CLOSED", Some("perId.memory")));
    let refused = submit(at_its_end, "return 1").expect_err("its VM is gone");
    assert_eq!(refused.limit, Some("perId.memory"));
}

#[test]
fn runs_of_an_id_whose_contexts_hold_all_its_memory_are_refused_and_begin_when_one_is_closed() {
    let held = Held::default();
    let factory = Arc::new(Factory::new(Libraries::ALL, None));
    let engine = Scheduler::new(held.clone(), factory, Capacity::default());
    engine.set_limits(&id("tester"), IdLimits { memory: Some(4 * MIB), ..limits() });
    let context = engine.create_context();
    // In pieces that fill their blocks, so that the room that is left can be told.
    let fill = |script_of: &str| {
        engine.submit_within(context, script(script_of), Caller::Host).expect("there is room");
        assert!(drain(&engine, &held).iter().all(|settled| settled.outcome.is_ok()));
    };
    let piece = "kept = {kept, ('x'):rep(871)}";
    fill(&format!("while collectgarbage('count') < 3900 do {piece} end"));
    while engine.usage(&id("tester")).memory + (64 << 10) <= 4 * MIB {
        fill(&format!("for i = 1, 10 do {piece} end"));
    }
    let refused = engine.submit(script("return 1"), Caller::Host).expect_err("no memory will come free");
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_LUA_MEMORY", Some("perId.memory")));
    let script_of = |owner: &str| Script { id: id(owner), ..script("return 1") };
    engine.submit(script_of("other"), Caller::Host).expect("it is another's memory");
    assert_eq!(text(&drain(&engine, &held)[0]), Ok("1"));
    engine.close_context(context);
    assert_eq!(engine.usage(&id("tester")).memory, 0);
    engine.submit(script_of("tester"), Caller::Host).expect("there is room");
    assert_eq!(text(&drain(&engine, &held)[0]), Ok("1"));
}

#[test]
fn an_id_has_its_own_quota_in_state_and_the_engines_when_it_has_none() {
    let (engine, held) = engine(1);
    let services = services(store());
    engine.set_quotas(services.quotas().clone());
    engine.set_limits(&id("small"), IdLimits { state_quota: Some(1000), ..limits() });
    for (run, owner) in ["small", "other"].into_iter().enumerate() {
        let script = Script { id: id(owner), services: services.clone(), ..script("State.set('k', ('x'):rep(2000))") };
        assert_eq!(engine.submit(script, Caller::Host), Ok(run as u64));
    }
    assert_eq!(codes(drain(&engine, &held)), [(0, "ERR_STATE_QUOTA"), (1, "ok")]);
}

#[test]
fn limits_are_asked_for_again_when_told_and_hold_at_once() {
    let (engine, held) = engine(1);
    assert!(!engine.knows(&id("a")));
    engine.set_limits(&id("a"), IdLimits { max_started: Some(1), ..limits() });
    assert!(engine.knows(&id("a")));
    for run in 0..4 {
        submit_as(&engine, "a", run, "sleep(60)");
    }
    drain(&engine, &held);
    assert_eq!(engine.usage(&id("a")), IdUsage { queued: 3, started: 1, waiting: 1, ..engine.usage(&id("a")) });
    assert_eq!(engine.refresh_limits(Some(&id("b"))), []);
    assert!(engine.knows(&id("a")));
    assert_eq!(engine.refresh_limits(None), [id("a")]);
    assert!(!engine.knows(&id("a")));
    engine.set_limits(&id("a"), IdLimits { max_started: Some(3), ..limits() });
    drain(&engine, &held);
    assert_eq!(engine.usage(&id("a")).waiting, 3);
    engine.close();
}

#[test]
fn ids_with_nothing_going_on_are_forgotten_and_those_that_owe_time_are_not() {
    let (engine, held) = engine(1);
    let time = Time::of(&engine);
    let services = services(store());
    engine.set_quotas(services.quotas().clone());
    engine.set_limits(&id("owes"), IdLimits { cpu_per_second: Some(1.0), state_quota: Some(1), ..limits() });
    submit_as(&engine, "owes", 0, LONG);
    drain(&engine, &held);
    submit_as(&engine, "waits", 1, "sleep(60)");
    drain(&engine, &held);
    for run in 2..20_000 {
        submit_as(&engine, &format!("id {run}"), run, "return 1");
        if run % 16 == 0 {
            drain(&engine, &held);
            assert!(engine.ids() <= 2 * 1024);
        }
    }
    assert!(engine.knows(&id("owes")) && engine.knows(&id("waits")));
    time.passes(Duration::from_secs(60));
    for run in 20_000..24_000 {
        submit_as(&engine, &format!("id {run}"), run, "return 1");
        drain(&engine, &held);
    }
    assert!(!engine.knows(&id("owes")) && engine.knows(&id("waits")));
    assert!(services.quotas().is_empty());
    engine.close();
}

#[test]
fn what_an_id_has_going_on_is_right_wherever_its_runs_are() {
    let (engine, held) = engine(2);
    let owners = ["a", "b", "c"];
    let context = engine.create_context();
    let sources = ["return 1", LONG, "sleep(1e-3)", ENDLESS, "error('no')"];
    let mut live = std::collections::HashMap::new();
    let mut random = 7u64;
    let mut next = || {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (random >> 33) as usize
    };
    let forget = |live: &mut std::collections::HashMap<u64, &str>, settled: Vec<Settled>| {
        for settled in settled {
            live.remove(&settled.id).expect("it settles once");
        }
    };
    for _ in 0..600 {
        let owner = owners[next() % 3];
        match next() % 5 {
            0 | 1 => {
                let script = Script { id: id(owner), ..script(sources[next() % 5]) };
                live.insert(engine.submit(script, Caller::Host).expect("there is room"), owner);
            }
            2 => {
                let script = Script { id: id("a"), ..script(sources[next() % 3]) };
                if let Ok(run) = engine.submit_within(context, script, Caller::Host) {
                    live.insert(run, "a");
                }
            }
            3 => {
                let ids: Vec<u64> = live.keys().copied().collect();
                if let Some(&run) = ids.get(next() % ids.len().max(1)) {
                    forget(&mut live, engine.kill(run));
                }
            }
            _ if engine.busy() > 0 => forget(&mut live, step(&engine, &held)),
            _ => {}
        }
        while let Ok(signal) = held.1.borrow().try_recv() {
            forget(&mut live, engine.signal(signal).settled);
        }
        let usage = owners.map(|owner| engine.usage(&id(owner)));
        for (owner, usage) in owners.iter().zip(&usage) {
            assert_eq!(usage.queued + usage.started, live.values().filter(|of| *of == owner).count());
            assert!(usage.waiting <= usage.started);
        }
        assert_eq!(usage.iter().map(|usage| usage.queued).sum::<usize>(), engine.queued());
        assert_eq!(usage.iter().map(|usage| usage.started).sum::<usize>(), engine.running() + engine.suspended());
        let memory: usize = usage.iter().map(|usage| usage.memory).sum();
        assert!(memory <= FACTORY.memory().held());
    }
    let mut left: Vec<u64> = live.keys().copied().collect();
    left.sort_unstable();
    forget(&mut live, kill_all(&engine, left));
    forget(&mut live, drain(&engine, &held));
    assert!(live.is_empty());
    assert!(owners.iter().all(|owner| *owner == "a" || engine.usage(&id(owner)) == IdUsage::default()));
    assert!(engine.started() <= MAX_STARTED);
}
