//! The queue and its slots: batches that execute when told, and real threads.

mod common;
#[path = "common/held.rs"]
mod held;
mod redis_server;
use common::{FACTORY, script, services, store};
use held::{Held, codes, drain, engine, engine_of, ids, kill_all, step, submit, submit_as, submit_script, text};
use moonpool_core::api::libraries::Libraries;
use moonpool_core::bridge::{HostCall, HostError, Services};
use moonpool_core::scheduler::{
    Batch, Caller, Capacity, ContextId, HostCallOf, IdLimits, MAX_STARTED, Pressure, SLICE, Scheduler, Signal, Threads,
};
use moonpool_core::state::ScriptId;
use moonpool_core::vm::{Factory, Script};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[test]
fn never_more_batches_than_slots_and_every_run_settles_once() {
    let (engine, held) = engine(3);
    for id in 0..100 {
        submit(&engine, id, &format!("return {id}"));
        assert!(engine.busy() <= 3);
    }
    assert_eq!((engine.busy(), engine.queued()), (3, 97));
    let mut settled = drain(&engine, &held);
    assert!(settled.iter().all(|run| text(run) == Ok(&run.id.to_string())));
    settled.sort_by_key(|run| run.id);
    assert_eq!(ids(&settled), (0..100).collect::<Vec<_>>());
    assert_eq!(engine.queued(), 0);
}

#[test]
fn runs_are_handed_out_in_order_of_arrival() {
    let (engine, held) = engine(1);
    for id in 0..50 {
        submit(&engine, id, "return 1");
    }
    assert_eq!(ids(&drain(&engine, &held)), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_batch_takes_no_more_than_a_fair_share() {
    let (engine, held) = engine(2);
    for id in 0..4 {
        submit(&engine, id, "return 1");
    }
    // Two were started at once, each alone; the two that wait are one for each slot.
    let mut first = held.next();
    first.execute();
    engine.finished(first);
    assert_eq!((engine.busy(), engine.queued()), (2, 1));
}

#[test]
fn short_runs_overtake_a_long_one() {
    let (engine, held) = engine(1);
    let services = services(store());
    let submit = |id, source| submit_script(&engine, id, Script { services: services.clone(), ..script(source) });
    // It ends when the others have run; otherwise it is stopped, and then fails.
    submit(0, "while not State.get('all') do end return 'long'");
    for id in 1..30 {
        submit(id, "return 'short'");
    }
    submit(30, "State.set('all', true)");
    let settled = drain(&engine, &held);
    assert_eq!(ids(&settled), (1..=30).chain([0]).collect::<Vec<_>>());
    assert_eq!(text(&settled[30]), Ok("long"));
}

#[test]
fn runs_behind_a_long_one_in_its_batch_go_back_to_the_front() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "return 0");
    submit(&engine, 1, "local t = os.clock() while os.clock() - t < 0.08 do end");
    for id in 2..=4 {
        submit(&engine, id, "return 1");
    }
    let mut first = held.next();
    first.execute();
    assert_eq!(ids(&engine.finished(first).settled), [0]);
    // One batch with all four: the first of them uses its whole slice, and the others have kept their places.
    assert_eq!((engine.queued(), engine.running()), (3, 1));
    let mut second = held.next();
    second.execute();
    assert_eq!(ids(&engine.finished(second).settled), [] as [u64; 0]);
    assert_eq!(ids(&drain(&engine, &held)), [2, 3, 4, 1]);
}

#[test]
fn scripts_behind_a_long_one_in_its_batch_keep_their_turns() {
    let (engine, held) = engine(1);
    submit_as(&engine, "x", 0, "return 0");
    for (id, owner) in [(1, "a"), (2, "b"), (3, "c")] {
        submit_as(&engine, owner, id, if id == 1 { "while true do end" } else { "return 1" });
    }
    assert_eq!(codes(step(&engine, &held)), [(0, "ok")]);
    submit_as(&engine, "d", 4, "return 1");
    assert!(step(&engine, &held).is_empty(), "the first of them uses its whole slice");
    engine.kill(1);
    let order: Vec<_> = ids(&drain(&engine, &held)).into_iter().filter(|&id| id != 1).collect();
    assert_eq!(order, [2, 3, 4]);
}

#[test]
fn two_endless_runs_share_one_slot_until_their_timeouts() {
    let (engine, held) = engine(1);
    for id in 0..2 {
        let mut endless = script("while true do end");
        endless.limits.timeout = Duration::from_millis(150);
        submit_script(&engine, id, endless);
    }
    for settled in drain(&engine, &held) {
        assert_eq!(settled.outcome.expect_err("killed").error.code.as_str(), "ERR_LUA_TIMEOUT");
    }
}

/// A script that takes several slices.
const LONG: &str = "local t = os.clock() while os.clock() - t < 0.03 do end return 'long'";

#[test]
fn no_more_than_the_bound_are_started_and_unfinished_but_all_get_done() {
    let (engine, held) = engine(1);
    for id in 0..MAX_STARTED as u64 + 20 {
        let mut endless = script("while true do end");
        endless.limits.timeout = Duration::from_secs(2);
        submit_script(&engine, id, endless);
    }
    let mut settled = Vec::new();
    let mut most = 0;
    while engine.busy() > 0 {
        settled.extend(step(&engine, &held));
        most = most.max(engine.started());
    }
    assert_eq!(most, MAX_STARTED);
    assert_eq!(settled.len(), MAX_STARTED + 20);
}

#[test]
fn a_long_run_makes_progress_beside_a_flood_of_short_ones() {
    let (engine, held) = engine(1);
    submit(&engine, 0, LONG);
    let mut id = 0;
    // As many short runs arrive as are executed.
    for batches in 0.. {
        assert!(batches < 200, "the long run starves");
        while engine.queued() < 40 {
            id += 1;
            submit(&engine, id, "return 1");
        }
        if step(&engine, &held).iter().any(|run| run.id == 0) {
            break;
        }
    }
}

#[test]
fn long_runs_have_a_quarter_of_the_time_beside_a_flood_of_short_ones_and_no_more() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "while true do end");
    step(&engine, &held);
    // Its next slice is on its way already.
    step(&engine, &held);
    let (before, mut id, mut long) = (engine.totals().worked, 0, Duration::ZERO);
    // Of a context, whose VM is there: a batch of them takes less than a slice also in debug builds.
    let context = engine.create_context();
    for _ in 0..400 {
        while engine.queued() < 2 {
            id += 1;
            submit_within(&engine, context, id, "return 1");
        }
        let is_long = held.0.borrow()[0].ids() == [0];
        // A busy machine may take its worker away for longer: then it has not had more than it could.
        let worked = slice(&engine, &held).min(SLICE);
        long += if is_long { worked } else { Duration::ZERO };
    }
    let worked = engine.totals().worked - before;
    assert!(long <= worked / 4 + 3 * SLICE, "{long:?} of {worked:?}");
    assert!(long + 3 * SLICE >= worked / 5, "{long:?} of {worked:?}");
}

