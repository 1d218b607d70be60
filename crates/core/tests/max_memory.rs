//! `maxMemory`: what all VMs of an engine hold together, whatever their scripts do.

mod common;
#[path = "common/held.rs"]
mod held;
use common::{Remote, script, services, store};
use held::Held;
use moonpool_core::api::libraries::Libraries;
use moonpool_core::scheduler::{Batch, Caller, Capacity, ContextId, Finished, Scheduler, Settled};
use moonpool_core::state::{MemoryStore, ScriptId, Store};
use moonpool_core::vm::{Factory, Script};
use std::sync::Arc;
use std::time::Duration;

const MIB: usize = 1 << 20;

struct Engine {
    scheduler: Scheduler<Held>,
    held: Held,
    factory: Arc<Factory>,
    settled: Vec<Settled>,
    /// Runs that call the host, and are not answered.
    calls: Vec<u64>,
    /// The most that the VMs held between two batches.
    peak: usize,
}

impl Engine {
    fn new(max_memory: usize) -> Self {
        let held = Held::default();
        let factory = Arc::new(Factory::new(Libraries::ALL, None).with_max_memory(max_memory));
        let capacity = Capacity { slots: 2, warm: 0, ..Capacity::default() };
        let scheduler = Scheduler::new(held.clone(), factory.clone(), capacity);
        Self { scheduler, held, factory, settled: Vec::new(), calls: Vec::new(), peak: 0 }
    }

    fn script(owner: &str, source: &str) -> Script {
        let services = services(store());
        services.supply.expose(vec![common::host_function("wait", 0)], None);
        let mut script = Script { id: ScriptId::new(owner).expect("a good id"), services, ..script(source) };
        script.limits.timeout = Duration::from_secs(60);
        script
    }

    fn submit(&self, owner: &str, source: &str) -> u64 {
        self.scheduler.submit(Self::script(owner, source), Caller::Host).expect("it is taken")
    }

    fn submit_within(&self, context: ContextId, owner: &str, source: &str) -> u64 {
        self.scheduler.submit_within(context, Self::script(owner, source), Caller::Host).expect("it is taken")
    }

    fn memory(&self) -> usize {
        self.factory.memory().held()
    }

    fn finished(&mut self, mut batch: Batch) {
        batch.execute();
        self.peak = self.peak.max(self.memory());
        let Finished { settled, calls, .. } = self.scheduler.finished(batch);
        self.keep(settled);
        self.calls.extend(calls.iter().map(|call| call.run));
    }

    fn hear(&mut self) -> bool {
        let Ok(signal) = self.held.1.borrow().try_recv() else { return false };
        let finished = self.scheduler.signal(signal);
        self.keep(finished.settled);
        true
    }

    /// Keeps what came of runs, as JavaScript does that has taken it over.
    fn keep(&mut self, settled: Vec<Settled>) {
        for mut settled in settled {
            settled.held = None;
            self.settled.push(settled);
        }
    }

    /// Executes what can be executed, until everything that is left waits.
    fn work(&mut self) {
        loop {
            while self.hear() {}
            let Some(batch) = self.held.0.borrow_mut().pop_front() else { return };
            self.finished(batch);
        }
    }

    /// As [`Engine::work`], until so many runs have ended.
    fn work_until(&mut self, ended: usize) {
        let start = std::time::Instant::now();
        while self.settled.len() < ended {
            self.work();
            assert!(start.elapsed() < Duration::from_secs(60), "{} of {ended} have ended", self.settled.len());
            std::thread::yield_now();
        }
    }

    fn answer(&mut self, run: u64) {
        self.scheduler.answer(run, Ok(list_of_one()));
    }

    /// How the run of this number ended: `ok`, or its code and its limit.
    fn end(&self, run: u64) -> Option<String> {
        let settled = self.settled.iter().find(|settled| settled.id == run)?;
        Some(match &settled.outcome {
            Ok(_) => "ok".to_owned(),
            Err(failure) => format!("{} {}", failure.error.code.as_str(), failure.limit.unwrap_or("-")),
        })
    }
}

/// A list of one integer, as lib/values.js writes it.
fn list_of_one() -> Vec<u8> {
    [&1_u32.to_le_bytes()[..], &[3], &1_i64.to_le_bytes()].concat()
}

