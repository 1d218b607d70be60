-- mechanism: a 30 MB return value of broken UTF-8 triples when replaced
-- options: {"timeout": 300}
-- expect: any

return ("\xff"):rep(30000000)
