// The function that says what single ids may use: when it is asked, and what it may do wrong.
'use strict'

const { LuaError } = require('..')
const { engineExposing, engineWith, hold, until } = require('./support/engine')
const { ends, expectBadArgument, rejection } = require('./support/rejection')

test('it is asked when an id is first seen, and not again', async () => {
  const asked = []
  const engine = engineWith({
    perId: (id) => {
      asked.push(id)
      return { maxQueued: 5 }
    },
  })
  for (const id of ['a', 'b', 'a', 'a', 'b']) await engine.runLua('return 1', id)
  await engine.createContext('c').run('return 1')
  await engine.createContext('a').run('return 1')
  expect(asked).toEqual(['a', 'b', 'c'])
})

test('after refreshLimits it is asked again: at once for ids that have runs, for others with the next one', async () => {
  const asked = []
  let maxQueued = 1
  const engine = engineWith({
    concurrency: 1,
    perId: (id) => {
      asked.push(id)
      return id === 'a' ? { maxQueued } : {}
    },
  })
  await engine.runLua('', 'idle')
  const release = hold(engine)
  const first = engine.runLua('', 'a')
  expect(await ends([engine.runLua('', 'a')])).toEqual(['ERR_QUOTA'])
  expect(asked).toEqual(['idle', 'holder', 'a'])
  maxQueued = 2
  engine.refreshLimits('unknown')
  expect(asked).toHaveLength(3)
  engine.refreshLimits('a')
  expect(asked).toEqual(['idle', 'holder', 'a', 'a'])
  const second = engine.runLua('', 'a')
  expect(await ends([engine.runLua('', 'a')])).toEqual(['ERR_QUOTA'])
  engine.refreshLimits()
  expect(asked.slice(4).sort()).toEqual(['a', 'holder'])
  await release()
  await Promise.all([first, second, engine.runLua('', 'idle')])
  expect(asked.slice(6)).toEqual(['idle'])
  expect(engine.refreshLimits()).toBeUndefined()
  expectBadArgument(await rejection(Promise.resolve().then(() => engine.refreshLimits(5))), TypeError, 'scriptId')
})

test('a limit that is raised lets go on what has waited for it', async () => {
  let maxStarted = 1
  const engine = engineExposing({ never: () => new Promise(() => {}) }, { perId: () => ({ maxStarted }) })
  const runs = ends([1, 2, 3].map(() => engine.runLua('host.never()', 'a')))
  await until(() => engine.usage('a').waiting === 1)
  maxStarted = 3
  engine.refreshLimits()
  await until(() => engine.usage('a').waiting === 3)
  await engine.close({ timeout: 0 })
  expect(await runs).toEqual(Array(3).fill('ERR_ENGINE_CLOSED'))
})

