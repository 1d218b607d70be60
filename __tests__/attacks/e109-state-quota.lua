-- mechanism: a space holds 16 MiB: the write that would pass it fails and changes nothing
-- options: {"timeout": 500}
-- expect: ERR_STATE_QUOTA | ERR_LUA_TIMEOUT
-- id: e109-state-quota
-- after: {"id": "e109-state-quota", "code": "local n = 0 for _, k in ipairs(State.list('e109-state-quota.k')) do n = n + #State.get(k) State.delete(k) end return n <= 16 * 2^20 and 'within' or 'over'", "expect": "value \"within\""}

local v = ('x'):rep(1000000)
for i = 1, 40 do State.set('e109-state-quota.k' .. i, v) end
