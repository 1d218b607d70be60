// Many calls of the host at once and one after the other, and calls that run scripts themselves.
'use strict'

const { engineExposing, engineWith, until, valuesOf } = require('./support/engine')
const { gate, later } = require('./support/host-functions')

describe('many calls', () => {
  test('of one script come in order, one at a time', async () => {
    const seen = []
    let inside = 0
    const f = async (_context, i) => {
      inside += 1
      expect(inside).toBe(1)
      if (i % 3 === 0) await later()
      seen.push(i)
      inside -= 1
      return i * 2
    }
    const engine = engineExposing({ f })
    const sum = await valuesOf(engine, 'local s = 0 for i = 1, 1000 do s = s + host.f(i) end return s', {
      timeout: 60_000,
    })
    expect(sum).toEqual([1001 * 1000])
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  })

  test('of many scripts: each gets its own answers, with its own context', async () => {
    const f = async ({ scriptId }, i) => {
      if (i % 2) await later()
      return `${scriptId}:${i}`
    }
    const engine = engineExposing({ f })
    const code =
      'local n = ... local out = {} for i = 1, 20 do out[i] = host.f(n + i) end return table.concat(out, " ")'
    const runs = Array.from({ length: 100 }, (_, n) => engine.runLua(code, `tenant-${n}`, { args: [n] }))
    const texts = await Promise.all(runs)
    for (const [n, text] of texts.entries()) {
      expect(text).toBe(Array.from({ length: 20 }, (_, i) => `tenant-${n}:${n + i + 1}`).join(' '))
    }
  })

  test('1000 scripts wait at once with one thread, while others run, and are answered in any order', async () => {
    const { calls, open } = gate()
    const engine = engineExposing({ open }, { concurrency: 1 })
    const runs = Array.from({ length: 1000 }, (_, i) =>
      engine.runLua('return host.open(...)', `t${i % 13}`, { args: [i], timeout: 60_000 }),
    )
    await until(() => calls.length === 1000)
    await until(() => engine.stats().running === 0)
    expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 1000, started: 1000, completed: 0 })
    expect(await engine.runLua('local n = 0 for i = 1, 1e6 do n = n + i end return n', 'other')).toBe('500000500000')
    expect(await Promise.all(Array.from({ length: 50 }, () => engine.runLua('return 1', 'other')))).toHaveLength(50)
    expect(engine.stats().suspended).toBe(1000)
    for (const { args, resolve } of calls.reverse()) resolve(`answer ${args[0]}`)
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 1000 }, (_, i) => `answer ${i}`))
    expect(engine.stats()).toMatchObject({ suspended: 0, running: 0, completed: 1051 })
  })

  test('a call may run another script, also with one thread', async () => {
    const engine = engineWith({ concurrency: 1 })
    engine.expose('nested', async (_context, depth) => {
      if (depth === 0) return 'bottom'
      return engine.runLua('return host.nested(...)', `depth-${depth}`, { args: [depth - 1] })
    })
    expect(await engine.runLua('return host.nested(30)', 'top')).toBe('bottom')
    expect(engine.stats()).toMatchObject({ completed: 31, suspended: 0, running: 0 })
  })

  test('State is shared with a script that a call runs', async () => {
    const engine = engineWith({ concurrency: 1 })
    engine.expose('other', () => engine.runLua('State.set("k", State.get("k") + 1)', 'x'))
    expect(await engine.runLua('State.set("k", 1) host.other() return State.get("k")', 'x')).toBe('2')
  })
})