const KILLED: &str = "ERR_LUA_MEMORY maxMemory";

/// Holds so many MiB, and then waits for the host.
fn holds(mib: usize) -> String {
    format!("local t = {{}} for i = 1, {mib} do t[i] = ('x'):rep(1024 * 1000 + i) end host.wait() return #t")
}

#[test]
fn whoever_grows_past_the_bound_makes_the_largest_of_the_id_that_holds_most_die_where_it_waits() {
    let mut engine = Engine::new(64 * MIB);
    // `many` holds 30 MiB in three runs, `one` 20 in one.
    let many = [8, 12, 10].map(|mib| engine.submit("many", &holds(mib)));
    let one = engine.submit("one", &holds(20));
    let small = engine.submit("small", "host.wait() return 1");
    let grows = engine.submit("grows", &format!("host.wait() {}", holds(15)));
    engine.work();
    assert_eq!((engine.settled.len(), engine.calls.len()), (0, 6));
    assert!(engine.memory() > 45 * MIB && engine.memory() < 56 * MIB, "{}", engine.memory());
    engine.answer(grows);
    engine.work();
    assert_eq!(engine.end(many[1]).as_deref(), Some(KILLED));
    assert_eq!(engine.settled.len(), 1);
    for run in [many[0], many[2], one, small, grows] {
        engine.answer(run);
    }
    engine.work();
    for run in [many[0], many[2], one, small, grows] {
        assert_eq!(engine.end(run).as_deref(), Some("ok"));
    }
    assert_eq!(engine.memory(), 0);
}

#[test]
fn the_largest_itself_fails_once_its_garbage_is_gone() {
    let mut engine = Engine::new(32 * MIB);
    let small = engine.submit("small", &holds(2));
    engine.work();
    let garbage = engine.submit("garbage", "for i = 1, 300 do local s = ('x'):rep(1024 * 1024) .. i end return 1");
    let large = engine.submit("large", "local t = {} while true do t[#t + 1] = ('x'):rep(1024 * 1024) .. #t end");
    let tables = engine.submit("tables", "local t = {} while true do t[#t + 1] = {} end");
    let output = engine.submit("output", "while true do print(('x'):rep(1024 * 1024)) end");
    engine.work_until(4);
    assert_eq!(engine.end(garbage).as_deref(), Some("ok"));
    for run in [large, tables] {
        assert_eq!(engine.end(run).as_deref(), Some(KILLED));
    }
    assert_eq!(engine.end(output).as_deref(), Some("ERR_LUA_OUTPUT maxOutput"));
    assert_eq!(engine.end(small), None);
    assert!(engine.peak <= 40 * MIB, "{}", engine.peak);
    engine.answer(small);
    engine.work();
    assert_eq!((engine.end(small).as_deref(), engine.memory()), (Some("ok"), 0));
}

#[test]
fn its_own_limit_is_told_from_the_engines() {
    let mut engine = Engine::new(32 * MIB);
    let mut own = Engine::script("a", "local t = {} while true do t[#t + 1] = {} end");
    own.limits.memory = 8 * MIB;
    let own = engine.scheduler.submit(own, Caller::Host).expect("it is taken");
    engine.work_until(1);
    assert_eq!(engine.end(own).as_deref(), Some("ERR_LUA_MEMORY memoryLimit"));
}

#[test]
fn a_flood_of_runs_that_sleep_waits_its_turn_and_all_of_them_end_well() {
    let mut engine = Engine::new(16 * MIB);
    // Each holds more than half a MiB.
    let source = "local s = ('x'):rep(600000) .. 'y' sleep(0.01) return #s";
    let runs: Vec<u64> = (0..200).map(|_| engine.submit("flood", source)).collect();
    engine.work_until(200);
    for run in runs {
        assert_eq!(engine.end(run).as_deref(), Some("ok"), "{run}");
    }
    assert!(engine.peak <= 16 * MIB, "{}", engine.peak);
    assert_eq!(engine.memory(), 0);
}

