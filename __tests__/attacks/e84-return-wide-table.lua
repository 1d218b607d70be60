-- mechanism: a table of 10^6 small tables as result
-- options: {"timeout": 300}
-- expect: any

local t = {} for i = 1, 300000 do t[i] = {} end return t
