-- §3.1 lexical conventions: string escapes, long strings, comments, line continuations, lexical errors
local function hex(s) return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end
local function show(label, s) print(label, #s, hex(s)) end

show('simple', '\a\b\f\n\r\t\v\\\"\'')
show('simple2', "\a\b\f\n\r\t\v\\\"\'")
show('newline', 'one\
two')
show('z', 'a\z
          b\z  c\z

   d')
show('z-end', 'x\z')
show('hex', '\x00\x41\xfF\x7f')
show('dec', '\0\1\12\123\0651\255\0009')
show('utf', '\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}')
show('utf-big', '\u{1FFFFF}\u{200000}\u{3FFFFFF}\u{4000000}\u{7FFFFFFF}')
show('utf-zeros', '\u{000000000041}')
show('embedded', 'a\0b\0c')
show('mixed', "it's \"ok\"" .. 'he said "hi"')

show('long0', [[plain]])
show('long1', [[
first newline skipped]])
show('long2', [==[a]]b]=]c]==])
show('long3', [[

two newlines, one kept]])
show('long4', [[no \n escapes \x41 \z here]])
show('long5', [=[[[nested]]]=])
show('long6', [==[]==])
show('long7', [===[
]]
]=]
]==]
]===])
-- carriage returns are normalised inside strings read through load
local function loaded(src) return assert(load(src, '=x'))() end
show('cr', loaded('return "a\\\rb"'))
show('crlf', loaded('return "a\\\r\nb"'))
show('lfcr', loaded('return "a\\\n\rb"'))
show('long-crlf', loaded('return [[\r\na\r\nb\rc\n\rd\n\n]]'))
show('nul in source', loaded('return "a\0b"'))
show('nul in long', loaded('return [[a\0b]]'))

-- comments
--[[ block
comment ]] print('after block comment')
--[==[ another
]] ]=] still
]==]
--[[]] print('empty block')
---[[ not a block
print('line comment with a bracket')
--]]
print(--[[inline]] 'inline comment' --[==[x]==] , 1)
print(#[[--not a comment]])
--

-- identifiers
local _, _a, __b1, aVeryLongIdentifier_123, And, END = 1, 2, 3, 4, 5, 6
print(_, _a, __b1, aVeryLongIdentifier_123, And, END)
do local goto1, gotox, untilx = 1, 2, 3 print(goto1 + gotox + untilx) end

-- operators glued together
local a, b, c = 7, 2, 3
print(a//b, a~=b, a<<b, a>>b, a..b, a==b, a<=b, a>=b, a~b, ~a)
print(a- -b, a-~b, - - -a, not not a, #'abc'..#'de')
print(1 ..2, 3. ..4, 2^-1, -2^2, 1e1 ..'')
goto done
do print('never') end
::done:: print('label done');;;

-- lexical errors
local function bad(src)
  local f, m = load(src, '=lex')
  print(f == nil, (tostring(m):gsub('[^\32-\126]', '?')))
end
bad('return "abc')
bad('return "abc\ndef"')
bad("return 'abc")
bad('return "\\q"')
bad('return "\\xg1"')
bad('return "\\x1"')
bad('return "\\300"')
bad('return "\\256 tail"')
bad('return "\\u41"')
bad('return "\\u{}"')
bad('return "\\u{110000000}"')
bad('return "\\u{80000000}"')
bad('return "\\u{41"')
bad('return "\\u{zz}"')
bad('return [[abc')
bad('return [==[abc]=]')
bad('return [=abc')
bad('--[[ unfinished')
bad('--[==[ unfinished ]]')
bad('x = @')
bad('x = $y')
bad('x = a ! b')
bad('x = a ? b')
bad('x = `a`')
bad('x = a # b')
bad('x = \\')
bad('x = "a" "b" c')
bad('return "\\')
bad('return "\\\n')
bad('return \1')
bad('return 1 \200')
bad('a.1 = 2')
bad('a = "' .. ('x'):rep(100) .. '\n')
bad('local ' .. ('n'):rep(120) .. ' 5')
