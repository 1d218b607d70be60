//! What runs tell while they run: log entries, and output as it is written.

mod common;
#[path = "common/held.rs"]
mod held;
#[path = "common/told.rs"]
mod told;

use common::{FACTORY, script, services};
use held::Held;
use moonpool_core::bridge::{Level, Telling};
use moonpool_core::scheduler::{Caller, Capacity, Finished, Next, Run, SLICE, Scheduler, Settled, Signal};
use moonpool_core::state::{Answered, Depends, Fate, Grants, MemoryStore, Op, Request, Store};
use moonpool_core::vm::Script;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use told::{Said, entries, output, read};

const STREAMS: Telling = Telling { level: Level::Info, max_log: 64 << 10, streams: true };

fn telling(telling: Telling, source: &str) -> Script {
    let mut script = script(source);
    script.exchange.telling = Some(telling);
    script
}

/// Runs a script in slices of this time: what it told in each, and what came of it.
fn in_slices(script: Script, slice: Duration) -> (Vec<Vec<Said>>, Settled) {
    let mut run = Run::new(0, script, Caller::Host, None);
    let mut told = Vec::new();
    loop {
        run.execute(slice, &FACTORY, None);
        let now = run.take_told();
        assert!(now.output.is_empty(), "nothing depends on State");
        told.push(read(&now.frames));
        match run.next() {
            Next::Settled(settled) => return (told, settled),
            Next::Preempted(unfinished)
            | Next::NotBegun(unfinished)
            | Next::WaitingForAny(unfinished)
            | Next::Waiting(unfinished, _) => run = unfinished,
        }
    }
}

/// What a script tells from its beginning to its end.
fn said(script: Script) -> Vec<Said> {
    let (told, settled) = in_slices(script, SLICE);
    assert!(settled.outcome.is_ok(), "{:?}", settled.outcome);
    told.concat()
}

fn logged(level: Level, source: &str) -> Vec<String> {
    let said = said(telling(Telling { level, ..Telling::default() }, source));
    entries(&said).into_iter().map(str::to_owned).collect()
}

#[test]
fn an_entry_has_its_level_line_message_and_fields() {
    let source = "log.debug('a')\nlog.info('b', {n = 1, list = {1, 2.5, 'x'}, no = json.null})\n\nwarn('c')\nlog.error(nil or 42)";
    assert_eq!(
        logged(Level::Debug, source),
        ["debug -:1 a -", "info -:2 b {list=[1,2.5,x],n=1,no=null}", "warn -:4 c -", "error -:5 42 -"]
    );
}

#[test]
fn what_is_below_the_level_is_not_logged() {
    let source = "log.debug('a') log.info('b') log.warn('c') log.error('d') warn('e')";
    let messages = |level| -> String {
        logged(level, source).iter().filter_map(|entry| entry.split(' ').nth(2).map(str::to_owned)).collect()
    };
    let all = Level::ALL.map(messages);
    assert_eq!(all, ["abcde", "bcde", "cde", "d", ""]);
}

#[test]
fn the_line_is_that_of_the_innermost_function_of_the_scripts() {
    assert_eq!(logged(Level::Info, "\npcall(log.info, 'x')"), ["info -:2 x -"]);
    assert_eq!(logged(Level::Info, "local function f()\nreturn log.info('x')\nend f()"), ["info -:2 x -"]);
    assert_eq!(logged(Level::Info, "load('\\n\\nlog.info(1)', '=other')()"), ["info other:3 1 -"]);
    let sort = "table.sort({2, 1}, function(a, b)\nlog.info(a .. b) return a < b end)";
    assert_eq!(logged(Level::Info, sort)[0], "info -:2 12 -");
    let coroutine = "coroutine.wrap(function()\n\nlog.info('in') end)()";
    assert_eq!(logged(Level::Info, coroutine), ["info -:3 in -"]);
    let close = "do\nlocal x <close> = setmetatable({}, {__close = function()\nlog.info('closed') end}) end";
    assert_eq!(logged(Level::Info, close), ["info -:3 closed -"]);
}

