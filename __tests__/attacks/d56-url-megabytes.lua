-- mechanism: url: hosts of many labels, paths of many dots, escapes and queries of megabytes, in a loop
-- options: {"timeout": 300, "memoryLimit": 268435456}
-- expect: ERR_LUA_TIMEOUT

local hosts = { ('xn--a.'):rep(40000), ('\xc3\xa9'):rep(120000), ('\xc3\xa9.'):rep(80000), ('@'):rep(250000), ('1.'):rep(120000) }
local query = ('&a=%41'):rep(4 << 20)
while true do
  for _, host in ipairs(hosts) do url.parse('http://' .. host) end
  url.parse('http://a/' .. ('a/'):rep(50000) .. ('../'):rep(50000))
  pcall(url.build, { scheme = 'http', host = 'h', path = (' '):rep(80000) })
  url.query(url.query(query))
  url.decode(url.encode(query))
end
