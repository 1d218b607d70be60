// How many threads an engine uses: one less than libuv's pool has, and no more than there are cores.
'use strict'

const { runProgram } = require('./support/child')

const PROGRAM = `
  require('node:os').availableParallelism = () => 64
  console.log(require('./lib/concurrency').concurrency())`

async function concurrencyWith(setting) {
  const { stdout } = await runProgram(PROGRAM, { env: { UV_THREADPOOL_SIZE: setting } })
  return Number(stdout)
}

// As libuv reads it: atoi, 0 means 1, at most 1024; and 64 cores.
test.each([
  ['not set: 4 threads', undefined, 3],
  ['2 threads', '2', 1],
  ['1 thread', '1', 1],
  ['0 means 1 thread', '0', 1],
  ['16 threads', '16', 15],
  ['more threads than cores', '1000', 64],
  ['more than libuv takes', '99999', 64],
  ['not a number', 'many', 1],
  ['empty', '', 1],
  ['a number and more', '8 threads', 7],
  ['spaces before the number', ' 8', 7],
  ['a negative number is huge, unsigned', '-1', 64],
])('UV_THREADPOOL_SIZE %s', async (_what, setting, expected) => {
  expect(await concurrencyWith(setting)).toBe(expected)
})

test('one core: one thread', async () => {
  const { stdout } = await runProgram(PROGRAM.replace('64', '1'), { env: { UV_THREADPOOL_SIZE: '16' } })
  expect(Number(stdout)).toBe(1)
})
