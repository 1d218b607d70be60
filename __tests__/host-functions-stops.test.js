// Scripts that end while a function of the host is busy: by a limit, a signal, close, or with the process.
'use strict'

const { runProgram } = require('./support/child')
const { MIB } = require('./support/constants')
const { engineExposing, engineWith, until } = require('./support/engine')
const { BASIC, gate, later } = require('./support/host-functions')
const { rejection } = require('./support/rejection')

const never = () => new Promise(() => {})

describe('limits while a script waits', () => {
  test('timeout counts the wait, and the function is told', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open })
    const run = rejection(engine.runLua('print("before") host.open() print("after")', 'x', { timeout: 50 }))
    await until(() => calls.length === 1)
    expect(calls[0].context.signal.aborted).toBe(false)
    expect(await run).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'timeout', output: 'before\n' })
    expect(calls[0].context.signal.aborted).toBe(true)
    calls[0].resolve('too late')
    await until(() => engine.stats().suspended === 0)
    expect(engine.stats()).toMatchObject({ timedOut: 1, running: 0 })
  })

  test('no pcall, coroutine or variable to be closed keeps it waiting', async () => {
    const engine = engineExposing({ never, mark: () => {} })
    const code = `local x <close> = setmetatable({}, { __close = function() State.set("closed", 1) end })
      while true do pcall(function() coroutine.wrap(function() host.never() end)() end) State.set("went on", 1) end`
    expect(await rejection(engine.runLua(code, 'x', { timeout: 50 }))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
    expect(await engine.runLua('return State.list()', 'x')).toBe('{}')
  })

  test('cpuTimeout does not count it', async () => {
    const wait = () => new Promise((resolve) => setTimeout(resolve, 600))
    const engine = engineExposing({ wait })
    const { stats } = await engine.run('host.wait()', 'x', { cpuTimeout: 500 })
    expect(stats.runTime).toBeGreaterThanOrEqual(590)
    expect(stats.cpuTime).toBeLessThan(500)
    const error = await rejection(
      engine.runLua('host.wait() while true do end', 'x', { cpuTimeout: 30, timeout: 60_000 }),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT', limit: 'cpuTimeout' })
  })

  test('an answer that needs more than memoryLimit stops the script, whatever it catches', async () => {
    const engine = engineExposing({ big: () => Array.from({ length: 300_000 }, (_, i) => i), same: BASIC.same })
    const error = await rejection(
      engine.runLua('pcall(host.big) State.set("went on", 1)', 'x', { memoryLimit: 2 * MIB }),
    )
    expect(error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    expect(await engine.runLua('return State.has("went on"), #host.big()', 'x')).toBe('false\t300000')
  })

  test('arguments that need more than memoryLimit stop it, too', async () => {
    const engine = engineExposing({ same: () => {} })
    const code = 'local s = ("x"):rep(1024 * 1024) pcall(host.same, { s, s, s, s, s, s, s, s }) State.set("went on", 1)'
    expect(await rejection(engine.runLua(code, 'x', { memoryLimit: 4 * MIB }))).toMatchObject({
      code: 'ERR_LUA_MEMORY',
    })
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('a loop of calls is stopped by its timeout', async () => {
    const engine = engineExposing({ ...BASIC })
    for (const call of ['host.same(1)', 'host.slow(1)', 'pcall(host.bad)']) {
      expect(await rejection(engine.runLua(`while true do ${call} end`, 'x', { timeout: 50 }))).toMatchObject({
        code: 'ERR_LUA_TIMEOUT',
      })
    }
    await until(() => engine.stats().running + engine.stats().suspended === 0)
  })
})

describe('the end of a run while it waits', () => {
  test('its own signal: the reason, and the function is told', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open }, { concurrency: 1 })
    const controller = new AbortController()
    const run = rejection(engine.runLua('pcall(host.open) State.set("went on", 1)', 'x', { signal: controller.signal }))
    await until(() => calls.length === 1)
    controller.abort('enough')
    expect(calls[0].context.signal.aborted).toBe(true)
    expect(await run).toBe('enough')
    calls[0].resolve(1)
    await until(() => engine.stats().suspended + engine.stats().running === 0)
    expect(await engine.runLua('return State.has("went on")', 'x')).toBe('false')
  })

  test('close: waits for the answer, or stops the run after its timeout', async () => {
    for (const timeout of [60_000, 0]) {
      const { calls, open } = gate()
      const engine = engineExposing({ open })
      const run = engine.runLua('return host.open()', 'x').catch((error) => error)
      await until(() => calls.length === 1)
      const closed = engine.close({ timeout })
      if (timeout > 0) calls[0].resolve('in time')
      await closed
      expect(timeout > 0 ? await run : (await run).code).toBe(timeout > 0 ? 'in time' : 'ERR_ENGINE_CLOSED')
      expect(calls[0].context.signal.aborted).toBe(timeout === 0)
      calls[0].resolve('too late')
      calls[0].reject(new Error('too late'))
      await later()
    }
  })

  test('a function may close its own engine, or abort its own run', async () => {
    const engine = engineWith()
    const controller = new AbortController()
    engine.expose('abort', () => {
      controller.abort('by itself')
      return 1
    })
    engine.expose('close', () => {
      engine.close({ timeout: 0 })
      return 1
    })
    expect(await rejection(engine.runLua('host.abort() while true do end', 'x', { signal: controller.signal }))).toBe(
      'by itself',
    )
    expect(await rejection(engine.runLua('host.close() while true do end', 'x'))).toMatchObject({
      code: 'ERR_ENGINE_CLOSED',
    })
    await engine.close()
  })

  test('success: the signal is not aborted, also not later', async () => {
    let signal
    const engine = engineExposing({
      f: (context) => {
        signal = context.signal
      },
    })
    await engine.runLua('host.f()', 'x')
    await engine.close()
    expect(signal.aborted).toBe(false)
  })

  test('an error of the script: the signal is aborted with an Error', async () => {
    let signal
    const engine = engineExposing({
      f: (context) => {
        signal = context.signal
      },
    })
    await rejection(engine.runLua('host.f() error("no")', 'tenant'))
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toBeInstanceOf(Error)
    expect(signal.reason.message).toContain('tenant')
  })

  test('what settles after the run was stopped, however, reaches no other run', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open }, { concurrency: 1 })
    for (let i = 0; i < 20; i++) await rejection(engine.runLua('host.open()', 'x', { timeout: 1 }))
    const runs = Array.from({ length: 20 }, (_, i) => engine.runLua('return host.open()', 'y', { args: [i] }))
    // Of those that were stopped, some may have been so before they called.
    await until(() => calls.filter(({ context }) => context.scriptId === 'y').length === 20)
    for (const [i, { context, resolve, reject }] of calls.entries()) {
      if (context.scriptId === 'x') i % 2 ? resolve({ wrong: true }) : reject(new Error('late'))
    }
    await later()
    for (const { context, resolve } of calls) if (context.scriptId === 'y') resolve('right')
    expect(new Set(await Promise.all(runs))).toEqual(new Set(['right']))
  })

  test('300 runs that are stopped at random moments, while functions answer at random moments', async () => {
    const answer = (_context, i) => (i % 3 === 0 ? i : new Promise((resolve) => setTimeout(resolve, i % 4, i)))
    const engine = engineExposing({ answer })
    const code = 'for i = 1, 40 do if i % 5 == 0 then sleep(0.0005) end assert(host.answer(i) == i) end return "done"'
    const runs = Array.from({ length: 300 }, async (_, i) => {
      const controller = new AbortController()
      if (i % 2) setTimeout(() => controller.abort('stop'), i % 50)
      return engine
        .runLua(code, `t${i % 5}`, { signal: controller.signal, timeout: i % 3 ? 60_000 : 1 + (i % 40) })
        .catch((error) => error)
    })
    const ends = await Promise.all(runs)
    for (const end of ends) expect(end === 'done' || end === 'stop' || end.code === 'ERR_LUA_TIMEOUT' || end).toBe(true)
    await until(() => engine.stats().running + engine.stats().suspended === 0)
    const { completed, aborted, timedOut, failed, rejected } = engine.stats()
    expect([completed + aborted + timedOut, failed, rejected]).toEqual([300, 0, 0])
  })
})

