//! Every C loop that a script can make long ends soon after the flag is raised.
//!
//! Each script calls `begin()` right before one long operation; another thread kills it 30 ms later. Without the
//! poll that its name says, the operation takes a second at the least.

mod common;

use common::polls_of;
use moonpool_lua::{Flag, ffi};
use std::ffi::{CString, c_int};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// How long after `begin()` the kill comes.
const DELAY: Duration = Duration::from_millis(30);
/// How late after the kill a script may end: far below what the operations take, and room for a busy machine.
const LATE: Duration = Duration::from_millis(400);
/// Some scripts hold half a gigabyte: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The flag of the script that runs now.
static FLAG: Mutex<Option<Arc<Flag>>> = Mutex::new(None);

fn current_flag() -> Arc<Flag> {
    FLAG.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("a script runs")
}

unsafe extern "C-unwind" fn begin(_: *mut ffi::lua_State) -> c_int {
    let flag = current_flag();
    std::thread::spawn(move || {
        std::thread::sleep(DELAY);
        flag.kill(Flag::FIRST_REASON);
    });
    0
}

/// Runs `source` to its end: when that was, and how it ended if not by the kill.
fn run(source: &str) -> (Instant, Result<(), String>) {
    let source = CString::new(source).expect("no NUL");
    // SAFETY: a new state, used by this thread only and closed here; the flag is alive until then.
    unsafe {
        let state = ffi::luaL_newstate();
        let flag = current_flag();
        flag.watch(state);
        ffi::luaL_openlibs(state);
        ffi::lua_pushcfunction(state, begin);
        ffi::lua_setglobal(state, c"begin".as_ptr());
        assert_eq!(ffi::luaL_loadstring(state, source.as_ptr()), ffi::LUA_OK, "the script compiles");
        let co = ffi::lua_newthread(state);
        ffi::lua_rotate(state, -2, 1);
        ffi::lua_xmove(state, co, 1);
        let mut results = 0;
        let status = ffi::lua_resume(co, state, 0, &mut results);
        let ended = Instant::now();
        let killed = flag.killed().is_some();
        let message = ffi::lua_tolstring(co, -1, std::ptr::null_mut());
        let message = if message.is_null() { None } else { Some(std::ffi::CStr::from_ptr(message).to_string_lossy()) };
        let result = if killed { Ok(()) } else { Err(format!("it ended with status {status}: {message:?}")) };
        Flag::ignore(state);
        ffi::lua_close(state);
        (ended, result)
    }
}

