---@meta moonpool

-- What a script finds in moonpool, for lua-language-server. This file names every global and every function of the
-- libraries, and nothing that is absent, so it takes the place of the server's own definitions. In .luarc.json:
--
--   {
--     "runtime.version": "Lua 5.4",
--     "workspace.library": ["node_modules/moonpool/types"],
--     "runtime.builtin": {
--       "basic": "disable", "coroutine": "disable", "debug": "disable", "io": "disable", "math": "disable",
--       "os": "disable", "package": "disable", "string": "disable", "table": "disable", "utf8": "disable"
--     }
--   }
--
-- Describe functions that your program exposes in a definition file of your own:
--
--   ---@meta
--   ---@param item string
--   ---@return number? price
--   function host.price(item) end
--
-- docs/lua-api.md and docs/lua.md explain what differs from stock Lua.

---@alias moonpool.ErrorCode
---| "ERR_STATE_DENIED" # State: another script holds the key, or granted it to be read only; Shared: the script may only read the dictionary
---| "ERR_STATE_VALUE" # State: a key, a value or an option outside the rules
---| "ERR_STATE_QUOTA" # State: the space is full
---| "ERR_STATE_UNAVAILABLE" # State: the store cannot be reached
---| "ERR_LUA_RESULT" # json.encode: a value that JSON cannot carry; scripts.call: a value that cannot cross
---| "ERR_HOST_FUNCTION" # host: the function failed, or a value cannot cross
---| "ERR_SCRIPT_UNKNOWN" # scripts.call: no script has this name
---| "ERR_SCRIPT_DENIED" # scripts.call: this script may not call that one
---| "ERR_LUA_RUNTIME" # wrong arguments, text that is not JSON, writing to script

---What `pcall` returns as the error of `Shared`, `State`, `json`, `log`, `warn`, `script`, `scripts`, `sleep`, `timer`, `host` and `require`,
---of `regex` for what is no pattern, and of `url.build` and `url.query`. `tostring` gives the whole text.
---@class moonpool.Error: userdata
---@field code moonpool.ErrorCode|string Of host functions, it may be one that the host chose.
---@field message string The text without chunk and line.
---@field details any Of host functions: what the host tells of the error, or nil.
---@operator concat(any): string

---JSON's `null`. True in conditions: compare with `== json.null`.
---@class moonpool.Null: lightuserdata

---A value that JSON can carry.
---@alias moonpool.Json string|number|boolean|moonpool.Null|table

-- Base functions

---All globals of the run.
---@class _G
_G = {}

---@type "Lua 5.4"
_VERSION = "Lua 5.4"

---Raises an error when `v` is false or nil; otherwise returns all its arguments.
---@generic T
---@param v? T
---@param message? any
---@param ... any
---@return T
---@return any ...
function assert(v, message, ...) end

---The memory of the VM in use, in KiB. There is no other option.
---@param option "count"
---@return number kib
function collectgarbage(option) end

---Raises an error.
---@param message any
---@param level? integer 1 (default): where `error` was called; 2: where that function was called; 0: no position.
function error(message, level) end

---The metatable of `object`, or its `__metatable` field; `false` for strings.
---@param object any
---@return any metatable
---@nodiscard
function getmetatable(object) end

---Goes through `t[1]`, `t[2]`, … up to the first nil.
---@generic T: table, V
---@param t T
---@return fun(table: V[], i?: integer): integer, V
---@return T
---@return integer i
function ipairs(t) end

---Compiles source text. Precompiled chunks are refused. On failure returns nil and the message.
---@param chunk string|fun(): string?
---@param chunkname? string
---@param mode? "t"|"bt"
---@param env? table The globals of the chunk; the caller's by default.
---@return function?
---@return string? message
---@nodiscard
function load(chunk, chunkname, mode, env) end

---The key after `index`, and its value; nil after the last one.
---@generic K, V
---@param table table<K, V>
---@param index? K
---@return K?
---@return V?
---@nodiscard
function next(table, index) end

