-- mechanism: malformed JSON must be refused
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
for _, s in ipairs{'', ' ', '[', ']', '{', '}', '[1,]', '{"a"}', '{"a":}', '{a:1}', "{'a':1}", '01x', 'nul', 'tru', 'NaN', 'Infinity', '-', '"', '"\\', '"\\u12"', '"\\x"', '[1 2]', '1 2', '[1]]', '"\xff"', '"a\xc3"', '\xef\xbb\xbf1x', '/*x*/1', '[1,,2]', '{"a":1,}', '\0', '1\0'} do
  if pcall(json.decode, s) then leaks[#leaks + 1] = s end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
