// State from the host: `engine.state(scriptId)` does what the functions of `State` do, in the space of that id.
'use strict'

const { LuaError } = require('..')
const { engineWith } = require('./support/engine')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

let engine
let space
beforeEach(() => {
  engine = engineWith()
  space = engine.state('acme')
})

const lua = async (code, options) => (await engine.run(code, 'acme', options)).value

test('the host reads what a script wrote, and the other way round', async () => {
  await lua('State.set("plan", { seats = 5, tags = { "a", "b" } })')
  expect(await space.get('plan')).toEqual({ seats: 5, tags: ['a', 'b'] })
  await space.set('limit', { n: 2n ** 60n })
  expect(await lua('return State.get("limit").n')).toBe(2n ** 60n)
})

test('it is the space of that id alone', async () => {
  await space.set('mine', 1)
  expect(await engine.state('globex').get('mine')).toBeUndefined()
  expect(await engine.state('globex').has('mine')).toBe(false)
  expect(space.scriptId).toBe('acme')
})

test('get gives the default for a missing key only', async () => {
  await space.set('null', null)
  await space.set('no', false)
  expect([await space.get('null', 1), await space.get('no', 1), await space.get('none', 1)]).toEqual([null, false, 1])
  expect(await space.get('none')).toBeUndefined()
})

test('set with undefined deletes', async () => {
  await space.set('k', 1)
  await space.set('k', undefined)
  expect([await space.has('k'), await space.delete('k')]).toEqual([false, false])
})

test('delete and has say what there was', async () => {
  await space.set('k', 1)
  expect([await space.has('k'), await space.delete('k'), await space.delete('k')]).toEqual([true, true, false])
})

test('list gives the keys in byte order, all or those with a prefix', async () => {
  for (const key of ['b', 'a/2', 'a/10', 'Z', 'é']) await space.set(key, 1)
  expect(await space.list()).toEqual(['Z', 'a/10', 'a/2', 'b', 'é'])
  expect([await space.list('a/'), await space.list('nothing')]).toEqual([['a/10', 'a/2'], []])
})

test('incr adds as a script adds, from an init, for a time', async () => {
  expect([await space.incr('n'), await space.incr('n', 5), await space.incr('n', -0.5)]).toEqual([1, 6, 5.5])
  expect(await space.incr('big', 1n, { init: 2n ** 62n })).toBe(2n ** 62n + 1n)
  expect(await space.incr('brief', 1, { init: 10, ttl: 60_000 })).toBe(11)
  expect(await space.ttl('brief')).toBeGreaterThan(50_000)
  expect(await lua('return math.type(State.get("big"))')).toBe('integer')
})

test('incr refuses what is no number, and what would pass the integers', async () => {
  await space.set('text', 'x')
  await space.set('most', 2n ** 63n - 1n)
  for (const key of ['text', 'most']) {
    const error = await rejection(space.incr(key))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_STATE_VALUE', scriptId: 'acme', output: '' })
    expect(error.message).toContain(`"${key}"`)
  }
})

test('add and replace depend on whether the key is there', async () => {
  expect([await space.replace('k', 1), await space.add('k', 2), await space.add('k', 3)]).toEqual([false, true, false])
  expect([await space.replace('k', 4), await space.get('k')]).toEqual([true, 4])
})

test('cas compares values, numbers as Lua compares them', async () => {
  await lua('State.set("k", { n = 1.0, list = { 1 } })')
  expect(await space.cas('k', { list: [2], n: 1 }, 'no')).toBe(false)
  expect(await space.cas('k', { list: [1], n: 1 }, 'yes')).toBe(true)
  expect([await space.cas('new', undefined, 1), await space.cas('new', undefined, 2)]).toEqual([true, false])
  expect([await space.cas('new', 1, undefined), await space.has('new')]).toEqual([true, false])
})

test('update is done again when somebody was faster', async () => {
  await lua('State.set("k", { n = 1.0 })')
  let calls = 0
  const value = await space.update('k', async (old) => {
    calls += 1
    if (calls === 1) await lua('State.set("k", { n = 5 })')
    old.n += 1
    return old
  })
  expect([value, calls, await space.get('k')]).toEqual([{ n: 6 }, 2, { n: 6 }])
  expect(await space.update('list', (list) => [...list, 1], [])).toEqual([1])
  expect(await space.update('list', () => undefined)).toBeUndefined()
  expect(await space.has('list')).toBe(false)
})

test('twenty updates at once lose none', async () => {
  await Promise.all(Array.from({ length: 20 }, () => space.update('n', async (n) => n + 1, 0)))
  expect(await space.get('n')).toBe(20)
})

test('a time to live is in milliseconds', async () => {
  await space.set('k', 1, { ttl: 60_000 })
  expect(await lua('return State.ttl("k") > 50 and State.ttl("k") <= 60')).toBe(true)
  expect([await space.expire('k', Infinity), await space.ttl('k'), await space.ttl('none')]).toEqual([
    true,
    Infinity,
    undefined,
  ])
  expect(await space.expire('none', 5)).toBe(false)
  await space.expire('k', 0.5)
  const end = performance.now() + 5
  while (performance.now() < end);
  expect([await space.get('k'), await space.size()]).toEqual([undefined, { entries: 0, bytes: 0 }])
})

