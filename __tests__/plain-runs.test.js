// Runs that are given nothing but source, an id, limits and arguments take a short way to the native engine: they are runs like all others.
'use strict'

const { Engine } = require('..')

const engine = new Engine()
afterAll(() => engine.close())

/** With these options, a run takes the long way. */
const LONG = { logLevel: 'debug' }

/** The same run by the short way, and by the long one. */
const bothWays = (code, scriptId) => Promise.all([engine.runLua(code, scriptId), engine.runLua(code, scriptId, LONG)])

test.each([1, 2, 3, 4])(
  'source around the length that is read at once arrives whole, in characters of %i bytes',
  async (size) => {
    const character = ['x', 'é', '€', '😀'][size - 1]
    const lengths = Array.from({ length: 16 }, (_, i) => 500 + i)
    for (const length of lengths) {
      const text = character.repeat((length - 9) / size)
      const code = `return '${text}'`
      expect(await bothWays(code, 'whole')).toEqual([text, text])
    }
  },
)

test('an id of the greatest length is the id, and the name', async () => {
  const scriptId = '😀'.repeat(64)
  const [plain, other] = await Promise.allSettled([
    engine.runLua('error(State == nil)', scriptId),
    engine.runLua('error(State == nil)', scriptId, LONG),
  ])
  expect(plain.reason.scriptId).toBe(scriptId)
  expect(plain.reason.chunk).toBe(scriptId)
  expect(plain.reason.message).toBe(other.reason.message)
})

test.each([
  ['source with NUL', 'return "a\0b"', 'a\0b'],
  ['empty source', '', ''],
  ['a Buffer', Buffer.from('return 1'), '1'],
])('%s runs alike on both ways', async (_name, code, result) => {
  expect(await bothWays(code, 'alike')).toEqual([result, result])
})

test('values come as they do with options, and the options of the engine count', async () => {
  const code = "return 1, 'text', { a = { 1, 2 } }, nil, 9007199254740993"
  const [plain, other] = await Promise.all([engine.run(code, 'values'), engine.run(code, 'values', {})])
  expect({ ...plain, stats: undefined }).toEqual({ ...other, stats: undefined })
  expect(plain.values).toHaveLength(5)
  const mapped = new Engine({ values: { tables: 'map' } })
  expect((await mapped.run('return { a = 1 }', 'values')).value).toEqual(new Map([['a', 1]]))
  await mapped.close()
})

test('it keeps the State of its id, and the limits of the engine', async () => {
  await engine.runLua("State.set('k', 1)", 'keeps')
  expect(await engine.runLua("return State.get('k')", 'keeps')).toBe('1')
  const limited = new Engine({ defaults: { timeout: 30 } })
  await expect(limited.runLua('while true do end', 'keeps')).rejects.toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
  await limited.close()
})

test('a wrong argument rejects, and nothing is thrown', async () => {
  for (const args of [[], ['return 1'], [5, 'id'], ['return 1', ''], ['\ud800', 'id']]) {
    const promise = engine.runLua(...args)
    expect(promise).toBeInstanceOf(Promise)
    await expect(promise).rejects.toMatchObject({ code: /^ERR_INVALID_ARG/ })
  }
  await expect(Engine.prototype.runLua.call({}, 'return 1', 'id')).rejects.toBeInstanceOf(TypeError)
})

test('after its engine is closed it is refused', async () => {
  const closed = new Engine()
  await closed.close()
  await expect(closed.runLua('return 1', 'late')).rejects.toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
})

test('each run has its own limits, whichever were given before', async () => {
  const code = "print(('x'):rep(100))"
  const ways = [{ maxOutput: 50 }, {}, { maxOutput: 60 }, { maxOutput: 50 }, { maxOutput: 50 }, { timeout: 5000 }, LONG]
  const ends = []
  for (let round = 0; round < 3; round++) {
    const all = await Promise.allSettled(ways.map((options) => engine.runLua(code, 'limits', options)))
    ends.push(
      all.map(({ reason, value }) => Number(reason?.message.match(/\d+ bytes/)[0].split(' ')[0] ?? value.length)),
    )
  }
  expect(ends).toEqual(Array.from({ length: 3 }, () => [50, 101, 60, 50, 50, 101, 101]))
})
