-- mechanism: 100 000 returned tables, each a JSON text
-- options: {"timeout": 300}
-- expect: any

local t = {} for i = 1, 100000 do t[i] = {} end return table.unpack(t)
