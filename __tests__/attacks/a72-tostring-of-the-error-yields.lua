-- mechanism: the thrown value yields, resumes and closes whatever it gets hold of
-- options: {"timeout": 300}
-- expect: any

error(setmetatable({}, { __tostring = function()
  local co, main = coroutine.running()
  pcall(coroutine.close, co) pcall(coroutine.resume, co) pcall(coroutine.yield)
  coroutine.wrap(function() pcall(coroutine.close, co) pcall(coroutine.resume, co) coroutine.yield(co) end)()
  while true do table.sort({ 2, 1 }, function(a, b) sleep(0) return a < b end) end
end }))
