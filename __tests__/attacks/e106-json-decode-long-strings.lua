-- mechanism: strings of megabytes with escapes, surrogate halves and NULs
-- options: {"timeout": 300}
-- expect: value "contained" | ERR_LUA_TIMEOUT

local s = '"' .. ('\\u00e9\\n\\u0000'):rep(100000) .. '"'
local v = json.decode(s)
local leaks = {}
if #v ~= 400000 then leaks[1] = #v .. '' end
for _, x in ipairs{'"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\u0041"'} do
  local ok, r = pcall(json.decode, x)
  if ok and not utf8.len(r) then leaks[#leaks + 1] = 'broken UTF-8 from ' .. x end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