test('size counts as the quota does, and clear leaves nothing', async () => {
  await space.set('ab', 'xyz')
  await space.set('c', 1)
  expect(await space.size()).toEqual({ entries: 2, bytes: 2 + 5 + 192 + 1 + 1 + 192 })
  expect(await space.clear()).toBeUndefined()
  expect([await space.list(), await space.size()]).toEqual([[], { entries: 0, bytes: 0 }])
})

test('the quota holds for the host, too', async () => {
  const small = engineWith({ stateQuota: 300 }).state('acme')
  await small.set('k', 'x'.repeat(50))
  const error = await rejection(small.set('k', 'x'.repeat(200)))
  expect(error).toMatchObject({ code: 'ERR_STATE_QUOTA', limit: 'stateQuota', scriptId: 'acme' })
  expect(await small.get('k')).toHaveLength(50)
})

test('calls take effect in the order in which they are made', async () => {
  await space.set('old', 1)
  const calls = [space.set('a', 1), space.clear(), space.set('b', 2), space.list(), space.incr('b'), space.get('b')]
  const results = await Promise.all(calls)
  expect(results.slice(3)).toEqual([['b'], 3, 3])
  expect(await space.list()).toEqual(['b'])
})

test('a value is copied when the call is made', async () => {
  const value = { n: 1 }
  const call = space.set('k', value)
  value.n = 2
  await call
  expect(await space.get('k')).toEqual({ n: 1 })
})

describe('arguments', () => {
  test.each([
    ['a number', 1, TypeError],
    ['undefined', undefined, TypeError],
    ['an object with toString', { toString: () => 'k' }, TypeError],
    ['an empty string', '', RangeError],
    ['513 bytes', 'k'.repeat(513), RangeError],
    ['257 characters of two bytes', 'é'.repeat(257), RangeError],
    ['a lone surrogate', '\ud800', RangeError],
  ])('a key that is %s is refused by every function', async (_, key, ErrorClass) => {
    const calls = [
      space.get(key),
      space.set(key, 1),
      space.add(key, 1),
      space.replace(key, 1),
      space.delete(key),
      space.has(key),
      space.incr(key),
      space.cas(key, 1, 2),
      space.update(key, () => 1),
      space.expire(key, 1),
      space.ttl(key),
    ]
    for (const call of calls) expectBadArgument(await rejection(call), ErrorClass, '"key"', '512', 'Received')
    expect(await space.list()).toEqual([])
  })

  test.each([
    [{ ttl: 0 }, RangeError],
    [{ ttl: -1 }, RangeError],
    [{ ttl: Number.NaN }, RangeError],
    [{ ttl: Infinity }, RangeError],
    [{ ttl: 3_155_760_000_001 }, RangeError],
    [{ ttl: '5' }, TypeError],
    [{ tll: 5 }, TypeError],
    [{ init: 5 }, TypeError],
    [5, TypeError],
    [null, TypeError],
  ])('the options %p of set are refused', async (options, ErrorClass) => {
    expectBadArgument(await rejection(space.set('k', 1, options)), ErrorClass)
    expect(await space.has('k')).toBe(false)
  })

  test('a misspelt option is named, with the right one', async () => {
    expect((await rejection(space.incr('k', 1, { int: 1 }))).message).toContain(`did you mean 'init'?`)
  })

  test('numbers to add must be numbers', async () => {
    for (const by of ['1', null, {}]) expectBadArgument(await rejection(space.incr('k', by)), TypeError, '"by"')
    for (const by of [Number.NaN, -Infinity])
      expectBadArgument(await rejection(space.incr('k', by)), RangeError, '"by"')
    expectBadArgument(await rejection(space.incr('k', 1, { init: '1' })), TypeError, 'init')
  })

  test('what is missing looks like a mistake', async () => {
    for (const call of [space.set('k'), space.add('k'), space.replace('k'), space.cas('k', 1)]) {
      const error = await rejection(call)
      expect(error.code).toBe('ERR_STATE_VALUE')
    }
    expectBadArgument(await rejection(space.update('k')), TypeError, '"change"')
    expectBadArgument(await rejection(space.expire('k')), TypeError, '"ttl"')
  })

  test('prefixes and ids', async () => {
    expectBadArgument(await rejection(space.list(1)), TypeError, '"prefix"')
    expectBadArgument(await rejection(space.list('\ud800')), RangeError, '"prefix"')
    expectBadArgument(
      thrownBy(() => space.entries({})),
      TypeError,
      '"prefix"',
    )
    expectBadArgument(
      thrownBy(() => engine.state()),
      TypeError,
      '"scriptId"',
    )
    expectBadArgument(
      thrownBy(() => engine.state('')),
      RangeError,
      '"scriptId"',
    )
  })

  test('update passes on what its function throws, and changes nothing', async () => {
    await space.set('k', 1)
    const reason = new Error('mine')
    const thrown = await rejection(
      space.update('k', () => {
        throw reason
      }),
    )
    expect([thrown, await space.get('k')]).toEqual([reason, 1])
  })
})
