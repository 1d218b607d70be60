// The event loop and libuv's pool stay usable while scripts burn CPU.
'use strict'

const { readFile } = require('node:fs/promises')
const { setImmediate: turn } = require('node:timers/promises')
const { runLua } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS } = require('./support/constants')
const { rejection } = require('./support/rejection')

test('the event loop keeps ticking while three scripts burn CPU', async () => {
  const spinning = Promise.all(['a', 'b', 'c'].map((id) => rejection(runLua(ENDLESS, id, { timeout: 300 }))))
  let settled = false
  spinning.finally(() => {
    settled = true
  })
  let ticks = 0
  while (!settled) {
    await turn()
    ticks += 1
  }
  expect((await spinning).map(({ code }) => code)).toEqual(Array(3).fill('ERR_LUA_TIMEOUT'))
  // A blocked loop would turn once or twice in all.
  expect(ticks).toBeGreaterThan(100)
})

test('a file is read while more scripts burn CPU than there are threads', async () => {
  const order = []
  const scripts = Array.from({ length: 8 }, (_, i) =>
    rejection(runLua(ENDLESS, `spinner-${i}`, { timeout: 300 })).then(() => order.push('script')),
  )
  await Promise.all([...scripts, readFile(__filename).then(() => order.push('file'))])
  expect(order[0]).toBe('file')
  expect(order).toHaveLength(9)
})

test('with two threads in libuv’s pool, scripts use one of them, and a file is read by the other', async () => {
  const { stdout, stderr } = await runProgram(
    `
    const { readFile } = require('node:fs/promises')
    const { runLua } = require('moonpool')
    const order = []
    const start = performance.now()
    const scripts = [1, 2, 3, 4].map((i) =>
      runLua('while true do end', 'spinner-' + i, { timeout: 500 }).catch(() => order.push('script')))
    Promise.all([...scripts, readFile('package.json').then(() => order.push('file'))]).then(() => {
      const { user, system } = process.cpuUsage()
      console.log(JSON.stringify({ order, cores: (user + system) / 1000 / (performance.now() - start) }))
    })`,
    { env: { UV_THREADPOOL_SIZE: '2' } },
  )
  expect(stderr).toBe('')
  const { order, cores } = JSON.parse(stdout)
  expect(order).toEqual(['file', 'script', 'script', 'script', 'script'])
  // Two threads would burn the time of two cores, where there are as many.
  expect(cores).toBeLessThan(1.6)
})

test('scripts start in the order of the calls', async () => {
  const { stdout, stderr } = await runProgram(
    `
    const { runLua } = require('moonpool')
    const code = 'local log = State.get("log", {}) log[#log + 1] = script.name State.set("log", log)'
    const runs = Array.from({ length: 100 }, (_, i) => runLua(code, 'same', { name: String(i) }))
    Promise.all(runs).then(() => runLua('return State.get("log")', 'same')).then(console.log)`,
    { env: { UV_THREADPOOL_SIZE: '2' } },
  )
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
})
