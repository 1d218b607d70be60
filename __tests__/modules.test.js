// Loading moonpool: by require, by import, several times in one process, and in worker threads.
'use strict'

const { once } = require('node:events')
const moonpool = require('..')
const { runProgram } = require('./support/child')
const { loadAgain } = require('./support/load-again')
const { rejection } = require('./support/rejection')
const { message, startWorker } = require('./support/worker')

test('require gives the classes and runLua, and nothing else', () => {
  expect(Object.keys(moonpool).sort()).toEqual([
    'Context',
    'ContextPool',
    'Engine',
    'FunctionSet',
    'HostError',
    'LuaError',
    'LuaFunction',
    'ModuleSet',
    'Script',
    'SharedDict',
    'runLua',
  ])
})

test('the same module loaded twice: two engines that share no State', async () => {
  const again = loadAgain()
  expect(again.runLua).not.toBe(moonpool.runLua)
  await moonpool.runLua('State.set("k", "first")', 'same-id')
  expect(await again.runLua('return State.has("k"), State.get("k")', 'same-id')).toBe('false\tnil')
  await again.runLua('State.set("k", "second")', 'same-id')
  expect(await moonpool.runLua('return State.get("k")', 'same-id')).toBe('first')
  // A key of the first engine is nobody's in the second.
  await moonpool.runLua('State.set("only-first", 1)', 'someone')
  expect(await again.runLua('return State.get("only-first", "default")', 'other')).toBe('default')
})

test('the same module loaded twice: runs of both in flight at once', async () => {
  const again = loadAgain()
  const texts = Array.from({ length: 50 }, (_, i) => (i % 2 ? again : moonpool).runLua(`return ${i}`, 'both'))
  expect(await Promise.all(texts)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)))
})

test('errors of each instance are Errors of this realm, and LuaErrors of that instance', async () => {
  const again = loadAgain()
  const error = await rejection(again.runLua('error("no")', 'x'))
  expect(error instanceof Error).toBe(true)
  expect(error instanceof again.LuaError).toBe(true)
  expect(error instanceof moonpool.LuaError).toBe(false)
})

test('bad arguments give TypeErrors and RangeErrors of this realm', async () => {
  expect((await rejection(moonpool.runLua(1, 'x'))) instanceof TypeError).toBe(true)
  expect((await rejection(moonpool.runLua('', ''))) instanceof RangeError).toBe(true)
})

test('require in a program', async () => {
  const { stdout, stderr } = await runProgram(`
    const { runLua, LuaError } = require('moonpool')
    runLua('return 6 * 7', 'cjs').then(console.log)
    runLua('error("no")', 'cjs').catch((error) => console.log(error instanceof LuaError, error.message))`)
  expect(stderr).toBe('')
  expect(stdout.split('\n').sort()).toEqual(['', '42', 'true cjs:1: no'])
})

test('import in a program gives the same objects as require', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import moonpool, { LuaError, runLua } from 'moonpool'
    import { createRequire } from 'node:module'
    const required = createRequire(process.cwd() + '/')('moonpool')
    console.log(await runLua('return 6 * 7', 'esm'), moonpool === required, runLua === required.runLua)
    console.log(await runLua('error("no")', 'esm').catch((error) => error instanceof LuaError))`,
    { esm: true },
  )
  expect(stderr).toBe('')
  expect(stdout).toBe('42 true true\ntrue\n')
})

test('package.json can be required, and inner files cannot', async () => {
  const { stdout } = await runProgram(`
    console.log(require('moonpool/package.json').name)
    try { require('moonpool/lib/engine.js') } catch (error) { console.log(error.code) }`)
  expect(stdout).toBe('moonpool\nERR_PACKAGE_PATH_NOT_EXPORTED\n')
})

test('worker threads have engines of their own', async () => {
  await moonpool.runLua('State.set("main", 1)', 'threads')
  const source = `
    runLua('State.set("n", 1) return State.get("n"), State.has("main")', 'threads').then((text) => parentPort.postMessage(text))`
  const workers = [1, 2, 3].map(() => startWorker(source))
  const exits = workers.map((worker) => once(worker, 'exit'))
  expect(await Promise.all(workers.map(message))).toEqual(Array(3).fill('1\tfalse'))
  expect(await Promise.all(exits)).toEqual(Array(3).fill([0]))
  expect(await moonpool.runLua('return State.get("main")', 'threads')).toBe('1')
})
