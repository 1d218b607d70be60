-- mechanism: invalid specifiers and widths must be refused, without reading past the format
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d07-format-bad-specs
-- after: {"id": "d07-format-bad-specs", "code": "return State.get('d07-format-bad-specs.before'), State.get('d07-format-bad-specs.after')", "expect": "value \"1\\tnil\""}

State.set('d07-format-bad-specs.before', 1)
local specs = {'%100d', '%.100f', '%', '%99999999d', '%-+ #0099d', '%y', '%10q', '%#x%', '%.', '%-', '%0-#+ 5.5.5d', '%c%', '%i%', '%5', '%.3q', '%ll', '%hhd', '%*d', '%n', '%1$d'}
local bad = {}
while true do
  for _, f in ipairs(specs) do
    pcall(string.format, f, 1, 2, 3)
    pcall(string.format, f, 'x')
    pcall(string.format, f)
    pcall(string.format, f .. ('9'):rep(1000), 1)
  end
end
State.set('d07-format-bad-specs.after', 1)