#[test]
fn a_message_is_what_print_writes() {
    let source = "log.info(1.0) log.info(true) log.info(setmetatable({}, {__tostring = function() return 'me' end}))
        local _, e = pcall(json.decode, '{') log.info(e) log.info('\\xFFa') log.info('')";
    let logged = logged(Level::Info, source);
    let messages: Vec<_> =
        logged.iter().map(|entry| entry.split_once(":1 ").or(entry.split_once(":2 ")).unwrap().1).collect();
    assert_eq!([&messages[..3], &messages[4..]].concat(), ["1.0 -", "true -", "me -", "\u{fffd}a -", " -"]);
    assert!(messages[3].starts_with("json.decode: "), "{messages:?}");
}

#[test]
fn a_bad_argument_is_an_error_also_when_its_level_is_not_logged() {
    let check = |call: &str, message: &str| {
        let source = format!("local ok, e = pcall(function() {call} end) return e.code .. ' ' .. e.message");
        assert_eq!(common::run(&source), format!("ERR_LUA_RUNTIME bad argument {message}"), "{call}");
    };
    for level in ["debug", "info", "warn", "error"] {
        check(&format!("log.{level}()"), &format!("#1 to '{level}' (string expected, got nil)"));
        check(&format!("log.{level}('x', 1)"), &format!("#2 to '{level}' (table expected, got number)"));
    }
    check("warn()", "#1 to 'warn' (string expected, got nil)");
    check("warn('a', 'b', {})", "#3 to 'warn' (string expected, got table)");
    check("warn('a', nil, 'b')", "#2 to 'warn' (string expected, got nil)");
}

#[test]
fn warn_joins_strings_and_ignores_control_messages() {
    let source =
        "warn('a', 'b', 3, 0.5) warn('@on') warn('@off') warn('@any') warn('@', 'x') warn('f', {a = 1}) warn(true)";
    assert_eq!(
        logged(Level::Info, source),
        ["warn -:1 ab30.5 -", "warn -:1 @x -", "warn -:1 f {a=1}", "warn -:1 true -"]
    );
}

#[test]
fn fields_that_cannot_cross_are_replaced_by_the_reason() {
    for (fields, reason) in [
        ("{f = {print}}", "fields.f[1] is a function"),
        ("{1, x = 2}", "fields mixes array and string keys (the string key \"x\")"),
        ("(function() local t = {} t.me = t return t end)()", "fields.me contains itself"),
        ("{s = '\\xFF'}", "fields.s is a string that is not UTF-8"),
        ("{('x'):rep(40000)}", "fields takes more than 32768 bytes, half of its maxLog"),
        (
            "(function() local t = {} for i = 1, 7000 do t[i] = {} end return t end)()",
            "fields takes more than 32768 bytes, half of its maxLog",
        ),
    ] {
        let logged = logged(Level::Info, &format!("log.info('x', {fields}) log.info('on')"));
        assert_eq!(logged, [format!("info -:1 x {{logError={reason}}}"), "info -:1 on -".into()]);
    }
    let deep = "local t = {} for _ = 1, 200 do t = {t} end log.info('x', t)";
    assert!(logged(Level::Info, deep)[0].contains("nested"), "{:?}", logged(Level::Info, deep));
    let mut few = telling(Telling::default(), "log.info('x', {1, 2, 3})");
    few.limits.nodes = 2;
    assert_eq!(entries(&said(few)), ["info -:1 x {logError=fields has more values than its maxNodes of 2}"]);
}

#[test]
fn integers_that_no_number_of_javascript_carries_are_text() {
    let source = "log.info('x', {1 << 53, (1 << 53) - 1, math.mininteger})";
    assert_eq!(logged(Level::Info, source), ["info -:1 x [9007199254740992,9007199254740991,-9223372036854775808]"]);
}

