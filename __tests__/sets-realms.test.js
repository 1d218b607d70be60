// Sets of host functions and modules across realms, threads and engines; and sets that change, or that nobody keeps, while
// runs have them.
'use strict'

const vm = require('node:vm')
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads')
const { GARBAGE_COLLECTION, runProgram } = require('./support/child')
const { engineWith, held, until } = require('./support/engine')
const { gate } = require('./support/host-functions')
const { loadAgain } = require('./support/load-again')
const { rejection } = require('./support/rejection')

const BOTH = 'return host.own(), require("own")'

/** A function set and a module set that say their name. */
const setsOf = (engine, name) => ({
  host: engine.functions({ own: () => name }),
  modules: engine.modules({ own: `return "${name}"` }),
})

test('plain objects, functions and answers of another realm are as those of ours', async () => {
  const engine = engineWith()
  const { host, modules, data } = vm.runInNewContext(`({
    host: { db: { get: async (context, key) => ({ key, list: [1, new Map([['a', new Date(0)]])] }) } },
    modules: { own: 'return "far"' },
    data: { far: true },
  })`)
  for (const given of [
    { host, modules },
    { host: engine.functions(host, { dates: 'iso' }), modules: engine.modules(modules) },
  ]) {
    const run = engine.run('return host.db.get("k"), require("own")', 'x', { ...given, data })
    if (given.host === host) expect((await rejection(run)).code).toBe('ERR_HOST_FUNCTION')
    else expect((await run).values).toEqual([{ key: 'k', list: [1, { a: '1970-01-01T00:00:00.000Z' }] }, 'far'])
  }
  const failing = vm.runInNewContext('({ own() { throw new TypeError("far") } })')
  const error = await rejection(engine.run('host.own()', 'x', { host: failing }))
  expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: { message: 'far' } })
})

test('a set of another copy of the module is refused, as is one of another engine, and nothing is run', async () => {
  const engine = engineWith()
  const far = new (loadAgain().Engine)()
  for (const name of ['host', 'modules']) {
    const ofCopy = setsOf(far, 'far')[name]
    const ofOther = setsOf(engineWith(), 'other')[name]
    for (const start of [
      (given) => engine.run(BOTH, 'x', given),
      async (given) => engine.createContext('x', given),
      async (given) => engine.createPool('x', given),
    ]) {
      expect(await rejection(start({ [name]: ofCopy }))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
      expect(await rejection(start({ [name]: ofOther }))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
  }
  expect(engine.stats()).toMatchObject({ started: 0, rejected: 0 })
  await far.close()
})

test('a set that was sent to another thread has nothing in it', async () => {
  const engine = engineWith()
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(setsOf(engine, 'sent'))
  const { host, modules } = receiveMessageOnPort(port2).message
  port1.close()
  expect((await engine.run('return next(host), (pcall(require, "own"))', 'x', { host, modules })).values).toEqual([
    undefined,
    false,
  ])
})

test('runs in flight and in the queue keep their sets, whatever the engine gets and loses meanwhile', async () => {
  const engine = engineWith({ concurrency: 1 })
  const { calls, open } = gate()
  const wait = { wait: open }
  const sets = ['a', 'b', 'c'].map((name) => setsOf(engine, name))
  const flying = sets.map(({ host: _, modules }, i) => {
    const host = engine.functions({ ...wait, own: () => 'abc'[i] })
    return engine.run(`host.wait() ${BOTH}`, 'x', { host, modules })
  })
  await until(() => calls.length === 3)
  const release = await held(engine)
  const queued = sets.map((given) => engine.run(BOTH, 'x', given))
  for (let i = 0; i < 50; i++) {
    engine.expose('own', () => `late ${i}`, { replace: true })
    engine.addModule('own', `return "late ${i}"`, { replace: true })
    if (i % 7 === 3) engine.unexpose('own')
    if (i % 7 === 3) engine.removeModule('own')
  }
  for (const { resolve } of calls) resolve()
  await release()
  const said = async (runs) => (await Promise.all(runs)).map(({ values }) => values.join())
  expect(await said(flying)).toEqual(['a,a', 'b,b', 'c,c'])
  expect(await said(queued)).toEqual(['a,a', 'b,b', 'c,c'])
  expect(await engine.runLua(BOTH, 'x')).toBe('late 49\tlate 49')
})

test('sets, contexts, pools and functions that nobody refers to are collected; those that a run has are not', async () => {
  const { exitCode, stdout, stderr } = await runProgram(`${GARBAGE_COLLECTION}
    const { Engine } = require('moonpool')
    const engine = new Engine({ concurrency: 1 })
    const collected = {}
    const registry = new FinalizationRegistry((kind) => { collected[kind] = (collected[kind] ?? 0) + 1 })
    const watch = (kind, one) => (registry.register(one, kind), one)
    const COUNT = 300
    async function cycle(keep) {
      const own = watch('function', () => 'own')
      const host = watch('set', engine.functions({ own, wait: () => sleep(300) }))
      const modules = watch('modules', engine.modules({ own: 'return 1' }))
      if (keep) return engine.runLua('host.wait() return host.own(), require("own")', 'x', { host, modules })
      await engine.run('require("own") host.own()', 'x', { host, modules, signal: watch('signal', new AbortController().signal) })
      const context = watch('context', engine.createContext('x', { host, modules, functions: true }))
      watch('LuaFunction', (await context.run('return function() end')).value)
      const pool = watch('pool', engine.createPool('x', { size: 1, host, setup: (context) => context.run('n = 1') }))
      await pool.run('return n')
    }
    async function main() {
      const kept = cycle(true)
      for (let i = 0; i < COUNT; i++) await cycle(false)
      await collectGarbage(2, 1)
      console.log(await kept)
      const all = () => Object.keys(collected).length === 7 && Object.values(collected).every((count) => count >= COUNT - 5)
      for (let i = 0; i < 200 && !all(); i++) await collectGarbage(1, 10)
      console.log(all() ? 'all' : collected)
      console.log(engine.stats().memory < 2 ** 20)
      await engine.close()
    }
    main()`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout.trim().split('\n')).toEqual(['own\t1', 'all', 'true'])
})
