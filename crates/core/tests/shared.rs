//! `Shared`, as scripts see it. Most cases are those of OpenResty's documentation of `ngx.shared.DICT` and of its tests
//! (lua-nginx-module, t/043-shdict.t, t/144-shdict-incr-init.t, t/145-shdict-list.t; lua-resty-core, t/shdict.t), in
//! words of our own.

mod common;
use common::{QUOTA, execute, script, store};
use moonpool_core::bridge::{Access, Services, SharedDict};
use moonpool_core::shared::{Clock, Dict, ENTRY, Limits};
use moonpool_core::state::ScriptId;
use std::sync::Arc;

const ROOMY: Limits = Limits { items: usize::MAX, bytes: 1 << 20 };

/// An engine's services with dictionaries, and their clock.
struct Host {
    services: Arc<Services>,
    clock: Clock,
}

/// What makes scripts short: `show(...)` is its arguments, separated by commas.
const SHOW: &str = "local d = Shared.dogs
    local function show(...)
      local shown = table.pack(...)
      for i = 1, shown.n do shown[i] = tostring(shown[i]) end
      return table.concat(shown, ',')
    end\n";

impl Host {
    /// With `Shared.dogs` for everybody.
    fn new(limits: Limits) -> Self {
        let host = Self { services: Arc::new(Services::new(store(), QUOTA)), clock: Clock::stopped() };
        host.declare("dogs", limits, Access::Everybody, Access::Everybody);
        host
    }

    fn declare(&self, name: &str, limits: Limits, readers: Access, writers: Access) {
        let dict = Dict::with_clock(limits, self.clock.clone());
        self.services.shared.add(Arc::new(SharedDict { name: name.into(), dict, readers, writers }));
    }

    /// What a script returns, or the code and the message of its failure.
    fn run_as(&self, id: &str, source: &str) -> String {
        let mut script = script(&format!("{}{source}", SHOW.replace('\n', " ")));
        script.id = ScriptId::new(id).expect("a good id");
        script.name = id.into();
        script.services = self.services.clone();
        execute(script).unwrap_or_else(|failure| format!("{}: {}", failure.error.code.as_str(), failure.error))
    }

    fn run(&self, source: &str) -> String {
        self.run_as("a", source)
    }
}

/// What a script returns that has an empty dictionary for itself.
fn run(source: &str) -> String {
    Host::new(ROOMY).run(source)
}

fn ids(ids: &[&str]) -> Access {
    Access::Only(ids.iter().map(|id| ScriptId::new(id).expect("a good id")).collect())
}

