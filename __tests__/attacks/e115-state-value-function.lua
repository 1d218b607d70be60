-- mechanism: a function inside a value is refused and nothing is stored
-- options: {"timeout": 300}
-- expect: ERR_STATE_VALUE
-- id: e115-state-value-function
-- after: {"id": "e115-state-value-function", "code": "return State.get('e115-state-value-function.x', 'none')", "expect": "value \"none\""}

State.set("e115-state-value-function.x", {a = {b = print}})
