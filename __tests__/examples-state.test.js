// The examples that keep State: on SQLite, and on a Redis server that two processes share.
'use strict'

const { execFile } = require('node:child_process')
const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')
const { hasRedis, redisServer } = require('./support/redis')
const { testIf } = require('./support/test-if')

const EXAMPLES = path.join(ROOT, 'examples')

let folder
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-examples-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a program prints; it rejects when the program fails. */
async function run(example, args = [], env = {}) {
  const options = { cwd: ROOT, timeout: 50_000, env: { ...process.env, ...env } }
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [path.join(EXAMPLES, example), ...args],
    options,
  )
  expect(stderr).toBe('')
  return stdout
}

test('the shop goes on where it was when it is started again', async () => {
  const file = path.join(folder, 'shop.db')
  expect(await run('shop', [file])).toBe(
    '2 entries in shop.db\n' +
      'order 1: 2 tea for ada, 3 left\n' +
      'order 2: 2 cake for bob, 0 left\n' +
      'eve sees: cake 0, tea 3\n',
  )
  expect(await run('shop', [file])).toBe(
    '5 entries in shop.db\n' +
      'order 3: 2 tea for ada, 1 left\n' +
      'no cake for bob: only 0 left\n' +
      'eve sees: cake 0, tea 1\n',
  )
  expect(readdirSync(folder)).toEqual(['shop.db'])
})

testIf(hasRedis())('two processes with the rate limiter let through as many calls as one would', async () => {
  const server = await redisServer()
  try {
    const printed = await run('rate-limiter', [], { REDIS_URL: server.url })
    expect(printed).toBe('10 of 40 calls in 2 processes were allowed; the limit is 10\n')
  } finally {
    await server.stop()
  }
})

testIf(hasRedis())('two workers do the jobs of the example, each once, and try again what may succeed', async () => {
  expect((await run('jobs')).split('\n')).toEqual([
    '40 of 40 orders are done',
    'order 0 has logged: info [acme] order:6: done {"order":0}',
    expect.stringMatching(/^after 1 of 3 attempts: ERR_LUA_SYNTAX: rule:1: /),
    'after 3 of 3 attempts: ERR_LUA_TIMEOUT: the script ran longer than its timeout of 100 ms (rule:1)',
    'two workers have done 40 jobs',
    'acme has 20 orders',
    'globex has 20 orders',
    '',
  ])
})