/// An engine that has so many slots, and an endless run in each, which was preempted before and is on its way again.
fn preempted(slots: usize) -> (Scheduler<Held>, Held) {
    let (engine, held) = engine(slots);
    (0..slots as u64).for_each(|id| submit_as(&engine, "endless", id, "while true do end"));
    (0..slots).for_each(|_| drop(step(&engine, &held)));
    // Slices are whole ones when nobody else has had a worker of late.
    burn(SLICE);
    (0..slots).for_each(|_| drop(step(&engine, &held)));
    (engine, held)
}

/// Lets threads execute what is on its way; another run comes so much later. How long each keeps its slot.
fn leaves_after(engine: &Scheduler<Held>, held: &Held, before: Duration) -> Vec<Duration> {
    let workers: Vec<_> = held.0.take().into_iter().map(executed_by_a_thread).collect();
    burn(before);
    let newcomer = ScriptId::new("newcomer").expect("a good id");
    assert!(engine.submit(Script { id: newcomer, ..script("return 1") }, Caller::Host).is_ok());
    let executed: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
    let times = executed.iter().map(|(_, time)| *time).collect();
    executed.into_iter().for_each(|(batch, _)| drop(engine.finished(batch)));
    times
}

/// Executes a batch on a thread, which has begun when this returns. What comes of it, and how long it took.
fn executed_by_a_thread(mut batch: Batch) -> JoinHandle<(Batch, Duration)> {
    let (begins, begun) = channel();
    let worker = std::thread::spawn(move || {
        begins.send(()).expect("it is waited for");
        let start = Instant::now();
        batch.execute();
        (batch, start.elapsed())
    });
    begun.recv().expect("it begins");
    worker
}

/// Whether it happens twice: on a busy machine it may not at once, or by chance.
fn happens(what: impl Fn() -> bool) -> bool {
    (0..12).filter(|_| what()).take(2).count() == 2
}

/// In the middle of a slice; and what is neither that nor the end of it.
const MIDDLE: Duration = Duration::from_millis(6);
const BEFORE_THE_END: Duration = Duration::from_millis(9);

#[test]
fn a_run_leaves_its_slot_to_one_that_comes_once_it_has_had_it_for_a_millisecond() {
    for before in [Duration::ZERO, MIDDLE] {
        let leaves = || {
            let (engine, held) = preempted(1);
            let time = leaves_after(&engine, &held, before)[0];
            assert!(time >= Duration::from_millis(1), "it had its slot for {time:?}");
            assert_ne!(held.0.borrow()[0].ids(), [0], "the one that has come is next");
            time < BEFORE_THE_END
        };
        assert!(happens(leaves), "it keeps its slot: {before:?}");
    }
}

#[test]
fn a_run_that_may_not_begin_ends_no_slice() {
    let (engine, held) = preempted(1);
    let newcomer = ScriptId::new("newcomer").expect("a good id");
    engine.set_limits(&newcomer, IdLimits { max_started: Some(0), ..IdLimits::default() });
    for _ in 0..3 {
        let time = leaves_after(&engine, &held, MIDDLE)[0];
        assert!(time >= SLICE, "it is preempted after {time:?}");
    }
}

#[test]
fn a_run_that_goes_on_after_a_wait_ends_a_slice() {
    assert!(happens(|| {
        let (engine, held, host) = asking();
        ask(&engine, &host, 0, "host.ask() return 1");
        next_calls(&engine, &held);
        ask(&engine, &host, 1, "while true do end");
        step(&engine, &held);
        burn(SLICE);
        step(&engine, &held);
        let worker = executed_by_a_thread(held.next());
        burn(MIDDLE);
        engine.answer(0, Ok(list_of(1)));
        let (batch, time) = worker.join().expect("no panic");
        engine.finished(batch);
        time < BEFORE_THE_END
    }));
}

#[test]
fn slices_are_whole_when_nobody_comes_however_many_have_come_before() {
    let (engine, held) = preempted(1);
    leaves_after(&engine, &held, MIDDLE);
    // It has begun, and is done.
    step(&engine, &held);
    burn(SLICE);
    step(&engine, &held);
    let whole = slice(&engine, &held);
    assert!(whole >= SLICE, "it is preempted after {whole:?}");
}

#[test]
fn slices_that_nobody_owes_are_short_while_others_come_and_whole_when_none_do() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "while true do end");
    // A busy machine may take its worker away for longer.
    let is_short = (1..=100).any(|id| {
        submit(&engine, id, "return 1");
        drain_but(&engine, &held, 0);
        slice(&engine, &held) < SLICE / 2
    });
    assert!(is_short, "it keeps its slot");
    burn(SLICE);
    step(&engine, &held);
    let whole = slice(&engine, &held);
    assert!(whole >= SLICE, "it is preempted after {whole:?}");
}

/// How long the next batch has its worker.
fn slice(engine: &Scheduler<Held>, held: &Held) -> Duration {
    let before = engine.totals().worked;
    step(engine, held);
    engine.totals().worked - before
}

fn burn(time: Duration) {
    let since = Instant::now();
    while since.elapsed() < time {}
}

/// Executes until a slice of this run, which has begun, is next, and nothing is queued.
fn drain_but(engine: &Scheduler<Held>, held: &Held, run: u64) {
    while engine.queued() > 0 || engine.totals().started == 0 || held.0.borrow()[0].ids() != [run] {
        step(engine, held);
    }
}

#[test]
fn a_closed_engine_drops_what_waits_stops_what_executes_and_starts_nothing() {
    let (engine, held) = engine(1);
    for id in 0..5 {
        submit(&engine, id, if id == 0 { "while true do end" } else { "return 1" });
    }
    step(&engine, &held);
    engine.close();
    let refused = engine.submit(script("return 1"), Caller::Host).expect_err("it is closed");
    assert_eq!(refused.code.as_str(), "ERR_ENGINE_CLOSED");
    // What was on its way when the engine was closed begins no more.
    assert_eq!((engine.busy(), engine.queued(), engine.suspended()), (1, 3, 0));
    assert_eq!(codes(step(&engine, &held)), [1, 2, 3, 4].map(|id| (id, "ERR_ENGINE_CLOSED")));
    assert_eq!((engine.busy(), engine.queued()), (0, 0));
}

#[test]
fn an_engine_without_slots_has_one() {
    let (engine, _held) = engine(0);
    submit(&engine, 0, "");
    assert_eq!(engine.busy(), 1);
}

