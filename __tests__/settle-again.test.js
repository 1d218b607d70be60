// A run settles also when what came of it does not become a value of JavaScript, or cannot be decoded.
'use strict'

const { Run } = require('../lib/run')
const { engineExposing, engineWith, isIdle, valuesOf } = require('./support/engine')
const { rejection } = require('./support/rejection')

const settle = Run.prototype.settle

afterEach(() => {
  Run.prototype.settle = settle
})

/** The next call of `settle` fails, as when JavaScript has no room for the values, or no stack is left for the call. */
function failOnce() {
  Run.prototype.settle = () => {
    Run.prototype.settle = settle
    throw new RangeError('no room')
  }
}

describe('what came of a run cannot be told: it is told that', () => {
  test('of a result', async () => {
    const engine = engineWith()
    failOnce()
    const message = 'the result cannot cross: JavaScript has no room for it'
    expect(await rejection(engine.run('return 1', 'x'))).toMatchObject({ code: 'ERR_LUA_RESULT', message })
    expect(isIdle(engine)).toBe(true)
    expect(await valuesOf(engine, 'return 2')).toEqual([2])
  })

  test('of a failure: the error remains', async () => {
    const engine = engineWith()
    failOnce()
    const error = await rejection(engine.run('print("lost") error("why")', 'x', { name: 'chunk' }))
    expect(error).toMatchObject({ code: 'ERR_LUA_RUNTIME', message: 'chunk:1: why', output: '' })
    expect(isIdle(engine)).toBe(true)
  })

  test('the others of its batch are told all the same', async () => {
    const engine = engineWith({ concurrency: 1 })
    failOnce()
    const ends = await Promise.all(
      [1, 2, 3].map((n) =>
        engine.run(`return ${n}`, 'x').then(
          ({ value }) => value,
          ({ code }) => code,
        ),
      ),
    )
    expect(ends).toEqual(['ERR_LUA_RESULT', 2, 3])
    expect(engine.stats()).toMatchObject({ completed: 2, failed: 1 })
  })

  test('arguments of a host function are an error of the call', async () => {
    const call = Run.prototype.call
    Run.prototype.call = () => {
      Run.prototype.call = call
      throw new RangeError('no room')
    }
    const engine = engineExposing({ f: () => 7 })
    const code = 'local ok, e = pcall(host.f, 1) return ok, e.message, host.f()'
    const message = 'the call cannot cross: JavaScript has no room for its arguments'
    expect(await valuesOf(engine, code)).toEqual([false, message, 7])
  })
})

test('what cannot be decoded at once is a failure, and nothing of the run is left', async () => {
  const engine = engineWith()
  Run.prototype.settle = function (outcome, usage) {
    // The count of a list of one value, and no value that there is.
    return settle.call(this, { ...outcome, values: Buffer.from([1, 0, 0, 0, 99]) }, usage)
  }
  const error = await rejection(engine.run('return 1', 'x'))
  expect(error).toMatchObject({ code: 'ERR_LUA_RESULT', message: expect.stringContaining('an unknown tag') })
  Run.prototype.settle = settle
  expect(isIdle(engine)).toBe(true)
  expect(engine.stats()).toMatchObject({ failed: 1 })
})
