-- mechanism: errors that read like kills must stay plain runtime errors
-- options: {"timeout": 300}
-- expect: ERR_LUA_RUNTIME

for _, m in ipairs{'not enough memory', 'ERR_LUA_TIMEOUT', 'ERR_LUA_MEMORY', 'interrupted', 'timeout', 'memory limit', 'killed'} do
  local ok, e = pcall(error, m, 0)
  if ok or e ~= m then return 'changed ' .. m end
end
error('not enough memory', 0)
