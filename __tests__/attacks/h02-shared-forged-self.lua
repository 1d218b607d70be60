-- mechanism: call the methods of a dictionary on whatever is no dictionary, and change what a dictionary is
-- options: {"timeout": 300}
-- shared: {"board": {"maxItems": 10}, "secret": {"readers": ["somebody"], "writers": ["somebody"]}}
-- expect: value "contained"

local leaks = {}
local board = Shared.board
local methods = {'get', 'get_stale', 'set', 'safe_set', 'add', 'safe_add', 'replace', 'delete', 'incr', 'lpush', 'rpush', 'lpop',
  'rpop', 'llen', 'ttl', 'expire', 'flush_all', 'flush_expired', 'get_keys', 'capacity', 'free_space'}
local errors = select(2, pcall(board.get))
local selves = {false, 0, 1, -1, 1.5, 'board', 'secret', {}, {board}, setmetatable({}, {__index = board, __name = 'shared dictionary'}),
  print, coroutine.create(print), errors, json.null, script}
for _, method in ipairs(methods) do
  for _, self in ipairs(selves) do
    if pcall(board[method], self, 'key', 1, 1, 1) then leaks[#leaks + 1] = method .. ' of ' .. type(self) end
  end
  if pcall(board[method]) then leaks[#leaks + 1] = method .. ' of nothing' end
end
if Shared.secret ~= nil or rawget(Shared, 'secret') ~= nil then leaks[#leaks + 1] = 'secret' end
if getmetatable(board) ~= false or pcall(setmetatable, board, {}) then leaks[#leaks + 1] = 'metatable' end
if pcall(function() board.get = print end) or pcall(rawset, board, 'get', print) then leaks[#leaks + 1] = 'field' end
return #leaks == 0 and 'contained' or table.concat(leaks, ', ')
