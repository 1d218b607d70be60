//! `parallel`: functions run at once as far as they wait; their results, errors and ends.

mod common;
#[path = "common/held.rs"]
mod held;

use common::{FACTORY, Remote, code, fail, run, script, services, store};
use held::{Held, submit_script, text};
use moonpool_core::bridge::{HostError, Repeats, Services};
use moonpool_core::scheduler::{Capacity, HostCallOf, IdLimits, Scheduler, Settled, Signal};
use moonpool_core::state::ScriptId;
use moonpool_core::vm::Script;
use std::sync::Arc;
use std::time::Duration;

/// An engine whose scripts have `host.ask`, and what happened to them.
struct Engine {
    scheduler: Scheduler<Held>,
    held: Held,
    services: Arc<Services>,
    /// Calls that were made and not answered: what was asked, and the number.
    calls: Vec<(i64, u32)>,
    given_up: Vec<u32>,
    settled: Vec<Settled>,
}

/// A list of one integer, as lib/values.js writes it.
fn list_of(value: i64) -> Vec<u8> {
    [&1_u32.to_le_bytes()[..], &[3], &value.to_le_bytes()].concat()
}

impl Engine {
    fn new() -> Self {
        Self::with(services(store()))
    }

    fn with(services: Arc<Services>) -> Self {
        let held = Held::default();
        services.supply.expose(vec![common::host_function("ask", 7)], None);
        let scheduler = Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default());
        Self { scheduler, held, services, calls: Vec::new(), given_up: Vec::new(), settled: Vec::new() }
    }

    /// Begins a script, and executes it until it waits.
    fn begin(&mut self, source: &str) -> Vec<i64> {
        self.begin_script(script(source))
    }

    fn begin_script(&mut self, script: Script) -> Vec<i64> {
        submit_script(&self.scheduler, 0, Script { services: self.services.clone(), ..script });
        self.go_on()
    }

    /// Executes what can be; says which calls that made.
    fn go_on(&mut self) -> Vec<i64> {
        let mut asked = Vec::new();
        while self.scheduler.busy() > 0 {
            let mut batch = self.held.next();
            batch.execute();
            let finished = self.scheduler.finished(batch);
            asked.extend(self.takes(finished.calls));
            self.given_up.extend(finished.given_up.iter().map(|&(_, number)| number));
            self.settled.extend(finished.settled);
        }
        asked
    }

    fn takes(&mut self, calls: Vec<HostCallOf>) -> Vec<i64> {
        let asked = |call: &HostCallOf| i64::from_le_bytes(call.call.args[5..13].try_into().expect("eight bytes"));
        let made: Vec<_> = calls.iter().map(|call| (asked(call), call.number)).collect();
        self.calls.extend(&made);
        made.into_iter().map(|(asked, _)| asked).collect()
    }

    /// Answers the call that asked for this, without going on.
    fn answers(&mut self, asked: i64, answer: i64) {
        let number = self.number_of(asked);
        self.scheduler.answer_one(0, number, Ok(list_of(answer)));
    }

    fn fails(&mut self, asked: i64, message: &str) {
        let number = self.number_of(asked);
        let error = HostError { message: message.into(), ..HostError::default() };
        self.scheduler.answer_one(0, number, Err(error));
    }

    fn number_of(&mut self, asked: i64) -> u32 {
        let at = self.calls.iter().position(|&(known, _)| known == asked).expect("it was called");
        self.calls.remove(at).1
    }

    /// Answers each call, in the order in which they were made, with ten times what it asked, until none is left.
    fn answer_all(&mut self) -> &str {
        while let Some(&(asked, _)) = self.calls.first() {
            self.answers(asked, 10 * asked);
            self.go_on();
        }
        self.text()
    }

    /// Hears the next signal.
    fn hear(&mut self) {
        let signal = self.held.1.borrow().recv_timeout(Duration::from_secs(30)).expect("a signal");
        let finished = self.scheduler.signal(signal);
        self.takes(finished.calls);
        self.settled.extend(finished.settled);
        self.go_on();
    }

    fn text(&self) -> &str {
        assert_eq!(self.settled.len(), 1, "it settles once");
        match &self.settled[0].outcome {
            Ok(success) => &success.text,
            Err(failure) => panic!("it failed: {failure:#?}"),
        }
    }

    fn code(&mut self) -> &'static str {
        assert_eq!(self.settled.len(), 1, "it settles once");
        text(&self.settled[0]).expect_err("it failed")
    }
}

