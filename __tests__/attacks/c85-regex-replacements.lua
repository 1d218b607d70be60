-- mechanism: regex.gsub: replacements that recurse into regex, compile 10^4 patterns, fail, sleep and never end
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- after: {"id": "c85-regex-replacements", "code": "return (regex.gsub('ab', '.', string.upper))", "expect": "value \"AB\""}

local n = 0
local function deeper(c)
  n = n + 1
  return (regex.gsub(c .. n, '(' .. n .. ')|(?<name>.)', deeper))
end
while true do
  pcall(regex.gsub, 'ab', '.', deeper)
  for i = 1, 200 do
    n = n + 1
    pcall(regex.gsub, 'abc', '(?i)[a-z]' .. n .. '|.', function(c)
      if c == 'b' then error(setmetatable({}, { __tostring = function() return regex.match('x', c) end })) end
      if i % 50 == 0 then sleep(0.001) end
      for all in regex.gmatch(c, '.?') do n = n + #all end
      return c
    end)
  end
end