/// Kills `work` after `setup`, and asserts that it ends in time.
fn killed_in_time(setup: &str, work: &str) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let flag = Arc::new(Flag::new());
    *FLAG.lock().unwrap_or_else(PoisonError::into_inner) = Some(flag.clone());
    let (sender, receiver) = mpsc::channel();
    let source = format!("{setup}\nbegin(); {work}");
    std::thread::spawn(move || sender.send(run(&source)));
    // Wait for the kill first: the set-up may take a while.
    let waited = Instant::now();
    while flag.killed().is_none() {
        assert!(waited.elapsed() < Duration::from_secs(60), "the set-up takes too long");
        if let Ok((_, result)) = receiver.try_recv() {
            // Killed since it was looked at, it ended at once; if it was not, it ended too soon.
            return result.expect("it was killed");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = Instant::now();
    let (ended, result) = receiver.recv_timeout(Duration::from_secs(5)).expect("the operation ends after the kill");
    result.expect("it was killed");
    let late = ended.saturating_duration_since(kill);
    assert!(late < LATE, "ended {late:?} after the kill");
}

macro_rules! killed_in_time {
    ($($name:ident: $setup:expr, $work:expr;)+) => { $(
        #[test]
        fn $name() {
            killed_in_time($setup, $work);
        }
    )+ };
}

/// 512 MiB of one character, made fast.
const HALF_A_GIGABYTE: &str = "local s = ('x'):rep(1024):rep(524288)";

killed_in_time! {
    rep_of_a_short_string: "", "local r = ('x'):rep(1 << 30)";
    lower: HALF_A_GIGABYTE, "s:lower()";
    upper: HALF_A_GIGABYTE, "s:upper()";
    reverse: "local s = ('x'):rep(1024):rep(1 << 20)", "s:reverse()";
    backtracking_options: "local p = ('a?'):rep(40) .. ('a'):rep(40)", "('a'):rep(40):find(p)";
    backtracking_lazy: "local p = ('.-'):rep(9) .. 'b'", "('a'):rep(200):find(p)";
    greedy_scan_with_a_long_set: "local p = '[' .. ('b'):rep(100000) .. 'a]*c'", "('a'):rep(1000000):find(p)";
    balance_at_every_position: "local s = ('('):rep(200000)", "s:find('%b()')";
    gmatch_position_by_position: "local s = ('a'):rep(200000)", "for w in s:gmatch('a-b') do end";
    gsub_position_by_position: "local s = ('a'):rep(200000)", "s:gsub('a-b', '')";
    plain_find: "local s, p = ('a'):rep(1 << 24), ('a'):rep(1 << 20) .. 'b'", "s:find(p, 1, true)";
    gsub_replacement_that_adds_nothing: "local r = ('%0'):rep(1024):rep(1 << 18)", "('a'):gsub('()', r)";
    format_quoted: "local s = ('\\1'):rep(1024):rep(1 << 16)", "string.format('%q', s)";
    format_of_half_a_gigabyte: HALF_A_GIGABYTE, "string.format(s)";
    pack_of_many_options: "local f = (' '):rep(1024):rep(1 << 18)", "string.pack(f)";
    pack_padding: "", "string.pack('c2000000000', 'x')";
    packsize_of_many_options: "local f = (' '):rep(1024):rep(1 << 18)", "string.packsize(f)";
    unpack_of_many_options: "local f = (' '):rep(1024):rep(1 << 18)", "string.unpack(f, '')";
    insert_into_a_huge_range: "local t = setmetatable({}, {__len = function() return 1 << 40 end, __index = rawget, __newindex = rawequal})",
        "table.insert(t, 1, 1)";
    insert_into_a_sparse_table: "local t = {} for i = 62, 0, -1 do t[1 << i] = 1 end", "table.insert(t, 1, 1)";
    remove_from_a_huge_range: "local t = setmetatable({}, {__len = function() return 1 << 40 end, __index = rawget, __newindex = rawequal})",
        "table.remove(t, 1)";
    remove_from_a_sparse_table: "local t = {} for i = 62, 0, -1 do t[1 << i] = 1 end", "table.remove(t, 1)";
    move_up: "", "table.move({}, 1, 1 << 60, 2, {})";
    move_down: "", "local t = {} table.move(t, 1, 1 << 60, 2)";
    concat_of_empty_strings: "local t = {} for i = 1, 200000 do t[i] = '' end
        for i = 1, 1900 do t = setmetatable({}, {__index = t}) end", "table.concat(t, '', 1, 200000)";
    unpack_through_a_long_index_chain: "local t = {} for i = 1, 1900 do t = setmetatable({}, {__index = t}) end",
        "table.unpack(t, 1, 190000)";
    sort_without_a_comparator: "local t = {} for i = 1, 10000000 do t[i] = i end", "table.sort(t)";
    utf8_len: HALF_A_GIGABYTE, "utf8.len(s)";
    date_of_a_long_format: "local f = ('%Y'):rep(1 << 24)", "os.date(f, 0)";
    chain_of_call_metamethods: "local f = function() end for i = 1, 190000 do f = setmetatable({}, {__call = f}) end", "f()";
    call_metamethod_that_is_itself: "local t = setmetatable({}, {}) getmetatable(t).__call = t", "pcall(t)";
    loading_many_tokens: "local s = 'local x = 1 ' s = s:rep(1 << 24)", "load('do ' .. s)";
    loading_blanks: "local s = ('\\n'):rep(1024):rep(1 << 19)", "load(s, '=')";
    loading_a_long_string: "local s = '\"' .. ('x'):rep(1024):rep(1 << 19) .. '\"'", "load(s, '=')";
    loading_from_a_c_reader: "", "load(os.time)";
    loading_a_long_comment: "local s = '--' .. ('x'):rep(1024):rep(1 << 20)", "load(s, '=')";
    loading_a_long_comment_in_brackets: "local s = '--[[' .. ('x'):rep(1024):rep(1 << 20)", "load(s, '=')";
    loading_blanks_in_a_string: "local s = '\"\\\\z' .. (' '):rep(1024):rep(1 << 20)", "load(s, '=')";
    loading_jumps_to_jumps: "local piece = 'x' for _ = 1, 16 do piece = '(' .. piece .. ' and ' .. piece .. ')' end
        local pieces = {'local x ' .. ('if x then '):rep(150) .. 'if '}
        local function tree(n)
          if n == 0 then pieces[#pieces + 1] = piece return end
          pieces[#pieces + 1] = '(' tree(n - 1) pieces[#pieces + 1] = ' and ' tree(n - 1) pieces[#pieces + 1] = ')'
        end
        tree(6)
        pieces[#pieces + 1] = ' then end ' .. ('else end '):rep(150)
        local n = 0
        local function reader() n = n + 1 if not pieces[n] then begin() end return pieces[n] end
        local function begin() end",
        "assert(load(reader))";
    loading_a_long_condition: "local s = 'return ' .. ('x and '):rep(300000) .. 'x'", "for i = 1, 20 do load(s) end";
    rehash_of_millions_of_keys: "local t = {} for i = 1, 1 << 23 do t[-i] = true end", "t[0.5] = true t.x = true";
    rehash_that_shrinks_the_array: "local t = {} for i = 1, 1 << 24 do t[i] = true end
        for i = 1, 1 << 24, 16 do for j = 0, 8 do t[i + j] = nil end end", "t.x = true";
    strings_compared_nul_by_nul: "local a, b = ('\\0'):rep(1 << 28) .. 'a', ('\\0'):rep(1 << 28) .. 'b'",
        "while true do local x = a < b end";
}

#[test]
fn long_strings_are_worked_on_in_pieces_with_a_poll_before_each() {
    let long = "local s = ('x'):rep(1 << 22); ";
    let before = polls_of(long);
    // 64 KiB each.
    let one = (1 << 22) >> 16;
    for (work, pieces) in [
        ("s:rep(4)", 4 * one),
        ("s:rep(1)", one),
        ("(''):rep(2, s)", one),
        ("('x'):rep(1 << 22)", one),
        ("('xyz'):rep(1 << 20, ',')", one),
        ("s:lower()", one),
        ("s:upper()", one),
        ("s:reverse()", one),
    ] {
        let polls = polls_of(&format!("{long} {work}")) - before;
        assert!((pieces..2 * pieces).contains(&polls), "{work}: {polls} polls for {pieces} pieces");
    }
}

#[test]
fn every_comparison_of_a_sort_is_a_poll() {
    let list = "local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1000 end; ";
    let polls = polls_of(&format!("{list} table.sort(t)")) - polls_of(list);
    assert!(polls > 5000, "{polls} polls");
}