#[test]
fn scripts_that_wait_take_turns() {
    let (engine, held) = engine(1);
    // One is with the worker; of the others, `a` has many.
    for id in 0..=4 {
        submit_as(&engine, "a", id, "return 1");
    }
    submit_as(&engine, "b", 5, "return 1");
    submit_as(&engine, "c", 6, "return 1");
    submit_as(&engine, "b", 7, "return 1");
    assert_eq!(ids(&drain(&engine, &held)), [0, 1, 5, 6, 2, 7, 3, 4]);
}

#[test]
fn started_runs_of_different_scripts_take_turns() {
    let (engine, held) = engine(1);
    for id in 0..3 {
        submit_as(&engine, "a", id, "while true do end");
    }
    submit_as(&engine, "b", 3, "while true do end");
    let mut slices = [0; 4];
    for _ in 0..40 {
        let batch = held.next();
        for id in batch.ids() {
            slices[id as usize] += 1;
        }
        held.0.borrow_mut().push_front(batch);
        assert!(step(&engine, &held).is_empty());
    }
    assert!(slices[3] >= 16, "`b` with one run gets as much as `a` with three: {slices:?}");
    assert!(slices[..3].iter().all(|&slices| slices >= 5), "all make progress: {slices:?}");
}

#[test]
fn a_script_with_nothing_started_begins_beside_a_flood_of_another() {
    let (engine, held) = engine(1);
    for id in 0..200 {
        submit_as(&engine, "flood", id, "while true do end");
    }
    while engine.started() < MAX_STARTED {
        step(&engine, &held);
    }
    submit_as(&engine, "other", 200, "return 1");
    // One slice may be on its way, and one in four is a started run's.
    let settled = (0..3).flat_map(|_| step(&engine, &held));
    assert_eq!(codes(settled), [(200, "ok")]);
    assert_eq!(engine.started(), MAX_STARTED, "no more of the flood began");
}

#[test]
fn the_extra_room_for_scripts_with_nothing_started_has_a_bound_too() {
    let (engine, held) = engine(1);
    for id in 0..300 {
        let mut endless = script("while true do end");
        endless.id = ScriptId::new(&format!("script {id}")).expect("a good id");
        endless.limits.timeout = Duration::from_secs(600);
        submit_script(&engine, id, endless);
    }
    for _ in 0..250 {
        assert!(step(&engine, &held).is_empty());
        assert!(engine.started() <= 2 * MAX_STARTED);
    }
    assert_eq!(engine.started(), 2 * MAX_STARTED);
}

#[test]
fn a_full_queue_refuses_the_run_and_keeps_the_others() {
    let (engine, held) = engine_of(Capacity { queue: 2, ..Capacity::default() });
    for id in 0..3 {
        submit(&engine, id, "return 1");
    }
    for _ in 3..6 {
        assert_eq!(
            engine.submit(script("return 1"), Caller::Host).expect_err("no room").code.as_str(),
            "ERR_QUEUE_FULL"
        );
    }
    assert_eq!((engine.queued(), engine.running()), (2, 1));
    step(&engine, &held);
    submit(&engine, 6, "return 1");
    assert_eq!(ids(&drain(&engine, &held)), [1, 2, 6]);
}

#[test]
fn a_queue_without_room_takes_what_a_free_slot_can_start() {
    let (engine, held) = engine_of(Capacity { queue: 0, ..Capacity::default() });
    submit(&engine, 0, "return 1");
    assert!(engine.submit(script("return 1"), Caller::Host).is_err());
    assert_eq!(ids(&drain(&engine, &held)), [0]);
    submit(&engine, 2, "return 1");
}

#[test]
fn a_run_that_is_killed_while_it_waits_settles_at_once_and_strands_nobody() {
    let (engine, held) = engine(1);
    for id in 0..5 {
        submit_as(&engine, if id % 2 == 0 { "even" } else { "odd" }, id, "return 1");
    }
    for id in [1, 4, 2] {
        assert_eq!(codes(engine.kill(id)), [(id, "ERR_ENGINE_CLOSED")]);
        assert!(engine.kill(id).is_empty(), "it is settled");
    }
    assert_eq!(engine.queued(), 1);
    assert_eq!(ids(&drain(&engine, &held)), [0, 3]);
    assert!(engine.kill(0).is_empty() && engine.kill(77).is_empty());
}

#[test]
fn a_run_that_is_killed_on_its_way_to_a_worker_never_begins() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "State.set('began', true)");
    assert!(engine.kill(0).is_empty());
    let settled = step(&engine, &held);
    assert_eq!(settled[0].usage.slices, 0);
    assert_eq!(codes(settled), [(0, "ERR_ENGINE_CLOSED")]);
    assert_eq!(engine.totals().started, 0);
}

#[test]
fn a_run_that_is_killed_behind_a_long_one_in_its_batch_settles_when_the_batch_is_back() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "return 1");
    submit(&engine, 1, "while true do end");
    submit(&engine, 2, "return 1");
    step(&engine, &held);
    assert_eq!((engine.queued(), engine.running()), (1, 1), "both are in the batch");
    assert!(engine.kill(2).is_empty());
    assert_eq!(codes(step(&engine, &held)), [(2, "ERR_ENGINE_CLOSED")]);
    assert_eq!((engine.queued(), engine.running(), engine.suspended()), (0, 1, 0));
}

#[test]
fn a_run_that_is_killed_between_slices_gives_its_vm_back_before_others_go_on() {
    let (engine, held) = engine(1);
    for id in 0..4 {
        submit(&engine, id, "while true do end");
    }
    while engine.started() < 4 {
        step(&engine, &held);
    }
    // Of the four, one is with the worker.
    let away = held.0.borrow()[0].ids();
    let suspended = (0..4).find(|id| !away.contains(id)).expect("three of four");
    assert!(engine.kill(suspended).is_empty());
    assert!(step(&engine, &held).is_empty());
    assert_eq!(codes(step(&engine, &held)), [(suspended, "ERR_ENGINE_CLOSED")]);
    assert_eq!(engine.started(), 3);
}

#[test]
fn killing_all_settles_each_run_once_wherever_it_is() {
    let (engine, held) = engine(2);
    for id in 0..100 {
        submit_as(&engine, &format!("script {}", id % 7), id, "while true do end");
    }
    for _ in 0..40 {
        step(&engine, &held);
    }
    let mut settled = codes(kill_all(&engine, 0..100));
    settled.extend(codes(drain(&engine, &held)));
    settled.sort_unstable();
    assert_eq!(settled, (0..100).map(|id| (id, "ERR_ENGINE_CLOSED")).collect::<Vec<_>>());
    assert_eq!((engine.busy(), engine.queued(), engine.suspended(), engine.started()), (0, 0, 0, 0));
}

