-- mechanism: tostring of library errors with positions and tracebacks made 10^5 times
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d39-traceback-in-loop-of-errors
-- after: {"id": "d39-traceback-in-loop-of-errors", "code": "return State.get('d39-traceback-in-loop-of-errors.before'), State.get('d39-traceback-in-loop-of-errors.after')", "expect": "value \"1\\tnil\""}

State.set('d39-traceback-in-loop-of-errors.before', 1)
local function deep(n) if n == 0 then State.set({}, 1) end deep(n - 1) return n end
while true do pcall(deep, 150) local ok, e = pcall(State.set) local s = tostring(e) .. '' end
State.set('d39-traceback-in-loop-of-errors.after', 1)
