// moonpool repl with lines from no terminal: what it takes for complete, what it shows, and what it survives.
'use strict'

const { cli } = require('./support/cli')
const { folderWith } = require('./support/files')

/** What it prints for these lines. */
const typed = async (lines, ...args) => cli(['repl', ...args], { input: lines.join('\n') })

test('expressions give their values, statements nothing, and globals last', async () => {
  const { exitCode, stdout, stderr } = await typed([
    'x = 6',
    'x * 7',
    '= x',
    'x, nil, "text", 1.0',
    'print("p")',
    '',
    'nil',
  ])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe('42\n6\n6\tnil\ttext\t1.0\np\nnil\n')
})

test('what is not complete goes on in the next line', async () => {
  const lines = [
    'for i = 1, 2 do',
    'print(i)',
    'end',
    '{',
    '1,',
    '}',
    'return [[a',
    'b]]',
    'function f()',
    'return 7 end',
    'f(',
    ')',
  ]
  expect(await typed(lines)).toMatchObject({ stdout: '1\n2\n{ 1 }\na\nb\n7\n', stderr: '' })
  const { stdout, stderr } = await typed(['print("not ended', '1 + 1', 'f('])
  expect(stdout).toBe('2\n')
  expect(stderr).toMatch(/unfinished string near[\s\S]*error: stdin:1: unexpected symbol near <eof>\n$/)
})

test('tables are shown with what is in them, as far as that goes', async () => {
  const { stdout } = await typed([
    '{ 1, "two", nil, 4, a = { b = {} }, ["not a name"] = true, ["end"] = 1.5 }',
    't = {} t.t = t return t',
    '{ { { { { 1 } } } } }',
    'local big = {} for i = 1, 100 do big[i] = i end return big',
    'setmetatable({}, { __tostring = function() return "mine" end }), setmetatable({}, { __index = error })',
    '"a\\nb", { "a\\nb" }',
    'math = nil string = nil { 1.0 }',
    '{ 1.0, f = print }',
  ])
  const lines = stdout.split('\n')
  expect(lines[0]).toBe(
    '{ 1, "two", [4] = 4, a = { b = {} }, end = 1.5, ["not a name"] = true }'.replace('end =', '["end"] ='),
  )
  expect(lines[1]).toBe('{ t = <a table around it> }')
  expect(lines[2]).toBe('{ { { { {...} } } } }')
  expect(lines[3]).toMatch(/ 50, \.\.\. \}$/)
  expect(lines[4]).toBe('mine\t{}')
  expect(lines.slice(5, 7)).toEqual(['a', 'b\t{ "a\\nb" }'])
})

test('errors are shown with the traceback of what was typed, and the session goes on', async () => {
  const { stdout, stderr } = await typed(['function f()', '  return x.y', 'end', 'f()', 'error({ code = 1 })', '1'])
  expect(stdout).toBe('1\n')
  expect(stderr).toContain(`error: stdin:2: attempt to index a nil value (global 'x')
stack traceback:
  stdin:2: in function 'f'
  (...tail calls...)
ERR_LUA_RUNTIME
`)
  expect(stderr).toContain('error value: {"code":1}\n')
})

test('a limit ends what runs, and says that the globals are fresh', async () => {
  const { stdout, stderr } = await typed(['x = 1', 'while true do end', 'x'], '--cpu-timeout', '50ms')
  expect(stdout).toBe('nil\n')
  expect(stderr).toMatch(
    /--cpu-timeout sets this limit\n\(its globals are gone with it: from here on they are fresh\)\n$/,
  )
})

test('strings that are not UTF-8 are shown, and long ones are not cut inside a character', async () => {
  const lines = ['"a\\255é\\xe2\\x82"', '{ "\\255", ["\\254"] = 1 }', '#crypto.md5("") , "\\0"', '("€"):rep(4000)']
  const { stdout, stderr } = await typed([...lines, '("\\x80"):rep(10004)'])
  expect(stderr).toBe('')
  const [bytes, table, zero, long, wrong] = stdout.split('\n')
  expect([bytes, table, zero]).toEqual(['a\\xffé\\xe2\\x82', '{ "\\xff", ["\\xfe"] = 1 }', '16\t\0'])
  expect(long).toBe(`${'€'.repeat(3333)}...`)
  expect(wrong).toBe(`${'\\x80'.repeat(10_000)}...`)
})

test('what a script does to the globals does not break it', async () => {
  const { stdout } = await typed(['for name in pairs(_G) do _G[name] = nil end', '{ 1, { a = "x" } }', '1 + 1'])
  expect(stdout).toBe('{ 1, { a = "x" } }\n2\n')
})

test('.load, .clear, .help and .exit', async () => {
  const folder = folderWith({
    'a.lua': '#!x\ny = 5 print("loaded") return "value"',
    'mark.lua': '\ufeff#!x\nreturn 6',
    'wrong.lua': 'x =\n=',
  })
  const lines = [
    `.load ${folder}/a.lua`,
    'y',
    `.load ${folder}/mark.lua`,
    '.clear',
    'y',
    '.load nowhere',
    `.load ${folder}/wrong.lua`,
    '.nope',
    '.help',
    '.exit',
    'print("never")',
  ]
  const { stdout, stderr, exitCode } = await typed(lines)
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^loaded\nvalue\n5\n6\nnil\n[\s\S]*\.load FILE/)
  expect(stdout).not.toContain('never')
  expect(stderr).toMatch(/'nowhere' cannot be read: ENOENT/)
  expect(stderr).toMatch(/stdin:2: unexpected symbol near '='\n {2}1 \| x =\n> 2 \| =/)
  expect(stderr).toMatch(/there is no command '\.nope': there are \.clear, \.exit, \.help and \.load/)
})

test('it has the modules and the id that options give it', async () => {
  const folder = folderWith({ 'tax.lua': 'return 0.19' })
  expect((await typed(['require("tax"), script.id'], '--modules', folder, '--id', 'ada')).stdout).toBe('0.19\tada\n')
  const wrong = folderWith({ 'wrong.lua': 'x = = 1' })
  expect(await typed(['1'], '--modules', wrong)).toMatchObject({ exitCode: 1, stdout: '' })
})