#[test]
fn past_max_log_entries_are_dropped_and_one_last_entry_counts_them() {
    let small = |source| {
        let said = said(telling(Telling { max_log: 400, ..Telling::default() }, source));
        entries(&said).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let flood = small("for i = 1, 1000 do log.info('entry ' .. i) log.debug('not counted') end");
    // 64 bytes each, and its text.
    assert_eq!(flood.len(), 6, "{flood:?}");
    assert_eq!(flood[4], "info -:1 entry 5 -");
    assert_eq!(flood[5], "warn -:- 995 log entries were dropped: the run has used up its maxLog of 400 bytes -");
    let one = small("for i = 1, 6 do log.info('entry ' .. i) end");
    assert_eq!(one[5], "warn -:- 1 log entry was dropped: the run has used up its maxLog of 400 bytes -");
    // What would have fitted does not come after what did not.
    let order =
        small("for i = 1, 5 do log.info('entry ' .. i) end log.info(('x'):rep(60)) log.info('') log.error('x')");
    assert_eq!((order.len(), order[5].contains("3 log entries")), (6, true), "{order:?}");
}

#[test]
fn a_long_message_is_cut_and_leaves_room_for_others() {
    let logged = logged(Level::Info, "log.info(('é'):rep(1e6)) log.info('b')");
    assert_eq!(logged.len(), 2);
    assert!(logged[0].ends_with("éé... (cut from 2000000 bytes) -"), "{}", &logged[0][logged[0].len() - 100..]);
    assert!(logged[0].len() < 17_000);
}

#[test]
fn entries_of_a_run_that_dies_are_told_and_counted() {
    let mut dies = telling(Telling { max_log: 300, ..Telling::default() }, "while true do log.info('x') end");
    dies.limits.timeout = Duration::from_millis(100);
    let (told, settled) = in_slices(dies, SLICE);
    assert!(settled.outcome.is_err());
    let said = told.concat();
    assert_eq!(entries(&said).len(), 5);
    assert!(entries(&said)[4].contains("log entries were dropped"));
}

#[test]
fn a_log_that_is_not_told_counts_in_the_memory_of_the_vm() {
    let source = "local message = ('x'):rep(10000) for i = 1, 1e6 do log.info(message) end";
    let mut greedy = telling(Telling { max_log: 1 << 30, ..Telling::default() }, source);
    greedy.limits.memory = 2 << 20;
    let (_, settled) = in_slices(greedy, Duration::from_secs(30));
    assert_eq!(settled.outcome.expect_err("killed").error.code.as_str(), "ERR_LUA_MEMORY");
}

#[test]
fn output_is_told_in_the_slice_in_which_it_is_written_and_not_again_at_the_end() {
    let source = "print('a') sleep(0.001) io.write('b') sleep(0.001) error('c')";
    let (told, settled) = in_slices(telling(STREAMS, source), SLICE);
    assert_eq!(told, [vec![Said::Output("a\n".into())], vec![Said::Output("b".into())], vec![]]);
    assert_eq!(settled.outcome.expect_err("it fails").output, "");
    let (told, settled) = in_slices(telling(STREAMS, "print('a') return 'b', 2"), SLICE);
    assert_eq!(output(&told.concat()), "a\n");
    assert_eq!(settled.outcome.expect("it succeeds").text, "b\t2");
}

#[test]
fn output_and_entries_come_in_the_order_of_the_writes() {
    let entry = |message: &str| Said::Entry(format!("info -:1 {message} -"));
    let output = |text: &str| Said::Output(text.into());
    let source = "log.info(1) io.write('a', 'b') log.info(2) log.info(3) print('c') log.info(4)";
    let told = said(telling(STREAMS, source));
    assert_eq!(told, [entry("1"), output("ab"), entry("2"), entry("3"), output("c\n"), entry("4")]);
}

#[test]
fn no_piece_is_cut_inside_a_character_and_all_are_what_would_have_been_gathered() {
    let texts: [&[u8]; 8] = [
        "aé€😀z".as_bytes(),
        "\u{feff}😀😀".as_bytes(),
        b"\xE2\x82",
        b"\xE2\x82A\xF0\x9F\x98",
        b"\xFF\xFE\x80\x80\x80\x80\x80",
        b"\xED\xA0\x80\xF4\x90\x80\x80\xC0\xAF",
        b"\xF0\x9F\xF0\x9F\x98\x80",
        b"",
    ];
    for text in texts {
        let bytes: Vec<_> = text.iter().map(u8::to_string).collect();
        let bytes = bytes.join(",");
        for between in ["", "log.info('x')", "sleep(0.0001)"] {
            let source = format!("for _, b in ipairs {{{bytes}}} do io.write(string.char(b)) {between} end");
            let (told, _) = in_slices(telling(STREAMS, &source), Duration::ZERO);
            let told = told.concat();
            let whole = String::from_utf8_lossy(text);
            assert_eq!(output(&told), whole, "{text:x?} with {between:?}");
            if std::str::from_utf8(text).is_ok() {
                let pieces =
                    told.iter().filter_map(|said| if let Said::Output(text) = said { Some(text) } else { None });
                assert!(pieces.clone().all(|piece| !piece.is_empty() && !piece.contains('\u{fffd}')));
            }
        }
    }
}

#[test]
fn max_output_counts_what_has_been_told() {
    let mut loud = telling(STREAMS, "for i = 1, 100 do io.write('0123456789') sleep(0.0001) end");
    loud.limits.output = 35;
    let (told, settled) = in_slices(loud, SLICE);
    assert_eq!(output(&told.concat()), "01234567890123456789012345678901234");
    let failure = settled.outcome.expect_err("killed");
    assert_eq!((failure.error.code.as_str(), &*failure.output), ("ERR_LUA_OUTPUT", ""));
}

#[test]
fn a_run_that_tells_nothing_has_nothing_to_tell() {
    for telling_ in [Telling::default(), STREAMS] {
        let (told, _) = in_slices(telling(telling_, "log.debug('x') sleep(0.001) return 1"), SLICE);
        assert_eq!(told, [vec![], vec![]]);
    }
}

/// A store that numbers its writes, and is told what becomes of them.
#[derive(Default)]
struct Numbering {
    inner: MemoryStore,
    last: AtomicU64,
    durable: AtomicU64,
    lost: AtomicU64,
    watching: Mutex<Vec<Weak<dyn Fn() + Send + Sync>>>,
}

impl Numbering {
    fn tell(&self) {
        for tell in self.watching.lock().expect("nobody panicked").iter().filter_map(Weak::upgrade) {
            tell();
        }
    }
}

impl Store for Numbering {
    fn now(&self, request: &Request<'_>) -> Option<Answered> {
        let answered = self.inner.now(request)?;
        if !matches!(request.op, Op::Write(_)) {
            return Some(answered);
        }
        Some(Answered { depends: self.last.fetch_add(1, Ordering::SeqCst) + 1, ..answered })
    }

    fn grants(&self) -> &Grants {
        self.inner.grants()
    }

    fn fate(&self, Depends { last, .. }: Depends) -> Fate {
        let lost = self.lost.load(Ordering::SeqCst);
        match last {
            _ if last <= self.durable.load(Ordering::SeqCst) => Fate::Durable,
            _ if lost > 0 && last >= lost => Fate::Lost("the disk is gone".into()),
            _ => Fate::Pending,
        }
    }

    fn watch(&self, tell: Weak<dyn Fn() + Send + Sync>) {
        self.watching.lock().expect("nobody panicked").push(tell);
    }
}

/// An engine on such a store, and what has come of its runs.
struct Gated {
    store: Arc<Numbering>,
    scheduler: Scheduler<Held>,
    held: Held,
    said: Vec<Said>,
    settled: Vec<&'static str>,
}

impl Gated {
    fn new(source: &str) -> Self {
        let (store, held) = (Arc::<Numbering>::default(), Held::default());
        let scheduler = Scheduler::new(held.clone(), FACTORY.clone(), Capacity::default());
        let services = services(store.clone());
        services.supply.expose(vec![common::host_function("ask", 7)], None);
        let script = Script { services, ..telling(STREAMS, source) };
        assert_eq!(scheduler.submit(script, Caller::Host), Ok(0));
        Self { store, scheduler, held, said: Vec::new(), settled: Vec::new() }
    }

    fn take(&mut self, finished: Finished) {
        assert!(self.settled.is_empty() || finished.told.is_empty(), "nothing is told after the end");
        self.said.extend(finished.told.iter().flat_map(|told| read(&told.frames)));
        self.said.extend(finished.calls.iter().map(|_| Said::Entry("a call".into())));
        let code = |run: Settled| run.outcome.map_or_else(|failure| failure.error.code.as_str(), |_| "ok");
        self.settled.extend(finished.settled.into_iter().map(code));
    }

    /// Executes one slice: the output and the entries so far, and the ends.
    fn step(&mut self) -> (String, usize, Vec<&'static str>) {
        let mut batch = self.held.next();
        batch.execute();
        let finished = self.scheduler.finished(batch);
        self.take(finished);
        self.seen()
    }

    fn signal(&mut self) -> (String, usize, Vec<&'static str>) {
        self.store.tell();
        let finished = self.scheduler.signal(Signal::Settled);
        self.take(finished);
        self.seen()
    }

    fn awake(&mut self) {
        let finished = self.scheduler.signal(Signal::Awake(0, 0));
        self.take(finished);
    }

    fn seen(&self) -> (String, usize, Vec<&'static str>) {
        (output(&self.said), entries(&self.said).len(), self.settled.clone())
    }
}

fn seen(output: &str, entries: usize, settled: &[&'static str]) -> (String, usize, Vec<&'static str>) {
    (output.to_owned(), entries, settled.to_vec())
}

const WRITES_TWICE: &str = "print('free') sleep(1) State.set('a', 1) print('a') log.info('x') sleep(1)
    State.set('b', 1) print('b') sleep(1) print('c')";

#[test]
fn output_waits_until_what_the_run_depends_on_is_durable_and_entries_do_not() {
    let mut run = Gated::new(WRITES_TWICE);
    assert_eq!(run.step(), seen("free\n", 0, &[]));
    run.awake();
    assert_eq!(run.step(), seen("free\n", 1, &[]));
    run.awake();
    assert_eq!(run.step(), seen("free\n", 1, &[]));
    run.store.durable.store(1, Ordering::SeqCst);
    assert_eq!(run.signal(), seen("free\na\n", 1, &[]));
    run.awake();
    assert_eq!(run.step(), seen("free\na\n", 1, &[]), "its end waits, too");
    run.store.durable.store(2, Ordering::SeqCst);
    assert_eq!(run.signal(), seen("free\na\nb\nc\n", 1, &["ok"]));
}

#[test]
fn output_that_depends_on_what_is_lost_is_never_told() {
    let mut run = Gated::new(WRITES_TWICE);
    run.step();
    run.awake();
    run.step();
    run.store.durable.store(1, Ordering::SeqCst);
    run.awake();
    // The first has become durable meanwhile; the second is lost.
    assert_eq!(run.step(), seen("free\na\n", 1, &[]));
    run.store.lost.store(2, Ordering::SeqCst);
    assert_eq!(run.signal(), seen("free\na\n", 1, &[]));
    run.awake();
    assert_eq!(run.step(), seen("free\na\n", 1, &["ERR_STATE_UNAVAILABLE"]));
}

#[test]
fn output_leaves_before_a_call_that_comes_after_it() {
    let mut run = Gated::new("State.set('a', 1) print('a') sleep(1) print('b') host.ask(1)");
    assert_eq!(run.step(), seen("", 0, &[]));
    run.awake();
    assert_eq!(run.step(), seen("", 0, &[]));
    run.store.durable.store(1, Ordering::SeqCst);
    run.signal();
    let text = |text: &str| Said::Output(text.into());
    assert_eq!(run.said, [text("a\n"), text("b\n"), Said::Entry("a call".into())]);
}

#[test]
fn output_of_a_run_that_ends_while_it_waits_leaves_before_the_end() {
    let mut run = Gated::new("State.set('a', 1) print('a') sleep(1)");
    assert_eq!(run.step(), seen("", 0, &[]));
    run.awake();
    // Durable when the run ends, but nobody has said so.
    run.store.durable.store(1, Ordering::SeqCst);
    assert_eq!(run.step(), seen("a\n", 0, &["ok"]));
}
