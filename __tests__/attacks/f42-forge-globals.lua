-- mechanism: identity is not in any global: _G.__SCRIPT_ID, script, scriptId …
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "victim-f42-forge-globals", "code": "State.set('f42-forge-globals.secret', 's')"}
-- id: f42-forge-globals
-- after: {"id": "victim-f42-forge-globals", "code": "return State.get('f42-forge-globals.secret'), #State.list('f42-forge-globals.mine')", "expect": "value \"s\\t0\""}

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for _, n in ipairs{'__SCRIPT_ID', 'SCRIPT_ID', 'scriptId', 'script_id', '__script_id', '_SCRIPT', '__id', 'id'} do
  if _G[n] ~= nil then leak('exists ' .. n) end
  _G[n] = 'victim-f42-forge-globals'
end
script = {id = 'victim-f42-forge-globals', name = 'victim-f42-forge-globals'}
_G.script = script
local ok, e = pcall(State.get, 'f42-forge-globals.secret')
if ok then leak('read ' .. tostring(e)) end
State.set('f42-forge-globals.mine', 1)
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
