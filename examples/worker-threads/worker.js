// A worker of the worker-threads example: runs the jobs that come as messages, one at a time.
'use strict'

const { parentPort, threadId } = require('node:worker_threads')
const { Engine } = require('moonpool')

// One thread of libuv's pool for each worker: the pool has four, and fs, dns and crypto need one, too.
const engine = new Engine({ concurrency: 1, defaults: { timeout: 1000 } })
// A compiled script cannot be sent to another thread: each compiles its own.
const script = engine.compile('local t = {} for i = 1, (...) do t[i] = i end return t', { name: 'numbers.lua' })

parentPort.on('message', async (job) => {
  if (job === 'end') {
    await engine.close()
    parentPort.close()
    return
  }
  const { value } = await engine.run(script, job.tenant, { args: [job.upTo] })
  const sum = value.reduce((total, number) => total + number, 0)
  parentPort.postMessage({ id: job.id, tenant: job.tenant, sum, thread: threadId })
})
