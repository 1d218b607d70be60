-- mechanism: the smallest memoryLimit must run a normal script
-- options: {"timeout": 300, "memoryLimit": 1048576}
-- expect: value "5050"

local t = {} for i = 1, 100 do t[i] = ("x"):rep(i) end return #table.concat(t)
