// The example servers: each is a process of its own, which is killed after the test.
'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { ROOT } = require('./child')

const servers = []

afterEach(() => {
  for (const server of servers.splice(0)) server.kill('SIGKILL')
})

/**
 * Starts an example, with these variables in its environment. Resolves with its process, the address that it prints first,
 * and what it has printed since.
 */
async function startServer(example, variables = {}) {
  const env = { ...process.env, PORT: '0', NODE_ENV: 'production', ...variables }
  const options = { env, stdio: ['ignore', 'pipe', 'inherit'] }
  const server = spawn(process.execPath, [path.join(ROOT, 'examples', example)], options)
  servers.push(server)
  server.stdout.setEncoding('utf8')
  const [line] = await once(server.stdout, 'data')
  let printed = ''
  server.stdout.on('data', (text) => {
    printed += text
  })
  return { server, address: line.trim(), printed: () => printed }
}

module.exports = { startServer }
