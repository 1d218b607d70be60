// moonpool run, and what all commands have in common: what is printed where, and exit codes.
'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')
const { PROGRAM, cli, cliProcess } = require('./support/cli')
const { folderWith } = require('./support/files')
const { unixTest } = require('./support/test-if')

const { version } = require('../package.json')

test('a script prints, logs and returns, and finds its arguments as strings', async () => {
  const code = 'print(...) log.warn("careful", { a = 1 }) io.write("open") return 1.0, { "x" }, select("#", ...)'
  expect(await cliProcess(['run', '-', 'a', '2', '--', '--id'], { input: code })).toEqual({
    exitCode: 0,
    stdout: 'a\t2\t--id\nopen\n1.0\t["x"]\t3\n',
    stderr: '[warn] stdin:1: careful {"a":1}\n',
  })
})

test('while a script is typed, Ctrl-C ends the program: only then is there something to stop', async () => {
  const wasRead = []
  const on = jest.spyOn(process, 'on').mockImplementation((event) => {
    if (event === 'SIGINT') wasRead.push(process.stdin.readableEnded)
    return process
  })
  expect(await cli(['run', '-'], { input: 'print("ran")' })).toMatchObject({ exitCode: 0, stdout: 'ran\n' })
  on.mockRestore()
  expect(wasRead).toEqual([true])
})

test('with --json, each returned value is a line of JSON, and nothing else is on the standard output', async () => {
  const code = 'print("seen") return { [5] = 1 }, nil, { "a", 1.5 }, math.maxinteger'
  expect(await cli(['run', '--json', '-'], { input: code })).toEqual({
    exitCode: 0,
    stdout: '{"5":1}\nnull\n["a",1.5]\n"9223372036854775807"\n',
    stderr: 'seen\n',
  })
})

test.each([
  ['1/0', 'an infinity'],
  ['{ { a = -1/0 } }', 'an infinity'],
  ['1, 0/0', 'NaN'],
])('with --json, a result that JSON does not have is refused, and nothing is printed: %s', async (returned, what) => {
  const { exitCode, stdout, stderr } = await cli(['run', '--json', '-'], { input: `return ${returned}` })
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toContain(`it has ${what}, which JSON does not have`)
})

test('a result that cannot be shown is told of, and is no failure of the script; but with --json it is', async () => {
  const input = 'return { f = print }'
  const [shown, json] = await Promise.all([cli(['run', '-'], { input }), cli(['run', '-', '--json'], { input })])
  expect(shown).toEqual({ exitCode: 0, stdout: '', stderr: '(the result cannot cross: value.f is a function)\n' })
  expect(json).toMatchObject({ exitCode: 1, stdout: '' })
})

test('a script that fails is shown with its place in the code, and the traceback', async () => {
  const folder = folderWith({
    'main.lua': 'local tax = require("rules.tax")\nprint("before")\nlocal pay = tax.of(nil)\n',
    'lib/rules/tax.lua': 'local tax = {}\n\nfunction tax.of(order)\n\treturn order.price\nend\n\nreturn tax\n',
  })
  const { exitCode, stdout, stderr } = await cli(['run', 'main.lua', '--modules', 'lib'], { cwd: folder })
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: 'before\n' })
  expect(stderr).toBe(`error: rules.tax:4: attempt to index a nil value (local 'order')
  2 |
  3 | function tax.of(order)
> 4 |   return order.price
  5 | end
  6 |
stack traceback:
  rules.tax:4: in field 'of'
  main.lua:3: in main chunk
ERR_LUA_RUNTIME
`)
})

test('a syntax error is marked where it is, also in a module', async () => {
  const folder = folderWith({ 'lib/wrong.lua': 'x = = 2\n' })
  const { exitCode, stderr } = await cli(['run', '-', '--modules', folder], { input: 'return 1' })
  expect(exitCode).toBe(1)
  expect(stderr).toContain("error: lib.wrong:1: unexpected symbol near '='\n> 1 | x = = 2\nERR_LUA_SYNTAX\n")
  const near = await cli(['run', '-'], { input: 'return\n  foo bar' })
  expect(near.stderr).toContain("<eof> expected near 'bar'\n  1 | return\n> 2 |   foo bar\n    |       ^^^\n")
})

test('a limit ends the script, and the option that sets it is named', async () => {
  const loop = { input: 'while true do end' }
  const [timeout, cpu, memory, output] = await Promise.all([
    cli(['run', '--timeout', '100ms', '-'], loop),
    cli(['run', '--cpu-timeout', '0.05s', '-'], loop),
    cli(['run', '--memory', '2mb', '-'], { input: 'return ("x"):rep(1e7)' }),
    cli(['run', '--max-output', '1k', '-'], { input: 'while true do print("x") end' }),
  ])
  for (const { exitCode } of [timeout, cpu, memory, output]) expect(exitCode).toBe(1)
  expect(timeout.stderr).toMatch(/ 100 ms[\s\S]*ERR_LUA_TIMEOUT: --timeout sets this limit\n$/)
  expect(cpu.stderr).toMatch(/ 50 ms[\s\S]*ERR_LUA_TIMEOUT: --cpu-timeout sets this limit\n$/)
  expect(memory.stderr).toMatch(/ 2097152 bytes[\s\S]*ERR_LUA_MEMORY: --memory sets this limit\n$/)
  expect(output.stderr).toMatch(/ERR_LUA_OUTPUT: --max-output sets this limit\n$/)
})

