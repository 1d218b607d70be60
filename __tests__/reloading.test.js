// What is replaced and removed: runs that begin later find the new, and runs that have begun keep what they had.
'use strict'

const { engineExposing, engineWith, engineWithModules, held, until, valuesOf } = require('./support/engine')
const { GARBAGE_COLLECTION, runProgram } = require('./support/child')
const { gate } = require('./support/host-functions')
const { rejection, thrownBy } = require('./support/rejection')

/** A run that has begun and waits, until `go` is called. */
async function begun(engine, calls, code, how = (text) => engine.run(text, 'x')) {
  const before = calls.length
  const run = how(`host.open() ${code}`)
  await until(() => calls.length > before)
  return { run, go: calls[before].resolve }
}

describe('modules', () => {
  test('a replaced one is found by runs that begin later; those that have begun keep the old, also when they require it later', async () => {
    const { calls, open } = gate()
    const engine = engineWithModules({ tax: 'return "old"', top: 'return "old " .. require("tax")' }, { warmVms: 2 })
    engine.expose('open', open)
    const waits = await begun(engine, calls, 'return require("tax"), require("top")')
    engine.addModule('tax', 'return "new"', { replace: true })
    engine.addModule('top', 'return "new " .. require("tax")', { replace: true })
    expect(await valuesOf(engine, 'return require("tax"), require("top")')).toEqual(['new', 'new new'])
    waits.go()
    expect((await waits.run).values).toEqual(['old', 'old old'])
  })

  test('a removed one is found only by runs that have begun', async () => {
    const { calls, open } = gate()
    const engine = engineWithModules({ tax: 'return "old"', other: '' })
    engine.expose('open', open)
    const waits = await begun(engine, calls, 'return require("tax")')
    expect([engine.removeModule('tax'), engine.removeModule('tax'), engine.removeModule('none')]).toEqual([
      true,
      false,
      false,
    ])
    expect((await rejection(engine.runLua('require("tax")', 'x'))).message).toBe(
      "x:1: there is no module 'tax' (there are 'other')",
    )
    engine.addModule('tax', 'return "again"')
    waits.go()
    expect((await waits.run).value).toBe('old')
    expect(await engine.runLua('return require("tax")', 'x')).toBe('again')
    for (const name of ['tax', 'other']) engine.removeModule(name)
    expect((await rejection(engine.runLua('require("tax")', 'x'))).message).toContain('there are none')
  })

  test('a run that was queued at that time has not begun', async () => {
    const engine = engineWithModules({ tax: 'return "old"', gone: 'return 1' }, { concurrency: 1 })
    const release = await held(engine)
    const run = engine.runLua('return require("tax"), (pcall(require, "gone"))', 'x')
    engine.addModule('tax', 'return "new"', { replace: true })
    engine.removeModule('gone')
    await release()
    expect(await run).toBe('new\tfalse')
  })

  test('VMs made ahead have nothing of the old', async () => {
    const engine = engineWithModules({ tax: 'return "old"' }, { concurrency: 1, warmVms: 4 })
    for (let i = 0; i < 20; i++) {
      await engine.runLua('return require("tax")', 'x')
      if (i === 10) await new Promise((resolve) => setTimeout(resolve, 50))
      engine.addModule('tax', `return ${i}`, { replace: true })
      expect(await engine.runLua('return require("tax")', 'x')).toBe(String(i))
    }
  })

  test('one that does not compile leaves the old one', async () => {
    const engine = engineWithModules({ tax: 'return "old"' })
    expect(thrownBy(() => engine.addModule('tax', '=', { replace: true }))).toMatchObject({
      code: 'ERR_LUA_SYNTAX',
      chunk: 'tax',
    })
    expect(await engine.runLua('return require("tax")', 'x')).toBe('old')
  })

  test('a name that is new may be replaced, and options are checked', async () => {
    const engine = engineWith()
    engine.addModule('m', 'return 1', { replace: true })
    expect(await engine.runLua('return require("m")', 'x')).toBe('1')
    for (const options of [{ replace: 1 }, { replaced: true }, 5]) {
      expect(thrownBy(() => engine.addModule('n', '', options))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
    expect(() => engine.addModule('m', '', { replace: false })).toThrow(/must be new/)
    for (const name of [undefined, 5, '']) expect(() => engine.removeModule(name)).toThrow(/"name"/)
  })
})

describe('functions', () => {
  test('replaced ones are called by runs that begin later; those that have begun keep the old', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open, f: () => 'old', db: { get: () => 'old get', put: () => 'old put' } })
    const waits = await begun(engine, calls, 'return host.f(), host.db.get(), host.db.put()')
    engine.expose('f', () => 'new', { replace: true })
    engine.expose('db', { get: () => 'new get' }, { replace: true })
    expect(await valuesOf(engine, 'return host.f(), host.db.get(), host.db.put')).toEqual(['new', 'new get', undefined])
    waits.go()
    expect((await waits.run).values).toEqual(['old', 'old get', 'old put'])
  })

  test('removed ones are called only by runs that have begun', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open, f: () => 'old', db: { get: () => 'got', deep: { er: () => 1 } } })
    engine.expose('db', { put: () => 'put' })
    const waits = await begun(engine, calls, 'return host.f(), host.db.get(), host.db.put()')
    expect([engine.unexpose('f'), engine.unexpose('db'), engine.unexpose('db'), engine.unexpose('none')]).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(await valuesOf(engine, 'return host.f, host.db, type(host.open)')).toEqual([
      undefined,
      undefined,
      'function',
    ])
    engine.expose('f', { inner: () => 'again' })
    waits.go()
    expect((await waits.run).values).toEqual(['old', 'got', 'put'])
    expect(await engine.runLua('return host.f.inner()', 'x')).toBe('again')
  })

  test('a run that was queued at that time has not begun', async () => {
    const engine = engineExposing({ f: () => 'old', gone: () => 1 }, { concurrency: 1 })
    const release = await held(engine)
    const run = engine.runLua('return host.f(), host.gone', 'x')
    engine.expose('f', () => 'new', { replace: true })
    engine.unexpose('gone')
    await release()
    expect(await run).toBe('new\tnil')
  })

  test('what cannot be exposed leaves the old', async () => {
    const engine = engineExposing({ f: () => 'old', db: { get: () => 'got' } })
    for (const [name, what] of [
      ['f', 5],
      ['f', {}],
      ['db', { 'not good': () => {} }],
    ]) {
      expect(() => engine.expose(name, what, { replace: true })).toThrow()
    }
    for (const options of [{ replace: 'yes' }, { replaces: true }, null]) {
      expect(thrownBy(() => engine.expose('f', () => 1, options))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
    for (const name of [undefined, 'a.b', '', 'end']) expect(() => engine.unexpose(name)).toThrow(/identifier/)
    expect(await engine.runLua('return host.f(), host.db.get()', 'x')).toBe('old\tgot')
  })

  test('a name that is new may be replaced', async () => {
    const engine = engineWith()
    engine.expose('f', () => 1, { replace: true })
    expect(await engine.runLua('return host.f()', 'x')).toBe('1')
  })

  test('a function that replaces itself while it is called answers that call', async () => {
    const engine = engineWith()
    engine.expose('f', async () => {
      engine.expose('f', () => 'new', { replace: true })
      await new Promise(setImmediate)
      return 'old'
    })
    expect(await valuesOf(engine, 'return host.f(), type(host.f)')).toEqual(['old', 'function'])
    expect(await engine.runLua('return host.f()', 'x')).toBe('new')
  })

  test('replaced ones are let go when the runs that had them are gone', async () => {
    const { stdout, stderr } = await runProgram(`${GARBAGE_COLLECTION}
      const { Engine } = require('moonpool')
      const engine = new Engine()
      const refs = []
      function expose(i) {
        const f = () => i
        refs.push(new WeakRef(f))
        engine.expose('f', f, { replace: true })
      }
      const alive = () => refs.map((ref) => (ref.deref() ? 1 : 0)).join('')
      async function main() {
        let go
        engine.expose('open', () => new Promise((resolve) => { go = resolve }))
        expose(0)
        const run = engine.run('host.open() return host.f()', 'x')
        while (!go) await new Promise(setImmediate)
        const context = engine.createContext('x')
        for (let i = 1; i < 5; i++) expose(i)
        await collectGarbage(3, 5)
        const waiting = alive()
        go()
        const { value } = await run
        await collectGarbage(3, 5)
        const after = alive()
        const kept = (await context.run('return host.f()')).value
        await context.close()
        engine.unexpose('f')
        await engine.run('return 1', 'x')
        await collectGarbage(3, 5)
        console.log(JSON.stringify({ waiting, value, after, kept, end: alive() }))
        await engine.close()
      }
      main()`)
    expect(stderr).toBe('')
    // The context was made when the first one was exposed.
    expect(JSON.parse(stdout)).toEqual({ waiting: '10001', value: 0, after: '10001', kept: 0, end: '00000' })
  })
})