#[test]
fn a_run_that_waits_too_long_for_its_turn_is_not_run() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "while true do end");
    let mut hasty = script("return 1");
    hasty.limits.queue_timeout = Some(Duration::from_millis(5));
    for id in 1..=3 {
        submit_script(&engine, id, hasty.clone());
    }
    let mut signals: Vec<_> =
        (0..3).map(|_| held.1.borrow().recv_timeout(Duration::from_secs(30)).expect("time passes")).collect();
    signals.sort_by_key(|signal| format!("{signal:?}"));
    assert_eq!(signals, [Signal::Killed(1), Signal::Killed(2), Signal::Killed(3)]);
    // Told so by the watchdog, and found out when its turn comes.
    assert_eq!(codes(engine.signal(signals[1].clone()).settled), [(2, "ERR_QUEUE_TIMEOUT")]);
    assert!(engine.signal(signals[1].clone()).settled.is_empty());
    step(&engine, &held);
    let settled = step(&engine, &held);
    assert!(settled.iter().all(|run| run.usage.slices == 0));
    assert_eq!(codes(settled), [(1, "ERR_QUEUE_TIMEOUT"), (3, "ERR_QUEUE_TIMEOUT")]);
    assert_eq!(engine.totals().started, 1);
}

#[test]
fn a_run_that_has_begun_has_no_queue_timeout_any_more() {
    let (engine, held) = engine(1);
    let mut long = script("local t = os.clock() while os.clock() - t < 0.06 do end return 'done'");
    long.limits.queue_timeout = Some(Duration::from_millis(30));
    submit_script(&engine, 0, long);
    assert_eq!(text(&drain(&engine, &held)[0]), Ok("done"));
}

#[test]
fn the_queue_tells_when_it_is_full_and_when_it_is_empty_after_that() {
    let (engine, held) = engine_of(Capacity { queue: 2, ..Capacity::default() });
    submit(&engine, 0, "return 1");
    submit(&engine, 1, "return 1");
    assert_eq!(engine.pressure(), None);
    submit(&engine, 2, "return 1");
    assert_eq!((engine.pressure(), engine.pressure()), (Some(Pressure::Full), None));
    step(&engine, &held);
    // Both are in a batch, and one may come back.
    assert_eq!((engine.queued(), engine.pressure()), (1, None));
    step(&engine, &held);
    assert_eq!((engine.pressure(), engine.pressure()), (Some(Pressure::Drained), None));
}

#[test]
fn a_run_for_nobody_is_counted_like_any_other() {
    let (engine, held) = engine(1);
    assert_eq!(engine.submit(script("return 1"), Caller::Nobody), Ok(0));
    let settled = step(&engine, &held);
    assert_eq!((settled[0].caller, text(&settled[0])), (Caller::Nobody, Ok("1")));
    assert_eq!(engine.totals().started, 1);
}

#[test]
fn warm_vms_are_built_while_there_is_nothing_else_to_do_and_used_once() {
    let factory = Arc::new(Factory::new(Libraries::ALL, None));
    let held = Held::default();
    let engine = Scheduler::new(held.clone(), factory.clone(), Capacity { warm: 4, ..Capacity::default() });
    engine.warm_up();
    step(&engine, &held);
    assert_eq!((engine.warm(), engine.busy()), (4, 0));
    let built = factory.vms_created();
    for id in 0..2 {
        submit(&engine, id, "x = (x or 0) + 1 return x");
        let settled = step(&engine, &held);
        assert_eq!(text(&settled[0]), Ok("1"));
    }
    assert_eq!(factory.vms_created(), built, "no run waited for its VM");
    // Two are gone, and only an engine that is idle builds more.
    submit(&engine, 2, "return 1");
    engine.warm_up();
    assert_eq!((engine.warm(), engine.busy()), (1, 1));
    step(&engine, &held);
    engine.warm_up();
    assert_eq!((engine.warm(), engine.busy()), (1, 1));
    step(&engine, &held);
    assert_eq!((engine.warm(), engine.busy()), (4, 0));
}

#[test]
fn what_runs_do_not_take_of_the_warm_vms_comes_back() {
    let (engine, held) = engine_of(Capacity { warm: 8, ..Capacity::default() });
    engine.warm_up();
    step(&engine, &held);
    for id in 0..3 {
        submit(&engine, id, "while true do end");
    }
    // Runs 1 and 2 share a batch, of which only 1 begins.
    while engine.totals().started < 3 {
        step(&engine, &held);
    }
    assert_eq!(engine.warm(), 5, "three runs took one each");
}

/// An engine of one slot whose scripts find `host.ask`, the function number 7.
fn asking() -> (Scheduler<Held>, Held, Arc<Services>) {
    let (held, host) = (Held::default(), services(store()));
    host.supply.expose(vec![common::host_function("ask", 7)], None);
    (Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default()), held, host)
}

fn ask(engine: &Scheduler<Held>, host: &Arc<Services>, id: u64, source: &str) {
    submit_script(engine, id, Script { services: host.clone(), ..script(source) });
}

/// Executes one batch; the calls of the host that came of it.
fn step_to_calls(engine: &Scheduler<Held>, held: &Held) -> Vec<HostCallOf> {
    let mut batch = held.next();
    batch.execute();
    let finished = engine.finished(batch);
    assert!(finished.settled.is_empty());
    finished.calls
}

/// Executes batches until the host is called: on a busy machine a script may be preempted before.
fn next_calls(engine: &Scheduler<Held>, held: &Held) -> Vec<HostCallOf> {
    loop {
        let calls = step_to_calls(engine, held);
        if !calls.is_empty() {
            return calls;
        }
    }
}

/// A list of one integer, as lib/values.js writes it.
fn list_of(value: i64) -> Vec<u8> {
    [&1_u32.to_le_bytes()[..], &[3], &value.to_le_bytes()].concat()
}

#[test]
fn a_run_that_waits_for_the_host_holds_no_slot_and_goes_on_with_the_answer() {
    let (engine, held, host) = asking();
    ask(&engine, &host, 0, "return host.ask(41) + 1");
    let calls = step_to_calls(&engine, &held);
    assert_eq!(
        calls,
        [HostCallOf { run: 0, number: 0, call: HostCall { function: 7, script: None, args: list_of(41) } }]
    );
    assert_eq!((engine.busy(), engine.suspended(), engine.started()), (0, 1, 0));
    ask(&engine, &host, 1, "return 'meanwhile'");
    assert_eq!(codes(step(&engine, &held)), [(1, "ok")]);
    engine.answer(0, Ok(list_of(6)));
    let settled = step(&engine, &held);
    assert_eq!((settled[0].id, text(&settled[0])), (0, Ok("7")));
    // Nobody waits for a second answer.
    engine.answer(0, Ok(list_of(6)));
    assert_eq!((engine.busy(), engine.suspended()), (0, 0));
}

