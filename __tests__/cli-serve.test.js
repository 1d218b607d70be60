// moonpool serve as a command: what it says, how it ends, and what it refuses.
'use strict'

const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { NotBuilt, loadPage } = require('../lib/cli/serve/page')
const { Terminal, cli, cliProcess, hasTerminals } = require('./support/cli')
const { folderWith } = require('./support/files')
const { testIf } = require('./support/test-if')

const CTRL_C = '\x03'

const open = []

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.end()
})

testIf(hasTerminals)('it prints its address, answers there, and Ctrl-C ends it, whatever runs', async () => {
  const terminal = new Terminal(['serve', '--port', '0', '--no-open', '--timeout', '100s'], { env: { NO_COLOR: '1' } })
  open.push(terminal)
  await terminal.until('Ctrl-C ends it')
  const { origin, hash } = new URL(/http:\S+/.exec(terminal.output)[0])
  const key = new URLSearchParams(hash.slice(1)).get('key')
  const body = JSON.stringify({ code: 'print("begun") while true do end', id: 'main', page: 'p' })
  const headers = { origin, 'x-moonpool-key': key, 'content-type': 'application/json' }
  const request = http.request(`${origin}/api/run`, { method: 'POST', headers, agent: false }).on('error', () => {})
  request.end(body)
  const [response] = await once(request, 'response')
  response.on('error', () => {})
  await once(response, 'data')
  terminal.type(CTRL_C)
  expect(await terminal.exited).toBe(130)
  request.destroy()
})

test('a port that is in use is told of', async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const { exitCode, stdout, stderr } = await cliProcess(['serve', '--no-open', '--port', String(port)])
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toBe(
    `error: the port ${port} is in use: choose another one with --port, or let one be found with --port 0\n`,
  )
  server.close()
})

test.each([
  [['--port', '65536'], "--port must be a port, from 0 to 65535. Received '65536'"],
  [['--port', 'x'], "--port must be a port, from 0 to 65535. Received 'x'"],
  [['--port=-1'], "--port must be a port, from 0 to 65535. Received '-1'"],
  [['--host', '0.0.0.0'], "unknown option '--host'"],
  [['script.lua'], "moonpool serve takes no operand. Received 'script.lua', too"],
  [['--memory', '1k'], '--memory must be'],
  [['--timeout', '0'], '--timeout must be'],
  [['--id', ''], '--id must be'],
  [['--modules', '/nowhere/at/all'], '--modules:'],
  [['--log-level', 'loud'], '--log-level must be'],
])('%j is a wrong command', async (args, words) => {
  const { exitCode, stdout, stderr } = await cli(['serve', '--no-open', '--port', '0', ...args])
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(words) })
})

test('where the page is not built, it says what to run', () => {
  const problem = expect.objectContaining({ message: expect.stringContaining('npm run build') })
  for (const folder of [folderWith({ 'page.js': '' }), '/nowhere/at/all']) {
    let error
    try {
      loadPage(folder)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(NotBuilt)
    expect(error).toEqual(problem)
  }
})

test('only files of known kinds are given out', () => {
  const folder = folderWith({
    'index.html': 'page',
    'page.js': 'code',
    'secret.txt': 'no',
    '.env': 'no',
    'in/page.js': 'no',
  })
  expect([...loadPage(folder).keys()].sort()).toEqual(['/', '/page.js'])
})
