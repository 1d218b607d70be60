// One of the workers: argv has the port of the Redis server. It may be on another machine.
'use strict'

const { Worker } = require('bullmq')
const { Engine } = require('moonpool')
const { createProcessor } = require('moonpool/bullmq')

const [port] = process.argv.slice(2)

/** A job may be done twice, when a worker has died over it. To set a key does no harm then, to add to one would. */
const ORDER = `
  local order = ...
  host.progress(0)
  State.set('order/' .. order.id, order.cents)
  sleep(0.01)
  log.info('done', { order = order.id })
  host.progress(100)
  return order.id`

const engine = new Engine({ state: { redis: `redis://127.0.0.1:${port}`, prefix: 'jobs' } })
const processor = createProcessor(engine, { scripts: { order: ORDER }, allowCode: true, timeout: 1000 })
const worker = new Worker('scripts', processor, {
  connection: { host: '127.0.0.1', port: Number(port) },
  concurrency: 8,
})
// Another worker has the job now: it must not run twice at once.
worker.on('lockRenewalFailed', (ids) => {
  for (const id of ids) worker.cancelJob(id, 'the lock is lost')
})
worker.on('error', (error) => console.error(error.message))

let done = 0
worker.on('completed', () => {
  done += 1
})

process.once('message', async () => {
  // Takes no more jobs, and waits for those that run.
  await worker.close()
  await engine.close()
  process.send(done, () => process.disconnect())
})
