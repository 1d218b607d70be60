-- mechanism: huge numbers: an error or a float, never a crash or a wrong integer
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function try(s)
  local ok, v = pcall(json.decode, s)
  if ok and type(v) ~= 'number' then leaks[#leaks + 1] = s:sub(1, 20) end
  return ok and v
end
for _, s in ipairs{'1e999999', '-1e999999', '1e-999999', ('9'):rep(100000), '0.' .. ('1'):rep(100000), '1e' .. ('9'):rep(100000), '9223372036854775808', '-9223372036854775809', '18446744073709551616'} do try(s) end
if try('9007199254740993') ~= 9007199254740993 then leaks[#leaks + 1] = 'precision' end
local big = try('9223372036854775808')
if big and math.type(big) == 'integer' then leaks[#leaks + 1] = 'wrapped' end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
