// What a script gives as records, or keeps in State, is decoded on the JS thread: it cannot make that thread stand still.
'use strict'

const { engineExposing, engineWith } = require('./support/engine')
const { GIB, LIMIT, STILL, collisions, run } = require('./support/floods')
const { watched } = require('./support/stalls')

describe('integers that collide as keys of a Map', () => {
  // What collides as a number is the name of a property here.
  test.each([
    ['integers', 't[integer(i)] = 1', 20000],
    ['integers of 32 bits and more', 'for j = 0, 4 do t[integer(i) + (j << 32)] = 1 end', 4096],
    ['integers of more than 53 bits', 't[long(i)] = 1', 20000],
    ['integers that are far apart', 't[i << 17] = 1 t[-i << 17] = 1', 10000],
  ])('%s of records: given', async (_, line, count) => {
    const code = `${collisions} local t, n = {}, 0 for i = 1, ${count} do ${line} end for _ in pairs(t) do n = n + 1 end
      return t, n`
    const { value, longest } = await run(code, { tables: 'record', maxNodes: 1e7, memoryLimit: GIB })
    expect(Object.keys(value.values[0])).toHaveLength(value.values[1])
    expect(longest).toBeLessThan(STILL)
  })
})

describe('integer keys of records', () => {
  const options = { tables: 'record', memoryLimit: GIB }

  test.each([
    ['sparse', 'for i = 1, 40000 do t[i * 8191] = i end'],
    ['dense, but from 0', 'for i = 0, 40000 do t[i] = i end'],
    [
      'dense, then in jumps',
      'for i = 1000000, 1040000 do t[i] = i end for i = 1, 3000 do t[1040000 + i * 1100] = i end',
    ],
    ['above the last index', 'for i = 0, 20000 do t[4294967200 + i] = i end'],
    ['negative', 'for i = 1, 40000 do t[-i] = i end'],
    ['one far away in each of many', 'for i = 1, 20000 do t[-i] = { [1000 + i * 65536] = i } end'],
  ])('%s', async (_, line) => {
    const code = `local t, n = {}, 0 ${line} for _ in pairs(t) do n = n + 1 end return t, n`
    const { value, longest } = await run(code, options)
    expect(Object.keys(value.values[0])).toHaveLength(value.values[1])
    expect(longest).toBeLessThan(STILL)
  })

  test('an index that makes V8 take an array up to there counts as that', async () => {
    const code = 'local t = {} for i = 1, 100000 do t[i] = { [1000] = 1 } end return t'
    expect((await run(code, { tables: 'record' })).error).toMatchObject({ code: 'ERR_LUA_MEMORY' })
    const few = await run(code.replace('100000', '1000'), { tables: 'record' })
    expect(few.value.value).toHaveLength(1000)
  })

  test('each counts as a value, and the list of them as memory', async () => {
    const { error } = await run('return { [0] = 1, [-1] = 2 }', { tables: 'record', maxNodes: 4 })
    expect(error).toMatchObject({ limit: 'maxNodes' })
    expect((await run('return { [0] = 1, [-1] = 2 }', { tables: 'record', maxNodes: 5 })).error).toBeUndefined()
    const code = 'local t = {} for i = 1, 250000 do t[-i] = 1 end return t'
    expect((await run(code, { tables: 'record', memoryLimit: 20 * 2 ** 20 })).error.code).toBe('ERR_LUA_MEMORY')
  })

  test('in arguments of host functions; and a clash among many', async () => {
    const sizes = []
    const f = (_context, t) => {
      sizes.push(Object.keys(t).length)
    }
    const engine = engineExposing({ f }, { values: { tables: 'record' } })
    const call = (line) => {
      const code = `local t = {} for i = 1, 40000 do t[i * 8191] = i end ${line} host.f(t)`
      return watched(() => engine.run(code, 'x', { ...LIMIT, memoryLimit: GIB }))
    }
    expect((await call('')).longest).toBeLessThan(STILL)
    const { error } = await call('t[tostring(20000 * 8191)] = 1')
    expect(error.message).toContain('has the integer key 163820000 and the string key "163820000"')
    expect(sizes).toEqual([40000])
  })

  test('a run that is at them is killed at its deadline', async () => {
    const code = `local t = {} for i = 1, 290000 do t[-i] = 1 end
      local all = {} for i = 1, 1000 do all[i] = t end return all`
    const { error } = await run(code, { tables: 'record', memoryLimit: 16 * GIB, maxNodes: 4e9, timeout: 700 })
    expect(error).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
  })
})

describe('values of State', () => {
  test.each(['map', 'record'])('names that collide, as a %s', async (tables) => {
    const engine = engineWith({ values: { tables }, stateQuota: GIB })
    const code = 'local t = {} for i = 1, 30000 do t[string.format("%d", i << 17)] = 1 end State.set("k", t)'
    await engine.runLua(code, 'x', LIMIT)
    const { value, error, longest } = await watched(() => engine.state('x').get('k'))
    expect(longest).toBeLessThan(STILL)
    if (error) expect(error.message).toContain('collide')
    else expect(value.size ?? Object.keys(value).length).toBe(30000)
  })
})