describe('the process', () => {
  test('lives while a script waits for a promise that nothing else keeps it alive for, and then ends by itself', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.expose('wait', () => new Promise((resolve) => setTimeout(resolve, 300, 'waited').unref()))
      engine.runLua('return host.wait()', 'x').then((text) => console.log(text))`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'waited\n', exitCode: 0 })
  })

  test('a promise that never settles: the timeout ends the run, and then the process', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      engine.expose('never', () => new Promise(() => {}))
      engine.runLua('host.never()', 'x', { timeout: 200 }).catch((error) => console.log(error.code))`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'ERR_LUA_TIMEOUT\n', exitCode: 0 })
  })

  test('no rejection is left unhandled by functions that settle too late or fail at once', async () => {
    const { stdout, stderr, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      process.on('unhandledRejection', (error) => console.log('unhandled', error))
      const engine = new Engine()
      let reject
      engine.expose('late', () => new Promise((_, no) => { reject = no }))
      engine.expose('now', () => Promise.reject(new Error('now')))
      engine.expose('odd', async () => Symbol('s'))
      ;(async () => {
        await engine.runLua('pcall(host.now) pcall(host.odd)', 'x')
        await engine.runLua('host.late()', 'x', { timeout: 20 }).catch(() => {})
        reject(new Error('late'))
        await new Promise((resolve) => setTimeout(resolve, 20))
        await engine.close()
        console.log('done')
      })()`)
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'done\n', stderr: '', exitCode: 0 })
  })

  test('process.exit and a throwing listener while scripts wait: no crash', async () => {
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      const engine = new Engine()
      let n = 0
      engine.expose('wait', () => { if (++n === 50) setImmediate(() => { console.log('exit'); process.exit(3) }); return new Promise(() => {}) })
      for (let i = 0; i < 50; i++) engine.runLua('host.wait()', 't' + i).catch(() => {})`)
    expect({ stdout, exitCode }).toEqual({ stdout: 'exit\n', exitCode: 3 })
  })
})