#[test]
fn runs_that_go_on_after_a_wait_keep_no_other_script_from_beginning() {
    let (engine, held, host) = asking();
    let flood = 3 * MAX_STARTED as u64;
    for id in 0..flood {
        ask(&engine, &host, id, "host.ask() while true do end");
    }
    drain(&engine, &held);
    for id in 0..flood {
        engine.answer(id, Ok(list_of(1)));
    }
    assert_eq!(engine.started(), 3 * MAX_STARTED);
    submit_as(&engine, "other", flood, "return 1");
    ask(&engine, &host, flood + 1, "return 'one more of the flood'");
    // One slice may be on its way, and of the others one in two and one in four are of runs that go on.
    let settled = (0..4).flat_map(|_| step(&engine, &held));
    assert_eq!(codes(settled), [(flood, "ok")]);
    assert_eq!(engine.queued(), 1, "no more of the flood began");
}

#[test]
fn runs_that_go_on_behind_a_long_one_in_their_batch_keep_their_turns() {
    let (engine, held, host) = asking();
    for id in 0..20 {
        submit_as(&engine, &format!("preempted {id}"), id, "while true do end");
    }
    while engine.totals().started < 20 {
        step(&engine, &held);
    }
    let going_on = |id: u64, source: &str| {
        let owner = ScriptId::new(&format!("waits {id}")).expect("a good id");
        submit_script(&engine, id, Script { id: owner, services: host.clone(), ..script(source) });
        next_calls(&engine, &held);
    };
    going_on(20, "host.ask() while true do end");
    for id in 21..25 {
        going_on(id, "return host.ask()");
    }
    // The first that goes on has the worker at once, or waits for it; the others share a batch.
    let first = held.next();
    for id in 20..25 {
        engine.answer(id, Ok(list_of(1)));
    }
    held.0.borrow_mut().push_front(first);
    let settled = (0..5).flat_map(|_| step(&engine, &held));
    assert_eq!(codes(settled), [21, 22, 23, 24].map(|id| (id, "ok")));
}

#[test]
fn a_wait_passes_through_coroutines_and_protected_calls_unseen() {
    let (engine, held, host) = asking();
    ask(
        &engine,
        &host,
        0,
        "local co = coroutine.create(function(a)
            local ok, b = pcall(function() return host.ask(a) end)
            coroutine.yield(ok, b, coroutine.isyieldable(), coroutine.status(coroutine.running()))
            return host.ask(b)
        end)
        local t = {coroutine.resume(co, 1)}
        t[#t + 1] = coroutine.status(co)
        t[#t + 1] = select(2, coroutine.resume(co))
        t[#t + 1] = coroutine.status(co)
        return t",
    );
    for (asked, answer) in [(1, 10), (10, 100)] {
        let calls = step_to_calls(&engine, &held);
        assert_eq!(calls[0].call.args, list_of(asked));
        engine.answer(0, Ok(list_of(answer)));
    }
    let settled = step(&engine, &held);
    assert_eq!(text(&settled[0]), Ok(r#"[true,true,10,true,"running","suspended",100,"dead"]"#));
}

#[test]
fn a_script_that_gives_up_its_turn_again_and_again_makes_few_trips_and_lets_others_run() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "local t = os.clock() while os.clock() - t < 0.05 do sleep(0) end");
    let settled = drain(&engine, &held);
    let usage = settled[0].usage;
    // With a trip for each `sleep(0)` there would be thousands.
    assert!(usage.slices <= 300, "{usage:?}");
    submit(&engine, 1, "while true do sleep(0) end");
    submit(&engine, 2, "return 'other'");
    let settled = (0..4).flat_map(|_| step(&engine, &held));
    assert_eq!(codes(settled), [(2, "ok")]);
}

/// Places where Lua cannot yield, as functions that call `f` there and return what it returned first.
const PLACES: &[(&str, &str)] = &[
    ("a comparator", "local r table.sort({2, 1}, function(a, b) r = r or f() return a < b end) return r"),
    ("a callback of gsub", "return (string.gsub('x', 'x', f))"),
    (
        "__lt in sort",
        "local r local m = {__lt = function(a, b) r = r or f() return a.n < b.n end}
        local o = function(n) return setmetatable({n = n}, m) end table.sort({o(2), o(1)}) return r",
    ),
    ("__tostring", "return tostring(setmetatable({}, {__tostring = function() return tostring(f()) end}))"),
    (
        "__tostring in print",
        "local r print(setmetatable({}, {__tostring = function() r = f() return '' end})) return r",
    ),
    (
        "__index in concat",
        "return table.concat(setmetatable({}, {__index = function() return f() end, __len = function() return 1 end}))",
    ),
    ("a reader of load", "local r load(function() if r then return nil end r = f() return ' ' end) return r"),
    ("a message handler", "return select(2, xpcall(error, function() return f() end))"),
    (
        "__close of a coroutine that is closed",
        "local r local co = coroutine.create(function()
        local c <close> = setmetatable({}, {__close = function() r = f() end}) coroutine.yield() end)
        coroutine.resume(co) coroutine.close(co) return r",
    ),
    ("a coroutine in a callback", "return (string.gsub('x', 'x', function() return coroutine.wrap(f)() end))"),
    (
        "a callback in a coroutine in a callback",
        "return (string.gsub('x', 'x', function() return coroutine.wrap(function()
        return (string.gsub('x', 'x', f)) end)() end))",
    ),
    ("pcall in a callback", "return (string.gsub('x', 'x', function() return select(2, pcall(f)) end))"),
];

#[test]
fn scripts_are_preempted_where_lua_cannot_yield_and_others_run_meanwhile() {
    for (place, body) in PLACES {
        let (engine, held, host) = asking();
        // It cannot go on before the other has run.
        let source = format!("local function f() while not State.has('go') do end return 'x' end {body}");
        let mut patient = script(&source);
        patient.limits.timeout = Duration::from_secs(60);
        submit_script(&engine, 0, Script { services: host.clone(), ..patient });
        assert!(step(&engine, &held).is_empty(), "{place}: its slice is over");
        ask(&engine, &host, 1, "State.set('go', true) return 'short'");
        let settled = drain(&engine, &held);
        let texts: Vec<_> = settled.iter().map(|run| text(run).map(|text| text.trim().to_owned())).collect();
        assert_eq!(texts, [Ok("short".to_owned()), Ok("x".to_owned())], "{place}");
        assert!(settled[1].usage.slices > 1, "{place}: {:?}", settled[1].usage);
    }
}

