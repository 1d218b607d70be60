-- mechanism: string.pack and packsize with sizes at the ends of the integer range
-- options: {"timeout": 300}
-- expect: ERR_LUA_TIMEOUT
-- id: b50-pack-huge-sizes
-- after: {"id": "b50-pack-huge-sizes", "code": "return State.get('b50-pack-huge-sizes.before'), State.get('b50-pack-huge-sizes.after')", "expect": "value \"1\\tnil\""}

State.set('b50-pack-huge-sizes.before', 1)
while true do
  for _, f in ipairs{'c2147483647', 'c9223372036854775807', 'i17', 'i0', '!17', 's17', 'c99999999999999999999', '!3i3', 'Xz', 'X'} do
    pcall(string.packsize, f) pcall(string.unpack, f, 'x') pcall(string.unpack, f, 'x', math.mininteger)
  end
  pcall(string.packsize, ('c2147483647'):rep(3))
end
State.set('b50-pack-huge-sizes.after', 1)
