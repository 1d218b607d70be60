-- mechanism: json.decode of "[[[[…": 10^6 levels, open and closed
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
for _, s in ipairs{('['):rep(1000000), ('['):rep(1000000) .. (']'):rep(1000000), ('{"a":'):rep(1000000), ('{"a":'):rep(100000) .. '1' .. ('}'):rep(100000), ('['):rep(1000) .. (']'):rep(1000)} do
  if pcall(json.decode, s) then leaks[#leaks + 1] = s:sub(1, 6) .. #s end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
