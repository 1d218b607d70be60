// Options: what is taken, what is refused, and what the refusal says.
'use strict'

const { runLua } = require('..')
const { expectBadArgument, rejection } = require('./support/rejection')

const run = (options) => runLua('return "ran"', 'options', options)

const expectRefused = async (options, ...as) => expectBadArgument(await rejection(run(options)), ...as)

describe('options as a whole', () => {
  test.each([
    ['none', undefined],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
    ['values that are undefined', { timeout: undefined, cpuTimeout: undefined, name: undefined, maxSource: undefined }],
  ])('%s: taken', async (_what, options) => {
    expect(await run(options)).toBe('ran')
  })

  test.each([
    ['null', null, 'null'],
    ['a string', 'timeout', `type string ('timeout')`],
    ['a number', 5000, 'type number (5000)'],
    ['an array', [], 'an instance of Array'],
    ['a function', () => {}, 'function'],
    ['a map, of which nobody would read the entries', new Map([['timeout', 1]]), 'an instance of Map'],
    ['a set', new Set(['timeout']), 'an instance of Set'],
    ['a promise, of which nobody has awaited the options', Promise.resolve({ timeout: 1 }), 'an instance of Promise'],
  ])('%s: refused', (_what, options, got) =>
    expectRefused(options, TypeError, 'The "options" argument must be an object', `Received ${got}`),
  )
})

describe('unknown options', () => {
  test.each([
    ['timeOut', 'timeout'],
    ['TIMEOUT', 'timeout'],
    ['tiemout', 'timeout'],
    ['cputimeout', 'cpuTimeout'],
    ['memory', 'memoryLimit'],
    ['memorylimit', 'memoryLimit'],
    ['maxOuput', 'maxOutput'],
    ['maxSrc', 'maxSource'],
    ['nane', 'name'],
  ])('%s: did you mean %s?', (given, meant) =>
    expectRefused({ [given]: 1 }, TypeError, `unknown option '${given}'; did you mean '${meant}'?`),
  )

  test.each([
    ['strings', 'engine.run'],
    ['maxQueue', 'new Engine'],
    ['prelude', 'new Engine'],
    ['maxFunctions', 'engine.createContext'],
    ['setup', 'engine.createPool'],
  ])('%s: it says where that belongs', (given, place) =>
    expectRefused({ [given]: 1 }, TypeError, `). It is an option of ${place}`),
  )

  test.each(['color', 'priority', 'tenant', 'x'.repeat(500), '__proto__x'])(
    '%s: no guess, but the list',
    async (given) => {
      const error = await rejection(run({ [given]: undefined }))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain(`unknown option '${given}' (`)
      for (const name of [
        'timeout',
        'cpuTimeout',
        'queueTimeout',
        'memoryLimit',
        'maxOutput',
        'maxSource',
        'maxNodes',
        'name',
        'signal',
      ]) {
        expect(error.message).toContain(name)
      }
    },
  )

  test('only own properties are looked at for unknown names', async () => {
    expect(await run(Object.create({ inherited: 1 }))).toBe('ran')
  })
})

const RANGES = [
  { name: 'timeout', good: [60_000.5, 2_147_483_647], bad: [0, -1, -0, 2_147_483_648] },
  { name: 'cpuTimeout', good: [60_000.5, 2_147_483_647], bad: [0, -1, -0, 2_147_483_648] },
  { name: 'memoryLimit', good: [1_048_576, Number.MAX_SAFE_INTEGER], bad: [0, 1_048_575, 2_000_000.5, 2 ** 53] },
  { name: 'maxOutput', good: [0, 2_147_483_647], bad: [-1, 0.5, 2_147_483_648] },
  { name: 'maxLog', good: [0, 2_147_483_647], bad: [-1, 0.5, 2_147_483_648] },
  { name: 'maxSource', good: [100, 2_147_483_647], bad: [0, -1, 100.5, 2_147_483_648] },
  { name: 'maxNodes', good: [0, 4_294_967_295], bad: [-1, 0.5, 4_294_967_296] },
]

describe.each(RANGES)('$name', ({ name, good, bad }) => {
  test.each(good)('%d: taken', async (value) => {
    expect(await run({ [name]: value })).toBe('ran')
  })

  test.each([...bad, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d: out of range', (value) =>
    expectRefused({ [name]: value }, RangeError, `"options.${name}"`, `Received ${value}`),
  )

  test.each([
    [null, 'null'],
    ['5000', `type string ('5000')`],
    [5000n, 'type bigint (5000n)'],
    [true, 'type boolean (true)'],
    [Object(5000), 'an instance of Number'],
  ])('%p: wrong type', (value, got) =>
    expectRefused({ [name]: value }, TypeError, `"options.${name}"`, `Received ${got}`),
  )
})

test('every option is read once', async () => {
  let reads = 0
  const options = {
    get timeout() {
      reads += 1
      return reads === 1 ? 1000 : 'changed'
    },
  }
  expect(await run(options)).toBe('ran')
  expect(reads).toBe(1)
})

test('a getter that throws rejects, and does not throw', async () => {
  const options = {
    get timeout() {
      throw new Error('from the getter')
    },
  }
  let promise
  expect(() => {
    promise = run(options)
  }).not.toThrow()
  await expect(promise).rejects.toThrow('from the getter')
})

test('no bad argument makes runLua throw, or keeps the engine from working', async () => {
  const calls = [[], [null, null, null], ['', ''], ['', 'x', 'y'], [Symbol('s'), Symbol('s'), Symbol('s')]]
  let promises
  expect(() => {
    promises = calls.map((args) => runLua(...args))
  }).not.toThrow()
  const outcomes = await Promise.allSettled(promises)
  expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => 'rejected'))
  expect(await run()).toBe('ran')
})

test('code is checked before scriptId, and scriptId before options', async () => {
  expect(await rejection(runLua(1, 2, 3))).toMatchObject({ message: expect.stringContaining('"code"') })
  expect(await rejection(runLua('', 2, 3))).toMatchObject({ message: expect.stringContaining('"scriptId"') })
  expect(await rejection(runLua('', 'x', 3))).toMatchObject({ message: expect.stringContaining('"options"') })
})
