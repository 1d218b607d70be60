-- mechanism: writing script.id or script.name, directly or raw, must not change any identity
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "victim-f41-script-read-only", "code": "State.set('f41-script-read-only.secret', 's')"}
-- id: f41-script-read-only

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local id = script.id
pcall(function() script.id = 'victim-f41-script-read-only' end)
pcall(rawset, script, 'id', 'victim-f41-script-read-only')
pcall(setmetatable, script, {__index = {id = 'victim-f41-script-read-only'}})
pcall(function() getmetatable(script).__index.id = 'victim-f41-script-read-only' end)
local ok, e = pcall(State.get, 'f41-script-read-only.secret')
if ok then leak('read ' .. tostring(e)) end
if not ok and e.code ~= 'ERR_STATE_DENIED' then leak('code ' .. tostring(e.code)) end
if id ~= 'f41-script-read-only' then leak('id was ' .. tostring(id)) end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
