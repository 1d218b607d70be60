-- Text, JSON and patterns: counts the words of a text.
local text = [[
The moon was but a chin of gold
A night or two ago,
And now she turns her perfect face
Upon the world below.]]

local counts = {}
for word in text:lower():gmatch("%a+") do
  counts[word] = (counts[word] or 0) + 1
end

local words = {}
for word in pairs(counts) do words[#words + 1] = word end
table.sort(words, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)

for i = 1, 5 do
  print(string.format("%-6s %d", words[i], counts[words[i]]))
end
return json.encode(counts), crypto.sha256(text)
