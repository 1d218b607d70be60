//! Workers that go on by themselves: they hand in a batch, take the next one, and the engine's thread hears of it later.

mod common;
#[path = "common/held.rs"]
mod held;
use common::{FACTORY, script, services, store};
use held::{Held, codes, engine, ids, kill_all, submit, submit_as, submit_script, text};
use moonpool_core::scheduler::{Batch, Caller, Capacity, Finished, IdLimits, MAX_STARTED, Scheduler, Settled, Signal};
use moonpool_core::state::ScriptId;
use moonpool_core::vm::Script;
use std::time::Duration;

/// Executes batches as a worker does that goes on for as long as it can. What goes back.
fn go_on(held: &Held) -> Batch {
    go_on_by(Batch::go_on, held.next())
}

/// The same, from this batch on, in this way.
fn go_on_by(go_on: fn(Batch) -> (Batch, bool), mut batch: Batch) -> Batch {
    loop {
        batch.execute();
        let (next, is_more) = go_on(batch);
        if !is_more {
            return next;
        }
        batch = next;
    }
}

/// What the engine's thread hears, which was told to listen.
fn hear(engine: &Scheduler<Held>, held: &Held) -> Finished {
    assert!(held.1.borrow().try_iter().any(|signal| signal == Signal::HandedIn));
    engine.signal(Signal::HandedIn)
}

#[test]
fn a_worker_that_goes_on_does_all_that_there_is_and_tells_of_it() {
    let (engine, held) = engine(1);
    (0..50).for_each(|id| submit(&engine, id, &format!("return {id}")));
    let last = go_on(&held);
    assert_eq!((engine.busy(), engine.queued(), engine.running()), (0, 0, 50), "its slot is free already");
    assert_eq!(engine.totals().started, 0, "nobody has heard of them");
    let settled = hear(&engine, &held).settled;
    assert_eq!(engine.totals().started, 50);
    assert!(settled.iter().all(|run| text(run) == Ok(&run.id.to_string())));
    assert_eq!(ids(&settled), (0..50).collect::<Vec<_>>());
    assert_eq!((engine.busy(), engine.running()), (0, 0));
    submit(&engine, 50, "return 1");
    assert_eq!(engine.busy(), 1, "the slot is taken before the worker is back");
    assert!(engine.finished(last).settled.is_empty());
    assert_eq!(engine.busy(), 1);
}

#[test]
fn a_worker_that_goes_on_only_with_what_waits_brings_the_last_batch_back_itself() {
    let (engine, held) = engine(1);
    (0..20).for_each(|id| submit(&engine, id, "return 1"));
    let mut batch = held.next();
    batch.execute();
    let (batch, is_more) = batch.go_on_with_queued();
    assert!(is_more, "the others wait");
    assert_eq!(ids(&hear(&engine, &held).settled), [0]);
    let batch = go_on_by(Batch::go_on_with_queued, batch);
    assert_eq!(engine.busy(), 1, "its slot is taken until it is back");
    assert_eq!(ids(&engine.finished(batch).settled), (1..20).collect::<Vec<_>>());
    assert!(engine.signal(Signal::HandedIn).settled.is_empty());
}

#[test]
fn a_run_that_was_preempted_is_nothing_that_waits_and_one_that_was_answered_is() {
    let (engine, held, batch) = asked("return host.ask(1)");
    assert_eq!(hear(&engine, &held).calls.len(), 1);
    let mut batch = batch;
    batch.execute();
    let (batch, is_more) = batch.go_on_with_queued();
    assert!(!is_more, "the endless one goes back");
    engine.answer(0, Ok([&1_u32.to_le_bytes()[..], &[3], &6_i64.to_le_bytes()].concat()));
    assert!(batch.go_on_with_queued().1);
}

#[test]
fn what_was_handed_in_is_heard_with_whatever_the_engine_does_next() {
    let (engine, held) = engine(1);
    (0..3).for_each(|id| submit(&engine, id, "return 1"));
    let last = go_on(&held);
    assert_eq!(codes(engine.finished(last).settled), [0, 1, 2].map(|id| (id, "ok")));
    assert!(engine.signal(Signal::HandedIn).settled.is_empty());
}

