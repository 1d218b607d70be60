-- mechanism: outputs of the libraries that are larger than what the VM may still hold, of 24 MB of text
-- options: {"timeout": 1000, "memoryLimit": 67108864}
-- expect: ERR_LUA_MEMORY
-- after: {"id": "e137-library-outputs", "code": "return #hex.encode(('x'):rep(1000))", "expect": "value \"2000\""}

local text = ('\xff'):rep(24 << 20)
pcall(hex.encode, text)
pcall(base64.encode, text)
pcall(url.encode, text)
pcall(url.query, { a = text })
pcall(regex.gsub, text, '(?s-u:.)', '$0$0')
