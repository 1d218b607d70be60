-- A room: players walk through the maze and collect coins. What must outlive the room is in State.
local level = require("level")
local LIFE = 2

room = { players = {}, coins = 0 }

local function nextCoin()
  room.coins, room.age = room.coins + 1, 0
  room.coin = level.free[room.coins * 5 % #level.free + 1]
end
nextCoin()

function room.tick(dt, inputs)
  room.age = room.age + dt
  if room.age > LIFE then nextCoin() end
  for name, direction in pairs(inputs) do
    local player = room.players[name] or { cell = level.free[1] }
    room.players[name] = player
    local target = player.cell + (level.steps[direction] or 0)
    if level.isFree(target) then player.cell = target end
    if player.cell == room.coin then
      State.incr("coins/" .. name)
      nextCoin()
    end
  end
  return { players = room.players, coin = room.coin }
end
