-- mechanism: json functions called with wrong arguments and hostile objects must raise errors
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
for i, v in ipairs{{}, print, true, setmetatable({}, {__tostring = function() while true do end end}), coroutine.create(print)} do
  if pcall(json.decode, v) then leaks[#leaks + 1] = 'decode ' .. i end
  local ok, r = pcall(json.array, v)
end
if pcall(json.decode) then leaks[#leaks + 1] = 'decode()' end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