#[test]
fn scripts_can_wait_where_lua_cannot_yield() {
    for (place, body) in PLACES {
        let (engine, held, host) = asking();
        let source = format!("local function f() sleep(0) return tostring(host.ask(41) + host.ask(1)) end {body}");
        ask(&engine, &host, 0, &source);
        for (asked, answer) in [(41, 7), (1, 8)] {
            let calls = next_calls(&engine, &held);
            assert_eq!(calls.iter().map(|call| &call.call.args).collect::<Vec<_>>(), [&list_of(asked)], "{place}");
            assert_eq!((engine.busy(), engine.suspended(), engine.started()), (0, 1, 0), "{place}");
            engine.answer(0, Ok(list_of(answer)));
        }
        let settled = drain(&engine, &held);
        assert_eq!(text(&settled[0]).map(str::trim), Ok("15"), "{place}");
    }
}

#[test]
fn scripts_can_wait_in_three_such_places_one_in_another() {
    let (engine, held, host) = asking();
    let mut number = 0;
    for (outer, first) in PLACES {
        for (middle, second) in PLACES {
            for (inner, third) in PLACES {
                let place = format!("{inner} in {middle} in {outer}");
                let source = format!(
                    "local f local n = 0
                    local function wait() n = n + 1 sleep(0) return tostring(host.ask(n)) end
                    local function within(f, body) return load('local f = ... ' .. body)(f) end
                    local function third() return within(wait, [==[{third}]==]) end
                    local function second() return within(third, [==[{second}]==]) end
                    return within(second, [==[{first}]==])"
                );
                ask(&engine, &host, number, &source);
                let mut settled = Vec::new();
                while engine.busy() > 0 {
                    let mut batch = held.next();
                    batch.execute();
                    let finished = engine.finished(batch);
                    settled.extend(finished.settled);
                    for call in finished.calls {
                        engine.answer(call.run, Ok(list_of(7)));
                    }
                }
                assert_eq!(text(&settled[0]).map(str::trim), Ok("7"), "{place}");
                number += 1;
            }
        }
    }
}

#[test]
fn a_kill_reaches_a_script_that_is_suspended_where_lua_cannot_yield() {
    for (place, body) in PLACES {
        let (engine, held, host) = asking();
        let source = |f: &str| format!("print('out') local function f() {f} end {body}");
        ask(&engine, &host, 0, &source("pcall(host.ask) pcall(host.ask) State.set('after', 1)"));
        next_calls(&engine, &held);
        ask(&engine, &host, 1, &source("while true do pcall(error) end"));
        assert!(step_to_calls(&engine, &held).is_empty());
        for id in 0..2 {
            assert!(engine.kill(id).is_empty(), "{place}");
        }
        let mut settled = drain(&engine, &held);
        settled.sort_by_key(|run| run.id);
        for run in settled {
            let failure = run.outcome.expect_err("killed");
            assert_eq!(
                (failure.error.code.as_str(), failure.output.lines().next()),
                ("ERR_ENGINE_CLOSED", Some("out")),
                "{place}"
            );
            assert!(failure.lua_stack.is_some(), "{place}");
        }
        ask(&engine, &host, 2, "return State.has('after')");
        assert_eq!(text(&drain(&engine, &held)[0]), Ok("false"), "{place}");
    }
}

#[test]
fn an_engine_that_is_dropped_unwinds_the_stacks_that_are_suspended() {
    for (place, body) in PLACES {
        let store = store();
        let (held, services) = (Held::default(), services(store.clone()));
        let engine = Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default());
        for id in 0..3 {
            let source =
                format!("local function f() {} end {body}", if id == 0 { "sleep(1000)" } else { "while true do end" });
            submit_script(&engine, id, Script { services: services.clone(), ..script(&source) });
        }
        while engine.totals().started < 3 {
            step(&engine, &held);
        }
        assert_eq!(engine.suspended() + engine.running(), 3, "{place}");
        drop((engine, services));
        held.0.borrow_mut().clear();
        assert_eq!(Arc::strong_count(&store), 1, "{place}: each VM's context held the store");
    }
}

#[test]
fn a_native_stack_goes_on_on_any_thread() {
    let (engine, held) = engine(1);
    let source = "local n, t = 0, {} for i = 1, 300 do t[i] = (i * 7919) % 1009 end
        table.sort(t, function(a, b) n = n + 1 for _ = 1, 2000 do end return a < b end)
        for i = 2, #t do assert(t[i - 1] <= t[i]) end
        return (string.gsub('abc', '.', function(c) local t = os.clock() while os.clock() - t < 0.02 do end return c:upper() end))";
    submit(&engine, 0, source);
    let mut settled = Vec::new();
    while engine.busy() > 0 {
        let mut batch = held.next();
        let batch = std::thread::spawn(move || {
            batch.execute();
            batch
        });
        settled.extend(engine.finished(batch.join().expect("no panic")).settled);
    }
    assert_eq!(text(&settled[0]), Ok("ABC"));
    assert!(settled[0].usage.slices > 3, "{:?}", settled[0].usage);
}

#[test]
fn long_loops_in_c_are_preempted() {
    for source in [
        "return #('x'):rep(1e7, ''):rep(3)",
        "return (('a'):rep(2e4)):gsub('a-b', '')",
        "return (('a'):rep(30)):find(('a?'):rep(22) .. ('a'):rep(30))",
        "local t = {} for i = 1, 3e5 do t[i] = (i * 7919) % 1000003 end table.sort(t) return #t",
        "local t = {} table.move(t, 1, 2e7, 2) return 'x'",
        "return #load('return ' .. ('x and '):rep(6e3) .. 'x') or 'x'",
        "local s = ('x'):rep(2e6) for i = 1, 30 do s = s:reverse():upper():lower() end return #s",
        "return #string.format('%q', ('\\0'):rep(3e6))",
        "return #table.concat(setmetatable({}, {__index = function() return 'x' end}), '', 1, 4e6)",
    ] {
        let (engine, held) = engine(1);
        let mut long = script(source);
        long.limits.timeout = Duration::from_secs(60);
        long.limits.memory = 512 << 20;
        submit_script(&engine, 0, long);
        let settled = drain(&engine, &held);
        let usage = settled[0].usage;
        assert!(usage.slices > 1, "{source}: {usage:?} {:?}", text(&settled[0]));
    }
}

#[test]
fn the_error_of_the_host_can_be_caught_and_keeps_its_number() {
    let (engine, held, host) = asking();
    ask(&engine, &host, 0, "local ok, e = pcall(host.ask) print(ok, e.code, e.message) error(e)");
    step_to_calls(&engine, &held);
    engine.answer(0, Err(HostError { message: "no".into(), cause: 3, ..HostError::default() }));
    let failure = step(&engine, &held).remove(0).outcome.expect_err("it is thrown again");
    assert_eq!(failure.output, "false\tERR_HOST_FUNCTION\tno\n");
    assert_eq!((failure.error.code.as_str(), failure.error.cause), ("ERR_HOST_FUNCTION", Some(3)));
}

