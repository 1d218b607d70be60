// Objects with the same keys cross as records, and what is long is read and written in pieces: it is as if they did not.
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { readList, Values } = require('../lib/decode')
const { Encoding, encode } = require('../lib/values')
const { engine } = require('./support/crossing')
const { Randomly } = require('./support/random')
const { referenceOf } = require('./support/reference')

const INTO = { nulls: 'null', dates: 'iso' }
const [RECORD, SAME] = [12, 13]

/** What is read when each step is as short as it can be. */
function inPieces(bytes) {
  const values = new Values(Buffer.from(bytes))
  let steps = 1
  while (!values.step(Number.NEGATIVE_INFINITY)) steps += 1
  return { values: values.value, steps }
}

function expectSame(came, expected) {
  if (!isDeepStrictEqual(came, expected)) expect(came).toEqual(expected)
}

const there = async (...args) => (await engine.run('return ...', 'x', { args })).values

describe('random values', () => {
  const seed = Number(process.env.MOONPOOL_SEED ?? Math.floor(Math.random() * 2 ** 32))
  const SHAPES = [
    ['a', 'b'],
    ['b', 'a'],
    ['a'],
    ['__proto__', 'b'],
    ['constructor', 'é'],
    ['2', 'a', '1'],
    [],
    ['x', 'y', 'z'],
  ]
  const TEXTS = ['', 'a', 'twelve chars', 'thirteen chars', 'ümläute', '\u20ac', 'x'.repeat(300), '\u{1f319}'.repeat(9)]

  function make(random, depth = 0) {
    const below = (limit) => Math.floor(random.next() * limit)
    const kind = below(depth > 4 ? 5 : 9)
    const inner = () => make(random, depth + 1)
    if (kind === 0) return below(2) === 0
    if (kind === 1) return [0, -0, 1.5, -1, 2 ** 31, -(2 ** 53) + 1, 2 ** 53, 1e300, Number.NaN][below(9)]
    if (kind === 2) return [2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n), 2n ** 53n][below(4)]
    if (kind === 3) return TEXTS[below(TEXTS.length)]
    if (kind === 4) return new Uint8Array(below(20)).fill(7)
    if (kind === 5)
      return new Map([
        [below(9), inner()],
        [TEXTS[below(4)], inner()],
      ])
    if (kind === 6) return Array.from({ length: below(12) }, inner)
    const shape = SHAPES[below(SHAPES.length)]
    const object = () => {
      const made = {}
      for (const key of shape)
        Object.defineProperty(made, key, { value: inner(), enumerable: true, configurable: true, writable: true })
      return made
    }
    return kind === 7 ? object() : Array.from({ length: below(12) }, object)
  }

  test(`are read as by a plain decoder, whole and in pieces (seed ${seed})`, () => {
    const random = new Randomly(seed)
    let most = 0
    for (let round = 0; round < 500; round++) {
      const list = encode([make(random), make(random)], 'args', INTO)
      const expected = referenceOf(list)
      expectSame(readList(Buffer.from(list)), expected)
      const { values, steps } = inPieces(list)
      expectSame(values, expected)
      most = Math.max(most, steps)
    }
    expect(most).toBeGreaterThan(3)
  })

  test(`are written in pieces as at once (seed ${seed})`, () => {
    const random = new Randomly(seed + 1)
    for (let round = 0; round < 300; round++) {
      const value = make(random)
      const encoding = new Encoding(value, 'value', INTO)
      while (!encoding.upTo(0));
      expect(encoding.written()).toEqual(encode([value], 'value', INTO))
    }
  })
})

