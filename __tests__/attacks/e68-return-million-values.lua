-- mechanism: a million return values: past the stack limit
-- options: {"timeout": 300}
-- expect: any

local t = {} for i = 1, 999990 do t[i] = 1 end return table.unpack(t)