---Goes through all keys and values of `t`, in no fixed order.
---@generic T: table, K, V
---@param t T
---@return fun(table: table<K, V>, index?: K): K, V
---@return T
function pairs(t) end

---Calls `f`; returns true and its results, or false and the error. It catches no limit of the run.
---@param f function
---@param ... any
---@return boolean success
---@return any result
---@return any ...
function pcall(f, ...) end

---Writes its arguments, as `tostring` gives them, with tabs between and a newline after, to the output of the run.
---@param ... any
function print(...) end

---Whether two values are equal, without `__eq`.
---@param v1 any
---@param v2 any
---@return boolean
---@nodiscard
function rawequal(v1, v2) end

---`table[index]`, without `__index`.
---@param table table
---@param index any
---@return any
---@nodiscard
function rawget(table, index) end

---The length, without `__len`.
---@param v table|string
---@return integer
---@nodiscard
function rawlen(v) end

---Sets `table[index]`, without `__newindex`.
---@param table table
---@param index any
---@param value any
---@return table
function rawset(table, index, value) end

---The value of a module that the host has added. It is loaded once per VM. Nothing else can be required.
---@param modname string
---@return any value What the module returned, or true.
function require(modname) end

---The arguments from number `index` on; with "#", how many there are.
---@param index integer|"#"
---@param ... any
---@return any ...
---@nodiscard
function select(index, ...) end

---Sets the metatable of `table`, and returns `table`. A metatable with a `__gc` field is refused.
---@param table table
---@param metatable? table
---@return table
function setmetatable(table, metatable) end

---Runs functions at once, as far as they wait: host calls, sleeps, and State on a server overlap. Returns the first result of
---each, in the order of the functions. The first error ends the others, and is raised. At most 1000 at once.
---@param ... fun(): any
---@return any ...
function parallel(...) end

---Waits. No thread is held meanwhile; the time counts against the run's `timeout`.
---@param seconds number From 0 to 2147483.647.
function sleep(seconds) end

---@param e string|number
---@param base? integer
---@return number?
---@nodiscard
function tonumber(e, base) end

---Text for any value. For tables, functions, threads and userdata it shows a number that is no memory address.
---@param v any
---@return string
---@nodiscard
function tostring(v) end

---@param v any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"thread"|"userdata" type
---@nodiscard
function type(v) end

---As `log.warn`. Several strings are joined into one message, and one that begins with `@` does nothing.
---@overload fun(message: any, fields?: table)
---@param message string
---@param ... string|number
function warn(message, ...) end

---As `pcall`, with a message handler.
---@param f function
---@param msgh function
---@param ... any
---@return boolean success
---@return any result
---@return any ...
function xpcall(f, msgh, ...) end

-- script

---Who the script is, for its own logs. Read-only.
---@class moonpool.Script: userdata
---@field id string The id that the host runs the script under.
---@field name string The name of the chunk.
---@field caller string? The id of the script that called this one; nil when the host did.

---@type moonpool.Script
script = {}

-- scripts

scripts = {}

---Runs a script that the host has named, in a VM of its own and under its own id, and returns what it returned. Raises the
---script's error, or ERR_SCRIPT_UNKNOWN or ERR_SCRIPT_DENIED.
---@param name string
---@param ... any
---@return any ...
function scripts.call(name, ...) end

---The names of the scripts that this one may call, sorted.
---@return string[]
function scripts.list() end

-- host

---The functions that the host exposes: each call waits until the host has answered.
---@class host
host = {}

-- log

---The log of the host program. No function waits, and none fails for what it logs.
---@class moonpool.log
log = {}

---@param message any what it says, as `tostring` has it
---@param fields? table values beside it, as results may have them
function log.debug(message, fields) end

---@param message any what it says, as `tostring` has it
---@param fields? table values beside it, as results may have them
function log.info(message, fields) end

---@param message any what it says, as `tostring` has it
---@param fields? table values beside it, as results may have them
function log.warn(message, fields) end

