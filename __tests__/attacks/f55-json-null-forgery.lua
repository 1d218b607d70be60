-- mechanism: json.null, json.array marks and their metatables must not be forgeable or mutable across values
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
pcall(function() json.null.x = 1 end)
pcall(rawset, json.null, 1, 1)
pcall(setmetatable, json.null, {__index = {}})
if json.encode({json.null}) ~= '[null]' then leak('null ' .. json.encode({json.null})) end
if json.encode(json.array({})) ~= '[]' then leak('array') end
if json.encode({}) ~= '{}' then leak('object') end
if json.decode('null') ~= json.null then leak('decode null') end
if json.encode({a = 'x"\\\n\0\u{2028}'}):find('\n') then leak('raw newline') end
if json.decode(json.encode('x"\\\n\0')) ~= 'x"\\\n\0' then leak('round trip') end
if json.decode('{"__index":1,"__gc":2,"__proto__":3}').__gc ~= 2 then leak('special keys') end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
