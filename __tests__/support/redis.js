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

/**
 * Stands between clients and a server. `hold()` keeps back what the server answers from then on, and `release()` passes it on.
 * `heard(...words)` resolves when clients have sent all of these since `hold()`. `close()` ends it.
 */
async function redisBetween({ port }) {
  const sockets = new Set()
  const answers = []
  let asked = ''
  let holds = false
  let whenHeard = () => {}
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1')
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.setNoDelay().on('error', () => {})
    }
    client.on('data', (bytes) => {
      asked += bytes.toString('latin1')
      whenHeard()
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      if (holds) answers.push([client, bytes])
      else client.write(bytes)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `redis://127.0.0.1:${proxy.address().port}`,
    hold() {
      asked = ''
      holds = true
    },
    heard: (...words) =>
      new Promise((resolve) => {
        whenHeard = () => words.every((word) => asked.includes(word)) && resolve()
        whenHeard()
      }),
    release() {
      holds = false
      for (const [client, bytes] of answers.splice(0)) client.write(bytes)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

module.exports = { freePort, hasRedis, redisBetween, redisServer }