#[test]
fn values_come_back_with_their_type() {
    let shown = run(
        "d:set('i', 32) d:set('f', 3.0) d:set('t', true) d:set('no', false) d:set('s', 'a\\0b') d:set('big', math.maxinteger)
        local t = {}
        for i, k in ipairs{'i', 'f', 't', 'no', 's', 'big', 'none'} do t[i] = ('%q'):format((d:get(k))) end
        return table.concat(t, ' ')",
    );
    assert_eq!(shown, r#"32 0x1.8p+1 true false "a\0b" 9223372036854775807 nil"#);
}

#[test]
fn long_strings_come_back_whole() {
    assert_eq!(
        run("local s = ('helloworld'):rep(10240) d:set('s', s) return #d:get('s'), d:get('s') == s"),
        "102400\ttrue"
    );
}

#[test]
fn all_scripts_see_the_same_entries_and_other_dictionaries_have_their_own() {
    let host = Host::new(ROOMY);
    host.declare("cats", ROOMY, Access::Everybody, Access::Everybody);
    assert_eq!(host.run_as("a", "return d:set('foo', 32)"), "true\tnil\tfalse");
    assert_eq!(host.run_as("b", "return d:get('foo'), Shared.cats:get('foo')"), "32\tnil");
}

#[test]
fn a_key_may_be_a_number_and_is_its_text() {
    let shown = run("d:set(1234, 'cat') d:set('1234', 'dog') d:set(256, 'bird') d:set(7.0, 'seven') d:set(1.5, 'x')
        return d:get(1234), d:get('1234'), d:get('256'), d:get(7), d:get('7'), d:get('1.5'), #d:get_keys()");
    assert_eq!(shown, "dog\tdog\tbird\tseven\tseven\tx\t4");
    assert_eq!(run("local k = 7.0 d:set(k, 1) return k, math.type(k)"), "7.0\tfloat");
}

#[test]
fn flags_come_back_when_they_are_not_0() {
    assert_eq!(
        run("d:set('k', 32, 0, 199) d:set('none', 10502, 202) return show(d:get('k')), show(d:get('none'))"),
        "32,199\t10502"
    );
    assert_eq!(run("d:set('k', 1, nil, 4294967295) return d:get('k')"), "1\t4294967295");
    assert_eq!(run("d:set('k', 1, 0, 7) d:set('k', 2) return show(d:get('k'))"), "2");
}

#[test]
fn set_replaces_whatever_there_is() {
    assert_eq!(
        run("local r = {}
            for _, v in ipairs{'hello', 'hello, world', 'hello', 5, true} do d:set('k', v) r[#r + 1] = tostring(d:get('k')) end
            return table.concat(r, ';')"),
        "hello;hello, world;hello;5;true"
    );
}

#[test]
fn delete_and_nil_remove_a_key_or_nothing() {
    assert_eq!(
        run("d:set('k', 1) return show(d:delete('k')), d:get('k'), show(d:delete('k'))"),
        "true,nil,false\tnil\ttrue,nil,false"
    );
    assert_eq!(
        run("d:set('k', 1) return show(d:set('k', nil)), d:get('k'), show(d:set('k'))"),
        "true,nil,false\tnil\ttrue,nil,false"
    );
    assert_eq!(run("d:lpush('k', 1) return show(d:delete('k')), d:get('k')"), "true,nil,false\tnil");
}

#[test]
fn add_stores_only_what_is_not_there() {
    assert_eq!(
        run(
            "return show(d:add('k', 32)), show(d:add('k', 10502)), d:get('k'), show(d:safe_add('k', 1)), show(d:safe_add('l', 1))"
        ),
        "true,nil,false\tfalse,exists,false\t32\tfalse,exists,false\ttrue,nil,false"
    );
}

#[test]
fn replace_stores_only_over_what_is_there() {
    assert_eq!(
        run("local a = show(d:replace('k', 1)) d:set('k', 32) return a, show(d:replace('k', 'hello')), d:get('k')"),
        "false,not found,false\ttrue,nil,false\thello"
    );
}

#[test]
fn nil_is_nothing_to_add_or_replace() {
    assert_eq!(
        run("d:set('k', 1) return show(d:add('n', nil)), show(d:replace('k')), d:get('k')"),
        "false,attempt to add or replace nil values,false\tfalse,attempt to add or replace nil values,false\t1"
    );
}

#[test]
fn what_expires_is_gone_for_all_but_get_stale() {
    let host = Host::new(ROOMY);
    host.run("d:set('k', 32, 0.01, 5) d:set('l', 33, 0.3) d:set('ever', 34)");
    host.clock.advance(9);
    assert_eq!(host.run("return show(d:get('k')), show(d:get_stale('k'))"), "32,5\t32,5,false");
    host.clock.advance(1);
    assert_eq!(
        host.run("return show(d:get('k')), show(d:get_stale('k')), show(d:get_stale('l')), show(d:get_stale('ever'))"),
        "nil\t32,5,true\t33,nil,false\t34,nil,false"
    );
    assert_eq!(
        host.run("return show(d:ttl('k')), show(d:expire('k', 1)), show(d:incr('k', 1)), show(d:replace('k', 1)), d:llen('k')"),
        "nil,not found\tnil,not found\tnil,not found\tfalse,not found,false\t0"
    );
    assert_eq!(host.run("return show(d:add('k', 'again')), d:get('k')"), "true,nil,false\tagain");
    assert_eq!(host.run("return show(d:get_stale('nothing'))"), "nil");
}

#[test]
fn replace_and_set_give_a_new_time() {
    let host = Host::new(ROOMY);
    host.run("d:set('k', 2) d:replace('k', 32, 0.01) d:set('l', 1, 0.01) d:set('l', 2)");
    host.clock.advance(20);
    assert_eq!(host.run("return d:get('k'), d:get('l')"), "nil\t2");
}

#[test]
fn times_are_milliseconds_and_none_that_is_above_0_is_for_ever() {
    let host = Host::new(ROOMY);
    assert_eq!(
        host.run(
            "d:set('a', 1) d:set('b', 1, 0.5) d:set('c', 1, 0.0001) d:set('d', 1, 2 ^ 31) d:set('e', 1, 2)
            return d:ttl('a'), d:ttl('b'), d:ttl('c'), d:ttl('d'), d:ttl('e')"
        ),
        "0\t0.5\t0.001\t2147483648.0\t2.0"
    );
    host.clock.advance(200);
    assert_eq!(host.run("return d:ttl('a'), d:ttl('b'), d:get('c')"), "0\t0.3\tnil");
    assert_eq!(
        host.run("return d:expire('a', 2 ^ 31), d:ttl('a'), d:expire('b', 0), d:ttl('b'), show(d:expire('x', 1)), show(d:ttl('x'))"),
        "true\t2147483648.0\ttrue\t0\tnil,not found\tnil,not found"
    );
    host.clock.advance(1 << 42);
    assert_eq!(host.run("return d:get('a'), d:get('b')"), "nil\t1");
}

#[test]
fn incr_adds_as_lua_does() {
    assert_eq!(
        run("d:set('k', 32) local a = {d:incr('k', 10502), d:incr('k', 0), d:incr('k', -10502), d:incr('k', 0.5), d:incr('k', '2')}
            return table.concat(a, ' '), math.type(d:get('k'))"),
        "10534 10534 32 32.5 34.5\tfloat"
    );
    assert_eq!(
        run("d:set('k', math.maxinteger) return d:incr('k', 1) == math.mininteger, math.type(d:get('k'))"),
        "true\tinteger"
    );
    assert_eq!(run("d:set('k', 1, 0, 7) d:incr('k', 1) return d:get('k')"), "2\t7");
}

#[test]
fn incr_begins_with_init_where_nothing_is() {
    assert_eq!(
        run(
            "return show(d:incr('k', 2)), d:get('k'), show(d:incr('k', 10502, 1)), show(d:incr('k', 1)), show(d:incr('k', 1, 50))"
        ),
        "nil,not found\tnil\t10503,nil,false\t10504\t10505,nil,false"
    );
    let host = Host::new(ROOMY);
    host.run("d:set('old', 'text', 0.001) d:lpush('list', 1) d:expire('list', 0.001)");
    host.clock.advance(2);
    assert_eq!(host.run("return d:incr('old', 5, 1), d:incr('list', 5, '2')"), "6\t7\tnil\tfalse");
}

#[test]
fn init_ttl_counts_only_where_nothing_was() {
    let host = Host::new(ROOMY);
    assert_eq!(
        host.run(
            "d:set('old', 1) d:incr('old', 1, 0, 0.01) d:incr('new', 1, 0, '0.01') return d:ttl('old'), d:ttl('new')"
        ),
        "0\t0.01"
    );
    host.clock.advance(20);
    assert_eq!(host.run("return d:get('old'), d:get('new')"), "2\tnil");
}

#[test]
fn incr_leaves_alone_what_is_not_a_number() {
    assert_eq!(
        run("d:set('b', true) d:set('s', '5') d:lpush('l', 1)
            return show(d:incr('b', 1)), show(d:incr('b', 1, 0)), show(d:incr('s', 1)), show(d:incr('l', 1)), d:get('b')"),
        "nil,not a number\tnil,not a number\tnil,not a number\tnil,not a number\ttrue"
    );
}

#[test]
fn a_list_is_a_queue_at_both_ends() {
    assert_eq!(
        run("local r = {}
            for i = 1, 3 do r[#r + 1] = d:lpush('a', i) d:lpush('b', i) d:rpush('c', i) d:rpush('d', i) end
            for i = 1, 3 do r[#r + 1] = d:lpop('a') .. d:rpop('b') .. d:lpop('c') .. d:rpop('d') end
            return table.concat(r, ' '), show(d:lpop('a')), show(d:rpop('b')), d:llen('c'), d:llen('never'), #d:get_keys()"),
        "1 2 3 3113 2222 1331\tnil\tnil\t0\t0\t0"
    );
    assert_eq!(run("d:rpush('l', 'a\\0b') d:rpush('l', 1.5) return #d:lpop('l'), d:lpop('l')"), "3\t1.5");
}

#[test]
fn lists_and_values_are_not_taken_for_each_other() {
    assert_eq!(
        run("d:lpush('l', 1) d:set('v', 1)
            return show(d:get('l')), show(d:get_stale('l')), show(d:lpush('v', 1)), show(d:rpop('v')), show(d:llen('v')), d:get_keys()[1]"),
        "nil,value is a list\tnil,value is a list\tnil,value not a list\tnil,value not a list\tnil,value not a list\tl"
    );
    assert_eq!(
        run("d:lpush('l', 1) return show(d:add('l', 1)), show(d:replace('l', 'x')), d:get('l')"),
        "false,exists,false\ttrue,nil,false\tx"
    );
    assert_eq!(run("d:lpush('l', 1) return show(d:set('l', 'bar')), d:get('l')"), "true,nil,false\tbar");
}

#[test]
fn a_list_that_has_expired_begins_anew() {
    let host = Host::new(ROOMY);
    host.run("d:lpush('cc', '1') d:lpush('aa', '1') d:expire('aa', 0.2)");
    host.clock.advance(300);
    assert_eq!(
        host.run("return d:lpush('aa', '2'), d:llen('aa'), d:lpop('aa'), show(d:lpop('aa')), d:ttl('cc')"),
        "1\t1\t2\tnil\t0"
    );
}

#[test]
fn elements_are_numbers_and_strings() {
    assert_eq!(
        run(
            "return show(d:lpush('l', true)), show(d:lpush('l', nil)), show(d:rpush('l')), show(d:rpush('l', {})), d:llen('l')"
        ),
        "nil,bad value type\tnil,bad value type\tnil,bad value type\tnil,bad value type\t0"
    );
}

#[test]
fn flush_all_lets_everything_expire_and_flush_expired_gives_its_memory_back() {
    let host = Host::new(ROOMY);
    let shown = host.run(
        "local free = d:free_space()
        d:set('foo', 32) d:set('bah', 10502) d:lpush('list', 1)
        local held = d:free_space()
        return free == d:capacity(), show(d:flush_all()), show(d:get('foo')), show(d:get_stale('bah')), d:llen('list'), #d:get_keys(),
          d:free_space() == held, d:flush_expired(), d:free_space() == free, show(d:get_stale('bah'))",
    );
    assert_eq!(shown, "true\t\tnil\t10502,nil,true\t0\t0\ttrue\t3\ttrue\tnil");
    assert_eq!(host.run("d:set('foo', 1) return d:get('foo')"), "1");
}

#[test]
fn flush_expired_removes_what_has_expired_and_no_more_than_it_may() {
    let host = Host::new(ROOMY);
    assert_eq!(host.run("return d:flush_expired()"), "0");
    host.run("for i = 1, 100 do d:set(i, 'x', 1) end d:set('bah', 'y', 0) d:set('bar', 'z', 100)");
    assert_eq!(host.run("return d:flush_expired()"), "0");
    host.clock.advance(1500);
    assert_eq!(
        host.run("return d:flush_expired(42), d:flush_expired(42.0), d:flush_expired(0), #d:get_keys()"),
        "42\t42\t16\t2"
    );
}

#[test]
fn get_keys_gives_1024_keys_or_as_many_as_are_asked_for() {
    let host = Host::new(ROOMY);
    assert_eq!(host.run("return #d:get_keys(), #d:get_keys(4), #d:get_keys(0)"), "0\t0\t0");
    host.run("for i = 1, 2048 do d:set(i, i) end d:set('gone', 1, 0.001)");
    host.clock.advance(2);
    assert_eq!(
        host.run(
            "local keys = d:get_keys(0) table.sort(keys, function(a, b) return tonumber(a) < tonumber(b) end)
            return #d:get_keys(), #d:get_keys(1), #d:get_keys(3000), #keys, keys[1], keys[2048]"
        ),
        "1024\t1\t2048\t2048\t1\t2048"
    );
}

#[test]
fn keys_that_cannot_be_are_returned_as_openresty_returns_them() {
    for method in
        ["get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "delete", "lpop", "rpop", "llen", "ttl"]
    {
        let call = |key: &str| run(&format!("return show(d:{method}({key}))"));
        assert_eq!(
            [call("nil"), call(""), call("''"), call("('a'):rep(65536)")],
            ["nil,nil key", "nil,nil key", "nil,empty key", "nil,key too long"]
        );
        assert_eq!(
            call("{}"),
            format!("ERR_LUA_RUNTIME: a:1: bad argument #1 to '{method}' (string or number expected, got table)")
        );
        assert_eq!(
            call("true"),
            format!("ERR_LUA_RUNTIME: a:1: bad argument #1 to '{method}' (string or number expected, got boolean)")
        );
    }
    for method in ["incr", "lpush", "rpush", "expire"] {
        let call = |key: &str| run(&format!("return show(d:{method}({key}, 1))"));
        assert_eq!(
            [call("nil"), call("''"), call("('a'):rep(65536)")],
            ["nil,nil key", "nil,empty key", "nil,key too long"]
        );
    }
    assert_eq!(
        run("local key = ('a'):rep(65535) return show(d:set(key, 'hello')), d:get(key)"),
        "true,nil,false\thello"
    );
}

#[test]
fn values_that_cannot_be_are_returned_as_openresty_returns_them() {
    for value in ["{}", "print", "d", "json.null", "coroutine.create(print)"] {
        assert_eq!(
            run(&format!("return show(d:set('k', {value})), show(d:add('k', {value})), d:get('k')")),
            "nil,bad value type\tnil,bad value type\tnil"
        );
    }
}

#[test]
fn times_flags_and_steps_that_cannot_be_are_errors() {
    let times = "a number of seconds from 0 to 9007199254740 expected";
    for (call, message) in [
        ("d:set('k', 1, -1)", format!("bad \"exptime\" argument ({times}, got -1)")),
        ("d:set('k', 1, 0/0)", format!("bad \"exptime\" argument ({times}, got NaN)")),
        ("d:add('k', 1, 1e300)", format!("bad \"exptime\" argument ({times}, got {}", 1e300)),
        ("d:set('k', 1, '1')", format!("bad \"exptime\" argument ({times}, got string)")),
        ("d:expire('k')", format!("bad \"exptime\" argument ({times}, got no value)")),
        ("d:expire('k', -0.001)", format!("bad \"exptime\" argument ({times}, got -0.001)")),
        (
            "d:set('k', 1, 0, -1)",
            "bad \"flags\" argument (a whole number from 0 to 4294967295 expected, got number)".into(),
        ),
        (
            "d:set('k', 1, 0, 1.5)",
            "bad \"flags\" argument (a whole number from 0 to 4294967295 expected, got number)".into(),
        ),
        (
            "d:set('k', 1, 0, 2^32)",
            "bad \"flags\" argument (a whole number from 0 to 4294967295 expected, got number)".into(),
        ),
        (
            "d:set('k', 1, 0, {})",
            "bad \"flags\" argument (a whole number from 0 to 4294967295 expected, got table)".into(),
        ),
        ("d:incr('k', 'bar')", "bad argument #2 to 'incr' (number expected, got string)".into()),
        ("d:incr('k', '1\\0')", "bad argument #2 to 'incr' (number expected, got string)".into()),
        ("d:incr('k')", "bad argument #2 to 'incr' (number expected, got no value)".into()),
        ("d:incr('k', 1, 'bar')", "bad init arg: number expected, got string".into()),
        ("d:incr('k', 1, 0, 'bar')", "bad init_ttl arg: number expected, got string".into()),
        ("d:incr('k', 1, 0, -1)", format!("bad \"init_ttl\" argument ({times}, got -1)")),
        ("d:incr('k', 1, nil, 0.01)", "must provide \"init\" when providing \"init_ttl\"".into()),
        ("d:get_keys(-1)", "bad argument #1 to 'get_keys' (a whole number from 0 expected, got number)".into()),
        ("d:get_keys(0.5)", "bad argument #1 to 'get_keys' (a whole number from 0 expected, got number)".into()),
        (
            "d:flush_expired('many')",
            "bad argument #1 to 'flush_expired' (a whole number from 0 expected, got string)".into(),
        ),
    ] {
        let shown =
            run(&format!("local ok, e = pcall(function() return {call} end) return e.code .. ' ' .. tostring(e)"));
        assert!(shown.starts_with(&format!("ERR_LUA_RUNTIME a:1: {message}")), "{call}: {shown}");
        assert_eq!(run(&format!("pcall(function() return {call} end) return show(d:get('k'))")), "nil", "{call}");
    }
}

#[test]
fn methods_are_called_with_a_colon_on_a_dictionary() {
    let methods = run("local names = {}
        for _, name in ipairs{'get', 'get_stale', 'set', 'safe_set', 'add', 'safe_add', 'replace', 'delete', 'incr', 'lpush', 'rpush', 'lpop', 'rpop',
            'llen', 'ttl', 'expire', 'flush_all', 'flush_expired', 'get_keys', 'capacity', 'free_space'} do
          for _, self in ipairs{'foo', 7, {}, {1}, print, setmetatable({}, {__index = d})} do
            local ok, e = pcall(d[name], self, 'k', 1)
            assert(not ok and e.code == 'ERR_LUA_RUNTIME' and e.message:find('call it with a colon, as in Shared.NAME:' .. name), name)
          end
          assert(not pcall(d[name]) and not pcall(d[name], nil, 'k'))
          names[#names + 1] = name
        end
        return #names");
    assert_eq!(methods, "21");
    assert_eq!(
        run("return select(2, pcall(d.get, 'foo')).message"),
        "bad self of 'get' (shared dictionary expected, got string): call it with a colon, as in Shared.NAME:get()"
    );
    assert_eq!(run("d.set(d, 'k', 1) return d.get(d, 'k')"), "1");
    assert_eq!(
        run("local ok, e = pcall(d.get, select(2, pcall(d.get, 'foo'))) return ok, e.code"),
        "false\tERR_LUA_RUNTIME"
    );
}

#[test]
fn a_dictionary_cannot_be_changed_or_looked_into() {
    assert_eq!(
        run("return type(d), getmetatable(d), pcall(setmetatable, d, {}), pcall(function() d.get = 1 end), pcall(rawset, d, 1, 1), d.none,
            (tostring(d):gsub(': .*', '')), (pcall(function() return json.null:get('k') end))"),
        "userdata\tfalse\tfalse\tfalse\tfalse\tnil\tshared dictionary\tfalse"
    );
}

#[test]
fn who_may_not_read_does_not_find_it_and_who_may_not_write_is_refused() {
    let host = Host::new(ROOMY);
    host.declare("news", ROOMY, Access::Everybody, ids(&["editor"]));
    host.declare("secret", ROOMY, ids(&["a", "b"]), ids(&["b", "c"]));
    assert_eq!(
        host.run_as("a", "return type(Shared.news), type(Shared.secret), type(Shared.dogs)"),
        "userdata\tuserdata\tuserdata"
    );
    assert_eq!(host.run_as("c", "return Shared.secret, next(Shared) ~= nil"), "nil\ttrue");
    host.run_as("editor", "Shared.news:set('today', 'rain') Shared.news:lpush('list', 1)");
    let refused = host.run_as(
        "a",
        "local n, refused = Shared.news, 0
        for _, call in ipairs{{'set', 'today', 1}, {'safe_set', 'today', 1}, {'add', 'x', 1}, {'safe_add', 'x', 1}, {'replace', 'today', 1},
            {'delete', 'today'}, {'incr', 'today', 1}, {'lpush', 'list', 1}, {'rpush', 'list', 1}, {'lpop', 'list'}, {'rpop', 'list'},
            {'expire', 'today', 1}, {'flush_all'}, {'flush_expired'}} do
          local ok, e = pcall(n[call[1]], n, table.unpack(call, 2))
          assert(not ok and e.code == 'ERR_STATE_DENIED', call[1])
          assert(e.message == 'Shared.news:' .. call[1] .. ': this script may read the dictionary, but not change it', e.message)
          refused = refused + 1
        end
        return refused, n:get('today'), n:get_stale('today'), n:llen('list'), n:ttl('today'), #n:get_keys(), n:capacity() > n:free_space()",
    );
    assert_eq!(refused, "14\train\train\t1\t0\t2\ttrue");
    assert_eq!(host.run_as("b", "Shared.secret:set('k', 1) return Shared.secret:get('k')"), "1");
}

#[test]
fn without_dictionaries_shared_is_an_empty_table() {
    let mut script = script("return type(Shared), next(Shared)");
    script.services = Arc::new(Services::new(store(), QUOTA));
    assert_eq!(execute(script), Ok("table\tnil".to_owned()));
}

#[test]
fn what_was_used_least_recently_goes_first() {
    let host = Host::new(Limits { items: 3, bytes: 1 << 20 });
    assert_eq!(
        host.run("d:set('a', 1) d:set('b', 1) d:set('c', 1) d:get('a')
            return show(d:set('d', 1)), d:get('a'), d:get('b'), d:get('c'), show(d:add('e', 1)), d:get('d'), show(d:incr('f', 1, 0))"),
        "true,nil,true\t1\tnil\t1\ttrue,nil,true\tnil\t1,nil,true"
    );
    assert_eq!(host.run("d:set('f', 2) return show(d:set('f', 'longer')), #d:get_keys()"), "true,nil,false\t3");
}

#[test]
fn expired_entries_make_room_without_force() {
    let host = Host::new(Limits { items: 3, bytes: 1 << 20 });
    host.run("d:set('a', 1, 0.01) d:set('b', 1, 0.01) d:set('c', 1)");
    host.clock.advance(20);
    assert_eq!(
        host.run("return show(d:set('d', 1)), show(d:set('e', 1)), show(d:set('f', 1)), d:get('c')"),
        "true,nil,false\ttrue,nil,false\ttrue,nil,true\tnil"
    );
    host.run("d:flush_all()");
    assert_eq!(
        host.run("return show(d:safe_set('a', 1)), show(d:safe_add('b', 1)), d:lpush('c', 1), show(d:safe_set('d', 1)), show(d:set('d', 1))"),
        "true,nil,false\ttrue,nil,false\t1\tfalse,no memory,false\ttrue,nil,true"
    );
}

#[test]
fn safe_writes_and_pushes_remove_nothing() {
    let host = Host::new(Limits { items: usize::MAX, bytes: 10 * (ENTRY + 20) });
    assert_eq!(
        host.run("local i, ok, err = 0
            repeat i = i + 1 ok, err = d:safe_set('key_' .. i, ('x'):rep(10)) until not ok
            return err, d:get('key_' .. i), #d:get('key_1'), show(d:safe_add('other', ('x'):rep(10))), show(d:lpush('list', 'x')), show(d:rpush('list', 'x'))"),
        "no memory\tnil\t10\tfalse,no memory,false\tnil,no memory\tnil,no memory"
    );
}

#[test]
fn a_list_grows_until_there_is_no_room_and_keeps_what_it_has() {
    let host = Host::new(Limits { items: usize::MAX, bytes: 10_000 });
    assert_eq!(
        host.run("local n = 0
            while true do local len, err = d:lpush('l', 'bar') if not len then return n > 10 and d:llen('l') == n, err, show(d:lpush('l', 'x')), d:lpop('l'), show(d:lpush('l', 'x')) end n = len end"),
        "true\tno memory\tnil,no memory\tbar\t".to_owned() + &host.run("return tostring(d:llen('l'))")
    );
}

#[test]
fn what_can_never_fit_is_refused_and_removes_nothing() {
    let host = Host::new(Limits { items: usize::MAX, bytes: 1 << 16 });
    assert_eq!(
        host.run("d:set('k', 'old') d:set('l', 1)
            return show(d:set('k', ('x'):rep(70000))), show(d:replace('k', ('x'):rep(70000))), show(d:add('m', ('x'):rep(70000))), d:get('k'), d:get('l')"),
        "false,no memory,false\tfalse,no memory,false\tfalse,no memory,false\told\t1"
    );
}

#[test]
fn a_value_that_needs_more_room_than_a_write_makes_gets_it_in_several() {
    let host = Host::new(Limits { items: usize::MAX, bytes: 1 << 20 });
    assert_eq!(
        host.run("for i = 1, 4500 do d:set(i, i) end
            local big, tries = ('x'):rep(900000), 0
            repeat tries = tries + 1 local ok, err, forcible = d:set('big', big) assert(forcible and (ok or err == 'no memory')) until ok
            return tries > 1, tries < 10, #d:get('big')"),
        "true\ttrue\t900000"
    );
}

#[test]
fn get_keys_counts_in_the_vms_memory_before_it_is_made() {
    let host = Host::new(Limits { items: usize::MAX, bytes: 64 << 20 });
    host.run("for i = 1, 200 do d:set(('k'):rep(60000) .. i, 1) end");
    let mut script = script("local ok = pcall(function() return Shared.dogs:get_keys(0) end) return 'it goes on'");
    script.services = host.services.clone();
    script.limits.memory = 4 << 20;
    let failure = execute(script).expect_err("12 MB of keys do not fit into 4 MiB");
    assert_eq!(failure.error.code.as_str(), "ERR_LUA_MEMORY");
}

#[test]
fn results_cannot_be_dictionaries() {
    assert!(run("return d").starts_with("ERR_LUA_RESULT"), "{}", run("return d"));
}
