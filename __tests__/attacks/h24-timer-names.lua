-- mechanism: upvalues with names of megabytes in the refusal, and one that pretends to be the globals
-- options: {"timeout": 300}
-- expect: value "true\ttrue\ttrue\ttrue"

local name = ('n'):rep(500000)
local _, long = pcall(load('local ' .. name .. ' = 1 timer.at(0, function() return ' .. name .. ' end)'))
local function refused(f) local ok, e = pcall(timer.at, 0, f) return not ok and e.code == 'ERR_LUA_RUNTIME' end
local fake = setmetatable({}, { __eq = function() return true end, __index = _G })
local pretends
do
  local _ENV = fake
  pretends = function() return x end
end
local t = timer
_G = fake
local other = refused(pretends)
_ENV.print = nil
return #long.message < 1000, refused(load('return x', 'x', 't', fake)), other, refused(coroutine.wrap(function() end))
