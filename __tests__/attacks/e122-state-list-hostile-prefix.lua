-- mechanism: State.list with huge, broken or odd prefixes
-- options: {"timeout": 2000}
-- expect: value "contained"
-- id: e122-state-list-hostile-prefix

State.set('e122-state-list-hostile-prefix.a', 1)
local leaks = {}
for i, p in ipairs{('x'):rep(10000000), '\0', '\n', 'e122-state-list-hostile-prefix.a\0', 'e122-state-list-hostile-prefix.%', 'e122-state-list-hostile-prefix._', '*', 'e122-state-list-hostile-prefix*'} do
  local ok, l = pcall(State.list, p)
  if ok and #l ~= 0 then leaks[#leaks + 1] = i .. '' end
end
pcall(State.list, '\xff')
if #State.list('e122-state-list-hostile-prefix.') ~= 1 then leaks[#leaks + 1] = 'own key missing' end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