test('State is that of the id, and lasts in a database', async () => {
  const state = path.join(folderWith(), 'state.db')
  const visit = (id) => cli(['run', '-', '--state', state, '--id', id], { input: 'return State.incr("visits")' })
  expect((await visit('ada')).stdout).toBe('1\n')
  expect((await visit('ada')).stdout).toBe('2\n')
  expect((await visit('bob')).stdout).toBe('1\n')
})

test('what a script writes commands no terminal when it is in an error', async () => {
  const { stderr } = await cli(['run', '-'], { input: 'error("\\27[2J", 0)' })
  expect(stderr).toContain('error: \\x1b[2J\n')
})

test('nor when it is logged, or the name of a chunk that the script loads', async () => {
  const input = 'load("log.info(\\"\\27[2J\\")", "@\\27[3J")()'
  const { stderr } = await cli(['run', '-'], { input })
  expect(stderr).toBe('[info] \\x1b[3J:1: \\x1b[2J\n')
  // To some terminals it is as ESC [.
  const one = '"\\u{9b}2J"'
  const codes = [`log.info("m", { ${one} })`, `error({ ${one} })`, `return { [${one}] = print }`]
  for (const code of codes) expect((await cli(['run', '-'], { input: code })).stderr).toContain('"\\x9b2J"')
})

test('what is wrong with a command is one sentence that names it, and the exit code 2', async () => {
  const wrong = [
    [[], 'a command is missing: one of run, check, repl, serve, state, new, completion', ''],
    [['rnu'], "there is no command 'rnu'; did you mean 'run'?", ''],
    [['run'], 'moonpool run needs FILE', 'run '],
    [['run', '--timout', '5s', 'x'], "unknown option '--timout'; did you mean '--timeout'?", 'run '],
    [['run', '--timeout'], '--timeout needs a value: TIME, such as 500, 200ms or 5s', 'run '],
    [['run', '--id', '--json', 'x'], "--id needs a value: ID. For one that begins with '-', write --id=--json", 'run '],
    [['run', '--json=1', 'x'], "--json takes no value. Received '1'", 'run '],
    [['run', '--timeout', '5h', 'x'], "--timeout must be a time, such as 500, 200ms or 5s. Received '5h'", 'run '],
    [['run', '--memory', '1', '-'], '--memory must be a whole number of bytes from 1048576', 'run '],
    [['run', '--id', '', '-'], '--id must be a string of 1 to 256 UTF-8 bytes', 'run '],
    [['run', '--log-level', 'loud', '-'], '--log-level must be one of', 'run '],
    [['run', '--watch', '-'], '--watch needs a file', 'run '],
    [['run', 'no-such.lua'], "The file 'no-such.lua' cannot be read: ENOENT", 'run '],
    [['run', __dirname], 'must be a regular file. It is a directory', 'run '],
    [['run', '-', '--modules', 'no-such'], "--modules: 'no-such' cannot be read: ENOENT", 'run '],
    [['completion', 'fish'], "there is no completion for 'fish'", 'completion '],
    [['state', 'a', 'b'], "moonpool state takes only FILE.db. Received 'b', too", 'state '],
  ]
  const results = await Promise.all(wrong.map(([args]) => cli(args)))
  for (const [i, [, sentence, command]] of wrong.entries()) {
    const { exitCode, stdout, stderr } = results[i]
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain(`error: ${sentence}`.replace(/error: (must be a regular.*)/, '$1'))
    expect(stderr).toMatch(new RegExp(`\nSee 'moonpool ${command}--help'\\.\n$`))
  }
})

test('--help and --version print what they say', async () => {
  const [all, run, number] = await Promise.all([cli(['--help']), cli(['run', '--help']), cli(['--version'])])
  expect(all.stdout).toMatch(/Usage: moonpool COMMAND[\s\S]* run +run a script[\s\S]*--version/)
  expect(run.stdout).toMatch(/Usage: moonpool run FILE[\s\S]*--cpu-timeout TIME[\s\S]*Exit codes:[\s\S]*130/)
  expect(number).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
})

test('colours are as the options and the environment say', async () => {
  const failing = (args, env) => cli(['run', '-', ...args], { input: 'x = = 1', env })
  const [plain, forced, no, never, always] = await Promise.all([
    failing([], {}),
    failing([], { FORCE_COLOR: '1' }),
    failing([], { FORCE_COLOR: '0' }),
    failing(['--no-color'], { FORCE_COLOR: '1' }),
    failing(['--color'], { NO_COLOR: '1' }),
  ])
  const isColoured = ({ stderr }) => stderr.includes('\x1b[31m')
  expect([plain, forced, no, never, always].map(isColoured)).toEqual([false, true, false, false, true])
})

unixTest('whoever reads the output may go', async () => {
  const script = path.join(folderWith({ 'many.lua': 'for i = 1, 1e5 do print(i) end' }), 'many.lua')
  const line = `'${process.execPath}' '${PROGRAM}' run --max-output 10m '${script}' | head -n 1`
  expect(await promisify(execFile)('sh', ['-c', line])).toEqual({ stdout: '1\n', stderr: '' })
})

test('the program is executable, and is in the package', () => {
  expect(fs.readFileSync(PROGRAM, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(require('../package.json').files).toContain('lib')
})