const ASK: &str = "local function ask(n) return function() return host.ask(n) end end\n";

#[test]
fn functions_that_wait_are_begun_together_and_give_their_first_results_in_their_order() {
    let mut engine = Engine::new();
    let source = format!("{ASK} return {{parallel(ask(1), function() return 'at once', 2 end, ask(3), ask(4))}}");
    assert_eq!(engine.begin(&source), [1, 3, 4]);
    for asked in [4, 1, 3] {
        assert!(engine.settled.is_empty());
        engine.answers(asked, 10 * asked);
        assert!(engine.go_on().is_empty());
    }
    assert_eq!(engine.text(), r#"[10,"at once",30,40]"#);
    assert!(engine.given_up.is_empty());
}

#[test]
fn a_function_goes_on_when_its_own_answer_is_there_and_may_wait_again() {
    let mut engine = Engine::new();
    let chain = "local function chain(a, b) return function() return host.ask(a) + host.ask(b) end end\n";
    assert_eq!(engine.begin(&format!("{chain} return {{parallel(chain(1, 2), chain(3, 4))}}")), [1, 3]);
    engine.answers(3, 30);
    assert_eq!(engine.go_on(), [4]);
    engine.answers(1, 10);
    engine.answers(4, 40);
    assert_eq!(engine.go_on(), [2]);
    engine.answers(2, 20);
    engine.go_on();
    assert_eq!(engine.text(), "[30,70]");
}

#[test]
fn nothing_is_asked_of_no_functions_and_only_functions_are_taken() {
    assert_eq!(run("return select('#', parallel())"), "0");
    assert_eq!(run("return select('#', parallel(function() end)), (parallel(function() end))"), "1\tnil");
    let error = |call: &str| run(&format!("return select(2, pcall({call}))"));
    assert_eq!(error("parallel, print, nil"), "bad argument #2 to 'parallel' (function expected, got nil)");
    assert_eq!(error("parallel, {}"), "bad argument #1 to 'parallel' (function expected, got table)");
    let most = "local t = {} for i = 1, %d do t[i] = function() return i end end
        return pcall(function() return select('#', parallel(table.unpack(t))) end)";
    assert_eq!(run(&most.replace("%d", "1000")), "true\t1000");
    let refused = run(&most.replace("%d", "1001"));
    assert!(refused.contains("cannot begin 1001 functions: at most 1000 may be at work"), "{refused}");
    let inside = "return pcall(parallel, function()
        local t = {} for i = 1, 1000 do t[i] = print end
        parallel(table.unpack(t)) end)";
    assert!(run(inside).contains("cannot begin 1000 functions"), "{}", run(inside));
    // What has ended is not at work any more, however it ended.
    let again = "local t = {} for i = 1, 600 do t[i] = function() if i == 300 then error('no') end end end
        for _ = 1, 5 do pcall(parallel, table.unpack(t)) end
        for i = 1, 600 do t[i] = function() end end
        for _ = 1, 5 do parallel(table.unpack(t)) end return 'well'";
    assert_eq!(run(again), "well");
}

