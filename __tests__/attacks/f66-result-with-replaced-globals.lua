-- mechanism: results are converted by the host, not by the script's tostring or json
-- options: {"timeout": 300}
-- expect: value "1\t2.5\ttrue\t[1]\tx"

tostring = function() while true do end end json.encode = tostring string.format = tostring table.concat = tostring next = tostring pairs = tostring rawget = tostring _G.type = tostring return 1, 2.5, true, {1}, 'x'