#[test]
fn a_worker_that_goes_on_takes_what_the_engine_s_thread_would_have_given_it() {
    let all = |goes_on: bool| {
        let (engine, held) = engine(1);
        (0..=4).for_each(|id| submit_as(&engine, "a", id, "return 1"));
        submit_as(&engine, "b", 5, "return 1");
        submit_as(&engine, "c", 6, "return 1");
        submit_as(&engine, "b", 7, "return 1");
        let mut settled = Vec::new();
        while engine.busy() > 0 {
            let batch = if goes_on {
                go_on(&held)
            } else {
                let mut batch = held.next();
                batch.execute();
                batch
            };
            settled.extend(engine.finished(batch).settled);
        }
        ids(&settled)
    };
    assert_eq!(all(true), [0, 1, 5, 6, 2, 7, 3, 4]);
    assert_eq!(all(true), all(false));
}

#[test]
fn short_runs_overtake_long_ones_and_both_make_progress_while_workers_go_on() {
    let (engine, held) = engine(1);
    let services = services(store());
    let submit = |id, source| submit_script(&engine, id, Script { services: services.clone(), ..script(source) });
    submit(0, "while not State.get('all') do end return 'long'");
    (1..30).for_each(|id| submit(id, "return 'short'"));
    submit(30, "State.set('all', true)");
    let settled = engine.finished(go_on(&held)).settled;
    // The last two are done at about the same time.
    assert_eq!(ids(&settled)[..29], (1..30).collect::<Vec<_>>());
    assert!(settled[29..].iter().all(|run| run.outcome.is_ok()));
}

#[test]
fn a_bound_holds_while_workers_go_on() {
    let (engine, held) = engine(1);
    let limited = ScriptId::new("limited").expect("a good id");
    engine.set_limits(&limited, IdLimits { max_started: Some(1), ..IdLimits::default() });
    (0..3).for_each(|id| submit_as(&engine, "limited", id, "while true do end"));
    for id in 3..MAX_STARTED as u64 + 20 {
        submit_as(&engine, "flood", id, "while true do end");
    }
    let mut batch = held.next();
    for _ in 0..MAX_STARTED + 40 {
        batch.execute();
        let (next, is_more) = batch.go_on();
        assert!(is_more && engine.busy() == 1);
        assert!(engine.started() <= MAX_STARTED && engine.usage(&limited).started <= 1);
        batch = next;
    }
    assert_eq!((engine.started(), engine.queued()), (MAX_STARTED, 20));
}

#[test]
fn a_closed_engine_lets_no_worker_go_on() {
    let (engine, held) = engine(1);
    (0..3).for_each(|id| submit(&engine, id, "while true do end"));
    let mut batch = held.next();
    batch.execute();
    engine.close();
    let (batch, is_more) = batch.go_on();
    assert!(!is_more);
    assert!(engine.finished(batch).settled.is_empty(), "it is dropped");
    assert_eq!((engine.busy(), engine.queued(), engine.suspended()), (0, 0, 0));
}

#[test]
fn an_engine_that_is_gone_lets_no_worker_go_on() {
    let (engine, held) = engine(1);
    (0..3).for_each(|id| submit(&engine, id, "return 1"));
    let mut batch = held.next();
    batch.execute();
    drop(engine);
    assert!(!batch.go_on().1);
}

#[test]
fn what_is_stopped_is_heard_of_after_what_was_handed_in_before() {
    let (engine, held) = engine(1);
    let context = engine.create_context();
    for id in 0..3 {
        assert_eq!(engine.submit_within(context, script("return 1"), Caller::Host), Ok(id));
    }
    let mut batch = held.next();
    batch.execute();
    // The second has its turn, and is with the worker.
    let (batch, is_more) = batch.go_on();
    assert!(is_more && batch.ids() == [1]);
    assert!(engine.kill(2).is_empty(), "the first has not been heard of");
    assert_eq!(codes(hear(&engine, &held).settled), [(0, "ok"), (2, "ERR_ENGINE_CLOSED")]);
    assert!(engine.kill(0).is_empty() && engine.kill(2).is_empty());
    assert!(kill_all(&engine, 0..3).is_empty());
}

