-- This never ends. Stop it, or wait for its timeout.
-- No Lua code can catch either.
local rounds = 0
while true do
  pcall(function()
    rounds = rounds + 1
    error("again")
  end)
  if rounds % 500000 == 0 then print(rounds .. " errors caught") end
end
