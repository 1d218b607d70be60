-- mechanism: fields that are too deep, cyclic, or double at each level
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT

local deep, cyclic, double = {}, {}, {}
for _ = 1, 1e5 do deep = {deep} end
for _ = 1, 60 do double = {double, double} end
cyclic.a = {cyclic}
while true do log.info('', deep) log.info('', cyclic) log.info('', double) end
