-- mechanism: time: texts of megabytes that are no time, and numbers that are none
-- options: {"timeout": 300}
-- expect: value "refused 6 times"

local refused = 0
for _, text in ipairs{('2024-05-17T'):rep(1 << 20), '2024-05-17T00:00:00.' .. ('1'):rep(4 << 20) .. 'Z'} do
  if not time.parse(text) then refused = refused + 1 end
end
for _, t in ipairs{0/0, 1/0, -1/0, math.mininteger} do
  if not pcall(time.iso, t) then refused = refused + 1 end
end
return 'refused ' .. refused .. ' times'
