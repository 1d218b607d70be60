-- A room with a fault: its third tick never ends.
room = { ticks = 0 }

function room.tick()
  room.ticks = room.ticks + 1
  State.incr("ticks")
  while room.ticks == 3 do end
  return { ticks = room.ticks }
end
