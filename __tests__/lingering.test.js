// One run after another: a worker lingers for the next, and leaves a thread of libuv's pool to others.
'use strict'

const { availableParallelism } = require('node:os')
const { runProgram } = require('./support/child')

/** Prints how many work items 200 runs take, one after another: the least of some rounds, until one takes `enough`. */
const program = (enough) => `
  const { createHook } = require('node:async_hooks')
  const { runLua } = require('moonpool')
  let trips = 0
  createHook({ init(_id, type) { if (type === 'moonpool.run') trips++ } }).enable()
  const round = async () => {
    trips = 0
    for (let i = 0; i < 200; i++) if ((await runLua('return ' + i, 'x')) !== String(i)) throw new Error('a wrong result')
    return trips
  }
  void (async () => {
    const end = performance.now() + 10_000
    let least = Infinity
    do least = Math.min(least, await round()); while (least > ${enough} && performance.now() < end)
    console.log(least)
  })()`

const tripsUntil = async (enough, env) => {
  const { stdout, stderr } = await runProgram(program(enough), { env })
  expect(stderr).toBe('')
  return Number(stdout)
}

// With one processor, who lingers would be in the way.
const several = availableParallelism() > 1 ? test : test.skip

several('a worker executes many of the runs that a caller awaits one after another, in one trip', async () => {
  expect(await tripsUntil(100, {})).toBeLessThanOrEqual(100)
})

test('with one thread in libuv’s pool, each of them leaves it to others', async () => {
  expect(await tripsUntil(200, { UV_THREADPOOL_SIZE: '1' })).toBe(200)
})
