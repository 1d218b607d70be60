// The program in a terminal: Ctrl-C, colours, editing, completion, history, and --watch.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Terminal, hasTerminals } = require('./support/cli')
const { folderWith } = require('./support/files')
const { testIf } = require('./support/test-if')

const terminalTest = testIf(hasTerminals)
const CTRL_C = '\x03'
const CTRL_D = '\x04'
const UP = '\x1b[A'

const open = []

/** The program in a terminal, which is ended after the test. */
function terminal(...args) {
  const begun = new Terminal(...args)
  open.push(begun)
  return begun
}

afterEach(() => {
  for (const begun of open.splice(0)) begun.end()
})

terminalTest('Ctrl-C stops the script, and there are colours', async () => {
  const folder = folderWith({ 'loop.lua': 'print("begun")\nwhile true do end', 'fails.lua': 'error("no")' })
  const run = terminal(['run', '--timeout', '100s', 'loop.lua'], { cwd: folder })
  const fails = terminal(['run', 'fails.lua'], { cwd: folder })
  const plain = terminal(['run', 'fails.lua'], { cwd: folder, env: { NO_COLOR: '1' } })
  await run.until('begun')
  run.type(CTRL_C)
  await run.until('stopped')
  expect(await run.exited).toBe(130)
  expect(await fails.exited).toBe(1)
  expect(fails.output).toContain('\x1b[31m')
  expect(await plain.exited).toBe(1)
  expect(plain.output).not.toContain('\x1b[')
})

terminalTest('a second Ctrl-C ends the program, whatever it still does', async () => {
  // At the end, timers run once more.
  const file = path.join(
    folderWith({ 'a.lua': 'timer.at(100, function() while true do end end) print("begun")' }),
    'a.lua',
  )
  const run = terminal(['run', file])
  await run.until('begun')
  const ticks = setInterval(() => run.type(CTRL_C), 200)
  expect(await run.exited).toBe(130)
  clearInterval(ticks)
})

terminalTest('the repl edits, completes, remembers, and survives Ctrl-C', async () => {
  const history = path.join(folderWith(), 'history')
  const env = { MOONPOOL_REPL_HISTORY: history }
  const repl = terminal(['repl', '--timeout', '100s'], { env })
  await repl.until('> ')
  repl.type('answer = 40 + 2\r')
  await repl.until('> ')
  repl.type('ans\t')
  await repl.until('answer')
  repl.type('\r')
  await repl.until('42\r\n')
  await repl.until('> ')
  repl.type('string.for\t')
  await repl.until('string.format')
  repl.type('("<%d>", 7)\r')
  await repl.until('<7>')
  await repl.until('> ')
  // What is begun is dropped.
  repl.type('for i = 1, 2 do\r')
  await repl.until('>> ')
  repl.type(CTRL_C)
  await repl.until('\x1b[0J> ')
  repl.type('dropped')
  await repl.until('dropped')
  repl.type(CTRL_C)
  await repl.until('\x1b[0J> ')
  repl.type('print("runs") while true do end\r')
  await repl.until('runs\r\n')
  repl.type(CTRL_C)
  await repl.until('stopped')
  await repl.until('globals are gone')
  await repl.until('> ')
  repl.type(`${UP}${UP}${UP}\r`)
  await repl.until('<7>')
  await repl.until('> ')
  repl.type(CTRL_D)
  expect(await repl.exited).toBe(0)
  expect(fs.readFileSync(history, 'utf8')).toMatch(/^answer = 40 \+ 2\nanswer\nstring\.format/)
  const again = terminal(['repl'], { env })
  await again.until('> ')
  again.type(UP)
  await again.until('string.format')
  again.type(CTRL_C)
  await again.until('> ')
  again.type(CTRL_C)
  await again.until('Ctrl-C again')
  again.type(CTRL_C)
  expect(await again.exited).toBe(0)
})

terminalTest('a repl whose history cannot be written says so, and works', async () => {
  const repl = terminal(['repl'], { env: { MOONPOOL_REPL_HISTORY: '/nowhere/at/all' } })
  await repl.until('is not kept')
  await repl.until('> ')
  repl.type('6 * 7\r')
  await repl.until('42')
  repl.type('.exit\r')
  expect(await repl.exited).toBe(0)
})

terminalTest('--watch runs a script again when it or a module changes, and stops what still runs', async () => {
  const folder = folderWith({ 'a.lua': 'print("one", require("m"))', 'lib/m.lua': 'return "first"' })
  const run = terminal(['run', '--watch', '--timeout', '100s', 'a.lua', '--modules', 'lib'], { cwd: folder })
  await run.until('one\tfirst')
  await run.until('done')
  fs.writeFileSync(path.join(folder, 'lib/m.lua'), 'return "second"')
  await run.until('one\tsecond')
  fs.writeFileSync(path.join(folder, 'a.lua'), 'x = = 2')
  await run.until('unexpected symbol')
  fs.writeFileSync(path.join(folder, 'a.lua'), 'print("loops") while true do end')
  await run.until('loops')
  fs.writeFileSync(path.join(folder, 'a.lua'), 'print("three")')
  await run.until('three')
  await run.until('done')
  run.type(CTRL_C)
  expect(await run.exited).toBe(130)
})
