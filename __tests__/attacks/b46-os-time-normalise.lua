-- mechanism: os.time with fields at the ends of the int range: mktime normalises, loops or refuses
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b46-os-time-normalise
-- after: {"id": "b46-os-time-normalise", "code": "return State.get('b46-os-time-normalise.before'), State.get('b46-os-time-normalise.after')", "expect": "value \"1\\tnil\""}

State.set('b46-os-time-normalise.before', 1)
local m = 2^31 - 1
while true do
  for _, y in ipairs{1, 1970, 2^31 - 1, -2^31, 1e15} do
    for _, x in ipairs{m, -m, 0} do
      pcall(os.time, {year = y, month = x, day = x, hour = x, min = x, sec = x, isdst = true})
    end
  end
end
State.set('b46-os-time-normalise.after', 1)
