-- mechanism: keys like __proto__ and constructor are plain keys of the JSON text
-- options: {"timeout": 300}
-- expect: value "{\"__proto__\":1,\"constructor\":2,\"toString\":3}"

return {["__proto__"] = 1, constructor = 2, toString = 3}