---@param message any what it says, as `tostring` has it
---@param fields? table values beside it, as results may have them
function log.error(message, fields) end

-- json

---@class moonpool.json
json = {}

---@type moonpool.Null
json.null = nil

---The JSON text of a value.
---@param value moonpool.Json?
---@return string text
---@nodiscard
function json.encode(value) end

---The value of a JSON text.
---@param text string
---@return any value
---@nodiscard
function json.decode(text) end

---Marks a table as an array, also when it is empty, and returns it.
---@generic T: table
---@param t T
---@return T
function json.array(t) end

-- crypto

---Hashes, random bytes and UUIDs. Texts and results are strings of any bytes.
---@class moonpool.crypto
crypto = {}

---@param text string
---@return string hash 16 bytes.
---@nodiscard
function crypto.md5(text) end

---@param text string
---@return string hash 20 bytes.
---@nodiscard
function crypto.sha1(text) end

---@param text string
---@return string hash 32 bytes.
---@nodiscard
function crypto.sha256(text) end

---@param text string
---@return string hash 64 bytes.
---@nodiscard
function crypto.sha512(text) end

---The HMAC of a text.
---@param algorithm "md5"|"sha1"|"sha256"|"sha512"
---@param key string
---@param text string
---@return string mac
---@nodiscard
function crypto.hmac(algorithm, key, text) end

---Random bytes that nobody can foresee.
---@param n integer From 0 to 1048576.
---@return string bytes
---@nodiscard
function crypto.random(n) end

---A random UUID (version 4).
---@return string uuid
---@nodiscard
function crypto.uuid() end

---A UUID that begins with the time (version 7). Within a run, each sorts behind those before it.
---@return string uuid
---@nodiscard
function crypto.uuid7() end

---Whether two strings are equal, in a time that does not say where they differ.
---@param a string
---@param b string
---@return boolean equal
---@nodiscard
function crypto.equal(a, b) end

-- base64

---@class moonpool.base64
base64 = {}

---@param bytes string
---@param alphabet? "standard"|"url" `"url"`: with `-` and `_`, without padding.
---@return string text
---@nodiscard
function base64.encode(bytes, alphabet) end

---@param text string
---@param alphabet? "standard"|"url"
---@return string? bytes
---@return string? message What is wrong with the text, when bytes is nil.
---@nodiscard
function base64.decode(text, alphabet) end

-- hex

---@class moonpool.hex
hex = {}

---@param bytes string
---@return string text Hexadecimal digits, in small letters.
---@nodiscard
function hex.encode(bytes) end

---@param text string
---@return string? bytes
---@return string? message What is wrong with the text, when bytes is nil.
---@nodiscard
function hex.decode(text) end

-- url

---@class moonpool.url
url = {}

---The parts of a URL, as they stand in it. What it does not have is nil.
---@class moonpool.UrlParts
---@field href? string The whole URL. `url.build` does not look at it.
---@field scheme string
---@field username? string
---@field password? string
---@field host? string Empty in `file:///x`.
---@field port? integer
---@field path? string
---@field query? string|moonpool.UrlQuery A table is for `url.build` only.
---@field fragment? string

---@alias moonpool.UrlValue string|number|boolean
---@alias moonpool.UrlQuery table<string, moonpool.UrlValue|moonpool.UrlValue[]>

---The parts of a URL, as the WHATWG reads them.
---@param text string
---@param base? string What the text may be relative to.
---@return moonpool.UrlParts? parts
---@return string? message Why the text is no URL, when parts is nil.
---@nodiscard
function url.parse(text, base) end

---The URL of these parts.
---@param parts moonpool.UrlParts
---@return string href
---@nodiscard
function url.build(parts) end

---A table as the text of a query, sorted by its keys; or such a text as a table.
---@param query moonpool.UrlQuery
---@return string text
---@overload fun(query: string): table<string, string|string[]>
---@nodiscard
function url.query(query) end

