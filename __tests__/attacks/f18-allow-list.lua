-- mechanism: the globals are an allow-list: nothing unknown may appear
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local ok = {}
for w in ([[assert collectgarbage error getmetatable ipairs load next pairs pcall print rawequal rawget rawlen rawset
 require select setmetatable tonumber tostring type warn xpcall _G _VERSION string table math utf8 coroutine os io
 script json log Shared State sleep host parallel scripts timer base64 crypto hex regex time url]]):gmatch('%S+') do ok[w] = true end
for k in pairs(_G) do if not ok[k] then leak(k) end end
local os_ok = {time = 1, clock = 1, date = 1, difftime = 1}
for k in pairs(os) do if not os_ok[k] then leak('os.' .. tostring(k)) end end
for k in pairs(io) do if k ~= 'write' then leak('io.' .. tostring(k)) end end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
