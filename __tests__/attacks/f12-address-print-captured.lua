-- mechanism: print and returned values use the same conversion; nothing of the form 0x55… or 0x7f… may appear
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
for i = 1, 200 do
  for _, v in ipairs{{}, function() end, coroutine.create(print), print} do
    local s = tostring(v)
    local h = s:match('0x0*(%x+)')
    if h and #h == 12 and (h:sub(1, 1) == '5' or h:sub(1, 1) == '7') then leak(s) return leaks[1] end
  end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
