// Shared dictionaries through the public door: declared by the host, used by scripts and by the host.
'use strict'

const { SharedDict } = require('..')
const { engineWith, until } = require('./support/engine')
const { rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

const inLua = (engine, code, id = 'a') => engine.runLua(code, id)

describe('declaring', () => {
  test('scripts of runs that begin later find it, those that have begun do not', async () => {
    const engine = engineWith()
    let begun
    const declared = new Promise((resolve) => {
      engine.expose('wait', () => {
        begun = true
        return new Promise((answer) => resolve(answer))
      })
    })
    const before = inLua(engine, 'host.wait() return tostring(Shared.hits)')
    await until(() => begun)
    const dict = engine.sharedDict('hits', { maxItems: 10 })
    const answer = await declared
    answer()
    expect(await before).toBe('nil')
    expect(await inLua(engine, 'Shared.hits:set("k", 1) return Shared.hits:get("k")')).toBe('1')
    expect(await dict.get('k')).toBe(1)
    expect(dict).toBeInstanceOf(SharedDict)
    expect(dict.name).toBe('hits')
  })

  test('a context finds it in its next run, also beside others that it has', async () => {
    const engine = engineWith()
    const context = engine.createContext('a')
    expect((await context.run('return Shared.one == nil')).value).toBe(true)
    engine.sharedDict('one', {})
    expect((await context.run('one = Shared.one Shared.one:set("k", 1) return Shared.two == nil')).value).toBe(true)
    engine.sharedDict('two', {})
    expect((await context.run('return one:get("k"), Shared.two:get("k"), Shared.one == one')).values).toEqual([
      1,
      undefined,
      true,
    ])
  })

  test('again with the same options gives the same one, and without options, too', () => {
    const engine = engineWith()
    const dict = engine.sharedDict('d', { maxItems: 5, readers: ['b', 'a'] })
    expect(engine.sharedDict('d', { readers: ['a', 'b', 'a'], maxItems: 5 })).toBe(dict)
    expect(engine.sharedDict('d')).toBe(dict)
  })

  test.each([
    [{}, "The shared dictionary 'd' is declared already, and its maxItems is 5. Received undefined"],
    [{ maxItems: 6 }, "The shared dictionary 'd' is declared already, and its maxItems is 5. Received 6"],
    [
      { maxItems: 5, writers: ['a'] },
      "The shared dictionary 'd' is declared already, and its writers is '*'. Received [ 'a' ]",
    ],
  ])('again with other options is an error: %j', (options, message) => {
    const engine = engineWith()
    engine.sharedDict('d', { maxItems: 5 })
    expect(() => engine.sharedDict('d', options)).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE', message }),
    )
  })

  test('one that is not declared is an error that says how', () => {
    const engine = engineWith()
    const missing = "There is no shared dictionary 'hit': options declare it, as in engine.sharedDict('hit', {})"
    expect(() => engine.sharedDict('hit')).toThrow(missing)
    engine.sharedDict('hits', {})
    expect(() => engine.sharedDict('hit')).toThrow("There is no shared dictionary 'hit' (did you mean 'hits'?)")
  })

  test.each([
    [undefined, 'TypeError', 'The "name" argument must be an identifier of Lua. Received undefined'],
    [7, 'TypeError', 'The "name" argument must be an identifier of Lua. Received type number (7)'],
    ['', 'RangeError', 'The "name" argument must be an identifier of Lua. Received \'\''],
    ['two words', 'RangeError', 'The "name" argument must be an identifier of Lua. Received \'two words\''],
    ['end', 'RangeError', 'The "name" argument must be an identifier of Lua. Received \'end\''],
  ])('the name %p is refused', (given, name, message) => {
    const engine = engineWith()
    for (const options of [undefined, {}]) {
      expect(() => engine.sharedDict(given, options)).toThrow(expect.objectContaining({ name, message }))
    }
  })

  test.each([
    [null, 'TypeError', 'The "options" argument must be an object. Received null'],
    [{ maxItem: 1 }, 'TypeError', "unknown option 'maxItem'; did you mean 'maxItems'?"],
    [{ maxItems: 0 }, 'RangeError', 'must be a whole number of entries from 1'],
    [{ maxItems: '5' }, 'TypeError', 'must be a whole number of entries from 1'],
    [{ maxBytes: 1023 }, 'RangeError', 'must be a whole number of bytes from 1024'],
    [{ maxBytes: Number.NaN }, 'RangeError', 'must be a whole number of bytes from 1024'],
    [{ readers: 'a' }, 'RangeError', "must be '*' or an array of scriptIds. Received type string ('a')"],
    [{ writers: {} }, 'TypeError', "must be '*' or an array of scriptIds. Received an instance of Object"],
    [{ writers: ['a', ''] }, 'RangeError', 'must be a string of 1 to 256 UTF-8 bytes'],
  ])('the options %p are refused, and nothing is declared', (options, name, message) => {
    const engine = engineWith()
    expect(() => engine.sharedDict('d', options)).toThrow(
      expect.objectContaining({ name, message: expect.stringContaining(message) }),
    )
    expect(() => engine.sharedDict('d')).toThrow('There is no shared dictionary')
  })

  test('nobody else makes one, and a closed engine takes none', async () => {
    expect(() => new SharedDict()).toThrow('A SharedDict cannot be constructed')
    const engine = engineWith()
    const dict = engine.sharedDict('d', {})
    await engine.close()
    expect(() => engine.sharedDict('e', {})).toThrow(expect.objectContaining({ code: 'ERR_ENGINE_CLOSED' }))
    expect(engine.sharedDict('d')).toBe(dict)
    await dict.set('k', 1)
    expect(await dict.get('k')).toBe(1)
  })

  test('without the library no script finds it', async () => {
    const engine = engineWith({ libraries: ['State'] })
    engine.sharedDict('d', {})
    expect(await inLua(engine, 'return tostring(Shared)')).toBe('nil')
  })

  test('each engine has its own', async () => {
    const [one, two] = [engineWith(), engineWith()]
    await one.sharedDict('d', {}).set('k', 1)
    expect(await two.sharedDict('d', {}).get('k')).toBeUndefined()
  })
})

