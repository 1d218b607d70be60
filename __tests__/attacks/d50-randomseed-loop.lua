-- mechanism: math.random with full ranges and math.randomseed in a loop (rejection sampling in C)
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: d50-randomseed-loop
-- after: {"id": "d50-randomseed-loop", "code": "return State.get('d50-randomseed-loop.before'), State.get('d50-randomseed-loop.after')", "expect": "value \"1\\tnil\""}

State.set('d50-randomseed-loop.before', 1)
while true do math.randomseed(1) math.random(0) math.random(math.mininteger, math.maxinteger) math.random(1, (1 << 62) + 1) pcall(math.random, 2, 1) end
State.set('d50-randomseed-loop.after', 1)