---As `encodeURIComponent` of JavaScript.
---@param text string
---@return string text
---@nodiscard
function url.encode(text) end

---@param text string
---@return string? text
---@return string? message Where an escape is malformed, when text is nil.
---@nodiscard
function url.decode(text) end

-- time

---Times are seconds since 1970, with their milliseconds.
---@class moonpool.time
time = {}

---@return number seconds
---@nodiscard
function time.now() end

---A time as `2024-05-17T08:30:00.250Z`; without one, now.
---@overload fun(): string
---@param t number
---@return string text
---@nodiscard
function time.iso(t) end

---The time that a text of RFC 3339 or ISO 8601 says; of a date, its first moment in UTC.
---@param text string
---@return number? seconds
---@return string? message What is wrong with the text, when seconds is nil.
---@nodiscard
function time.parse(text) end

---The time on a clock that nobody sets, for differences.
---@return number seconds
---@nodiscard
function time.monotonic() end

-- regex

---Regular expressions of Rust's `regex`. A group without a part in the match is false. Where groups have names, a table of
---these follows the groups.
---@class moonpool.regex
regex = {}

---@param s string
---@param pattern string
---@param init? integer
---@return integer? start
---@return integer? last
---@return string|false|table<string, string|false> ... The groups.
---@nodiscard
function regex.find(s, pattern, init) end

---@param s string
---@param pattern string
---@param init? integer
---@return string|false|nil match The first group, or the whole match; nil when there is no match.
---@return string|false|table<string, string|false> ... The other groups.
---@nodiscard
function regex.match(s, pattern, init) end

---@param s string
---@param pattern string
---@return fun(): string|false|nil, ... iterator
---@nodiscard
function regex.gmatch(s, pattern) end

---In a string, `$1` and `${name}` are groups, `$0` is the match, and `$$` a dollar sign.
---@param s string
---@param pattern string
---@param replacement string|number|table|function
---@param n? integer
---@return string result
---@return integer count
function regex.gsub(s, pattern, replacement, n) end

---What is between the matches.
---@param s string
---@param pattern string
---@param n? integer The most strings.
---@return string[] list
---@nodiscard
function regex.split(s, pattern, n) end

-- Shared

---The shared dictionaries that the host has declared, by name.
---@class moonpool.Shared
---@field [string] moonpool.SharedDict
Shared = {}

---A string, or a number, which is taken as its text.
---@alias moonpool.SharedKey string|number

---@alias moonpool.SharedValue string|number|boolean

