// Worker threads with an engine each: scripts' results are made and used on the worker, and the main thread stays free.
//
//   node examples/worker-threads
//
// This file is the main thread's; worker.js is that of the workers. Engines of all threads use the one pool of libuv.
'use strict'

const { once } = require('node:events')
const path = require('node:path')
const { Worker } = require('node:worker_threads')

const WORKERS = 2
const JOBS = Array.from({ length: 20 }, (_, i) => ({ id: i, tenant: `tenant-${i % 3}`, upTo: 1000 + i }))

/** Gives one worker a job after the other, until there are none. */
async function feed(worker, jobs, answers) {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    worker.postMessage(job)
    const [answer] = await once(worker, 'message')
    answers.push(answer)
  }
  worker.postMessage('end')
  await once(worker, 'exit')
}

async function main() {
  const jobs = [...JOBS]
  const answers = []
  const workers = Array.from({ length: WORKERS }, () => new Worker(path.join(__dirname, 'worker.js')))
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, 1)
  await Promise.all(workers.map((worker) => feed(worker, jobs, answers)))
  clearInterval(timer)

  answers.sort((a, b) => a.id - b.id)
  for (const { id, tenant, sum } of answers.slice(0, 3)) console.log(`job ${id} of ${tenant}: ${sum}`)
  const right = answers.filter(({ id, sum }) => sum === (JOBS[id].upTo * (JOBS[id].upTo + 1)) / 2)
  console.log(
    `${right.length} of ${JOBS.length} sums are right, from ${new Set(answers.map((a) => a.thread)).size} threads`,
  )
  console.log(`meanwhile, the main thread ticked ${ticks} times`)
}

main()