#[test]
fn a_flood_of_runs_that_wait_for_the_host_begins_as_memory_allows_and_all_end_well() {
    let mut engine = Engine::new(16 * MIB);
    let runs: Vec<u64> = (0..40).map(|_| engine.submit("flood", &holds(1))).collect();
    engine.work();
    // All that have begun wait for the host; the others wait for them.
    let begun = engine.calls.len();
    assert!((10..16).contains(&begun), "{begun} have begun");
    assert!(engine.settled.is_empty() && engine.memory() <= 16 * MIB);
    // Once answers come, everything goes on.
    let mut answered = 0;
    while engine.settled.len() < 40 {
        assert!(answered < engine.calls.len(), "{} of 40 ended", engine.settled.len());
        let run = engine.calls[answered];
        answered += 1;
        engine.answer(run);
        engine.work();
    }
    assert!(runs.iter().all(|run| engine.end(*run).as_deref() == Some("ok")));
    assert_eq!(engine.memory(), 0);
}

#[test]
fn contexts_count_and_more_of_them_than_fit_end_the_largest() {
    let mut engine = Engine::new(16 * MIB);
    let contexts: Vec<ContextId> = (0..30).map(|_| engine.scheduler.create_context()).collect();
    for (i, context) in contexts.iter().enumerate() {
        let fill = format!("kept = {{}} for i = 1, 15 do kept[i] = ('x'):rep(65536 + {i} + i) end");
        engine.submit_within(*context, "tenant", &fill);
        engine.work_until(i + 1);
        assert!(engine.memory() <= 16 * MIB, "{}", engine.memory());
    }
    assert!(engine.settled.iter().all(|settled| settled.outcome.is_ok()));
    let held = contexts.iter().filter(|context| engine.scheduler.context_memory(**context) > 0).count();
    assert!((8..=16).contains(&held), "{held} contexts live");
    for context in contexts {
        engine.scheduler.close_context(context);
    }
    assert_eq!(engine.memory(), 0);
}

#[test]
fn queued_runs_are_refused_when_contexts_hold_everything_and_begin_when_one_is_closed() {
    let mut engine = Engine::new(8 * MIB);
    let context = engine.scheduler.create_context();
    // In pieces that fill their blocks, so that the room that is left can be told.
    let piece = "kept = {kept, ('x'):rep(871)}";
    engine.submit_within(context, "tenant", &format!("while collectgarbage('count') < 7900 do {piece} end"));
    engine.work();
    while engine.memory() + 65536 <= 8 * MIB {
        engine.submit_within(context, "tenant", &format!("for i = 1, 10 do {piece} end"));
        engine.work();
    }
    assert!(engine.settled.iter().all(|settled| settled.outcome.is_ok()));
    let refused = engine.scheduler.submit(Engine::script("other", "return 1"), Caller::Host).expect_err("no memory");
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_LUA_MEMORY", Some("maxMemory")));
    assert_eq!((engine.scheduler.queued(), engine.scheduler.running()), (0, 0));
    // In the context itself there is a VM.
    let own = engine.submit_within(context, "tenant", "return #kept");
    engine.work();
    assert_eq!(engine.end(own).as_deref(), Some("ok"));
    engine.scheduler.close_context(context);
    let after = engine.submit("other", "return 1");
    engine.work();
    assert_eq!((engine.end(after).as_deref(), engine.memory()), (Some("ok"), 0));
}

#[test]
fn growth_ends_the_idle_context_that_holds_most() {
    let mut engine = Engine::new(32 * MIB);
    let contexts = [engine.scheduler.create_context(), engine.scheduler.create_context()];
    for (context, mib) in contexts.into_iter().zip([15, 5]) {
        engine.submit_within(
            context,
            "tenant",
            &format!("kept = {{}} for i = 1, {mib} do kept[i] = ('x'):rep(1024 * 1024) .. i end"),
        );
    }
    engine.work();
    let grows = engine.submit("other", &holds(14));
    engine.work();
    engine.answer(grows);
    engine.work();
    assert_eq!(engine.end(grows).as_deref(), Some("ok"));
    let refused = engine.scheduler.submit_within(contexts[0], Engine::script("tenant", "return 1"), Caller::Host);
    let refused = refused.expect_err("it has ended");
    assert_eq!((refused.code.as_str(), refused.limit), ("ERR_CONTEXT_CLOSED", Some("maxMemory")));
    let left = engine.submit_within(contexts[1], "tenant", "return #kept");
    engine.work();
    assert_eq!(engine.end(left).as_deref(), Some("ok"));
    for context in contexts {
        engine.scheduler.close_context(context);
    }
    assert_eq!(engine.memory(), 0);
}

