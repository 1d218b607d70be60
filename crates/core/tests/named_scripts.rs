//! Named scripts, as the scheduler sees them: calls, deadlines, answers, and runs that never wait for themselves.

mod common;
#[path = "common/held.rs"]
mod held;
use common::{script, services, store};
use held::{Held, drain, engine, text};
use moonpool_core::bridge::{Access, Called, Services};
use moonpool_core::scheduler::{Caller, HostCallOf, IdLimits, Scheduler, Settled};
use moonpool_core::value::Shapes;
use moonpool_core::vm::Script;
use std::sync::Arc;
use std::time::Duration;

/// What an engine gives whose script `s` all may call.
fn with_script() -> Arc<Services> {
    let services = services(store());
    services.scripts.change(&[], [("s".to_owned(), Access::Everybody)]);
    services
}

fn submit(engine: &Scheduler<Held>, services: &Arc<Services>, source: &str) -> u64 {
    let script = Script { services: services.clone(), ..script(source) };
    engine.submit(script, Caller::Host).expect("there is room")
}

/// Executes what can be, and gives the calls of scripts, and what ended.
fn calls(engine: &Scheduler<Held>, held: &Held) -> (Vec<HostCallOf>, Vec<Settled>) {
    let (mut calls, mut settled) = (Vec::new(), Vec::new());
    while engine.busy() > 0 {
        let mut batch = held.next();
        batch.execute();
        let finished = engine.finished(batch);
        calls.extend(finished.calls);
        settled.extend(finished.settled);
    }
    (calls, settled)
}

/// Begins what a call asks for.
fn begin(engine: &Scheduler<Held>, services: &Arc<Services>, call: &HostCallOf, source: &str) -> u64 {
    let called: Called = *call.call.script.clone().expect("a call of a script");
    let mut script = Script { services: services.clone(), ..script(source) };
    script.exchange.args = Some(call.call.args.clone());
    script.exchange.results = Some(Shapes::EXACT);
    script.exchange.called = Some(Arc::new(called));
    engine.submit(script, Caller::Host).expect("there is room")
}

#[test]
fn a_script_is_called_and_its_caller_goes_on_with_what_it_returned() {
    let (engine, held) = engine(1);
    let services = with_script();
    let caller = submit(&engine, &services, "return scripts.call('s', 5, nil)");
    let (asked, _) = calls(&engine, &held);
    assert_eq!((asked.len(), asked[0].run), (1, caller));
    assert_eq!(asked[0].call.script.as_ref().map(|called| called.name()), Some("s"));
    let callee = begin(&engine, &services, &asked[0], "return script.caller, select('#', ...), (...) + 1");
    let (_, mut settled) = calls(&engine, &held);
    assert_eq!(settled[0].id, callee);
    let success = settled.remove(0).outcome.expect("it succeeds");
    engine.answer_by_script(caller, 0, Ok(success.values.expect("values")), None);
    assert_eq!(text(&drain(&engine, &held)[0]), Ok("tester\t2\t6"));
}

#[test]
fn a_script_has_no_more_time_than_its_caller_has_left() {
    let (engine, held) = engine(1);
    let services = with_script();
    submit(&engine, &services, "return scripts.call('s')");
    let (mut asked, _) = calls(&engine, &held);
    let called = asked[0].call.script.as_mut().expect("a call of a script");
    assert!(called.deadline.is_some());
    // Its caller has none left.
    called.deadline = Some(std::time::Instant::now());
    let callee = begin(&engine, &services, &asked[0], "while true do end");
    let (_, settled) = calls(&engine, &held);
    let ended = settled.iter().find(|settled| settled.id == callee).expect("it ends");
    assert_eq!(text(ended), Err("ERR_LUA_TIMEOUT"));
    assert!(ended.usage.run_time >= Duration::from_millis(1), "its caller ends first: {:?}", ended.usage);
    engine.kill(0);
    drain(&engine, &held);
}

#[test]
fn a_script_takes_the_place_of_a_run_that_waits_for_one_and_no_other_run_does() {
    for limits in [
        IdLimits { max_started: Some(1), ..IdLimits::default() },
        IdLimits { max_waiting: Some(1), ..IdLimits::default() },
    ] {
        let (engine, held) = engine(1);
        engine.set_default_limits(limits);
        let services = with_script();
        let caller = submit(&engine, &services, "return scripts.call('s')");
        let (asked, _) = calls(&engine, &held);
        submit(&engine, &services, "return 1");
        assert_eq!((engine.busy(), engine.queued()), (0, 1), "another run of the id waits");
        let callee = begin(&engine, &services, &asked[0], "return 1");
        let (_, settled) = calls(&engine, &held);
        assert_eq!(settled.iter().map(|settled| settled.id).collect::<Vec<_>>(), [callee]);
        engine.kill(caller);
        assert_eq!(drain(&engine, &held).len(), 2, "then the other has its turn");
    }
}
