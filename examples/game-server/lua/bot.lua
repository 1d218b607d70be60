-- The bots: the first step from each cell to each other one, which takes a while to work out.
local level = require("level")
local ways = {}

for _, goal in ipairs(level.free) do
  local way, found = { [goal] = "" }, { goal }
  for _, cell in ipairs(found) do
    for direction, step in pairs(level.steps) do
      local before = cell - step
      if level.isFree(before) and not way[before] then
        way[before] = direction
        table.insert(found, before)
      end
    end
  end
  ways[goal] = way
end

function move(cell, goal)
  return ways[goal][cell]
end