describe('what it does wrong rejects the run that it was asked for, and nothing else breaks', () => {
  const nonsense = [
    ['nothing', () => undefined, TypeError, 'Received undefined'],
    ['null', () => null, TypeError, 'Received null'],
    ['a list', () => [], TypeError, 'an instance of Array'],
    ['text', () => 'free', TypeError, "type string ('free')"],
    ['an unknown limit', () => ({ maxQueud: 1 }), TypeError, "did you mean 'maxQueued'"],
    ['a wrong limit', () => ({ weight: -1 }), RangeError, /perId\('wrong'\)\.weight.*Received -1/],
    ['a promise', async () => ({}), TypeError, 'an instance of Promise'],
    ['a promise that rejects', async () => Promise.reject(new Error('no')), TypeError, 'an instance of Promise'],
    [
      'an error',
      () => {
        throw new Error('no database')
      },
      RangeError,
      /must not fail. Received 'no database' from perId\('wrong'\)/,
    ],
    [
      'a symbol, thrown',
      () => {
        throw Symbol('odd')
      },
      RangeError,
      'must not fail',
    ],
    [
      'a getter that throws',
      () => ({
        get memory() {
          throw new Error('sour')
        },
      }),
      RangeError,
      'sour',
    ],
  ]

  test.each(nonsense)('%s', async (_, answer, ErrorClass, says) => {
    const engine = engineWith({ perId: (id) => (id === 'wrong' ? answer() : {}) })
    const error = await rejection(engine.run('return 1', 'wrong'))
    expectBadArgument(error, ErrorClass, says)
    expect(error).not.toBeInstanceOf(LuaError)
    expect(await ends([engine.createContext('wrong').run('return 1')])).toEqual([error.code])
    expect(await engine.runLua('return 1', 'right')).toBe('1')
    expect(engine.stats()).toMatchObject({ rejected: 2, completed: 1, queued: 0 })
    expect(engine.usage('wrong')).toMatchObject({ rejected: 2, queued: 0 })
  })

  test('what it has thrown is the cause, and the next run asks again', async () => {
    const reason = new Error('down')
    let isUp = false
    const engine = engineWith({
      perId: () => {
        if (!isUp) throw reason
        return {}
      },
    })
    expect((await rejection(engine.runLua('return 1', 'a'))).cause).toBe(reason)
    isUp = true
    expect(await engine.runLua('return 1', 'a')).toBe('1')
  })

  test('where asking again fails, the id keeps what it had until its next run, which is told', async () => {
    let isUp = true
    const engine = engineExposing(
      { never: () => new Promise(() => {}) },
      {
        perId: () => {
          if (!isUp) throw new Error('down')
          return { maxStarted: 1 }
        },
      },
    )
    const runs = ends([1, 2].map(() => engine.runLua('host.never()', 'a')))
    await until(() => engine.usage('a').waiting === 1)
    isUp = false
    engine.refreshLimits()
    expect(engine.usage('a')).toMatchObject({ queued: 1, started: 1 })
    expect(await ends([engine.runLua('return 1', 'a')])).toEqual(['ERR_INVALID_ARG_VALUE'])
    await engine.close({ timeout: 0 })
    expect(await runs).toEqual(['ERR_ENGINE_CLOSED', 'ERR_ENGINE_CLOSED'])
  })

  test('a call of the engine inside it is refused where it would have to be asked again', async () => {
    const inside = []
    const engine = engineWith({
      perId: (id) => {
        if (id === 'known') return {}
        inside.push(engine.runLua('return "inside"', id).catch((error) => error))
        inside.push(engine.runLua('return "inside"', `${id}!`).catch((error) => error))
        inside.push(engine.runLua('return "known"', 'known').catch((error) => error))
        engine.refreshLimits()
        engine.refreshLimits(id)
        engine.usage(id)
        return { maxQueued: 5 }
      },
    })
    await engine.runLua('return 1', 'known')
    expect(await engine.runLua('return "outside"', 'a')).toBe('outside')
    const [own, other, known] = await Promise.all(inside)
    expectBadArgument(own, RangeError, /a call for 'a' while it was asked about 'a'/)
    expectBadArgument(other, RangeError, /a call for 'a!' while it was asked about 'a'/)
    expect(known).toBe('known')
  })

  test('closing the engine, or stopping the run, inside it', async () => {
    const engine = engineWith({
      perId: () => {
        engine.close({ timeout: 0 })
        return {}
      },
    })
    expect(await ends([engine.runLua('return 1', 'a')])).toEqual(['ERR_ENGINE_CLOSED'])
    const controller = new AbortController()
    const other = engineWith({
      perId: () => {
        controller.abort('stopped')
        return {}
      },
    })
    expect(await ends([other.runLua('return 1', 'a', { signal: controller.signal })])).toEqual(['stopped'])
    expect(other.stats()).toMatchObject({ aborted: 1, rejected: 0, completed: 0 })
    await until(() => other.usage('a').started + other.usage('a').queued === 0)
  })
})
