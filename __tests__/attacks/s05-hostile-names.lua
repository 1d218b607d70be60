-- mechanism: names of many MB, with NUL, invalid UTF-8, and of what Lua has
-- options: {"timeout": 300}
-- scripts: {"a": "return 1"}
-- expect: value "ok"

local names = { "", "a\0", "a\0b", "\255\254", ("a"):rep(20000000), "__index", "__proto__", "constructor", "hasOwnProperty", "A", "a " }
for _, name in ipairs(names) do
  local ok, e = pcall(scripts.call, name)
  assert(not ok and e.code == "ERR_SCRIPT_UNKNOWN" and #e.message < 200, name:sub(1, 20))
end
assert(scripts.call("a") == 1)
return "ok"
