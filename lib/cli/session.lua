-- What `moonpool repl` does inside its context: it evaluates, shows values, and completes names. Scripts may change every
-- global: it keeps what it needs.
local load, error, select, type, tostring, next, rawget, getmetatable, pcall = load, error, select, type, tostring, next,
  rawget, getmetatable, pcall
local globals, concat, sort, mathtype = _G, table.concat, table.sort, math.type
local byte, find, format, gsub, sub = string.byte, string.find, string.format, string.gsub, string.sub
local utf8len, offset = utf8.len, utf8.offset

-- How much of a value is shown.
local DEPTH, ITEMS, TEXT = 4, 50, 10000
local RANK = { number = 1, string = 2, boolean = 3 }
local KEYWORDS = ...

local isKeyword = {}
for _, word in next, KEYWORDS do isKeyword[word] = true end

local function isName(text) return find(text, "^[%a_][%w_]*$") and not isKeyword[text] end

-- Keys in an order that is the same each time, where they have one.
local function isBefore(a, b)
  local x, y = RANK[type(a)] or 4, RANK[type(b)] or 4
  if x ~= y then return x < y end
  if x <= 2 then return a < b end
  return tostring(a) < tostring(b)
end

local show

local function quoted(text) return (gsub(gsub(format("%q", text), "\\\n", "\\n"), "\r", "\\r")) end

local function keyOf(key)
  if type(key) == "string" and isName(key) then return key end
  return "[" .. (type(key) == "string" and quoted(key) or tostring(key)) .. "]"
end

local function tableOf(value, depth, above)
  if above[value] then return "<a table around it>" end
  if next(value) == nil then return "{}" end
  if depth == 0 then return "{...}" end
  above[value] = true
  local parts, count, keys = {}, 0, {}
  while rawget(value, count + 1) ~= nil and count < ITEMS do
    count = count + 1
    parts[count] = show(rawget(value, count), depth - 1, above)
  end
  local listed, more = count, false
  for key in next, value do
    if not (mathtype(key) == "integer" and key >= 1 and key <= listed) then
      if #keys == 1000 then more = true break end
      keys[#keys + 1] = key
    end
  end
  sort(keys, isBefore)
  for _, key in next, keys do
    if count == ITEMS then more = true break end
    count = count + 1
    parts[count] = keyOf(key) .. " = " .. show(rawget(value, key), depth - 1, above)
  end
  if more then parts[count + 1] = "..." end
  above[value] = nil
  return "{ " .. concat(parts, ", ") .. " }"
end

function show(value, depth, above)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local meta = getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") ~= nil then return tostring(value) end
  return tableOf(value, depth, above)
end

-- A text that is not too long, and UTF-8 whatever it was: other bytes are escaped.
local function readable(text)
  local rest = ""
  if #text > TEXT then
    -- Not inside a character.
    local cut = offset(text, 0, TEXT + 1) - 1
    text, rest = sub(text, 1, cut > TEXT - 4 and cut or TEXT), "..."
  end
  local parts, from = {}, 1
  while true do
    local _, wrong = utf8len(text, from)
    if not wrong then return concat(parts) .. sub(text, from) .. rest end
    parts[#parts + 1] = sub(text, from, wrong - 1) .. format("\\x%02x", byte(text, wrong))
    from = wrong + 1
  end
end

-- As `print` has them, but with what is in tables.
local function shown(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    parts[i] = readable(type(value) == "string" and value or show(value, DEPTH, {}))
  end
  if #parts > 0 then return concat(parts, "\t") end
end

local function evaluate(code)
  local chunk, message = load(code, "=stdin", "t", globals)
  if not chunk then error(message, 0) end
  -- Of a value without a name, tracebacks say that it is the main chunk.
  return shown((select(1, chunk))())
end

-- What is in a value, without a call of any metamethod.
local function fieldsOf(value, found, levels)
  if type(value) == "table" then
    local count = 0
    for key in next, value do
      count = count + 1
      if count > 5000 then break end
      if type(key) == "string" and isName(key) then found[key] = true end
    end
  end
  local meta = getmetatable(value)
  local index = type(meta) == "table" and rawget(meta, "__index")
  if type(index) == "table" and levels > 0 then fieldsOf(index, found, levels - 1) end
end

-- The names that may follow this path of names, each of them in the one before.
local function complete(path)
  local value = globals
  for _, name in next, path do
    local there
    if type(value) == "table" then there = rawget(value, name) end
    local meta = getmetatable(value)
    local index = type(meta) == "table" and rawget(meta, "__index")
    if there == nil and type(index) == "table" then there = rawget(index, name) end
    value = there
  end
  local found, names = {}, {}
  if value ~= nil then fieldsOf(value, found, 5) end
  for name in next, found do names[#names + 1] = name end
  sort(names)
  return names
end

return { evaluate = evaluate, complete = complete }
