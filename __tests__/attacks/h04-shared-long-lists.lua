-- mechanism: lists that grow until there is no room, and are thrown away as a whole, again and again
-- options: {"timeout": 300}
-- shared: {"board": {"maxBytes": 33554432}}
-- expect: ERR_LUA_TIMEOUT

while true do
  while Shared.board:rpush('list', 'an element of some length') do end
  Shared.board:set('list', 1)
  Shared.board:delete('list')
end
