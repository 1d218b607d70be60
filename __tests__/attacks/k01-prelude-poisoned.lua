-- mechanism: whatever a prelude has left is changed, also through its metatables, its modules and the libraries
-- prelude: {"prelude": [{"name": "base", "source": "config = setmetatable({ rate = 19, deep = { 1 } }, { __index = { more = 1 } }) function rate() return config.rate end"}, {"name": "tax", "source": "local kept = { 1 } return { kept = kept, of = function() return kept[1] end }"}], "modules": ["tax"]}
-- expect: value "changed"
-- after: {"id": "victim", "code": "return config.rate, config.deep[1], config.more, rate(), require('tax').of(), require('tax').kept == require('tax').kept, string.format('%d', 1), evil", "expect": "value \"19\\t1\\t1\\t19\\t1\\ttrue\\t1\\tnil\""}

config.rate, config.deep[1], getmetatable(config).__index.more = 0, 0, 0
function rate() return -1 end
require("tax").kept[1] = -1
require("tax").of = error
string.format, evil = error, true
setmetatable(_G, { __index = error, __newindex = error })
return "changed"
