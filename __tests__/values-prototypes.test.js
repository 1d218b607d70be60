// What comes out of Lua has properties of its own, as what JSON.parse makes, whatever the host has put into prototypes.
'use strict'

const { readList, Values } = require('../lib/decode')
const { encode } = require('../lib/values')
const { runProgram } = require('./support/child')

const INTO = { nulls: 'null', dates: 'iso' }

/** Objects with few keys, with the same ones again, with many, and lists. */
const TEXT = JSON.stringify([
  [1, 2],
  [
    { taken: 1, b: 'x' },
    { taken: 2, b: 'y' },
    { taken: [3], b: {} },
  ],
  [
    { constructor: 1, toString: 2, 0: 'zero', 1: 'one' },
    { constructor: 3, toString: 4, 0: 'two', 1: 'three' },
  ],
  Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i < 20 ? i : `k${i}`, i]).concat([['taken', [4]]])),
]).replaceAll('"b"', '"__proto__"')

/** Whether two values have the same own properties all the way down, and are ordinary objects and arrays. */
function isSame(came, expected) {
  if (typeof expected !== 'object' || expected === null) return Object.is(came, expected)
  const names = Reflect.ownKeys(expected)
  return (
    Array.isArray(came) === Array.isArray(expected) &&
    Object.getPrototypeOf(came) === Object.getPrototypeOf(expected) &&
    String(Reflect.ownKeys(came)) === String(names) &&
    names.every((name) => {
      const [one, other] = [came, expected].map((object) => Object.getOwnPropertyDescriptor(object, name))
      return one.writable === other.writable && one.enumerable === other.enumerable && isSame(one.value, other.value)
    })
  )
}

/** A list whose steps are as short as they can be, with something done before each. */
function inPieces(bytes, before) {
  const values = new Values(bytes)
  let isDone = false
  for (let step = 0; !isDone; step++) isDone = before(step, () => values.step(Number.NEGATIVE_INFINITY))
  return values.value
}

/** Does `work` while objects inherit properties that tell when they are set, and cannot be. */
function withSetters(names, work) {
  const set = []
  for (const name of names) {
    const tell = { configurable: true, get: () => `inherited ${name}`, set: () => set.push(name) }
    Object.defineProperty(Object.prototype, name, tell)
  }
  try {
    return { value: work(), set }
  } finally {
    for (const name of names) delete Object.prototype[name]
  }
}

const list = () => Buffer.from(encode([JSON.parse(TEXT)], 'args', INTO))

test.each([
  ['names of records', ['taken', 'k39']],
  ['numbers, which are items of arrays as well', ['0', '1', '19']],
  ['none', []],
])('setters of Object.prototype are not called: %s', (_what, names) => {
  const bytes = list()
  const { value, set } = withSetters(names, () => readList(bytes))
  expect(set).toEqual([])
  expect(isSame(value, [JSON.parse(TEXT)])).toBe(true)
})

test('those that are there in the middle of a long value are not called either', () => {
  const sets = []
  const value = inPieces(list(), (step, work) => {
    const { value, set } = withSetters(step % 2 === 0 ? ['taken', 'k39'] : ['k38', 'k39', 'extra'], work)
    sets.push(...set)
    return value
  })
  expect(sets).toEqual([])
  expect(isSame(value, [JSON.parse(TEXT)])).toBe(true)
})

test('where Object.prototype is frozen, all names come as elsewhere, from results and as arguments of host functions', async () => {
  const { stdout, stderr } = await runProgram(`
    Object.freeze(Object.prototype)
    Object.freeze(Array.prototype)
    const { Engine } = require('moonpool')
    const engine = new Engine()
    const seen = []
    engine.expose('see', (_call, value) => { seen.push(value) })
    engine.run(\`local v = { { constructor = 1, toString = 2, __proto__ = 3, a = 4 }, { valueOf = true } }
      for i = 1, 40 do v[2]['k' .. i] = i end
      host.see(v) log.info('x', v[1]) return v\`, 'x')
      .then(({ value }) => console.log(JSON.stringify([value, seen[0]])), console.error)
      .finally(() => engine.close())
  `)
  const first = '{"__proto__":3,"a":4,"constructor":1,"toString":2}'
  const second = Array.from({ length: 40 }, (_, i) => [`"k${i + 1}":${i + 1}`]).sort()
  const value = `[${first},{${second},"valueOf":true}]`
  expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: `[${value},${value}]`, stderr: '' })
})
