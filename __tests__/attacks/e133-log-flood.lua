-- mechanism: log in a loop fills any buffer
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

while true do log.info(('x'):rep(100), {1, 2, {a = 'b'}}) log.debug('') warn('a', 'b') end
