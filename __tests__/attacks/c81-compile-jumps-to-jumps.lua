-- mechanism: a million jumps, each into a chain of 100 others, which the compiler's last pass follows
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: c81-compile-jumps-to-jumps
-- after: {"id": "c81-compile-jumps-to-jumps", "code": "return State.get('c81-compile-jumps-to-jumps.before'), State.get('c81-compile-jumps-to-jumps.after')", "expect": "value \"1\\tnil\""}

State.set('c81-compile-jumps-to-jumps.before', 1)
local piece = 'x'
for _ = 1, 16 do piece = '(' .. piece .. ' and ' .. piece .. ')' end
local pieces = {'local x ' .. ('if x then '):rep(150) .. 'if '}
local function tree(n)
  if n == 0 then pieces[#pieces + 1] = piece return end
  pieces[#pieces + 1] = '('
  tree(n - 1)
  pieces[#pieces + 1] = ' and '
  tree(n - 1)
  pieces[#pieces + 1] = ')'
end
tree(4)
pieces[#pieces + 1] = ' then end ' .. ('else end '):rep(150)
while true do
  local n = 0
  assert(load(function() n = n + 1 return pieces[n] end))
end
State.set('c81-compile-jumps-to-jumps.after', 1)
