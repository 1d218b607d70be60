-- mechanism: a library error object with changed fields must not change the outcome of others
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local ok, e = pcall(State.set, '', 1)
if ok then leak('accepted') end
if e.code ~= 'ERR_STATE_VALUE' then leak('code ' .. tostring(e.code)) end
pcall(function() e.code = 'ERR_LUA_TIMEOUT' e.message = {} end)
pcall(rawset, e, 'code', print)
pcall(setmetatable, e, {__tostring = function() while true do end end})
local ok2, e2 = pcall(State.set, '', 1)
if e2.code ~= 'ERR_STATE_VALUE' then leak('shared error object') end
if type(tostring(e2)) ~= 'string' then leak('tostring') end
if type(e2 .. '') ~= 'string' then leak('concat') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