describe('records', () => {
  const rows = Array.from({ length: 200 }, (_, id) => ({
    id,
    name: `name ${id}`,
    inner: { a: id / 4, b: id % 2 === 0 },
  }))

  test('have their keys once', async () => {
    const bytes = encode([rows], 'args', INTO)
    expect(Buffer.from(bytes).toString('latin1').split('name').length).toBe(rows.length + 2)
    expectSame(referenceOf(bytes), [rows])
    expectSame(await there(rows, rows), [rows, rows])
  })

  test('a property that is undefined is absent, in the first and in others', async () => {
    const given = [{ a: 1, b: undefined }, { a: undefined, b: 2 }, { a: undefined, b: undefined }, { a: 3 }]
    const [came] = await there(given)
    expect(came).toStrictEqual([{ a: 1 }, { b: 2 }, {}, { a: 3 }])
    expect(
      (await engine.run('local n = 0 for _ in pairs(...) do n = n + 1 end return n', 'x', { args: [given[1]] })).value,
    ).toBe(1)
  })

  test('keys keep their order, and those that are no names of records cross as well', async () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i + 10}`, i]))
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3}')
    const given = [
      odd,
      odd,
      { z: 1, a: 2 },
      { z: 3, a: 4 },
      { 7: 'x', a: 1 },
      { 7: 'y', a: 2 },
      many,
      many,
      { ['k'.repeat(300)]: 1 },
      {},
      [],
    ]
    const [came] = await there(given)
    expectSame(came, given)
    expect(Object.keys(came[0])).toEqual(['__proto__', 'constructor', 'hasOwnProperty'])
    expect(Object.getPrototypeOf(came[1])).toBe(Object.prototype)
    expect(Object.keys(came[3])).toEqual(['a', 'z'])
    expect(Object.keys(came[5])).toEqual(['7', 'a'])
  })

  test('globals and arguments are read one by one', async () => {
    const options = {
      args: [rows[0], [rows[1]], rows[2]],
      globals: { a: [rows[3]], b: [rows[4]], c: rows[5], d: rows[6] },
    }
    const { values } = await engine.run('local x, y, z = ... return x, y, z, a, b, c, d', 'x', options)
    expectSame(values, [rows[0], [rows[1]], rows[2], [rows[3]], [rows[4]], rows[5], rows[6]])
  })

  test('getters are asked once, in the order of their names, also where the keys are the same', () => {
    const asked = []
    const row = (n) => ({
      get b() {
        asked.push(`b${n}`)
        return n
      },
      get a() {
        asked.push(`a${n}`)
        return undefined
      },
    })
    expectSame(referenceOf(encode([[row(1), row(2)]], 'args', INTO)), [[{ b: 1 }, { b: 2 }]])
    expect(asked).toEqual(['b1', 'a1', 'b2', 'a2'])
  })

  test.each([
    ['takes the next key away', (row) => delete row.b, { a: 2, c: 4 }],
    ['takes the last key away', (row) => delete row.c, { a: 2, b: 3 }],
    ['takes its own key away', (row) => delete row.a, { a: 2, b: 3, c: 4 }],
    ['adds a key', (row) => Object.assign(row, { d: 5 }), { a: 2, b: 3, c: 4 }],
    ['puts a key behind the others', (row) => delete row.b && Object.assign(row, { b: 5 }), { a: 2, b: 5, c: 4 }],
  ])('a getter %s: the keys are those from before it', (_what, change, expected) => {
    const row = {
      get a() {
        change(row)
        return 2
      },
      b: 3,
      c: 4,
    }
    const [before, after] = [
      { a: 0, b: 1, c: 2 },
      { a: 6, b: 7, c: 8 },
    ]
    expectSame(referenceOf(encode([[before, row, after]], 'args', INTO)), [[before, expected, after]])
  })

  test('what an object inherits is none of its keys, though others have that as their own', () => {
    const like = () => [[{ a: 1, b: 2 }, { a: 3 }, { a: 4, b: 5 }]]
    Object.defineProperty(Object.prototype, 'b', {
      value: 'inherited',
      enumerable: true,
      configurable: true,
      writable: true,
    })
    try {
      expectSame(referenceOf(encode(like(), 'args', INTO)), like())
    } finally {
      delete Object.prototype.b
    }
  })

  test('a Map without properties of its own is one, whatever its prototype has become', () => {
    const map = Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype)
    expectSame(referenceOf(encode([[{ a: 1 }, map]], 'args', INTO)), [[{ a: 1 }, new Map([[1, 2]])]])
  })

  test('a LuaFunction without properties of its own is one, whatever its prototype has become', async () => {
    const context = engine.createContext('functions')
    await context.run('function call(f) return f() end')
    const { value } = await context.run('return function() return 7 end', { functions: true })
    expect(await context.call('call', Object.setPrototypeOf(value, Object.prototype))).toMatchObject({ value: 7 })
    await context.close()
  })

  test('what cannot cross is told with its path, far inside of equal ones', async () => {
    const given = [...rows, { id: 1, name: 'x', inner: { a: () => {}, b: 1 } }]
    await expect(there(given)).rejects.toThrow(/^options\.args\[0\]\[200\]\.inner\.a is function/)
    await expect(there([rows[0], { id: 1, name: '\ud800', inner: 1 }])).rejects.toThrow(
      '[1].name is a string with a lone',
    )
    const named = { [Symbol('s')]: 1, id: 1, name: 2, inner: 3 }
    await expect(there([rows[0], named])).rejects.toThrow('[1][Symbol(s)] is a property named by a symbol')
    await expect(there([{ ok: 1, '\ud800': 1 }])).rejects.toThrow(`[0]['\\ud800'] is a property whose name has a lone`)
    const cycle = { id: 1, name: 1, inner: rows }
    cycle.inner = [cycle]
    await expect(there([rows[0], cycle])).rejects.toThrow('[1].inner[0] is a value that contains itself')
  })
})

describe("a script's tables", () => {
  const value = async (code, options) => (await engine.run(code, 'x', options)).value

  test('of the same keys come out the same, whatever way they were made', async () => {
    const code = `local all = {}
      all[1] = { a = 1, b = 2, c = 3 }
      local t = {} t.c = 3 t.b = 2 t.a = 1 all[2] = t
      t = { d = 4, c = 3 } t.d = nil t.b = 2 t.a = 1 all[3] = t
      t = { 7, a = 1, b = 2, c = 3 } t[1] = nil all[4] = t
      all[5] = { a = 1, b = 2 }
      all[6] = { b = 2, c = 3, a = 1 }
      return all`
    const abc = { a: 1, b: 2, c: 3 }
    expect(await value(code)).toStrictEqual([abc, abc, abc, abc, { a: 1, b: 2 }, abc])
  })

  test('a refusal is the same far inside of equal ones as in the first', async () => {
    const rows = 'local t = {} for i = 1, 100 do t[i] = { id = i, inner = { a = 1, b = "x" } } end'
    const refused = (line) => expect(value(`${rows} ${line} return t`)).rejects
    await refused('t[90].inner.b = print').toThrow('value[90].inner.b is a function')
    await refused('t[90].inner = { [2] = 1 }').toThrow('value[90].inner is an array with holes')
    await refused('t[90].inner = { 1, a = 1 }').toThrow('value[90].inner mixes array and string keys')
    await refused('t[90].inner = { [1.5] = 1 }').toThrow('value[90].inner has the float key 1.5')
    await refused('t[90].inner.b = "\\xff"').toThrow('value[90].inner.b is a string that is not UTF-8')
    await refused('t[90].inner["\\xff"] = 1').toThrow('value[90].inner has a key that is not UTF-8')
    await refused('t[90].inner.a = t').toThrow('value[90].inner.a contains itself')
    await refused('t[90].inner = json.array({ a = 1 })').toThrow('value[90].inner is marked as an array')
  })

  test('what was counted before a table is walked again counts once', async () => {
    const code = 'local t = {} for i = 1, 100 do t[i] = { a = i, b = i } end t[101] = { [0] = 1 } return t'
    // The list, 100 times a table with two keys and values, and one with one.
    const options = { tables: 'record', maxNodes: 1 + 100 * 5 + 3 }
    expect(await value(code, options)).toHaveLength(101)
    await expect(value(code, { ...options, maxNodes: options.maxNodes - 1 })).rejects.toMatchObject({
      limit: 'maxNodes',
    })
    const plain = code.replace('[0] = 1', 'z = 1')
    expect(await value(plain, { maxNodes: options.maxNodes })).toHaveLength(101)
    await expect(value(plain, { maxNodes: options.maxNodes - 1 })).rejects.toMatchObject({ limit: 'maxNodes' })
  })

  test('long texts come whole, of ASCII and of others, in pieces and at once', async () => {
    for (const [text, size] of [
      ['x', 5e6],
      ['é', 3e5],
      ['\u{1f319}', 1e5],
      ['abc\u20ac', 1e5],
    ]) {
      const came = await value(`return { (...):rep(${size}), "end" }`, { args: [text] })
      expect(came[0] === text.repeat(size)).toBe(true)
      expect(came[1]).toBe('end')
    }
  })

  test('texts around the length at which V8 does not copy any more are right wherever they stand', async () => {
    const code = 'local t = {} for i = 1, 3000 do t[i] = ("0123456789abcdefghij"):sub(1, i % 20) .. i end return t'
    const wanted = Array.from({ length: 3000 }, (_, i) => '0123456789abcdefghij'.slice(0, (i + 1) % 20) + (i + 1))
    expect(await value(code)).toEqual(wanted)
  })

  test('many different shapes come as they are', async () => {
    const code = 'local t = {} for i = 1, 20000 do t[i] = { ["k" .. i] = i } end return t'
    const came = await value(code, { maxNodes: 1e6, memoryLimit: 2 ** 28 })
    expect(came[19_999]).toEqual({ k20000: 20_000 })
  })
})

test('the bytes say which objects are records', () => {
  const tags = (value) => [...encode([value], 'x', INTO)].filter((byte) => byte === RECORD || byte === SAME)
  expect(tags([{ a: 1 }, { a: 2 }, { b: 1 }, { a: 1 }])).toEqual([RECORD, SAME, RECORD, RECORD])
  expect(tags([{}, {}])).toEqual([])
})
