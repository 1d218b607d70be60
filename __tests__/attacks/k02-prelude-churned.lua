-- mechanism: all that a prelude has left becomes garbage and is grown and shrunk, while the collector is at work, up to the limit
-- options: {"timeout": 2000, "memoryLimit": 4000000}
-- prelude: {"prelude": [{"name": "base", "source": "list, map, text = {}, {}, ('x'):rep(300000) for i = 1, 2000 do list[i] = { i } map[list[i]] = i map['k' .. i] = ('s'):rep(i) end co = coroutine.create(function(...) return ... end)"}]}
-- expect: ERR_LUA_MEMORY
-- after: {"id": "victim", "code": "for i = 1, 2000 do assert(map[list[i]] == i and #map['k' .. i] == i) end return #text, select(2, coroutine.resume(co, 7))", "expect": "value \"300000\\t7\""}

for round = 1, 20 do
  for i = round, 2000, 20 do map[list[i]], map["k" .. i], list[i] = nil, nil, nil end
  text = text:sub(1, -2) .. "y"
  for i = 1, 500 do map[{}] = i map[function() return i end] = i map["k" .. i] = nil end
  for key in pairs(map) do if type(key) ~= "string" then map[key] = nil end end
end
assert(select(2, coroutine.resume(co, "ran")) == "ran")
list, map = nil, nil
local kept = {}
for i = 1, 1e9 do kept[i] = { tostring(i) } end
