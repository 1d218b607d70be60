-- mechanism: a source with bytes that are no UTF-8 in strings and comments runs as Lua does (bytes are bytes) or is refused
-- options: {"timeout": 300}
-- expect: value "2"

local s = "\xff\xfe" -- ok
return #s
