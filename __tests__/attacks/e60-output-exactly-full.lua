-- mechanism: output of exactly maxOutput bytes is allowed
-- options: {"timeout": 300, "maxOutput": 100}
-- expect: value "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

for i = 1, 10 do io.write(("x"):rep(10)) end
