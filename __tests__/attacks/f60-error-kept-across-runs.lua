-- mechanism: an error object cannot be kept for another run: State refuses or copies it
-- options: {"timeout": 300}
-- expect: value "contained"
-- id: f60-error-kept-across-runs
-- after: {"id": "f60-error-kept-across-runs", "code": "local e = State.get('f60-error-kept-across-runs.e') if e == nil then return 'none' end local ok, x = pcall(error, e) return 'none'", "expect": "value \"none\""}

local ok, e = pcall(State.set, "", 1) local ok2, e2 = pcall(State.set, "f60-error-kept-across-runs.e", e) return "contained"
