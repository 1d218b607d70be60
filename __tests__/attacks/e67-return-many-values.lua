-- mechanism: 100 000 return values
-- options: {"timeout": 300}
-- expect: any

local t = {} for i = 1, 100000 do t[i] = i end return table.unpack(t)
