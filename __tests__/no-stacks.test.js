// A system whose addresses or mappings run out: scripts that are suspended in callbacks leave enough for everybody else.
'use strict'

const { execFile } = require('node:child_process')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')
const { testIf } = require('./support/test-if')

const MANY = 4000

const PROGRAM = `
  const { Engine } = require(${JSON.stringify(ROOT)})
  const engine = new Engine({ maxMemory: 2 ** 30 })
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

testIf(process.platform === 'linux')(
  'with few addresses, callbacks say that they cannot wait, and nothing else notices',
  async () => {
    const limited = ['-c', 'ulimit -v 3145728 && exec "$0" --eval "$1"', process.execPath, PROGRAM]
    const { stdout } = await promisify(execFile)('sh', limited)
    const { suspended, ends, ...others } = JSON.parse(stdout)
    expect(others).toEqual({ meanwhile: '2', after: '' })
    expect(suspended).toBeGreaterThan(500)
    expect(suspended).toBeLessThan(MANY)
    const refused = expect.stringMatching(
      /^ERR_LUA_RUNTIME: .*a host function cannot be called here: .*memory for another/,
    )
    expect(ends.sort()).toEqual(['1', refused])
  },
)
