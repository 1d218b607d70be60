-- mechanism: 20 MB of "[]," become 7 million tables, in Rust memory first if parsed to a tree
-- options: {"timeout": 300}
-- expect: ERR_LUA_MEMORY | ERR_LUA_TIMEOUT

return #json.decode('[' .. ('[],'):rep(7000000) .. '[]]')
