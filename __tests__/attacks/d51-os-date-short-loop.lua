-- mechanism: os.date("*t") and os.date of every specifier in a loop
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d51-os-date-short-loop
-- after: {"id": "d51-os-date-short-loop", "code": "return State.get('d51-os-date-short-loop.before'), State.get('d51-os-date-short-loop.after')", "expect": "value \"1\\tnil\""}

State.set('d51-os-date-short-loop.before', 1)
while true do os.date('*t') os.date('!%c') pcall(os.date, '*t', 2^40) pcall(os.date, '%Ec%EC%Ex%EX%Ey%EY%Od%Oe%OH%OI%Om%OM%OS%Ou%OU%OV%Ow%OW%Oy') end
State.set('d51-os-date-short-loop.after', 1)
