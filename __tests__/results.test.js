// What runLua resolves with: captured output, then the returned values.
'use strict'

const { runLua } = require('..')

const CASES = [
  // Output.
  ['print("a") print("b")', 'a\nb\n'],
  ['print(1, nil, true, "x")', '1\tnil\ttrue\tx\n'],
  ['print()', '\n'],
  ['io.write("a", 1, 2.5)', 'a12.5'],
  ['io.write("a"):write("b")', 'ab'],
  ['print(setmetatable({}, { __tostring = function() return "custom" end }))', 'custom\n'],
  ['io.write("1") print("2") io.write("3")', '12\n3'],
  ['io.write("\\xff|\\xe2\\x82|é")', '\ufffd|\ufffd|é'],
  // Output, then values.
  ['print("a") return 42', 'a\n42'],
  ['io.write("a") return "b"', 'ab'],
  // Nothing, and nil.
  ['', ''],
  ['return', ''],
  ['return nil', ''],
  ['return nil, nil', 'nil\tnil'],
  ['return 1, nil, 2', '1\tnil\t2'],
  ['return ""', ''],
  // Scalars, as Lua's tostring writes them.
  ['return 3', '3'],
  ['return -0.0', '-0.0'],
  ['return 3.0', '3.0'],
  ['return 1e100', '1e+100'],
  ['return 10 / 2', '5.0'],
  ['return 7 // 2', '3'],
  ['return math.maxinteger, math.mininteger', '9223372036854775807\t-9223372036854775808'],
  ['return 0.1', '0.1'],
  ['return math.huge, -math.huge', 'inf\t-inf'],
  ['return true, false', 'true\tfalse'],
  // Strings, as they are.
  ['return "tab\\there", "ünï \u{1F319}"', 'tab\there\tünï \u{1F319}'],
  ['return "a\\0b"', 'a\0b'],
  ['return "1"', '1'],
  // Tables, as JSON.
  ['return {}', '{}'],
  ['return json.array {}', '[]'],
  ['return { 1, 2, 3 }', '[1,2,3]'],
  ['return { "a", { "b" } }', '["a",["b"]]'],
  ['return { b = 1, a = 2, B = 3 }', '{"B":3,"a":2,"b":1}'],
  ['return { 1.0, 1, 0.5 }', '[1.0,1,0.5]'],
  ['return { x = json.null }', '{"x":null}'],
  ['return { s = "quote \\" back \\\\ line \\n" }', '{"s":"quote \\" back \\\\ line \\n"}'],
  ['return { ok = true }, { 1 }', '{"ok":true}\t[1]'],
  ['return json.null', 'null'],
]

test.each(CASES)('%s', async (code, text) => {
  expect(await runLua(code, 'results')).toBe(text)
})

test('the order of keys does not depend on how the table was built', async () => {
  const code = `
    local t = {}
    for i = 200, 1, -1 do t["k" .. i] = i end
    return t`
  const text = await runLua(code, 'results')
  const keys = Object.keys(JSON.parse(text))
  expect(keys).toHaveLength(200)
  expect(keys).toEqual([...keys].sort())
})

test('128 levels of tables cross', async () => {
  const code = 'local t = {} for i = 1, 127 do t = { t } end return t'
  expect(await runLua(code, 'results')).toBe(`${'['.repeat(127)}{}${']'.repeat(127)}`)
})

test('json.encode and json.decode round-trip inside a script', async () => {
  const code =
    'local v = json.decode(\'{"list":[1,2.5,null],"empty":[]}\') return json.encode(v), v.list[3] == json.null'
  expect(await runLua(code, 'results')).toBe('{"empty":[],"list":[1,2.5,null]}\ttrue')
})
