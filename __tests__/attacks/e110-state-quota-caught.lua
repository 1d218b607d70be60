-- mechanism: a caught quota error leaves the old value of the key in place
-- options: {"timeout": 500}
-- expect: value "false,ERR_STATE_QUOTA,false,old" | ERR_LUA_TIMEOUT
-- id: e110-state-quota-caught

local v = ('x'):rep(1000000)
State.set('e110-state-quota-caught.a', 'old')
local ok, e
for i = 1, 40 do ok, e = pcall(State.set, 'e110-state-quota-caught.k' .. i, v) if not ok then break end end
local ok2, e2 = pcall(State.set, 'e110-state-quota-caught.a', v)
local r = { tostring(ok), tostring(e.code), tostring(ok2), tostring(State.get('e110-state-quota-caught.a')) }
for _, k in ipairs(State.list('e110-state-quota-caught.k')) do State.delete(k) end
return table.concat(r, ',')
