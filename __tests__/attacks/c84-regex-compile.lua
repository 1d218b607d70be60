-- mechanism: regex: patterns that take long to compile, or much memory, one after the other
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local patterns = {
  '(a{1000}){1000}', '(?i)' .. [=[[\s\S]]=] .. ('\\w'):rep(20), ('a?'):rep(16000), ('(?:a|b)'):rep(4500), ('[^a]'):rep(8000),
  '[' .. ('\\pL--\\pN&&\\w--'):rep(600) .. 'a]', ('(?:'):rep(100) .. 'a' .. ('){2}'):rep(100), ('.*'):rep(16000), [[\w{100}]],
  (('('):rep(99) .. (')'):rep(99)), ('\\pL|'):rep(6000), ('('):rep(30000),
}
local n = 0
while true do
  n = n + 1
  for _, pattern in ipairs(patterns) do pcall(regex.find, 'x', pattern .. n) end
end