---A shared dictionary, with the methods of OpenResty's `ngx.shared.DICT`. Times are in seconds; 0 is for ever.
---@class moonpool.SharedDict: userdata
---@field get fun(self: moonpool.SharedDict, key: moonpool.SharedKey): value: moonpool.SharedValue?, flags: integer|string|nil The value, and the flags unless they are 0.
---@field get_stale fun(self: moonpool.SharedDict, key: moonpool.SharedKey): value: moonpool.SharedValue?, flags: integer|string|nil, stale: boolean? Also a value that has expired.
---@field set fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: moonpool.SharedValue?, exptime?: number, flags?: integer): ok: boolean?, err: string?, forcible: boolean? Stores a value; nil deletes.
---@field safe_set fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: moonpool.SharedValue?, exptime?: number, flags?: integer): ok: boolean?, err: string?, forcible: boolean? As `set`, but removes nothing that has not expired.
---@field add fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: moonpool.SharedValue, exptime?: number, flags?: integer): ok: boolean?, err: string?, forcible: boolean? Stores a value when there is no such key.
---@field safe_add fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: moonpool.SharedValue, exptime?: number, flags?: integer): ok: boolean?, err: string?, forcible: boolean? As `add`, but removes nothing that has not expired.
---@field replace fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: moonpool.SharedValue, exptime?: number, flags?: integer): ok: boolean?, err: string?, forcible: boolean? Stores a value when there is such a key.
---@field delete fun(self: moonpool.SharedDict, key: moonpool.SharedKey): ok: boolean?, err: string?, forcible: boolean? Removes a key.
---@field incr fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: number, init?: number, init_ttl?: number): sum: number?, err: string?, forcible: boolean? Adds to a number; where there is none, to `init`.
---@field lpush fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: string|number): length: integer?, err: string? Puts a value at the head of a list.
---@field rpush fun(self: moonpool.SharedDict, key: moonpool.SharedKey, value: string|number): length: integer?, err: string? Puts a value at the tail of a list.
---@field lpop fun(self: moonpool.SharedDict, key: moonpool.SharedKey): value: string|number|nil, err: string? Takes the first value of a list.
---@field rpop fun(self: moonpool.SharedDict, key: moonpool.SharedKey): value: string|number|nil, err: string? Takes the last value of a list.
---@field llen fun(self: moonpool.SharedDict, key: moonpool.SharedKey): length: integer?, err: string? The length of a list.
---@field ttl fun(self: moonpool.SharedDict, key: moonpool.SharedKey): seconds: number?, err: string? How long the key lives on.
---@field expire fun(self: moonpool.SharedDict, key: moonpool.SharedKey, exptime: number): ok: boolean?, err: string? Sets how long the key lives on.
---@field flush_all fun(self: moonpool.SharedDict) Lets everything expire.
---@field flush_expired fun(self: moonpool.SharedDict, max_count?: integer): flushed: integer Removes what has expired; at most so much, or with 0 all.
---@field get_keys fun(self: moonpool.SharedDict, max_count?: integer): keys: string[] At most so many keys, 1024 by default; with 0 all.
---@field capacity fun(self: moonpool.SharedDict): bytes: integer How many bytes it may hold.
---@field free_space fun(self: moonpool.SharedDict): bytes: integer How many bytes more it may hold.

-- State

---The script's own keys and values, which outlive the run. Each call is atomic.
---@class moonpool.State
State = {}

---The value of the script's own key, else `default`. Raises ERR_STATE_DENIED for a key that only another script has.
---@param key string 1 to 512 UTF-8 bytes.
---@param default? any
---@return any value A copy.
---@nodiscard
function State.get(key, default) end

---@class moonpool.StateOptions
---@field ttl? number Seconds until the key expires: more than 0, at most 3155760000.

---@class moonpool.IncrOptions : moonpool.StateOptions
---@field init? number What a key begins with that is not there. 0 by default.

---Stores a copy of `value`; nil deletes the key.
---@param key string 1 to 512 UTF-8 bytes.
---@param value moonpool.Json? At most 1 MiB of JSON.
---@param options? moonpool.StateOptions
function State.set(key, value, options) end

---As `set`, but only if there is no such key.
---@param key string 1 to 512 UTF-8 bytes.
---@param value moonpool.Json At most 1 MiB of JSON.
---@param options? moonpool.StateOptions
---@return boolean stored
function State.add(key, value, options) end

---As `set`, but only if there is such a key.
---@param key string 1 to 512 UTF-8 bytes.
---@param value moonpool.Json At most 1 MiB of JSON.
---@param options? moonpool.StateOptions
---@return boolean stored
function State.replace(key, value, options) end

---Adds to a number. Integers are exact to 64 bits; past those it raises ERR_STATE_VALUE.
---@param key string 1 to 512 UTF-8 bytes.
---@param by? number 1 by default.
---@param options? moonpool.IncrOptions For a key that is not there.
---@return number sum
function State.incr(key, by, options) end

---Stores what `f` makes of the value. `f` may be called again, when somebody was faster; it cannot wait.
---@generic T
---@param key string 1 to 512 UTF-8 bytes.
---@param f fun(value: any): T? nil deletes the key.
---@param default? any What `f` gets when there is no such key.
---@return T? value
function State.update(key, f, default) end

---Compare and set: stores `new` if the value equals `old`.
---@param key string 1 to 512 UTF-8 bytes.
---@param old moonpool.Json? nil for "no such key".
---@param new moonpool.Json? nil deletes the key.
---@return boolean stored
function State.cas(key, old, new) end

