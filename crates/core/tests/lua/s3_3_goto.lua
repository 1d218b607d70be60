-- §3.3.4 goto and labels: continue idiom, nested loops, closures per jump, visibility errors
for i = 1, 6 do
  if i % 2 == 0 then goto continue end
  io.write(i, ' ')
  ::continue::
end
print()
do
  local i = 1
  ::top::
  io.write(i, ' ')
  i = i + 1
  if i <= 5 then goto top end
  print()
end
for i = 1, 3 do
  for j = 1, 3 do
    for k = 1, 3 do
      if i * j * k == 6 then print('found', i, j, k); goto out end
    end
  end
end
::out::
-- same label name in different functions and sibling blocks
do ::l1:: end
do ::l1:: end
local function f(n)
  ::l1::
  if n > 0 then n = n - 1; goto l1 end
  return 'done', n
end
print(f(1000))
-- jump out of nested blocks and while/repeat
local n = 0
while true do
  n = n + 1
  repeat
    if n > 4 then goto finish end
    do do break end end
  until true
end
::finish::
print('n', n)
-- closures created by a backward goto get fresh locals
do
  local fs, i = {}, 1
  ::again::
  local x = i * 10
  fs[#fs + 1] = function() x = x + 1; return x end
  i = i + 1
  if i <= 3 then goto again end
  for j = 1, #fs do io.write(fs[j](), ',', fs[j](), ' ') end
  print()
end
-- a state machine
local function machine(s)
  local pos, out = 1, {}
  local c
  ::start::
  c = s:sub(pos, pos); pos = pos + 1
  if c == '' then goto stop
  elseif c:match '%d' then out[#out + 1] = 'D'; goto digits
  elseif c:match '%a' then out[#out + 1] = 'A'; goto alphas
  else out[#out + 1] = '.'; goto start end
  ::digits::
  c = s:sub(pos, pos)
  if c:match '%d' then pos = pos + 1; goto digits end
  goto start
  ::alphas::
  c = s:sub(pos, pos)
  if c:match '%w' then pos = pos + 1; goto alphas end
  goto start
  ::stop::
  return table.concat(out)
end
print(machine('abc 123 a1b2 -- 77x'), machine(''), machine('9'))
-- label at the end of block may be jumped to over a local
do
  local i = 0
  repeat
    i = i + 1
    do
      if i == 2 then goto cont end
      local y = i
      io.write('y', y, ' ')
      ::cont::
    end
  until i >= 4
  print()
end
-- goto with to-be-closed variables
do
  local function c(name) return setmetatable({}, {__close = function(_, e) io.write('close ', name, ' ', tostring(e), '; ') end}) end
  local i = 0
  ::again::
  do
    local a <close> = c('a' .. i)
    i = i + 1
    if i < 3 then goto again end
  end
  print('end')
  for j = 1, 3 do
    local b <close> = c('b' .. j)
    if j == 2 then goto leave end
    io.write('body', j, ' ')
  end
  ::leave::
  print('left')
end
-- errors
for _, src in ipairs {
  'goto nowhere', 'do ::x:: end goto x', 'goto x; local a; ::x:: print(a)', 'goto x; local a; ::x::', 'goto x; local a; ::x:: ; ; ::y::',
  '::x:: ::x::', '::x:: do ::x:: end', 'do ::x:: end ::x::', 'break', 'do break end', 'if x then break end', 'while true do break end',
  'repeat goto c; local z; ::c:: until z', 'repeat if x then goto c end; local z = 1; ::c:: until z', 'function f() goto x end ::x::',
  'goto 1', 'goto', '::x', ':: ::', '::1::', 'local goto = 1', 'while true do function f() break end end', 'goto x do local a ::x:: end',
  'do goto x; local a <close> = nil; ::x:: end', 'for i = 1, 2 do goto continue; local x; ::continue:: end',
  'do local a; goto x; local b; ::x:: end; ::x::', '::a:: goto b; ::b:: goto c; ::c::', 'return goto', 'return; goto x', 'do return end ::x:: return 1',
} do
  local fn, m = load(src, '=g')
  print(src, fn and 'ok' or m)
end
-- heavy: collatz with gotos only
local function collatz(n)
  local steps = 0
  ::loop::
  if n == 1 then goto done end
  if n & 1 == 0 then n = n >> 1 else n = 3 * n + 1 end
  steps = steps + 1
  goto loop
  ::done::
  return steps
end
local best, at = 0, 0
for i = 1, 3000 do
  local s = collatz(i)
  if s <= best then goto continue end
  best, at = s, i
  ::continue::
end
print('collatz', at, best)