/// An engine whose scripts find `host.ask`, and a run that calls it; its worker has handed that in, and has another run.
fn asked(source: &str) -> (Scheduler<Held>, Held, Batch) {
    let (held, host) = (Held::default(), services(store()));
    host.supply.expose(vec![common::host_function("ask", 7)], None);
    let engine = Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default());
    submit_script(&engine, 0, Script { services: host.clone(), ..script(source) });
    submit(&engine, 1, "while true do end");
    let mut batch = held.next();
    // On a busy machine a script may be preempted before it calls.
    while engine.suspended() == 0 || batch.ids() != [1] {
        batch.execute();
        batch = batch.go_on().0;
    }
    (engine, held, batch)
}

/// What is heard all at once of a run that calls `host.ask`, when its worker has gone on for so many batches since.
fn heard_after(batches: usize, source: &str) -> Finished {
    let (engine, held, mut batch) = asked(source);
    for _ in 0..batches {
        batch.execute();
        batch = batch.go_on().0;
    }
    hear(&engine, &held)
}

#[test]
fn a_call_of_the_host_is_made_when_it_is_heard_of() {
    let (engine, held, batch) = asked("return host.ask(1)");
    let calls = hear(&engine, &held).calls;
    assert_eq!(calls.iter().map(|call| call.run).collect::<Vec<_>>(), [0]);
    assert!(engine.signal(Signal::HandedIn).calls.is_empty(), "once");
    engine.answer(0, Ok([&1_u32.to_le_bytes()[..], &[3], &6_i64.to_le_bytes()].concat()));
    engine.kill(1);
    let mut batch = batch;
    batch.execute();
    let mut settled = engine.finished(batch).settled;
    while engine.busy() > 0 {
        settled.extend(engine.finished(go_on(&held)).settled);
    }
    settled.sort_by_key(|run| run.id);
    assert_eq!(text(&settled[0]), Ok("6"));
}

#[test]
fn a_call_of_a_run_that_was_stopped_before_anybody_heard_of_it_is_not_made() {
    for source in ["host.ask(1)", "parallel(function() host.ask(1) end, function() host.ask(2) end)"] {
        let (engine, held, _batch) = asked(source);
        assert!(engine.kill(0).is_empty());
        assert!(hear(&engine, &held).calls.is_empty(), "{source}");
    }
}

#[test]
fn a_call_that_was_given_up_before_anybody_heard_of_it_is_neither_made_nor_given_up() {
    let fails = "local t = os.clock() while os.clock() - t < 0.03 do end error('x')";
    let give_up = format!("pcall(parallel, function() host.ask(1) end, function() {fails} end) sleep(1000)");
    let finished = heard_after(30, &give_up);
    assert!(finished.calls.is_empty() && finished.given_up.is_empty());
}

#[test]
fn what_is_told_after_a_call_is_heard_after_it_also_when_all_is_heard_at_once() {
    let waits = "local t = os.clock() while os.clock() - t < 0.03 do end";
    let source = format!(
        "log.info('one') parallel(function() host.ask(1) end, function() {waits} log.info('two') {waits} host.ask(2) {waits} end)"
    );
    let mut heard = Vec::new();
    for part in heard_after(60, &source).in_order() {
        for told in &part.told {
            let text = String::from_utf8_lossy(&told.frames).into_owned();
            heard.extend(["one", "two"].into_iter().filter(|entry| text.contains(entry)).map(str::to_owned));
        }
        assert!(part.settled.is_empty() && part.given_up.is_empty());
        heard.extend(part.calls.iter().map(|_| "call".to_owned()));
    }
    assert_eq!(heard, ["one", "call", "two", "call"]);
}

#[test]
fn what_a_run_of_a_context_tells_is_heard_after_the_end_of_the_one_before() {
    let (engine, held) = engine(1);
    let context = engine.create_context();
    for source in ["log.info('a')", "log.info('b')", "return 1"] {
        engine.submit_within(context, script(source), Caller::Host).expect("the context is open");
    }
    let last = go_on(&held);
    let order = |finished: Finished| -> Vec<_> {
        let part = |part: Finished| {
            let told = part.told.into_iter().map(|told| (told.run, "tells"));
            told.chain(part.settled.into_iter().map(|settled| (settled.id, "ends"))).collect::<Vec<_>>()
        };
        finished.in_order().flat_map(part).collect()
    };
    assert_eq!(order(engine.finished(last)), [(0, "tells"), (0, "ends"), (1, "tells"), (1, "ends"), (2, "ends")]);
}

