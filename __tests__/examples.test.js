// The example programs run, and show what they say they show.
'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')
const { ROOT } = require('./support/child')

test('the quickstart shows identity, isolation, a refusal, a timeout, an error and many calls', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(ROOT, 'examples/quickstart')])
  expect(stderr).toBe('')
  for (const text of [
    'I am acme\n',
    'I am globex\n',
    'I am initech\n',
    'acme: counter = 1000\n',
    'globex: counter = 500\n',
    'ERR_STATE_DENIED: globex:1: ',
    'ERR_LUA_TIMEOUT: ',
    'ERR_LUA_RUNTIME in pricing.lua, line 3: ',
    'stack traceback:\n',
    '1000 of 1000 calls got their own answer\n',
  ]) {
    expect(stdout).toContain(text)
  }
  const [, ticks] = /ticked (\d+) times/.exec(stdout)
  expect(Number(ticks)).toBeGreaterThan(1)
})