describe('contexts keep what there was when they were made', () => {
  test('also before their first run, and one that waits for its turn', async () => {
    const engine = engineExposing({ f: () => 'old', gone: () => 'still' })
    for (const name of ['m', 'gone']) engine.addModule(name, `return "old ${name}"`)
    const [used, fresh] = [engine.createContext('x'), engine.createContext('x')]
    await used.run('return 1')
    engine.expose('f', () => 'new', { replace: true })
    engine.addModule('m', 'return "new m"', { replace: true })
    engine.unexpose('gone')
    engine.removeModule('gone')
    const code = 'return host.f(), host.gone(), require("m"), require("gone")'
    for (const context of [used, fresh]) {
      expect((await context.run(code)).values).toEqual(['old', 'still', 'old m', 'old gone'])
      expect((await context.run(code)).values).toEqual(['old', 'still', 'old m', 'old gone'])
    }
    const later = engine.createContext('x')
    expect((await later.run('return host.f(), host.gone, require("m"), (pcall(require, "gone"))')).values).toEqual([
      'new',
      undefined,
      'new m',
      false,
    ])
  })

  test('new names are there from the next run on, and stay as they were then', async () => {
    const engine = engineExposing({ db: { get: () => 'got' } })
    const context = engine.createContext('x')
    expect((await context.run('return host.late, (pcall(require, "late"))')).values).toEqual([undefined, false])
    engine.expose('late', () => 1)
    engine.expose('db', { put: () => 'put' })
    engine.addModule('late', 'return 1')
    expect((await context.run('return host.late(), host.db.get(), host.db.put()')).values).toEqual([1, 'got', 'put'])
    engine.expose('late', () => 2, { replace: true })
    engine.expose('db', () => 'function', { replace: true })
    engine.addModule('late', 'return 2', { replace: true })
    expect((await context.run('return host.late(), host.db.get(), require("late")')).values).toEqual([1, 'got', 1])
  })

  test('what a script has put in the place of host stays', async () => {
    const engine = engineExposing({ f: () => 1 })
    const context = engine.createContext('x')
    await context.run('host = "mine"')
    engine.expose('late', () => 1)
    expect((await context.run('return host')).value).toBe('mine')
  })
})

test('a closed engine removes, and adds nothing', async () => {
  const engine = engineExposing({ f: () => 1 })
  engine.addModule('m', '')
  await engine.close()
  expect([engine.unexpose('f'), engine.removeModule('m')]).toEqual([true, true])
  expect(thrownBy(() => engine.expose('f', () => 1, { replace: true }))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
  expect(thrownBy(() => engine.addModule('m', '', { replace: true }))).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
})

test('replacing again and again while runs come and go mixes nothing up', async () => {
  const engine = engineWith({ concurrency: 2 })
  const version = (i) => {
    engine.expose('v', { a: () => i, b: () => i }, { replace: true })
    engine.addModule('v', `return ${i}`, { replace: true })
  }
  version(0)
  const runs = []
  for (let i = 1; i <= 300; i++) {
    runs.push(engine.run('local a = host.v.a() local m = require("v") return a, m, host.v.b()', `id${i % 4}`))
    version(i)
    if (i % 10 === 0) await new Promise(setImmediate)
  }
  for (const { values } of await Promise.all(runs)) {
    const [a, m, b] = values
    expect(b).toBe(a)
    // It may have begun between the two.
    expect([a - 1, a]).toContain(m)
  }
})
