// A real Redis server for tests and benchmarks, on a free port, which keeps nothing unless it is given a folder.
'use strict'

const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')

/** Whether this machine has a server to test with. */
const hasRedis = () => spawnSync('redis-server', ['--version']).error === undefined

/** A port that was free a moment ago. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a server, and resolves with its `url`, its `port` and `stop()`. In its folder it keeps every write. */
async function redisServer({ port: given, folder } = {}) {
  const port = given ?? (await freePort())
  const kept = folder ? ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', folder] : ['--appendonly', 'no']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...kept]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8')
  for await (const piece of child.stdout) {
    printed += piece
    if (printed.includes('Ready to accept connections')) break
  }
  if (child.exitCode !== null) throw new Error(`redis-server ended:\n${printed}`)
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return { url: `redis://127.0.0.1:${port}`, port, stop }
}

module.exports = { freePort, hasRedis, redisServer }
