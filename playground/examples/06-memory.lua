-- It hoards memory, lets some of it go, and hoards more, until the limit
-- ends it. Look at the picture of the run.
local hoard = {}
for round = 1, 200 do
  hoard[round] = string.rep("x", round * 20000)
  if round % 25 == 0 then
    print("round " .. round .. ": some of it is let go")
    for i = round - 18, round - 6 do hoard[i] = nil end
  end
  sleep(0.01)
end
