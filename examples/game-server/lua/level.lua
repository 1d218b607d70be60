-- The maze. Its cells are numbered row by row.
local rows = {
  "###########",
  "#   #     #",
  "# # # ### #",
  "# #   #   #",
  "###########",
}
local cells, width = table.concat(rows), #rows[1]
local level = { free = {}, steps = { left = -1, right = 1, up = -width, down = width } }

function level.isFree(cell)
  return cells:sub(cell, cell) == " "
end

for cell = 1, #cells do
  if level.isFree(cell) then table.insert(level.free, cell) end
end
return level
