-- mechanism: cancel the timer of another script, by its number and all numbers around it
-- options: {"timeout": 2000}
-- setup: {"id": "owner", "code": "State.set('id', timer.at(600, function() end))"}
-- expect: value "0"
-- after: {"id": "owner", "code": "return timer.cancel(State.get('id'))", "expect": "value \"true\""}

local cancelled = 0
for i = -1000, 100000 do if timer.cancel(i) then cancelled = cancelled + 1 end end
for i = 0, 62 do if timer.cancel(1 << i) then cancelled = cancelled + 1 end end
for _, n in ipairs { 0 / 0, 1 / 0, -1 / 0, 0.5, 1e15, 1e300, math.mininteger } do
  if timer.cancel(n) then cancelled = cancelled + 1 end
end
return cancelled
