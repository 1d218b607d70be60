-- mechanism: a comparator that gives up its turn and changes what is sorted
-- options: {"timeout": 300}
-- expect: any

local t = {}
for i = 1, 200 do t[i] = i * 7919 % 211 end
while true do
  pcall(table.sort, t, function(a, b)
    sleep(0)
    t[#t + 1], t[1] = math.random(1000), nil
    if #t > 1000 then t = { 3, 2, 1 } end
    collectgarbage('count')
    return (a or 0) < (b or 0)
  end)
end
