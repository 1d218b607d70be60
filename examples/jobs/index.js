// Jobs of tenants that two worker processes run, with BullMQ and a Redis server that this starts.
//   node examples/jobs
'use strict'

const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const path = require('node:path')
const { Queue, QueueEvents } = require('bullmq')
const { Engine } = require('moonpool')

const ORDERS = 40

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a server that keeps nothing. BullMQ must not lose jobs: hence noeviction. */
async function startRedis(port) {
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'].map(String)
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(server, 'spawn')
  for await (const printed of server.stdout) if (String(printed).includes('Ready to accept')) break
  return server
}

/** The producer: orders of two tenants, and two scripts that jobs carry. */
async function produce(queue, events) {
  const orders = Array.from({ length: ORDERS }, (_, id) => ({
    name: 'order',
    data: { scriptId: id % 2 === 0 ? 'acme' : 'globex', args: [{ id, cents: 100 }] },
  }))
  const jobs = await queue.addBulk(orders)
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))
  console.log(`${results.filter(([id], i) => id === i).length} of ${ORDERS} orders are done`)

  const [first] = jobs
  const { logs } = await queue.getJobLogs(first.id)
  console.log(`order 0 has logged: ${logs[0].replace(/^\S+ /, '')}`)

  const attempts = { attempts: 3 }
  for (const code of ['return 6 *', 'while true do end']) {
    const job = await queue.add('rule', { code, scriptId: 'acme', name: 'rule', timeout: 100 }, attempts)
    const error = await job.waitUntilFinished(events).catch((error) => error)
    const { attemptsMade } = await queue.getJob(job.id)
    console.log(`after ${attemptsMade} of 3 attempts: ${error.message}`)
  }
}

async function main() {
  const port = await freePort()
  const server = await startRedis(port)
  const connection = { host: '127.0.0.1', port }
  const queue = new Queue('scripts', { connection })
  // Each wait for a job listens.
  queue.setMaxListeners(0)
  const events = new QueueEvents('scripts', { connection })
  const workers = [1, 2].map(() => fork(path.join(__dirname, 'worker.js'), [String(port)]))
  try {
    await events.waitUntilReady()
    await produce(queue, events)
    const done = await Promise.all(workers.map(end))
    console.log(`two workers have done ${done[0] + done[1]} jobs`)
    const engine = new Engine({ state: { redis: `redis://127.0.0.1:${port}`, prefix: 'jobs' } })
    for (const tenant of ['acme', 'globex']) {
      const { entries } = await engine.state(tenant).size()
      console.log(`${tenant} has ${entries} orders`)
    }
    await engine.close()
  } finally {
    for (const worker of workers) worker.kill()
    await events.close()
    await queue.close()
    server.kill()
  }
}

/** Lets a worker end, and resolves with how many jobs it has done. */
async function end(worker) {
  worker.send('end')
  const [done] = await once(worker, 'message')
  return done
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
