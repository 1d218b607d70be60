// A system whose addresses or mappings run out: scripts that are suspended in callbacks leave enough for everybody else.
'use strict'

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')
const { testIf } = require('./support/test-if')

const MANY = 4000

/** Thousands of scripts that wait in a callback. */
const WAITING = `
  const { Engine } = require(${JSON.stringify(ROOT)})
  const engine = new Engine()
  const answers = []
  engine.expose('wait', () => new Promise((resolve) => answers.push(resolve)))
  const code = 'local n = 0 table.sort({ 2, 1 }, function(a, b) n = n + 1 host.wait() return a < b end) return n'
  const ended = (promise) => promise.then(String, ({ code, message }) => code + ': ' + message)
  const ends = []
  const runs = Array.from({ length: ${MANY} }, (_, i) =>
    ended(engine.runLua(code, 'id ' + i % 20, { timeout: 600000, name: 'script' })).then((end) => ends.push(end)))
  async function main() {
    while (ends.length + answers.length < ${MANY}) await new Promise(setImmediate)
    const suspended = answers.length
    const meanwhile = await ended(engine.runLua('host = nil return #table.concat({ 1, 2 })', 'other'))
    for (const answer of answers) answer()
    await Promise.all(runs)
    const after = await ended(engine.runLua('table.sort({ 2, 1 }, function(a, b) sleep(0.001) return a < b end)', 'other'))
    console.log(JSON.stringify({ suspended, meanwhile, after, ends: [...new Set(ends)] }))
  }
  main()
`

/** Scripts that together want far more than there is. */
const HUNGRY = `
  const { Engine } = require(${JSON.stringify(ROOT)})
  const engine = new Engine()
  const code = 'local t = {} for i = 1, 40 do t[i] = ("x"):rep(1e6 + i) sleep(0.001) end return #t'
  const ended = (promise) => promise.then(String, ({ code, limit }) => code + ' ' + limit)
  async function main() {
    const runs = Array.from({ length: 40 }, (_, i) => ended(engine.runLua(code, 'id ' + i % 20, { timeout: 600000 })))
    const ends = new Set(await Promise.all(runs))
    console.log(JSON.stringify({ ends: [...ends].sort(), after: await ended(engine.runLua('return 1', 'other')) }))
  }
  main()
`

const linuxTest = testIf(process.platform === 'linux')

/** What a program prints that has so many KiB of addresses. */
async function printedWith(addresses, program) {
  const limited = ['-c', `ulimit -v ${addresses} && exec "$0" --eval "$1"`, process.execPath, program]
  const { stdout } = await promisify(execFile)('sh', limited)
  return JSON.parse(stdout)
}

linuxTest('with few addresses, callbacks say that they cannot wait, and nothing else notices', async () => {
  const { suspended, ends, ...others } = await printedWith(3 * 1024 * 1024, WAITING)
  expect(others).toEqual({ meanwhile: '2', after: '' })
  expect(suspended).toBeGreaterThan(200)
  expect(suspended).toBeLessThan(MANY)
  const refused = expect.stringMatching(
    /^ERR_LUA_RUNTIME: .*a host function cannot be called here: .*memory for another/,
  )
  expect(ends.sort()).toEqual(['1', refused])
})

linuxTest('with few addresses, the default of maxMemory leaves enough for everybody else', async () => {
  const { ends, after } = await printedWith(2000 * 1024, HUNGRY)
  expect(after).toBe('1')
  expect(ends).toContain('40')
  for (const end of ends) expect(end).toMatch(/^(40$|ERR_LUA_MEMORY )/)
})