---Lets the key expire so long from now; nil lets it last.
---@param key string 1 to 512 UTF-8 bytes.
---@param seconds number? More than 0, at most 3155760000.
---@return boolean exists
function State.expire(key, seconds) end

---The seconds until the key expires; `math.huge` when it does not; nil when there is no such key.
---@param key string 1 to 512 UTF-8 bytes.
---@return number?
---@nodiscard
function State.ttl(key) end

---Whether the script has the key.
---@param key string 1 to 512 UTF-8 bytes.
---@return boolean
---@nodiscard
function State.has(key) end

---Deletes the key.
---@param key string 1 to 512 UTF-8 bytes.
---@return boolean deleted Whether it was there.
function State.delete(key) end

---The script's keys that begin with `prefix`, granted ones included, sorted by bytes.
---@param prefix? string
---@return string[] keys
---@nodiscard
function State.list(prefix) end

-- coroutine

---@class coroutinelib
coroutine = {}

---@param co thread
---@return boolean noerror
---@return any errorobject
function coroutine.close(co) end

---@param f async fun(...): ...
---@return thread
---@nodiscard
function coroutine.create(f) end

---@param co? thread
---@return boolean
---@nodiscard
function coroutine.isyieldable(co) end

---@param co thread
---@param val1? any
---@param ... any
---@return boolean success
---@return any ...
function coroutine.resume(co, val1, ...) end

---@return thread running
---@return boolean ismain
---@nodiscard
function coroutine.running() end

---@param co thread
---@return "running"|"suspended"|"normal"|"dead"
---@nodiscard
function coroutine.status(co) end

---@param f async fun(...): ...
---@return fun(...): ...
---@nodiscard
function coroutine.wrap(f) end

---@async
---@param ... any
---@return any ...
function coroutine.yield(...) end

-- io

---@class iolib
io = {}

---Writes strings and numbers to the output of the run, with nothing between them.
---@overload fun(self: iolib, ...: string|number): iolib
---@param ... string|number
---@return iolib io For further calls: `io.write("a"):write("b")`.
function io.write(...) end

-- math

---@class mathlib
math = {}

---@type number
math.huge = 1 / 0
---@type integer
math.maxinteger = 9223372036854775807
---@type integer
math.mininteger = -9223372036854775807 - 1
---@type number
math.pi = 3.141592653589793

---@generic Number: number
---@param x Number
---@return Number
---@nodiscard
function math.abs(x) end

---@param x number
---@return number
---@nodiscard
function math.acos(x) end

---@param x number
---@return number
---@nodiscard
function math.asin(x) end

---@param y number
---@param x? number
---@return number
---@nodiscard
function math.atan(y, x) end

---From Lua 5.3; the same as `math.atan`.
---@param y number
---@param x? number
---@return number
---@nodiscard
function math.atan2(y, x) end

---@param x number
---@return integer
---@nodiscard
function math.ceil(x) end

---@param x number
---@return number
---@nodiscard
function math.cos(x) end

---From Lua 5.3.
---@param x number
---@return number
---@nodiscard
function math.cosh(x) end

---@param x number
---@return number
---@nodiscard
function math.deg(x) end

---@param x number
---@return number
---@nodiscard
function math.exp(x) end

---@param x number
---@return integer
---@nodiscard
function math.floor(x) end

---@param x number
---@param y number
---@return number
---@nodiscard
function math.fmod(x, y) end

---From Lua 5.3.
---@param x number
---@return number m
---@return integer e
---@nodiscard
function math.frexp(x) end

---From Lua 5.3.
---@param m number
---@param e integer
---@return number
---@nodiscard
function math.ldexp(m, e) end

---@param x number
---@param base? number
---@return number
---@nodiscard
function math.log(x, base) end

---From Lua 5.3.
---@param x number
---@return number
---@nodiscard
function math.log10(x) end