#[test]
fn a_run_that_is_killed_while_it_waits_settles_before_others_go_on() {
    let (engine, held, host) = asking();
    for id in 0..2 {
        ask(&engine, &host, id, "pcall(host.ask) pcall(host.ask) while true do end");
        step_to_calls(&engine, &held);
    }
    ask(&engine, &host, 2, "while true do end");
    ask(&engine, &host, 3, "while true do end");
    assert!(engine.kill(0).is_empty());
    step_to_calls(&engine, &held);
    assert_eq!(codes(step(&engine, &held)), [(0, "ERR_ENGINE_CLOSED")]);
    engine.answer(0, Ok(list_of(1)));
    // Of the last two, one is with the worker.
    assert_eq!(engine.suspended() + engine.queued(), 2, "one waits for the host, one for its turn");
}

#[test]
fn a_run_whose_time_is_over_while_it_waits_is_told_so_and_settles() {
    let (engine, held, host) = asking();
    let mut patient = Script { services: host.clone(), ..script("host.ask()") };
    patient.limits.timeout = Duration::from_millis(20);
    submit_script(&engine, 0, patient);
    step_to_calls(&engine, &held);
    let signal = held.1.borrow().recv_timeout(Duration::from_secs(30));
    assert_eq!(signal, Ok(Signal::Killed(0)));
    engine.signal(Signal::Killed(0));
    assert_eq!(codes(step(&engine, &held)), [(0, "ERR_LUA_TIMEOUT")]);
}

#[test]
fn a_sleep_ends_with_a_signal_and_is_not_counted_as_execution() {
    let (engine, held, host) = asking();
    ask(&engine, &host, 0, "sleep(0.05) return 'awake'");
    assert!(step_to_calls(&engine, &held).is_empty());
    assert_eq!((engine.busy(), engine.suspended()), (0, 1));
    assert_eq!(held.1.borrow().recv_timeout(Duration::from_secs(30)), Ok(Signal::Awake(0, 0)));
    engine.signal(Signal::Awake(0, 0));
    let settled = step(&engine, &held);
    assert_eq!(text(&settled[0]), Ok("awake"));
    let usage = settled[0].usage;
    assert!(usage.run_time >= Duration::from_millis(50) && usage.cpu_time < Duration::from_millis(50), "{usage:?}");
}

#[test]
fn a_script_that_cannot_be_preempted_wakes_the_thread_of_the_engine() {
    let (engine, held, host) = asking();
    // Our own functions are not left in the middle: this one writes for ever.
    let mut stuck = script("local t = {} for i = 1, 60 do t = {t, t} end json.encode(t)");
    stuck.limits.timeout = Duration::from_secs(60);
    stuck.limits.memory = 4 << 30;
    submit_script(&engine, 0, Script { services: host, ..stuck });
    // Again and again, until it is killed: whoever hears it may have a reason only later.
    let (mut overdue, mut settled) = (0, Vec::new());
    while engine.busy() > 0 {
        let mut batch = held.next();
        let worker = std::thread::spawn(move || {
            batch.execute();
            batch
        });
        while !worker.is_finished() {
            let signal = held.1.borrow().recv_timeout(Duration::from_millis(10));
            overdue += usize::from(signal == Ok(Signal::Overdue));
            if overdue == 3 {
                assert!(engine.kill(0).is_empty());
            }
        }
        settled.extend(engine.finished(worker.join().expect("no panic")).settled);
    }
    assert_eq!(codes(settled), [(0, "ERR_ENGINE_CLOSED")]);
}

fn submit_within(engine: &Scheduler<Held>, context: ContextId, id: u64, source: &str) {
    assert_eq!(engine.submit_within(context, script(source), Caller::Host), Ok(id));
}

#[test]
fn a_run_of_a_context_finds_the_globals_again_and_a_kill_ends_the_context() {
    let (engine, held) = engine(1);
    let context = engine.create_context();
    let run = |id, source: &str| {
        submit_within(&engine, context, id, source);
        step(&engine, &held).remove(0)
    };
    assert_eq!(engine.context_memory(context), 0);
    let first = run(0, "n = 1 local co = coroutine.wrap(function() error('x') end) co()");
    assert!(first.outcome.is_err() && engine.context_memory(context) > 0, "an error leaves the VM as it is");
    let second = run(1, "n = n + 1 return n, coroutine.isyieldable(), select(2, coroutine.running())");
    assert_eq!(text(&second), Ok("2\tfalse\ttrue"));
    let mut endless = script("while true do end");
    endless.limits.timeout = Duration::from_millis(5);
    assert_eq!(engine.submit_within(context, endless, Caller::Host), Ok(2));
    for id in 3..5 {
        submit_within(&engine, context, id, "return 1");
    }
    let ended = codes(drain(&engine, &held));
    assert_eq!(ended, [(2, "ERR_LUA_TIMEOUT"), (3, "ERR_CONTEXT_CLOSED"), (4, "ERR_CONTEXT_CLOSED")]);
    let refused = engine.submit_within(context, script("return 1"), Caller::Host).expect_err("it has ended");
    assert_eq!(refused.code.as_str(), "ERR_CONTEXT_CLOSED");
    assert_eq!((engine.context_memory(context), engine.queued(), engine.running()), (0, 0, 0));
}

#[test]
fn runs_of_a_context_wait_for_each_other_in_the_queue_and_others_pass_them() {
    let (engine, held) = engine(2);
    let context = engine.create_context();
    for id in 0..3 {
        submit_within(&engine, context, id, "n = (n or 0) + 1 return n");
    }
    // A slot is free, and yet two wait.
    assert_eq!((engine.busy(), engine.queued()), (1, 2));
    submit(&engine, 3, "return 'other'");
    assert_eq!((engine.busy(), engine.queued()), (2, 2));
    let settled = drain(&engine, &held);
    let texts: Vec<_> = settled.iter().map(|run| (run.id, text(run))).collect();
    assert_eq!(texts, [(0, Ok("1")), (3, Ok("other")), (1, Ok("2")), (2, Ok("3"))]);
}

