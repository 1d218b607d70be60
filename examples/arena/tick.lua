-- A tick of a room. Each runs in a fresh VM, so all that the room is stands in its State: script.id is the room.
local premature = ...
-- The engine closes: this is no tick.
if premature then return end

local SIZE = 10
local MOVES = { left = { -1, 0 }, right = { 1, 0 }, up = { 0, -1 }, down = { 0, 1 } }

local function clamped(n) return math.max(0, math.min(SIZE - 1, n)) end

-- The direction that each player holds. State cannot be asked for while State.update computes.
local held = {}
for _, key in ipairs(State.list("input/")) do held[key:sub(#"input/" + 1)] = State.get(key) end

-- One write of the whole room: whoever reads it never finds half of a tick.
local room = State.update("room", function(room)
  room.tick = room.tick + 1
  for name, direction in pairs(held) do
    local player, move = room.players[name] or { x = 0, y = 0 }, MOVES[direction] or { 0, 0 }
    player.x, player.y = clamped(player.x + move[1]), clamped(player.y + move[2])
    room.players[name] = player
    if player.x == SIZE - 1 and player.y == SIZE - 1 then room.winner = name end
  end
  return room
end, { tick = 0, players = {} })

-- This run is the last one: the timer begins no other.
if room.winner then
  timer.cancel(State.get("timer"))
  log.info("won", { winner = room.winner, tick = room.tick })
end