---@generic Number: number
---@param x Number
---@param ... Number
---@return Number
---@nodiscard
function math.max(x, ...) end

---@generic Number: number
---@param x Number
---@param ... Number
---@return Number
---@nodiscard
function math.min(x, ...) end

---@param x number
---@return number whole
---@return number fraction
---@nodiscard
function math.modf(x) end

---From Lua 5.3.
---@param x number
---@param y number
---@return number
---@nodiscard
function math.pow(x, y) end

---@param x number
---@return number
---@nodiscard
function math.rad(x) end

---Without arguments a float from 0 to 1; `random(n)`: an integer from 1 to n; `random(m, n)`: one from m to n.
---@overload fun(): number
---@overload fun(m: integer): integer
---@param m integer
---@param n integer
---@return integer
---@nodiscard
function math.random(m, n) end

---Without arguments, a random seed.
---@param x? number
---@param y? integer
---@return integer
---@return integer
function math.randomseed(x, y) end

---@param x number
---@return number
---@nodiscard
function math.sin(x) end

---From Lua 5.3.
---@param x number
---@return number
---@nodiscard
function math.sinh(x) end

---@param x number
---@return number
---@nodiscard
function math.sqrt(x) end

---@param x number
---@return number
---@nodiscard
function math.tan(x) end

---From Lua 5.3.
---@param x number
---@return number
---@nodiscard
function math.tanh(x) end

---@param x any
---@return integer?
---@nodiscard
function math.tointeger(x) end

---@param x any
---@return "integer"|"float"|nil
---@nodiscard
function math.type(x) end

---@param m integer
---@param n integer
---@return boolean
---@nodiscard
function math.ult(m, n) end

-- os

---The functions that read the time. There are no others.
---@class oslib
os = {}

---@class osdate
---@field year integer|string
---@field month integer|string
---@field day integer|string
---@field hour? integer|string
---@field min? integer|string
---@field sec? integer|string
---@field wday? integer|string
---@field yday? integer|string
---@field isdst? boolean

---The CPU time of the whole process, in seconds.
---@return number
---@nodiscard
function os.clock() end

---A time as text, or with "*t" as a table. A format that begins with "!" is in UTC.
---@param format? string
---@param time? integer
---@return string|osdate
---@nodiscard
function os.date(format, time) end

---@param t2 integer
---@param t1 integer
---@return number seconds
---@nodiscard
function os.difftime(t2, t1) end

---Now, or the time of a table, in seconds since 1970.
---@param date? osdate
---@return integer
---@nodiscard
function os.time(date) end

-- string

---@class stringlib
string = {}

---@param s string|number
---@param i? integer
---@param j? integer
---@return integer ...
---@nodiscard
function string.byte(s, i, j) end

---@param byte integer
---@param ... integer
---@return string
---@overload fun(): string
---@nodiscard
function string.char(byte, ...) end

---@param s string|number
---@param pattern string|number
---@param init? integer
---@param plain? boolean
---@return integer? start
---@return integer? end
---@return any ... captured
---@nodiscard
function string.find(s, pattern, init, plain) end

---@param s string|number
---@param ... any
---@return string
---@nodiscard
function string.format(s, ...) end

---@param s string|number
---@param pattern string|number
---@param init? integer
---@return fun(): any, ...
---@nodiscard
function string.gmatch(s, pattern, init) end

---A function as `repl` cannot call `sleep` or functions of `host`.
---@param s string|number
---@param pattern string|number
---@param repl string|number|table|function
---@param n? integer
---@return string
---@return integer count
function string.gsub(s, pattern, repl, n) end

---@param s string|number
---@return integer
---@nodiscard
function string.len(s) end

---@param s string|number
---@return string
---@nodiscard
function string.lower(s) end

---@param s string|number
---@param pattern string|number
---@param init? integer
---@return any ...
---@nodiscard
function string.match(s, pattern, init) end

---@param fmt string
---@param v1? string|number
---@param ... string|number
---@return string
---@nodiscard
function string.pack(fmt, v1, ...) end

