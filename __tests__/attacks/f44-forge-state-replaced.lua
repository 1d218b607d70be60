-- mechanism: a script may replace its own State; the next run of the id sees the real one
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f44-forge-state-replaced
-- after: {"id": "f44-forge-state-replaced", "code": "State.set('f44-forge-state-replaced.k', 'real') return State.get('f44-forge-state-replaced.k')", "expect": "value \"real\""}

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local real = State
State = {get = function() return 'fake' end, set = function() end}
_G.State = State
pcall(function() real.get = State.get real.set = State.set real.list = nil end)
pcall(rawset, real, 'get', State.get)
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
