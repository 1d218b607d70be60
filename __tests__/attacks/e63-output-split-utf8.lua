-- mechanism: a character written byte by byte is one character
-- options: {"timeout": 300}
-- expect: value "\u20ac"

io.write("\xe2") io.write("\x82") io.write("\xac")
