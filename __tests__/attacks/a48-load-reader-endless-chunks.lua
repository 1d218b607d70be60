-- mechanism: a reader that never ends its chunk: the lexer asks for more forever
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: a48-load-reader-endless-chunks
-- after: {"id": "a48-load-reader-endless-chunks", "code": "return State.get('a48-load-reader-endless-chunks.before'), State.get('a48-load-reader-endless-chunks.after')", "expect": "value \"1\\tnil\""}

State.set('a48-load-reader-endless-chunks.before', 1)
local n = 0
while true do
  pcall(load, function() n = n + 1 if n == 1 then return '--' end return '-' end)
  State.set('a48-load-reader-endless-chunks.after', 1)
end
