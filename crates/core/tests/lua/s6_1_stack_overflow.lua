-- §6.1/§4.1 unbounded recursion of several kinds ends in a catchable error (only the kind of the message is checked)
local function inf(n) return 1 + inf(n + 1) end
local tinf = setmetatable({}, {}); getmetatable(tinf).__index = function(t, k) return t[k + 1] end
local ok5, m5 = pcall(function() return tinf[1] end)
print(ok5, m5:match('stack overflow'))
local function mutual() return (string.gsub('x', 'x', mutual)) end
local ok6, m6 = pcall(mutual)
print(ok6, m6:match('C stack overflow'))
-- recursion inside a coroutine, and coroutines inside coroutines
local co = coroutine.create(inf)
local ok7, m7 = coroutine.resume(co, 1)
print(ok7, m7:match('stack overflow'), coroutine.status(co))
local function nestco(n) local ok, v = coroutine.resume(coroutine.create(nestco), n + 1); if not ok then return v end return v end
print((tostring(nestco(1)):match('C stack overflow')))
-- through pcall, xpcall handlers, metamethods and tostring
local function viapcall(n) local ok, m = pcall(viapcall, n + 1); if ok then return m end return m end
print((tostring(viapcall(1)):match('stack overflow')))
local add = setmetatable({}, {}); getmetatable(add).__add = function(a, b) return a + b end
print(select(2, pcall(function() return add + 1 end)):match('stack overflow'))
local ts = setmetatable({}, {}); getmetatable(ts).__tostring = function(s) return tostring(s) end
print(select(2, pcall(tostring, ts)):match('stack overflow'))
local cat = setmetatable({}, {}); getmetatable(cat).__concat = function(a, b) return a .. b end
print(select(2, pcall(function() return cat .. 'x' end)):match('stack overflow'))
local lt = setmetatable({}, {}); getmetatable(lt).__lt = function(a, b) return a < b end
print(select(2, pcall(function() return lt < lt end)):match('stack overflow'))
-- and the state is still usable afterwards
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
print(depth(1000), pcall(depth, 5000))
local function sortcmp() table.sort({3, 2, 1}, sortcmp) end
print(select(2, pcall(sortcmp)):match('C stack overflow'))
-- patterns and string operations with their own limits
local function strip(m) return (tostring(m):gsub('^.-:%d+: ', '')) end
print(strip(select(2, pcall(function() return ('x'):rep(300000):match(('x?'):rep(300000)) end))))
print(strip(select(2, pcall(function() return ('('):rep(40):find(('('):rep(40)) end))))
print(strip(select(2, pcall(function() return ('a'):rep(250):match(('(a'):rep(33) .. (')'):rep(33)) end))))
print(#('a'):rep(200000):match('.-b?$'), #('a'):rep(200000):match('a*'))