#[test]
fn many_calls_that_were_given_up_before_anybody_heard_of_them_are_neither_made_nor_given_up() {
    let fails = "local t = os.clock() while os.clock() - t < 0.02 do end error('x')";
    let give_up = format!(
        "local all = {{}} for i = 1, 30 do all[i] = function() host.ask(i) end end all[31] = function() {fails} end
         pcall(parallel, table.unpack(all)) sleep(1000)"
    );
    let finished = heard_after(30, &give_up);
    assert!(finished.calls.is_empty() && finished.given_up.is_empty());
}

/// Whatever the order in which batches go back or workers go on, and runs are stopped or heard of.
#[test]
fn every_run_settles_once_however_workers_go_on() {
    for seed in 0..40_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut one_in = |n: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % n == 0
        };
        let (engine, held) = engine(3);
        let (mut seen, mut next, mut out) = (vec![0; 120], 0, Vec::<Batch>::new());
        let contexts = [engine.create_context(), engine.create_context()];
        let note =
            |seen: &mut Vec<i32>, settled: Vec<Settled>| settled.iter().for_each(|run| seen[run.id as usize] += 1);
        while next < 120 || engine.busy() > 0 {
            if next < 120 && one_in(2) {
                let mut run = script(if next % 9 == 0 { "while true do end" } else { "return 1" });
                run.id = ScriptId::new(&format!("script {}", next % 7)).expect("a good id");
                run.limits.timeout = Duration::from_millis(30);
                let submitted = match next % 5 {
                    0 => engine.submit_within(contexts[next as usize % 2], run, Caller::Host),
                    _ => engine.submit(run, Caller::Host),
                };
                seen[next as usize] += i32::from(submitted.is_err());
                // A run that is refused has a number only when its context takes it.
                next += u64::from(submitted.is_ok());
                seen.iter_mut().skip(next as usize).for_each(|times| *times = 0);
                if submitted.is_err() {
                    break;
                }
            }
            out.extend(held.0.take());
            assert!(out.len() <= 3 && engine.busy() == out.len());
            if one_in(8) {
                note(&mut seen, engine.kill(next / 2));
            }
            if one_in(6) {
                note(&mut seen, engine.signal(Signal::HandedIn).settled);
            }
            let Some(mut batch) = out.pop() else { continue };
            batch.execute();
            if one_in(4) {
                note(&mut seen, engine.finished(batch).settled);
                continue;
            }
            match batch.go_on() {
                (batch, true) => out.insert(0, batch),
                (batch, false) => note(&mut seen, engine.finished(batch).settled),
            }
        }
        note(&mut seen, engine.signal(Signal::HandedIn).settled);
        while engine.busy() > 0 {
            out.extend(held.0.take());
            let Some(mut batch) = out.pop() else { break };
            batch.execute();
            note(&mut seen, engine.finished(batch).settled);
        }
        assert_eq!(seen[..next as usize], vec![1; next as usize], "seed {seed}");
        assert_eq!((engine.queued(), engine.running(), engine.suspended(), engine.started()), (0, 0, 0, 0));
    }
}

#[test]
fn the_engine_s_thread_is_told_of_a_slice_of_which_nothing_came() {
    let (engine, held) = engine(1);
    submit(&engine, 0, "while true do end");
    let mut batch = held.next();
    for _ in 0..2 {
        batch.execute();
        batch = batch.go_on().0;
        assert!(hear(&engine, &held).settled.is_empty());
    }
}

#[test]
fn when_hundreds_of_ends_wait_to_be_heard_a_worker_goes_on_no_more() {
    let (engine, held) = engine(1);
    (0..2000).for_each(|id| submit(&engine, id, "return 1"));
    let last = go_on(&held);
    let heard = engine.finished(last).settled.len();
    assert!((256..300).contains(&heard), "{heard} are heard of at once");
    assert_eq!(engine.busy(), 1, "the next batch is on its way");
}
