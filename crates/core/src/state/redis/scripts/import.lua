-- Sets many entries, all or none: the quota, and then name, value and time of each. Returns 0; or 2 and how much is too much.
sweep(-1)
local _, bytes = size()
for i = 2, #ARGV, 3 do
  local at = tonumber(ARGV[i + 2])
  if not at or at > now() then
    local length = call('HSTRLEN', VALUES, ARGV[i])
    bytes = bytes + #ARGV[i + 1] + (at and 1 or 0) - length
    if length == 0 then bytes = bytes + #ARGV[i] + ENTRY end
  end
end
if bytes > tonumber(ARGV[1]) then
  settle()
  return { 2, bytes }
end
for i = 2, #ARGV, 3 do
  local at = tonumber(ARGV[i + 2]) or false
  if not at or at > now() then put(ARGV[i], ARGV[i + 1], at, math.huge) end
end
settle()
return { 0 }
