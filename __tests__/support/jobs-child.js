// A worker process for tests of moonpool/bullmq: argv has the server's port, the queue, and whether it is to be the victim. It
// says when it is ready, and the victim when jobs get stuck in it.
'use strict'

const { Worker } = require('bullmq')
const { Engine } = require('../..')
const { createProcessor } = require('../../bullmq')

const [port, queue, role] = process.argv.slice(2)
const engine = new Engine({ state: { redis: `redis://127.0.0.1:${port}`, prefix: queue } })
engine.expose('pid', () => process.pid)
let held = 0
engine.expose('held', () => {
  held += 1
  if (role !== 'victim' || held < 2) return undefined
  process.send('stuck')
  return new Promise(() => {})
})
const worker = new Worker(queue, createProcessor(engine, { allowCode: true, timeout: 30_000 }), {
  connection: { host: '127.0.0.1', port: Number(port) },
  concurrency: 8,
  lockDuration: 2000,
  stalledInterval: 500,
  maxStalledCount: 5,
})
worker.on('error', (error) => console.error(error))
worker.waitUntilReady().then(() => process.send('ready'))
process.on('disconnect', async () => {
  await worker.close(true)
  await engine.close({ timeout: 0 })
  process.exit()
})
