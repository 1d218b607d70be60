-- mechanism: regex: up to 10^4 different patterns, each of which makes states while it searches
-- options: {"timeout": 500, "memoryLimit": 33554432}
-- expect: value "10000" | ERR_LUA_TIMEOUT

local text = ('abcabbacbcaab'):rep(40)
local n = 0
for i = 1, 10000 do
  regex.match(text, '(?:[ab]|c)*(a)(?:a|b|c){9}' .. i)
  n = n + 1
end
return n