#[test]
fn warm_vms_count_and_make_room_for_runs() {
    let held = Held::default();
    let factory = Arc::new(Factory::new(Libraries::ALL, None).with_max_memory(MIB));
    let scheduler = Scheduler::new(held.clone(), factory.clone(), Capacity { warm: 1000, ..Capacity::default() });
    scheduler.warm_up();
    let mut batch = held.0.borrow_mut().pop_front().expect("it warms up");
    batch.execute();
    scheduler.finished(batch);
    let warm = factory.memory().held();
    assert!(warm > MIB / 2 && warm <= MIB, "{warm}");
    scheduler.submit(Engine::script("a", "return 1"), Caller::Host).expect("it is taken");
    let settled = loop {
        let mut batch = held.0.borrow_mut().pop_front().expect("it begins, and goes on");
        batch.execute();
        if let Some(settled) = scheduler.finished(batch).settled.pop() {
            break settled;
        }
    };
    assert!(settled.outcome.is_ok());
    scheduler.close();
    assert_eq!(factory.memory().held(), 0);
}

#[test]
fn what_the_host_holds_for_scripts_counts() {
    let mut engine = Engine::new(32 * MIB);
    let mut hog = Engine::script("a", "local s = ('x'):rep(1024 * 1024) while true do io.write(s) end");
    (hog.limits.memory, hog.limits.output) = (512 * MIB, 512 * MIB);
    let hog = engine.scheduler.submit(hog, Caller::Host).expect("it is taken");
    engine.work_until(1);
    assert_eq!(engine.end(hog).as_deref(), Some(KILLED));
    assert_eq!(engine.memory(), 0);
}

#[test]
fn every_limit_says_which_it_was() {
    let limit = |change: &dyn Fn(&mut Script), source: &str| {
        let mut script = script(source);
        change(&mut script);
        common::execute(script).expect_err("it fails").limit
    };
    let endless = "while true do end";
    assert_eq!(limit(&|s| s.limits.timeout = Duration::from_millis(20), endless), Some("timeout"));
    assert_eq!(limit(&|s| s.limits.cpu_timeout = Some(Duration::from_millis(20)), endless), Some("cpuTimeout"));
    assert_eq!(limit(&|_| (), "return ('x'):rep(1 << 30)"), Some("memoryLimit"));
    assert_eq!(limit(&|s| s.limits.output = 1, "print('xx')"), Some("maxOutput"));
    assert_eq!(limit(&|_| (), "for i = 1, 100 do State.set(i .. '', ('x'):rep(1000000)) end"), Some("stateQuota"));
    assert_eq!(limit(&|_| (), "error('x')"), None);
}

#[test]
fn answers_of_state_count_until_their_scripts_go_on() {
    const RUNS: usize = 8;
    let mut engine = Engine::new(256 * MIB);
    let state: Arc<dyn Store> = Arc::new(Remote(MemoryStore::default()));
    let submit = |engine: &Engine, source: &str| {
        let script = Script { services: services(state.clone()), ..Engine::script("a", source) };
        engine.scheduler.submit(script, Caller::Host).expect("it is taken");
    };
    submit(&engine, "State.set('big', ('x'):rep(1000000))");
    engine.work_until(1);
    for _ in 0..RUNS {
        submit(&engine, "return #State.get('big')");
    }
    // Every run asks, and no answer is heard.
    let mut answers = Vec::new();
    while answers.len() < RUNS {
        let batch = engine.held.0.borrow_mut().pop_front().expect("somebody has not asked");
        engine.finished(batch);
        answers.extend(engine.held.1.borrow().try_iter());
    }
    let before = engine.memory();
    for answer in answers {
        engine.scheduler.signal(answer);
    }
    let held = engine.memory() - before;
    assert!((RUNS * 1_000_000..RUNS * 1_100_000).contains(&held), "{held}");
    engine.work_until(1 + RUNS);
    assert!(engine.settled.iter().all(|settled| settled.outcome.is_ok()));
}
