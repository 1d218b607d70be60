-- mechanism: replacing tostring, pcall, error, type, getmetatable, next and pairs must not fool State or json
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "victim-f43-forge-replaced-functions", "code": "State.set('f43-forge-replaced-functions.secret', 's')"}
-- id: f43-forge-replaced-functions

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local real_pcall, get, set = pcall, State.get, State.set
local evil = function() return 'victim-f43-forge-replaced-functions' end
local saved = {tostring = tostring, type = type, next = next, pairs = pairs, rawget = rawget, error = error, getmetatable = getmetatable, select = select}
for k in saved.pairs(saved) do _G[k] = evil end
local gsub, fmt = string.gsub, string.format
string.gsub, string.format, table.concat_saved, table.concat = evil, evil, table.concat, evil
local ok, e = real_pcall(get, 'f43-forge-replaced-functions.secret')
local ok2 = real_pcall(set, 'f43-forge-replaced-functions.mine', {1, 2, {3}})
local back = get('f43-forge-replaced-functions.mine')
for k, v in saved.pairs(saved) do _G[k] = v end
string.gsub, string.format, table.concat = gsub, fmt, table.concat_saved
if ok then leak('read ' .. tostring(e)) end
if not ok2 or back[3][1] ~= 3 then leak('set was fooled') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
