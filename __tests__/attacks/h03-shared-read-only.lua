-- mechanism: change a dictionary that one may only read
-- options: {"timeout": 300}
-- shared: {"news": {"writers": ["editor"]}}
-- id: reader
-- setup: {"id": "editor", "code": "Shared.news:set('today', 'rain') Shared.news:rpush('list', 'a')"}
-- expect: value "refused 14 times"
-- after: {"id": "editor", "code": "return Shared.news:get('today'), Shared.news:ttl('today'), Shared.news:llen('list'), #Shared.news:get_keys()", "expect": "value \"rain\\t0\\t1\\t2\""}

local refused, news = 0, Shared.news
for _, call in ipairs{{'set', 'today', 'sun'}, {'safe_set', 'today', 'sun'}, {'add', 'new', 1}, {'safe_add', 'new', 1}, {'replace', 'today', 'sun'},
    {'delete', 'today'}, {'incr', 'n', 1, 0}, {'lpush', 'list', 1}, {'rpush', 'list', 1}, {'lpop', 'list'}, {'rpop', 'list'},
    {'expire', 'today', 1}, {'flush_all'}, {'flush_expired'}} do
  local ok, e = pcall(news[call[1]], news, table.unpack(call, 2))
  if not ok and e.code == 'ERR_STATE_DENIED' then refused = refused + 1 end
end
return 'refused ' .. refused .. ' times'
