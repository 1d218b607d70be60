-- mechanism: string.pack("c…") pads byte by byte in C up to the memory limit
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT
-- id: b49-pack-padding
-- after: {"id": "b49-pack-padding", "code": "return State.get('b49-pack-padding.before'), State.get('b49-pack-padding.after')", "expect": "value \"1\\tnil\""}

State.set('b49-pack-padding.before', 1)
while true do string.pack('c20000000', '') end
State.set('b49-pack-padding.after', 1)