#[test]
fn the_first_error_is_raised_as_it_is_and_the_other_functions_end() {
    let mut engine = Engine::new();
    let source = format!(
        "{ASK} local closed, kept, after = {{}}, {{code = 7}}, 0
        local function closing(n) return function()
            local c <close> = setmetatable({{}}, {{__close = function() closed[#closed + 1] = n end}})
            host.ask(n)
            after = after + 1
        end end
        local ok, e = pcall(parallel, closing(1), closing(2), function() host.ask(3) error(kept) end, ask(4))
        return ok, e == kept, closed, after, host.ask(5)"
    );
    assert_eq!(engine.begin(&source), [1, 2, 3, 4]);
    let waiting: Vec<_> = [1, 2, 4].map(|n| engine.calls.iter().find(|call| call.0 == n).expect("called").1).into();
    engine.answers(3, 0);
    assert_eq!(engine.go_on(), [5], "it goes on, and waits for this alone");
    assert_eq!(engine.given_up, waiting);
    // Late answers are nobody's.
    for asked in [1, 2, 4] {
        engine.answers(asked, 0);
    }
    engine.go_on();
    assert!(engine.settled.is_empty());
    engine.answers(5, 50);
    engine.go_on();
    assert_eq!(engine.text(), "false\ttrue\t[1,2]\t0\t50");
}

#[test]
fn a_function_that_fails_before_others_begin_lets_them_not_begin() {
    let text = run("local begun = {}
        local ok, e = pcall(parallel, function() begun[1] = 1 sleep(1000) end, error, function() begun[3] = 3 end)
        return ok, e, #begun, begun[3]");
    assert_eq!(text, "false\tnil\t1\tnil");
}

#[test]
fn an_error_of_a_host_function_is_raised_as_from_a_call_and_one_caught_inside_ends_nothing() {
    let mut engine = Engine::new();
    let source = format!(
        "{ASK} local ok, e = pcall(parallel, function() return select(2, pcall(host.ask, 1)) end, ask(2)) return ok, tostring(e)"
    );
    engine.begin(&source);
    engine.fails(1, "no 1");
    engine.go_on();
    engine.fails(2, "no 2");
    engine.go_on();
    assert!(engine.text().starts_with("false\t") && engine.text().contains("no 2"), "{}", engine.text());
    let mut uncaught = Engine::new();
    uncaught.begin(&format!("{ASK} parallel(ask(1), ask(2))"));
    uncaught.fails(1, "no 1");
    uncaught.go_on();
    assert_eq!(uncaught.code(), "ERR_HOST_FUNCTION");
}

#[test]
fn what_is_nested_waits_together_and_ends_together() {
    let nested = format!(
        "{ASK} local function all(...) local fs = {{...}} return function() return {{parallel(table.unpack(fs))}} end end\n"
    );
    let mut engine = Engine::new();
    let source = format!("{nested} return all(all(ask(1), all(ask(2), ask(3))), ask(4), all())()");
    assert_eq!(engine.begin(&source), [1, 2, 3, 4]);
    for asked in [4, 3, 1, 2] {
        engine.answers(asked, 10 * asked);
        engine.go_on();
    }
    assert_eq!(engine.text(), "[[10,[20,30]],40,{}]");

    let mut engine = Engine::new();
    let failing = "local function no() host.ask(5) error('no', 0) end";
    let source = format!("{nested} {failing} return pcall(all(all(ask(1), all(ask(2), ask(3))), no))");
    engine.begin(&source);
    let waiting: Vec<_> = engine.calls.iter().filter(|call| call.0 != 5).map(|call| call.1).collect();
    engine.answers(5, 0);
    engine.go_on();
    assert_eq!(engine.text(), "false\tno");
    assert_eq!((waiting.len(), engine.scheduler.has_nothing()), (3, true));
}

trait Idle {
    fn has_nothing(&self) -> bool;
}

impl Idle for Scheduler<Held> {
    fn has_nothing(&self) -> bool {
        (self.busy(), self.suspended(), self.running(), self.started()) == (0, 0, 0, 0)
    }
}

#[test]
fn the_innermost_error_that_is_caught_ends_only_its_own_group() {
    let mut engine = Engine::new();
    let source = format!(
        "{ASK} return {{parallel(ask(1), function()
            local ok, e = pcall(parallel, ask(2), function() host.ask(3) error('inner', 0) end)
            return e .. host.ask(4)
        end)}}"
    );
    engine.begin(&source);
    engine.answers(3, 0);
    assert_eq!(engine.go_on(), [4]);
    assert_eq!(engine.given_up.len(), 1);
    engine.answers(1, 1);
    engine.answers(4, 4);
    engine.go_on();
    assert_eq!(engine.text(), r#"[1,"inner4"]"#);
}

#[test]
fn a_kill_ends_all_at_once_and_once() {
    let mut engine = Engine::new();
    let source = "local fs = {} for i = 1, 999 do fs[i] = function()
            local c <close> = setmetatable({}, {__close = function() print('closed') end})
            pcall(host.ask, i) print('went on')
        end end
        fs[1000] = function() sleep(1000) end
        pcall(parallel, table.unpack(fs)) print('caught')";
    assert_eq!(engine.begin(source).len(), 999);
    let settled = engine.scheduler.kill(0);
    engine.settled.extend(settled);
    engine.go_on();
    assert_eq!(engine.code(), "ERR_ENGINE_CLOSED");
    assert_eq!(engine.settled[0].outcome.as_ref().expect_err("killed").output, "");
    for n in 1..=999 {
        engine.answers(n, 0);
    }
    engine.go_on();
    assert!(engine.settled.len() == 1 && engine.scheduler.has_nothing());
}

#[test]
fn the_time_of_a_run_passes_while_its_functions_wait() {
    let mut engine = Engine::new();
    let mut patient = script(&format!("{ASK} pcall(parallel, ask(1), ask(2), function() sleep(1000) end)"));
    patient.limits.timeout = Duration::from_millis(20);
    engine.begin_script(patient);
    engine.hear();
    assert_eq!(engine.code(), "ERR_LUA_TIMEOUT");
}

#[test]
fn sleeps_overlap_and_one_that_is_given_up_wakes_nobody() {
    let mut engine = Engine::new();
    engine.begin(
        "local order = {}
        local function nap(s) return function() sleep(s) order[#order + 1] = s end end
        parallel(nap(0.06), nap(0.02), nap(0.04))
        pcall(parallel, nap(1000), function() sleep(0.01) error() end)
        return order",
    );
    while engine.settled.is_empty() {
        engine.hear();
    }
    assert_eq!(engine.text(), "[0.02,0.04,0.06]");
    assert!(engine.settled[0].usage.run_time < Duration::from_secs(60));
}

#[test]
fn a_function_that_gives_up_its_turn_lets_the_others_have_theirs() {
    let source = "local done, turns = false, 0
        parallel(
            function() while not done do turns = turns + 1 sleep(0) end end,
            function() parallel(function() while not done do sleep(0) end end, function() sleep(0) sleep(0) end) end,
            function() sleep(0) sleep(0) sleep(0) done = true end)
        return turns";
    assert_eq!(run(source), "4");
    let mut engine = Engine::new();
    let source = "local done
        parallel(function() while not done do sleep(0) end end, function() done = host.ask(1) end) return done";
    submit_script(&engine.scheduler, 0, Script { services: engine.services.clone(), ..script(source) });
    while engine.settled.is_empty() {
        let mut batch = engine.held.next();
        batch.execute();
        let finished = engine.scheduler.finished(batch);
        engine.settled.extend(finished.settled);
        if !engine.takes(finished.calls).is_empty() {
            // It is on its way meanwhile.
            engine.answers(1, 7);
        }
    }
    assert_eq!(engine.text(), "7");
}

#[test]
fn calls_are_made_while_another_function_executes_and_their_answers_are_kept() {
    let mut engine = Engine::new();
    let source = format!("{ASK} return {{parallel(ask(1), function() for _ = 1, 3e7 do end return 2 end)}}");
    submit_script(&engine.scheduler, 0, Script { services: engine.services.clone(), ..script(&source) });
    let mut batch = engine.held.next();
    batch.execute();
    let finished = engine.scheduler.finished(batch);
    assert_eq!(engine.takes(finished.calls), [1], "at the end of the first slice");
    // The next one is on its way.
    engine.answers(1, 10);
    engine.go_on();
    assert_eq!(engine.text(), "[10,2]");
    assert!(engine.settled[0].usage.slices > 2);
}

#[test]
fn a_wait_passes_through_coroutines_inside_a_function_unseen() {
    let mut engine = Engine::new();
    let source = "local function through(n)
            return function()
                local co = coroutine.wrap(function(a)
                    local b = coroutine.yield(host.ask(a))
                    local inner = coroutine.create(function() return pcall(host.ask, b) end)
                    return select(3, coroutine.resume(inner))
                end)
                return co(n) + co(n + 1)
            end
        end
        return {parallel(through(1), through(3))}";
    assert_eq!(engine.begin(source), [1, 3]);
    assert_eq!(engine.answer_all(), "[30,70]");
}

#[test]
fn functions_find_themselves_in_coroutines_that_cannot_yield() {
    let text = run("local main = coroutine.running()
        local me, ismain, yieldable, ok, e
        parallel(function()
            me, ismain = coroutine.running()
            yieldable = coroutine.isyieldable()
            ok, e = pcall(coroutine.yield, 1)
        end)
        return me ~= main, ismain, yieldable, ok, e, coroutine.status(me)");
    assert_eq!(text, "true\tfalse\tfalse\tfalse\tattempt to yield from a function of 'parallel'\tdead");
    let failure = fail("parallel(coroutine.yield)");
    assert!(failure.error.message.contains("attempt to yield from a function of 'parallel'"), "{failure:?}");
}

#[test]
fn a_function_that_waits_is_left_alone_by_the_others() {
    let mut engine = Engine::new();
    let source = "local co, wrapped, me, seen
        local function look(x)
            seen = {coroutine.status(x), (select(2, coroutine.resume(x))), (select(2, pcall(coroutine.close, x)))}
            return table.concat(seen, ', ')
        end
        return {parallel(
            function()
                me = coroutine.running()
                co = coroutine.create(function() return host.ask(1) end)
                return select(2, coroutine.resume(co))
            end,
            function() wrapped = coroutine.wrap(function() return host.ask(2) end) return wrapped() end,
            function() return look(co) end,
            function() return look(me) end,
            function() return select(2, pcall(wrapped)):match('cannot.*') end)}";
    assert_eq!(engine.begin(source), [1, 2]);
    let left = "normal, cannot resume non-suspended coroutine, cannot close a normal coroutine";
    let expected = format!(r#"[10,20,"{left}","{left}","cannot resume non-suspended coroutine"]"#);
    assert_eq!(engine.answer_all(), expected);
}

#[test]
fn coroutines_inside_a_function_that_ends_are_closed_from_the_innermost() {
    let mut engine = Engine::new();
    let source = "local order = {}
        local function note(x) return setmetatable({}, {__close = function() order[#order + 1] = x end}) end
        local inner
        local ok, e = pcall(parallel, function()
            local a <close> = note('outer')
            coroutine.wrap(function()
                local b <close> = note('wrapped')
                inner = coroutine.create(function()
                    local c <close> = note('created')
                    parallel(function() local d <close> = note('branch') host.ask(1) end)
                end)
                coroutine.resume(inner)
            end)()
        end, function() host.ask(2) error('no', 0) end)
        return ok, e, table.concat(order, ' '), coroutine.status(inner), (select(2, coroutine.resume(inner)))";
    engine.begin(source);
    engine.answers(2, 0);
    engine.go_on();
    assert_eq!(engine.text(), "false\tno\tbranch created wrapped outer\tdead\tcannot resume dead coroutine");
}

#[test]
fn closing_may_wait_and_fail_and_the_first_error_stays() {
    let mut engine = Engine::new();
    let source = "local seen
        local ok, e = pcall(parallel, function()
            local c <close> = setmetatable({}, {__close = function() seen = host.ask(3) error('closing') end})
            host.ask(1)
        end, function() host.ask(2) error('first', 0) end)
        return ok, e, seen";
    engine.begin(source);
    engine.answers(2, 0);
    assert_eq!(engine.go_on(), [3]);
    assert_eq!(engine.given_up.len(), 1, "told before its closing goes on");
    engine.answers(3, 30);
    engine.go_on();
    assert_eq!(engine.text(), "false\tfirst\t30");
}

#[test]
fn where_lua_cannot_yield_functions_wait_together_all_the_same() {
    let mut engine = Engine::new();
    let source = format!(
        "{ASK} local seen
        table.sort({{1, 2}}, function() seen = seen or {{parallel(ask(1), ask(2), function()
            return (('x'):gsub('x', function() return parallel(ask(3), ask(4)) end))
        end)}} return false end)
        return seen"
    );
    assert_eq!(engine.begin(&source), [1, 2, 3, 4]);
    assert_eq!(engine.answer_all(), r#"[10,20,"30"]"#);
}

#[test]
fn a_function_that_waits_where_lua_cannot_yield_stops_the_others_meanwhile() {
    let mut engine = Engine::new();
    let source = format!(
        "{ASK} return {{parallel(ask(1), function()
            return (('x'):gsub('x', function() return host.ask(2) end))
        end, ask(3))}}"
    );
    assert_eq!(engine.begin(&source), [1, 2], "the third has not begun");
    engine.answers(1, 10);
    assert!(engine.go_on().is_empty());
    engine.answers(2, 20);
    assert_eq!(engine.go_on(), [3]);
    engine.answers(3, 30);
    engine.go_on();
    assert_eq!(engine.text(), r#"[10,"20",30]"#);
}

#[test]
fn preemption_at_every_safepoint_changes_nothing() {
    let source = "local function count(n) local x = 0 for i = 1, n do x = x + i end return x end
        local function tree(d) if d == 0 then return count(20) end
            local a, b = parallel(function() sleep(0) return tree(d - 1) end, function() return coroutine.wrap(tree)(d - 1) end)
            return a + b end
        local ok, e = pcall(parallel, function() return tree(2) end, function() count(100) error({'no'}) end)
        local s = ('abc'):gsub('.', function(c) return (parallel(function() return c .. count(3) end)) end)
        return tree(3), ok, type(e) == 'table' and e[1], s";
    let settled = common::execute_with(&FACTORY, script(source), Duration::ZERO);
    assert_eq!(text(&settled), Ok("1680\tfalse\tno\ta6b6c6"));
    assert!(settled.usage.slices > 100, "{:?}", settled.usage);
}

#[test]
fn state_on_a_server_is_asked_at_once() {
    let mut engine = Engine::with(services(Arc::new(Remote(Default::default()))));
    let source = format!(
        "{ASK} local function add(k) return function() return State.update(k, function(v) return v + 1 end, 1) end end
        local a, b, c, d = parallel(add('x'), add('y'), ask(1), function() State.set('z', 5) return State.get('z') end)
        return {{a, b, c, d, State.get('x')}}"
    );
    engine.begin(&source);
    while engine.settled.is_empty() {
        if engine.calls.is_empty() {
            engine.hear();
        } else {
            engine.answers(1, 10);
            engine.go_on();
        }
    }
    assert_eq!(engine.text(), "[2,2,10,5,2]");
}

#[test]
fn the_function_of_an_update_waits_in_no_branch_either() {
    let text = run("local ok, e = pcall(State.update, 'k', function() return parallel(function() sleep(1) end) end)
        return ok, tostring(e)");
    assert!(text.contains("the function of State.update cannot wait"), "{text}");
    assert_eq!(run("return State.update('k', function() return parallel(function() return 3 end) end)"), "3");
}

#[test]
fn a_run_with_a_time_of_its_own_waits_for_all_answers_before_that_goes_on() {
    let mut engine = Engine::new();
    let source = "local order = {}
        local function note(x) order[#order + 1] = x .. '@' .. os.clock() end
        parallel(function() sleep(1) note('slept') end,
            function() note(host.ask(1)) note(host.ask(2)) end,
            function() note(host.ask(3)) sleep(2) note(host.ask(4)) end)
        return table.concat(order, ' ')";
    let mut timed = script(source);
    timed.exchange.repeats = Some(Repeats { now: Some(0.0), seed: None });
    assert_eq!(engine.begin_script(timed), [1, 3]);
    assert!(engine.settled.is_empty() && engine.scheduler.suspended() == 1);
    assert_eq!(engine.answer_all(), "10@0.0 30@0.0 20@0.0 slept@1.0 40@2.0");
}

#[test]
fn each_call_counts_for_the_rate_of_an_id_and_those_beyond_it_wait() {
    let mut engine = Engine::new();
    let tester = ScriptId::new("tester").expect("a good id");
    engine.scheduler.set_limits(&tester, IdLimits { host_calls_per_second: Some(2.0), ..IdLimits::default() });
    let source =
        format!("{ASK} return {{parallel(ask(1), ask(2), ask(3), function() host.ask(4) error('no', 0) end)}}");
    assert_eq!(engine.begin(&source), [1, 2]);
    while engine.calls.len() < 4 {
        engine.hear();
    }
    engine.answers(4, 0);
    engine.go_on();
    assert_eq!(engine.code(), "ERR_LUA_RUNTIME");
}

#[test]
fn a_delayed_call_that_is_given_up_is_never_made() {
    let mut engine = Engine::new();
    let tester = ScriptId::new("tester").expect("a good id");
    engine.scheduler.set_limits(&tester, IdLimits { host_calls_per_second: Some(1.0), ..IdLimits::default() });
    let source =
        format!("{ASK} pcall(parallel, ask(1), ask(2), function() sleep(0.001) error() end) return host.ask(3)");
    assert_eq!(engine.begin(&source), [1]);
    while engine.calls.len() < 2 {
        engine.hear();
    }
    assert_eq!(engine.calls[1].0, 3, "the second was not made");
    engine.answers(3, 30);
    engine.go_on();
    assert_eq!(engine.text(), "30");
}

#[test]
fn what_waits_is_counted() {
    let big = "local s = ('x'):rep(1 << 20) local fs = {} for i = 1, 100 do fs[i] = function() host.ask(s) end end
        pcall(parallel, table.unpack(fs))";
    let mut engine = Engine::new();
    let mut small = script(big);
    small.limits.memory = 16 << 20;
    engine.begin_script(small);
    assert_eq!(engine.code(), "ERR_LUA_MEMORY", "arguments");

    let mut engine = Engine::new();
    let mut small = script(&format!(
        "{ASK} local fs = {{}} for i = 1, 100 do fs[i] = ask(i) end pcall(parallel, table.unpack(fs))"
    ));
    small.limits.memory = 16 << 20;
    engine.begin_script(small);
    let answer = {
        let text = vec![b'x'; 1 << 20];
        [&1_u32.to_le_bytes()[..], &[5], &(text.len() as u32).to_le_bytes(), &text].concat()
    };
    for n in 1..=100 {
        let number = engine.number_of(n);
        engine.scheduler.answer_one(0, number, Ok(answer.clone()));
    }
    engine.go_on();
    assert_eq!(engine.code(), "ERR_LUA_MEMORY", "answers");
    assert!(engine.scheduler.has_nothing());
}

#[test]
fn all_is_given_back_when_functions_end() {
    let source = "local function leaf() sleep(0.001) end
        local function fails() sleep(0.001) error('no') end
        local function round()
            local fs = {} for i = 1, 200 do fs[i] = leaf end
            parallel(table.unpack(fs))
            fs[100] = function() parallel(leaf, function() sleep(1000) end) end
            fs[200] = fails
            pcall(parallel, table.unpack(fs))
        end
        for _ = 1, 100 do round() end return 'well'";
    let mut small = script(source);
    small.limits.memory = 4 << 20;
    assert_eq!(common::execute(small).map_err(|failure| failure.error.message).as_deref(), Ok("well"));
}

#[test]
fn nesting_without_end_is_an_error() {
    let source = "local depth = 0 local function down() depth = depth + 1 return parallel(down) end
        local ok, e = pcall(down) return ok, depth > 100 and depth < 300, (tostring(e):match('C stack overflow'))";
    assert_eq!(run(source), "false\ttrue\tC stack overflow");
    let counted = "local function down(n) if n == 0 then sleep(0) return 0 end
        return parallel(function() return down(n - 1) end) + 1 end
        return down(150), pcall(down, 300)";
    let text = run(counted);
    assert!(text.starts_with("150\tfalse\t") && text.contains("C stack overflow"), "{text}");
    assert_eq!(code("local function bomb() parallel(bomb, bomb, bomb) end bomb()"), "ERR_LUA_RUNTIME");
}

#[test]
fn many_sleepers_in_nested_calls_wake() {
    let source = "local n = 0
        local function nap() sleep(0.001) n = n + 1 end
        local groups = {} for g = 1, 9 do groups[g] = function()
            local fs = {} for i = 1, 110 do fs[i] = nap end parallel(table.unpack(fs)) end end
        parallel(table.unpack(groups)) return n";
    let mut engine = Engine::new();
    engine.begin(source);
    while engine.settled.is_empty() {
        engine.hear();
    }
    assert_eq!(engine.text(), "990");
}

#[test]
fn engines_that_close_drop_all_of_it() {
    let mut engine = Engine::new();
    engine.begin(&format!("{ASK} parallel(ask(1), function() sleep(1000) end)"));
    engine.scheduler.close();
    engine.answers(1, 0);
    assert!(engine.scheduler.signal(Signal::Awake(0, 2)).settled.is_empty());
    assert_eq!((engine.scheduler.suspended(), engine.scheduler.busy()), (0, 0));
}