---@param fmt string
---@return integer
---@nodiscard
function string.packsize(fmt) end

---@param s string|number
---@param n integer
---@param sep? string|number
---@return string
---@nodiscard
function string.rep(s, n, sep) end

---@param s string|number
---@return string
---@nodiscard
function string.reverse(s) end

---@param s string|number
---@param i integer
---@param j? integer
---@return string
---@nodiscard
function string.sub(s, i, j) end

---@param fmt string
---@param s string
---@param pos? integer
---@return any ...
---@nodiscard
function string.unpack(fmt, s, pos) end

---@param s string|number
---@return string
---@nodiscard
function string.upper(s) end

-- table

---@class tablelib
table = {}

---@param list table
---@param sep? string|number
---@param i? integer
---@param j? integer
---@return string
---@nodiscard
function table.concat(list, sep, i, j) end

---@overload fun(list: table, value: any)
---@param list table
---@param pos integer
---@param value any
function table.insert(list, pos, value) end

---@param a1 table
---@param f integer
---@param e integer
---@param t integer
---@param a2? table
---@return table a2
function table.move(a1, f, e, t, a2) end

---@param ... any
---@return { n: integer, [integer]: any }
---@nodiscard
function table.pack(...) end

---@generic V
---@param list V[]
---@param pos? integer
---@return V?
function table.remove(list, pos) end

---The comparator cannot call `sleep` or functions of `host`.
---@generic V
---@param list V[]
---@param comp? fun(a: V, b: V): boolean
function table.sort(list, comp) end

---@generic V
---@param list V[]
---@param i? integer
---@param j? integer
---@return V ...
---@nodiscard
function table.unpack(list, i, j) end

-- timer

---Functions that run later, each time in a VM of its own, as OpenResty's timers do.
timer = {}

---Runs `f(premature, ...)` once, after so many seconds.
---@param seconds number From 0 to 2147483.647.
---@param f function|string A Lua function without upvalues but the globals, or the name of a script.
---@param ... any What it is given: values that can be copied.
---@return integer? id Its number, or nil.
---@return string? message Why there is no timer.
function timer.at(seconds, f, ...) end

---Takes a timer of this script's id back. A run that has begun goes on.
---@param id integer
---@return boolean cancelled Whether it was going to run.
function timer.cancel(id) end

---Runs `f(premature, ...)` each time that so many seconds have passed. It never runs twice at once.
---@param seconds number From 0.001 to 2147483.647.
---@param f function|string A Lua function without upvalues but the globals, or the name of a script.
---@param ... any What it is given: values that can be copied.
---@return integer? id Its number, or nil.
---@return string? message Why there is no timer.
function timer.every(seconds, f, ...) end

---How many timers of this script's id are going to run.
---@return integer count
---@nodiscard
function timer.pending_count() end

---How many timers of this script's id run now, or wait for their turn.
---@return integer count
---@nodiscard
function timer.running_count() end

-- utf8

---@class utf8lib
utf8 = {}

---@type string
utf8.charpattern = "[\0-\x7F\xC2-\xFD][\x80-\xBF]*"

---@param code integer
---@param ... integer
---@return string
---@overload fun(): string
---@nodiscard
function utf8.char(code, ...) end

---@param s string
---@param i? integer
---@param j? integer
---@param lax? boolean
---@return integer code
---@return integer ...
---@nodiscard
function utf8.codepoint(s, i, j, lax) end

---@param s string
---@param lax? boolean
---@return fun(s: string, i: integer): integer, integer
---@return string s
---@return integer i
---@nodiscard
function utf8.codes(s, lax) end

---@param s string
---@param i? integer
---@param j? integer
---@param lax? boolean
---@return integer? length
---@return integer? invalid The place of the first byte that is not valid, when length is nil.
---@nodiscard
function utf8.len(s, i, j, lax) end

---@param s string
---@param n integer
---@param i? integer
---@return integer? position
---@nodiscard
function utf8.offset(s, n, i) end
