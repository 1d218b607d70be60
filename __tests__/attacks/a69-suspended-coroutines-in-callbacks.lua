-- mechanism: many coroutines, each resumed in a callback where Lua cannot yield, each preempted there
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT | ERR_LUA_MEMORY
-- after: {"id": "a69-suspended-coroutines-in-callbacks", "code": "return State.get('before'), State.get('after')", "expect": "value \"1\\tnil\""}

State.set('before', 1)
local function loop() for _ = 1, 1e6 do end return coroutine.running() end
local keep = {}
while true do
  string.gsub(('x'):rep(100), 'x', function()
    local co = coroutine.create(function() table.sort({ 3, 2, 1 }, function(a, b) loop() return a < b end) end)
    keep[#keep + 1] = co
    coroutine.resume(co)
  end)
end
State.set('after', 1)
