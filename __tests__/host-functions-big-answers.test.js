// Big answers of host functions, such as what a script gave them: encoded a piece in each turn of the event loop.
'use strict'

const { engineExposing, valuesOf } = require('./support/engine')
const { rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

/** How long a turn of the loop may take, in ms: 50, and what a busy machine adds. */
const STILL = 150
const LIMIT = { timeout: 30_000, memoryLimit: 2 ** 30, maxNodes: 4e6 }

/** The characters of a piece. */
const PIECE = 128 * 1024

const engine = (answer) => engineExposing({ echo: (_, value) => value, get: answer ?? (() => undefined) })

/** What `host.get()` raises for this answer. */
const refused = async (answer, change) => {
  const exposing = engine(() => {
    if (change) setImmediate(change)
    return answer
  })
  return (await rejection(exposing.run('return host.get()', 'x', LIMIT))).message
}

describe('an answer as big as the script likes does not hold up the event loop', () => {
  test.each([
    [
      'many values',
      'for i = 1, 10000 do local u = {} for j = 1, 200 do u[j] = j end t[i] = u end',
      'return #r, #r[10000]',
    ],
    ['one long array', 'for i = 1, 2500000 do t[i] = i + 0.5 end', 'return #r, r[2500000]'],
  ])('%s', async (_, fill, look) => {
    const code = `local t = {} ${fill} local r = host.echo(t) ${look}`
    const { value, error, longest } = await watched(() => valuesOf(engine(), code, LIMIT))
    expect(error).toBeUndefined()
    expect(value).toEqual(fill.includes('2500000') ? [2500000, 2500000.5] : [10000, 200])
    expect(longest).toBeLessThan(STILL)
  })

  test('text of megabytes', async () => {
    const code = 'local s = ("€🌙"):rep(3000000) local r = host.echo(s) return r == s, #r'
    const { value, longest } = await watched(() => valuesOf(engine(), code, LIMIT))
    expect(value).toEqual([true, 21000000])
    expect(longest).toBeLessThan(STILL)
  })
})

describe('what is encoded in pieces arrives whole', () => {
  test.each([
    ['pairs of surrogates at the ends of pieces', `x${'🌙'.repeat(PIECE)}`],
    ['a long text in many', ['short', 'y'.repeat(3 * PIECE + 1), 'é'.repeat(PIECE + 1)]],
    ['bytes', Uint8Array.from({ length: 3 * PIECE + 7 }, (_, i) => i % 251)],
    ['nested maps', new Map(Array.from({ length: 5000 }, (_, i) => [`k${i}`, new Map([['n', i]])]))],
  ])('%s', async (_, answer) => {
    const options = { ...LIMIT, ...(answer instanceof Uint8Array && { strings: 'buffer' }) }
    const shape = answer instanceof Map ? { tables: 'map' } : {}
    const [value] = await valuesOf(
      engine(() => answer),
      'return host.get()',
      { ...options, ...shape },
    )
    if (answer instanceof Uint8Array) expect(Buffer.compare(value, answer)).toBe(0)
    else expect(value).toEqual(answer)
  })

  test.each([
    ['first', `\ud83c${'x'.repeat(2 * PIECE)}`],
    ['last of a piece', `${'x'.repeat(PIECE - 1)}\ud83c${'x'.repeat(PIECE)}`],
    ['first of a piece', `${'x'.repeat(PIECE)}\udf19${'x'.repeat(PIECE)}`],
    ['at the end', `${'x'.repeat(2 * PIECE)}\ud83c`],
  ])('a lone surrogate, %s, is refused', async (_, answer) => {
    expect(await refused([1, answer])).toMatch(/host\.get\(\)\[1\] is a string with a lone surrogate/)
  })
})

describe('an answer that the host changes before it is taken over', () => {
  const many = (length) => Array.from({ length }, (_, i) => ({ i }))

  test('an array that becomes shorter is refused', async () => {
    const answer = many(1e4)
    const message = await refused(answer, () => {
      answer.length = 0
    })
    expect(message).toMatch(/host\.get\(\)\[\d+\] is undefined in an array/)
  })

  test.each([
    ['become shorter', (bytes) => bytes.buffer.resize(10)],
    ['are gone', (bytes) => structuredClone(0, { transfer: [bytes.buffer] })],
  ])('bytes that %s are refused', async (_, change) => {
    const bytes = new Uint8Array(new ArrayBuffer(10 * PIECE, { maxByteLength: 10 * PIECE }))
    expect(await refused(bytes, () => change(bytes))).toMatch(/host\.get\(\) is a Uint8Array whose length has changed/)
  })
})

test('a run that ends while its answer is encoded: the rest is not asked for', async () => {
  const controller = new AbortController()
  let asked = 0
  const answer = Array.from({ length: 2e4 }, () => ({
    get x() {
      asked += 1
      if (asked === 2000) controller.abort()
      return 1
    },
  }))
  const exposing = engine(() => answer)
  await rejection(exposing.run('return host.get()', 'x', { ...LIMIT, signal: controller.signal }))
  const then = asked
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  expect(asked).toBe(then)
  expect(asked).toBeLessThan(2e4)
  expect(await valuesOf(exposing, 'return host.echo(7)')).toEqual([7])
})

test('a big answer is asked for in the async context of its run', async () => {
  const { AsyncLocalStorage } = require('node:async_hooks')
  const storage = new AsyncLocalStorage()
  const seen = new Set()
  const answer = Array.from({ length: 2e4 }, () => ({
    get x() {
      seen.add(storage.getStore())
      return 1
    },
  }))
  const exposing = engine(() => answer)
  const runs = ['a', 'b', 'c'].map((store) => storage.run(store, () => valuesOf(exposing, 'return #host.get()', LIMIT)))
  expect(await Promise.all(runs)).toEqual([[2e4], [2e4], [2e4]])
  expect([...seen].sort()).toEqual(['a', 'b', 'c'])
})