describe('access', () => {
  test('who may not read finds nothing, who may not write is refused', async () => {
    const engine = engineWith()
    const news = engine.sharedDict('news', { readers: ['reader', 'editor'], writers: ['editor', 'stranger'] })
    expect(await inLua(engine, 'return tostring(Shared.news)', 'stranger')).toBe('nil')
    expect(await inLua(engine, 'return Shared.news:set("today", "rain")', 'editor')).toBe('true\tnil\tfalse')
    expect(await inLua(engine, 'return Shared.news:get("today")', 'reader')).toBe('rain')
    const error = await rejection(inLua(engine, 'Shared.news:flush_all()', 'reader'))
    expect(error).toMatchObject({
      code: 'ERR_STATE_DENIED',
      scriptId: 'reader',
      message: expect.stringContaining('Shared.news:flush_all: this script may read the dictionary, but not change it'),
    })
    expect(await news.get('today')).toBe('rain')
  })

  test('the host may do everything, also where no script may', async () => {
    const engine = engineWith()
    const dict = engine.sharedDict('d', { readers: [], writers: [] })
    await dict.set('k', 1)
    expect(await dict.get('k')).toBe(1)
    expect(await inLua(engine, 'return tostring(Shared.d)')).toBe('nil')
  })
})

describe('the methods of the host', () => {
  const dictWith = (options = {}) => {
    const engine = engineWith()
    return { engine, dict: engine.sharedDict('d', options) }
  }

  test('values cross both ways with their types', async () => {
    const { engine, dict } = dictWith()
    const values = [
      'text',
      'ü\0',
      true,
      false,
      0,
      -7,
      2.5,
      -0,
      Number.POSITIVE_INFINITY,
      2n ** 62n,
      Buffer.from([255, 0]),
    ]
    for (const [i, value] of values.entries())
      expect(await dict.set(`k${i}`, value)).toEqual({ ok: true, forcible: false })
    for (const [i, value] of values.entries()) expect(await dict.get(`k${i}`)).toEqual(value)
    expect(
      await inLua(
        engine,
        'local t = {} for i = 0, 10 do t[#t + 1] = math.type(Shared.d:get("k" .. i)) or type(Shared.d:get("k" .. i)) end return table.concat(t, " ")',
      ),
    ).toBe('string string boolean boolean integer integer float float float integer string')
    expect(
      await inLua(
        engine,
        'Shared.d:set("max", math.maxinteger) Shared.d:set("f", 3.0) Shared.d:set("b", "\\xff") return Shared.d:get("k10") == "\\xff\\0"',
      ),
    ).toBe('true')
    expect([await dict.get('max'), await dict.get('f'), await dict.get('b')]).toEqual([
      2n ** 63n - 1n,
      3,
      Buffer.from([255]),
    ])
  })

  test('a key of bytes is the key with that text', async () => {
    const { engine, dict } = dictWith()
    await dict.set(Buffer.from('ü'), 1)
    await dict.set(new Uint8Array([255, 0]), 2)
    expect(await dict.get('ü')).toBe(1)
    expect(await inLua(engine, 'return Shared.d:get("\\xff\\0")')).toBe('2')
    expect(new Set(await dict.get_keys())).toEqual(new Set(['ü', Buffer.from([255, 0])]))
  })

  test('set, add, replace and delete', async () => {
    const { dict } = dictWith()
    expect(await dict.replace('k', 1)).toEqual({ ok: false, err: 'not found', forcible: false })
    expect(await dict.add('k', 1)).toEqual({ ok: true, err: undefined, forcible: false })
    expect(await dict.add('k', 2)).toEqual({ ok: false, err: 'exists', forcible: false })
    expect(await dict.safe_add('k', 2)).toEqual({ ok: false, err: 'exists', forcible: false })
    expect(await dict.replace('k', 'x', 100, 7)).toEqual({ ok: true, err: undefined, forcible: false })
    expect(await dict.get_stale('k')).toEqual({ value: 'x', flags: 7, stale: false })
    expect(await dict.ttl('k')).toBeGreaterThan(90)
    expect(await dict.delete('k')).toEqual({ ok: true, err: undefined, forcible: false })
    expect(await dict.get('k')).toBeUndefined()
    expect(await dict.get_stale('k')).toBeUndefined()
    await dict.set('k', 1)
    await dict.set('k', undefined)
    expect(await dict.get('k')).toBeUndefined()
    expect(await dict.add('k', undefined)).toMatchObject({ ok: false, err: 'attempt to add or replace nil values' })
  })

  test('what expires is gone for all but get_stale, until it is flushed', async () => {
    const { dict } = dictWith()
    await dict.set('k', 'x', 0.001, 7)
    await until(async () => (await dict.get('k')) === undefined)
    expect(await dict.get_stale('k')).toEqual({ value: 'x', flags: 7, stale: true })
    expect([await dict.ttl('k'), await dict.expire('k', 1)]).toEqual([undefined, false])
    expect([await dict.flush_expired(), await dict.get_stale('k')]).toEqual([1, undefined])
    await dict.set('k', 1)
    expect([await dict.ttl('k'), await dict.expire('k', 50), await dict.ttl('k')]).toEqual([
      0,
      true,
      expect.any(Number),
    ])
  })

  test('incr', async () => {
    const { engine, dict } = dictWith()
    expect(await dict.incr('k', 1)).toEqual({ value: undefined, err: 'not found', forcible: false })
    expect(await dict.incr('k', 1, 10, 60)).toEqual({ value: 11, err: undefined, forcible: false })
    expect(await dict.incr('k', -0.5)).toMatchObject({ value: 10.5 })
    expect(await dict.incr('big', 1n, 2n ** 62n)).toMatchObject({ value: 2n ** 62n + 1n })
    await dict.set('text', 'x')
    expect(await dict.incr('text', 1)).toMatchObject({ value: undefined, err: 'not a number' })
    await Promise.all(Array.from({ length: 20 }, () => inLua(engine, 'for i = 1, 100 do Shared.d:incr("n", 1, 0) end')))
    expect(await dict.get('n')).toBe(2000)
  })

  test('lists', async () => {
    const { engine, dict } = dictWith()
    expect(await dict.lpush('l', 'a')).toEqual({ length: 1, err: undefined })
    expect(await dict.rpush('l', 2)).toEqual({ length: 2, err: undefined })
    expect(await dict.llen('l')).toEqual({ length: 2, err: undefined })
    expect(await inLua(engine, 'return Shared.d:rpop("l")')).toBe('2')
    expect(await dict.rpop('l')).toEqual({ value: 'a', err: undefined })
    expect(await dict.lpop('l')).toEqual({ value: undefined, err: undefined })
    expect(await dict.llen('l')).toEqual({ length: 0, err: undefined })
    await dict.set('k', 1)
    expect(await dict.lpush('k', 1)).toEqual({ length: undefined, err: 'value not a list' })
    expect(await dict.lpop('k')).toEqual({ value: undefined, err: 'value not a list' })
    await dict.lpush('l', 1)
    for (const method of ['get', 'get_stale']) {
      expect(await rejection(dict[method]('l'))).toMatchObject({
        code: 'ERR_STATE_VALUE',
        message: "Shared.d: the value of 'l' is a list, which lpop, rpop and llen are for",
      })
    }
  })

  test('limits: what was used least recently goes first, and safe writes are refused', async () => {
    const { dict } = dictWith({ maxItems: 2 })
    await dict.set('a', 1)
    await dict.set('b', 1)
    await dict.get('a')
    expect(await dict.safe_set('c', 1)).toEqual({ ok: false, err: 'no memory', forcible: false })
    expect(await dict.set('c', 1)).toEqual({ ok: true, err: undefined, forcible: true })
    expect(await dict.get_keys()).toEqual(['a', 'c'])
    expect([await dict.lpush('l', 1), await dict.incr('n', 1, 0)]).toEqual([
      { length: undefined, err: 'no memory' },
      { value: 1, err: undefined, forcible: true },
    ])
  })

  test('capacity and free_space say what it may hold and what it holds', async () => {
    const { dict } = dictWith({ maxBytes: 10_000 })
    expect([await dict.capacity(), await dict.free_space()]).toEqual([10_000, 10_000])
    await dict.set('key', 'value')
    expect(await dict.free_space()).toBe(10_000 - 208 - 3 - 5)
    await dict.flush_all()
    expect([await dict.get('key'), await dict.free_space()]).toEqual([undefined, 10_000 - 216])
    expect([await dict.flush_expired(), await dict.free_space()]).toEqual([1, 10_000])
    expect(await dict.set('key', 'x'.repeat(10_000))).toEqual({ ok: false, err: 'no memory', forcible: false })
  })

  test('get_keys gives 1024 keys, as many as asked for, or all', async () => {
    const { engine, dict } = dictWith()
    await inLua(engine, 'for i = 1, 3000 do Shared.d:set(i, i) end')
    expect((await dict.get_keys()).length).toBe(1024)
    expect((await dict.get_keys(5)).length).toBe(5)
    expect(new Set(await dict.get_keys(0)).size).toBe(3000)
    await dict.flush_all()
    expect([await dict.flush_expired(1000), await dict.flush_expired(0)]).toEqual([1000, 2000])
  })

  test('walking through many entries leaves the event loop its turns', async () => {
    const { engine, dict } = dictWith({ maxBytes: 2 ** 28 })
    await inLua(engine, 'for i = 1, 300000 do Shared.d:set(i, i) end')
    const { error, longest } = await watched(async () => {
      expect((await dict.get_keys(0)).length).toBe(300_000)
      await dict.flush_all()
      expect(await dict.flush_expired()).toBe(300_000)
    })
    expect(error).toBeUndefined()
    expect(longest).toBeLessThan(50)
  })

  const KEY = 'The "key" argument must be a string or a Uint8Array of 1 to 65535 bytes'
  const VALUE = 'The "value" argument must be a string, a Uint8Array, a number, a 64-bit bigint, a boolean or undefined'
  const TIME = (name) => `The "${name}" argument must be a number of seconds from 0 to 9007199254740`
  test.each([
    [(d) => d.get(), 'TypeError', `${KEY}. Received undefined`],
    [(d) => d.get(5), 'TypeError', `${KEY}. Received type number (5)`],
    [(d) => d.get(''), 'RangeError', `${KEY}. Received 0 bytes`],
    [(d) => d.get('ü'.repeat(32_768)), 'RangeError', `${KEY}. Received 65536 bytes`],
    [(d) => d.get('\ud800'), 'RangeError', `${KEY}. Received a string with a lone surrogate`],
    [(d) => d.set('k', null), 'TypeError', `${VALUE}. Received null`],
    [(d) => d.set('k', {}), 'TypeError', `${VALUE}. Received an instance of Object`],
    [(d) => d.set('k', 2n ** 63n), 'RangeError', `${VALUE}. Received 9223372036854775808`],
    [
      (d) => d.lpush('k', true),
      'TypeError',
      'must be a string, a Uint8Array, a number or a 64-bit bigint. Received type',
    ],
    [(d) => d.set('k', 1, -1), 'RangeError', `${TIME('exptime')}. Received -1`],
    [(d) => d.set('k', 1, Number.NaN), 'RangeError', `${TIME('exptime')}. Received NaN`],
    [(d) => d.set('k', 1, 1e300), 'RangeError', `${TIME('exptime')}. Received 1e+300`],
    [(d) => d.set('k', 1, '1'), 'TypeError', `${TIME('exptime')}. Received type string ('1')`],
    [(d) => d.expire('k'), 'TypeError', `${TIME('exptime')}. Received undefined`],
    [
      (d) => d.set('k', 1, 0, -1),
      'RangeError',
      'The "flags" argument must be a whole number from 0 to 4294967295. Received -1',
    ],
    [(d) => d.set('k', 1, 0, '1'), 'TypeError', 'The "flags" argument must be a whole number from 0 to 4294967295'],
    [(d) => d.incr('k'), 'TypeError', 'The "value" argument must be a number or a 64-bit bigint. Received undefined'],
    [(d) => d.incr('k', 1, 'x'), 'TypeError', 'The "init" argument must be a number or a 64-bit bigint'],
    [(d) => d.incr('k', 1, 0, -1), 'RangeError', `${TIME('init_ttl')}. Received -1`],
    [(d) => d.incr('k', 1, undefined, 1), 'TypeError', 'The "init_ttl" argument needs the "init" argument'],
    [(d) => d.get_keys(-1), 'RangeError', 'The "max_count" argument must be a whole number from 0. Received -1'],
    [(d) => d.flush_expired('all'), 'TypeError', 'The "max_count" argument must be a whole number from 0'],
  ])('%s is refused', async (call, name, message) => {
    const { dict } = dictWith()
    expect(await rejection(call(dict))).toMatchObject({ name, message: expect.stringContaining(message) })
    expect(await dict.get_keys()).toEqual([])
  })
})

test('a run that is killed while it walks through a dictionary settles in time', async () => {
  const engine = engineWith()
  const dict = engine.sharedDict('d', { maxBytes: 2 ** 28 })
  await inLua(engine, 'for i = 1, 300000 do Shared.d:set(i, i) end')
  const code = 'while true do pcall(function() Shared.d:get_keys(0) end) end'
  const error = await rejection(engine.runLua(code, 'a', { timeout: 50, memoryLimit: 2 ** 30 }))
  expect(error.code).toBe('ERR_LUA_TIMEOUT')
  expect((await dict.get_keys(1)).length).toBe(1)
})
