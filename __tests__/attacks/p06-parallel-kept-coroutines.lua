-- mechanism: coroutines of functions that ended are kept and resumed
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local all = {}
local function keep()
  all[#all % 1000 + 1] = coroutine.running()
  local co = coroutine.create(function() sleep(100) end)
  all[#all % 1000 + 1] = co
  coroutine.resume(co)
end
while true do
  pcall(parallel, keep, keep, function() for _, co in ipairs(all) do coroutine.resume(co) end error() end)
  for _, co in ipairs(all) do
    pcall(coroutine.resume, co)
    pcall(coroutine.close, co)
    coroutine.status(co)
  end
end
