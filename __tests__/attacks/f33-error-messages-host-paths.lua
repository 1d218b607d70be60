-- mechanism: messages of library errors must not show host paths, Rust files, crate names or tracebacks
-- options: {"timeout": 300}
-- expect: value "contained"

local leaks = {}
local function leak(x) leaks[#leaks + 1] = tostring(x) end
local msgs = {}
local function add(f, ...) local ok, e = pcall(f, ...) if not ok then msgs[#msgs + 1] = tostring(e) .. tostring(type(e) == 'table' and e.message or '') end end
for _, lib in ipairs{State, json} do
  for _, f in pairs(lib) do
    if type(f) == 'function' then add(f) add(f, {}) add(f, print, print) add(f, '\xff') add(f, '', '') add(f, 0/0) add(f, coroutine.create(print)) end
  end
end
add(load, {}) add(string.rep) add(setmetatable, 1) add(os.date, '%Ez') add(os.time, {}) add(print, setmetatable({}, {__tostring = function() return {} end}))
add(io.write, {}) add(function() script.id = 'x' end) add(function() return nil + 1 end)
for _, m in ipairs(msgs) do
  for _, bad in ipairs{'%.rs', 'mlua', '/home', '/root', '/work', 'cargo', 'src/', 'napi', 'panick', 'RUST_BACKTRACE', '0x%x%x%x%x%x%x+', 'userdata: ', 'node_modules'} do
    if m:find(bad) then leak(m:sub(1, 80)) end
  end
end
return #leaks == 0 and 'contained' or table.concat(leaks, ',')
