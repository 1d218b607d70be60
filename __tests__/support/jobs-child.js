// A worker process for tests of moonpool/bullmq: argv has the server's port and the queue. It says when it is ready, and
// each time a job asks which process it is in.
'use strict'

const { Worker } = require('bullmq')
const { Engine } = require('../..')
const { createProcessor } = require('../../bullmq')

const [port, queue] = process.argv.slice(2)
const engine = new Engine({ state: { redis: `redis://127.0.0.1:${port}`, prefix: queue } })
engine.expose('pid', () => {
  process.send('job')
  return process.pid
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
