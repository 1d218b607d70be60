-- mechanism: timers that make two timers each, as many as there may be
-- options: {"timeout": 300}
-- expect: value "64\ttoo many pending timers"

local source = 'local _, source = ... for _ = 1, 2 do timer.at(0.001, load(source), source) end while true do end'
local made, message = 0
repeat
  local id
  id, message = timer.at(600, load(source), source)
  if id then made = made + 1 end
until not id
return made, message
