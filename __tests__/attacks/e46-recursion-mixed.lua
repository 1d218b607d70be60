-- mechanism: recursion through gsub, sort, pcall, load, coroutines and metamethods mixed: native frames of different sizes
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: e46-recursion-mixed
-- after: {"id": "e46-recursion-mixed", "code": "return State.get('e46-recursion-mixed.before'), State.get('e46-recursion-mixed.after')", "expect": "value \"1\\tnil\""}

State.set('e46-recursion-mixed.before', 1)
local f
local t = setmetatable({}, {__index = function() return f() end, __lt = function() return f() end, __tostring = function() return f() end, __call = function() return f() end})
local ways = {
  function() return t.x end,
  function() return (string.gsub('x', 'x', function() return f() end)) end,
  function() table.sort({t, t, t}) end,
  function() return tostring(t) end,
  function() return coroutine.wrap(f)() end,
  function() return load(function() return f() end) end,
  function() return select(2, pcall(f)) end,
  function() return t() end,
  function() local x <close> = setmetatable({}, {__close = function() f() end}) end,
}
local i = 0
function f() i = i + 1 return ways[i % #ways + 1]() end
while true do pcall(f) end
State.set('e46-recursion-mixed.after', 1)
