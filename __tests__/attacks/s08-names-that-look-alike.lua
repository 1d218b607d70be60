-- mechanism: names that are no names, but are shown as those of scripts
-- options: {"timeout": 300}
-- scripts: {"a\ufffd": "return 1", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...": "return 1"}
-- expect: value "ok"

for _, name in ipairs { "a\255", "a\xEF\xBF", "a\xED\xA0\x80", ("y"):rep(257), ("y"):rep(1000000) } do
  local ok, e = pcall(scripts.call, name)
  assert(not ok and e.code == "ERR_SCRIPT_UNKNOWN", name:sub(1, 20))
end
return "ok"
