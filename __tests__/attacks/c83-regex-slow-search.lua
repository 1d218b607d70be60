-- mechanism: regex: patterns that make many states, groups of one long match, and words of Unicode, in 32 MB of text
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT
-- after: {"id": "c83-regex-slow-search", "code": "return tostring(State.get('after'))", "expect": "value \"nil\""}

local text = ('ab\xc3\xa9 '):rep(6400000)
while true do
  pcall(regex.find, text, '(?:a|b|[^a]){40}z')
  pcall(regex.match, text, '((?s-u:.)*)(x)?')
  pcall(regex.find, text, [[\bx\b]])
  pcall(regex.gsub, text, '', '')
end
State.set('after', 1)
