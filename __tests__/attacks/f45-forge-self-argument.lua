-- mechanism: State functions called with a forged self, extra arguments or as methods
-- options: {"timeout": 300}
-- expect: value "contained"
-- setup: {"id": "victim-f45-forge-self-argument", "code": "State.set('f45-forge-self-argument.secret', 's')"}
-- id: f45-forge-self-argument

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local tries = {
  function() return State:get('f45-forge-self-argument.secret') end,
  function() return State.get({id = 'victim-f45-forge-self-argument'}, 'f45-forge-self-argument.secret') end,
  function() return State.get('f45-forge-self-argument.secret', nil, 'victim-f45-forge-self-argument') end,
  function() return State.get('f45-forge-self-argument.secret', 'default') end,
  function() return State.get('victim-f45-forge-self-argument', 'f45-forge-self-argument.secret') end,
  function() return State['get']('f45-forge-self-argument.secret', 1, 2, 3) end,
  function() return State.get(setmetatable({}, {__tostring = function() return 'f45-forge-self-argument.secret' end})) end,
}
for i, f in ipairs(tries) do
  local ok, v = pcall(f)
  if ok and v == 's' then leak('try ' .. i) end
end
local ok, e = pcall(State.get, 'f45-forge-self-argument.secret', 'default')
if ok then leak('default hides the refusal') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