#[test]
fn runs_that_wait_for_their_context_take_places_in_the_queue() {
    let (engine, held) = engine_of(Capacity { slots: 4, queue: 2, warm: 0 });
    let context = engine.create_context();
    for id in 0..3 {
        submit_within(&engine, context, id, "return 1");
    }
    let refused = engine.submit_within(context, script("return 1"), Caller::Host).expect_err("two wait");
    assert_eq!(refused.code.as_str(), "ERR_QUEUE_FULL");
    assert_eq!((engine.queued(), engine.pressure()), (2, Some(Pressure::Full)));
    assert_eq!(ids(&drain(&engine, &held)), [0, 1, 2]);
    assert_eq!(engine.pressure(), Some(Pressure::Drained));
}

#[test]
fn a_run_that_is_killed_while_it_waits_for_its_context_leaves_the_others_their_turn() {
    let (engine, held) = engine(1);
    let context = engine.create_context();
    for id in 0..4 {
        submit_within(&engine, context, id, "n = (n or 0) + 1 return n");
    }
    assert_eq!(codes(engine.kill(2)), [(2, "ERR_ENGINE_CLOSED")]);
    step(&engine, &held);
    // Run 1 has its turn, and is with a worker; it never begins.
    assert!(engine.kill(1).is_empty());
    let settled = drain(&engine, &held);
    assert_eq!(
        settled.iter().map(|run| (run.id, text(run))).collect::<Vec<_>>(),
        [(1, Err("ERR_ENGINE_CLOSED")), (3, Ok("2"))]
    );
}

#[test]
fn a_context_that_is_closed_finishes_what_it_has_taken_and_forgets_its_vm() {
    let (engine, held) = engine(1);
    let context = engine.create_context();
    for id in 0..3 {
        submit_within(&engine, context, id, "return 1");
    }
    engine.close_context(context);
    let refused = engine.submit_within(context, script("return 1"), Caller::Host).expect_err("it is closed");
    assert_eq!(
        (refused.code.as_str(), &*refused.message),
        ("ERR_CONTEXT_CLOSED", "the context is closed; nothing was run")
    );
    assert_eq!(codes(drain(&engine, &held)), [(0, "ok"), (1, "ok"), (2, "ok")]);
    engine.close_context(context);
    assert_eq!(engine.context_memory(context), 0);
}

#[test]
fn stopping_everything_settles_the_runs_of_contexts_once_too() {
    let (engine, held) = engine(2);
    let contexts = [engine.create_context(), engine.create_context()];
    for id in 0..10 {
        submit_within(&engine, contexts[id as usize % 2], id, "while true do end");
    }
    step(&engine, &held);
    let mut settled = codes(kill_all(&engine, 0..10));
    settled.extend(codes(drain(&engine, &held)));
    settled.sort_unstable();
    assert_eq!(settled.iter().map(|run| run.0).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert_eq!((engine.busy(), engine.queued(), engine.suspended(), engine.started()), (0, 0, 0, 0));
}

#[test]
fn usage_counts_slices_waits_and_memory() {
    let (engine, held, host) = asking();
    let source = "local t = {} for i = 1, 1e5 do t[i] = i end host.ask() host.ask() while true do end";
    let mut busy = Script { services: host, ..script(source) };
    busy.limits.timeout = Duration::from_secs(60);
    busy.limits.cpu_timeout = Some(Duration::from_secs(1));
    submit_script(&engine, 0, busy);
    // Each of these sleeps is a time that passes at least, and to another account.
    std::thread::sleep(Duration::from_millis(2));
    for _ in 0..2 {
        next_calls(&engine, &held);
        std::thread::sleep(Duration::from_millis(5));
        engine.answer(0, Ok(list_of(1)));
    }
    let settled = drain(&engine, &held);
    let usage = settled[0].usage;
    assert!(usage.slices >= 3, "{usage:?}");
    assert!(usage.queue_time >= Duration::from_millis(2) && usage.cpu_time >= Duration::from_secs(1), "{usage:?}");
    assert!(usage.run_time >= usage.cpu_time + Duration::from_millis(10), "{usage:?}");
    assert!(usage.peak_memory > 2 << 20, "{usage:?}");
    assert!(engine.totals().worked >= usage.cpu_time);
}

#[test]
fn every_run_settles_exactly_once_on_real_threads() {
    let (threads, done) = Threads::new();
    let engine = Scheduler::new(threads, FACTORY.clone(), Capacity { slots: 4, queue: 500, warm: 3 });
    for id in 0..500 {
        let source = match id % 4 {
            0 => format!("return {id}"),
            1 => format!("error('{id}', 0)"),
            2 => "syntax error".to_owned(),
            _ => "local n = 0 for i = 1, 2e5 do n = n + i end return n".to_owned(),
        };
        submit(&engine, id, &source);
    }
    let mut seen = [0; 500];
    while engine.busy() > 0 {
        for settled in engine.finished(done.recv().expect("a batch is out")).settled {
            seen[settled.id as usize] += 1;
            match (settled.id % 4, settled.outcome.map(|success| success.text)) {
                (0, Ok(text)) => assert_eq!(text, settled.id.to_string()),
                (1, Err(failure)) => assert_eq!(failure.error.message, settled.id.to_string()),
                (2, Err(failure)) => assert_eq!(failure.error.code.as_str(), "ERR_LUA_SYNTAX"),
                (3, Ok(text)) => assert_eq!(text, "20000100000"),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(seen, [1; 500]);
}

/// The server stands still until all of them wait: so they do at once, without a slot or a thread.
#[test]
fn ten_thousand_runs_wait_for_a_redis_server_at_once_and_all_settle() {
    const RUNS: u64 = 10_000;
    let Some(server) = redis_server::Server::start(&[]) else { return };
    let (engine, held) = engine(2);
    let services = services(server.store("p", Duration::from_secs(100)));
    let run = |id| {
        let owner = ScriptId::new(&format!("script {}", id % 100)).expect("a good id");
        let source = format!("State.set('k{id}', {id}) return State.get('k{id}') + State.get('none', 1)");
        let mut run = Script { id: owner, services: services.clone(), ..script(&source) };
        run.limits.timeout = Duration::from_secs(300);
        submit_script(&engine, id, run);
    };
    server.signal("-STOP");
    (0..RUNS).for_each(run);
    while engine.busy() > 0 {
        assert_eq!(step(&engine, &held).len(), 0);
    }
    assert_eq!((engine.suspended(), engine.running()), (RUNS as usize, 0));
    server.signal("-CONT");
    let mut seen = vec![0; RUNS as usize];
    while engine.suspended() > 0 || engine.busy() > 0 {
        let signal = held.1.borrow().recv_timeout(Duration::from_secs(60)).expect("an answer");
        let mut settled = engine.signal(signal).settled;
        while engine.busy() > 0 {
            settled.extend(step(&engine, &held));
        }
        for settled in settled {
            assert_eq!(text(&settled), Ok(&*(settled.id + 1).to_string()));
            seen[settled.id as usize] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count == 1));
}
