-- mechanism: updates of State whose coroutines die, are kept, and are closed in the middle of other updates
-- options: {"timeout": 5000, "memoryLimit": 4194304}
-- expect: value "awake"

local function die() State.update('k', function() State.update('l', error) end) end
local dead = {}
for i = 1, 2000 do
  local co = coroutine.create(die)
  coroutine.resume(co)
  dead[i % 10 + 1] = co
  local other = dead[(i + 5) % 10 + 1]
  local ok, e = pcall(State.update, 'm', function()
    if other then coroutine.close(other) end
    sleep(0)
  end)
  assert(not ok and e.message:find('cannot wait'), tostring(e))
end
parallel(function() sleep(0.001) end, function() pcall(die) sleep(0) end)
return 'awake'
