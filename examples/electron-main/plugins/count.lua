-- Counts its calls, and the letters that it was given.
local calls = 0

function run(input)
  calls = calls + 1
  host.notify("call " .. calls)
  return #input.text .. " letters in call " .. calls
end
