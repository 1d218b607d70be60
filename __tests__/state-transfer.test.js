// Export and import of State: lines of JSON, all of an owner's or none, and what is refused line by line.
'use strict'

const { Readable } = require('node:stream')
const { all } = require('./support/all')
const { engineWith } = require('./support/engine')
const { expectBadArgument, rejection } = require('./support/rejection')
const { watched } = require('./support/stalls')

let engine
beforeEach(() => {
  engine = engineWith({ stateQuota: 2 ** 30 })
})

const entry = (owner, key, value, more) => JSON.stringify({ owner, key, value, ...more })
const grant = (owner, keys, to, access) => JSON.stringify({ grant: { owner, keys, to, access } })

async function fillIn() {
  await engine.state('b').set('k', { list: [1, 2.5, null], text: 'é\n"' })
  await engine.state('a').set('z', 2n ** 60n)
  await engine.state('a').set('k', 1, { ttl: 60_000 })
  await engine.run('State.set("float", 1.0)', 'a')
  await engine.grant({ owner: 'a', keys: 'k*', to: 'b', access: 'write' })
}

test('an export is one line for each entry, by owner and key, and then one for each grant', async () => {
  await fillIn()
  const before = Date.now()
  const lines = await all(engine.exportState())
  expect(lines.every((line) => typeof line === 'string' && line.endsWith('\n'))).toBe(true)
  const { expires, ...brief } = JSON.parse(lines[1])
  expect(brief).toEqual({ owner: 'a', key: 'k', value: 1 })
  expect(expires).toBeGreaterThan(before + 30_000)
  lines.splice(1, 1)
  expect(lines).toEqual([
    '{"owner":"a","key":"float","value":1.0}\n',
    '{"owner":"a","key":"z","value":1152921504606846976}\n',
    '{"owner":"b","key":"k","value":{"list":[1,2.5,null],"text":"é\\n\\""}}\n',
    '{"grant":{"owner":"a","keys":"k*","to":"b","access":"write"}}\n',
  ])
})

describe('what was exported comes back the same', () => {
  test.each([
    ['the stream itself', (stream) => stream],
    ['an array of lines', all],
    ['lines without ends', async (stream) => (await all(stream)).map((line) => line.trimEnd())],
    ['one string', async (stream) => (await all(stream)).join('')],
    ['bytes', async (stream) => Buffer.from((await all(stream)).join(''))],
    ['a stream of bytes cut anywhere', async (stream) => bytesOf((await all(stream)).join(''), 7)],
    ['a stream of text cut anywhere', async (stream) => bytesOf((await all(stream)).join(''), 5).setEncoding('utf8')],
    ['a web stream', async (stream) => Readable.toWeb(bytesOf((await all(stream)).join(''), 3))],
    [
      'lines that end with CR LF, after a byte order mark',
      async (stream) => `\ufeff${(await all(stream)).join('').replaceAll('\n', '\r\n')}`,
    ],
  ])('as %s', async (_, form) => {
    await fillIn()
    const lines = await all(engine.exportState())
    const other = engineWith()
    const report = await other.importState(await form(engine.exportState()))
    expect(report).toEqual({ owners: 2, entries: 4, grants: 1, refused: [] })
    expect(await all(other.exportState())).toEqual(lines)
  })
})

/** A stream of the bytes of a text, so many at a time. */
function bytesOf(text, size) {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
  return Readable.from(chunks, { objectMode: false })
}

test('an import adds to what there is, and replaces keys of the same name', async () => {
  await engine.state('a').set('old', 1)
  await engine.state('a').set('k', 1)
  await engine.importState([entry('a', 'k', 2), '', entry('a', 'new', 3)])
  expect(await all(engine.state('a').entries())).toEqual([
    ['k', 2],
    ['new', 3],
    ['old', 1],
  ])
})

test('values are kept in the one form that a script stores', async () => {
  await engine.importState([
    '{ "value" : { "b" : 1e2, "a" : "\\u00e9", "a" : [ 1 , 18446744073709551615 ] }, "key":"k", "owner":"a" }',
  ])
  expect(await all(engine.exportState())).toEqual([
    '{"owner":"a","key":"k","value":{"a":[1,1.8446744073709552e+19],"b":100.0}}\n',
  ])
})

test('what has expired is left out', async () => {
  const report = await engine.importState([
    entry('a', 'old', 1, { expires: 5 }),
    entry('a', 'new', 1, { expires: 4e12 }),
  ])
  expect(report).toEqual({ owners: 1, entries: 1, grants: 0, refused: [] })
  expect(await engine.state('a').list()).toEqual(['new'])
})

describe('a bad line is refused by name, and the rest goes on', () => {
  test.each([
    ['not JSON', '{"owner":"bad"', 'bad', 'the line is not JSON'],
    ['text', 'hello', undefined, 'the line is not JSON'],
    ['two values', '{} {}', undefined, 'the line is not JSON'],
    ['an array', '[1]', undefined, 'expected an object'],
    ['an empty object', '{}', undefined, 'the "owner" is missing'],
    ['an unknown field', entry('bad', 'k', 1, { vlaue: 2 }), 'bad', 'there is no field "vlaue"'],
    ['a field twice', '{"owner":"bad","key":"k","value":1,"value":2}', 'bad', '"value" is there twice'],
    ['no key', '{"owner":"bad","value":1}', 'bad', 'the "key" is missing'],
    ['no value', '{"owner":"bad","key":"k"}', 'bad', 'the "value" is missing'],
    ['a key of another type', '{"owner":"bad","key":7,"value":1}', 'bad', 'the "key" must be a string, got a number'],
    ['an owner of another type', '{"owner":["x"],"key":"k","value":1}', undefined, 'must be a string, got an array'],
    ['an empty owner', entry('', 'k', 1), undefined, 'scriptId is empty'],
    ['an empty key', entry('bad', '', 1), 'bad', 'got an empty string'],
    ['a key that is too long', entry('bad', 'k'.repeat(513), 1), 'bad', 'got a string of 513 bytes'],
    ['a value that is too big', entry('bad', 'k', 'x'.repeat(2 ** 20)), 'bad', '1048576 bytes'],
    [
      'a value that is too deep',
      `{"owner":"bad","key":"k","value":${'['.repeat(129)}${']'.repeat(129)}}`,
      'bad',
      '128 levels',
    ],
    ['levels without end', `{"owner":"bad","key":"k","value":${'['.repeat(1e6)}`, 'bad', '128 levels'],
    ['a time that is no number', entry('bad', 'k', 1, { expires: 'soon' }), 'bad', 'the "expires" must be'],
    ['a time that is not whole', entry('bad', 'k', 1, { expires: 1.5 }), 'bad', 'not whole'],
    ['a lone surrogate', '{"owner":"bad","key":"k","value":"\\ud800"}', 'bad', 'not JSON'],
    ['a number past all', '{"owner":"bad","key":"k","value":1e999}', 'bad', 'not JSON'],
    ['bytes that are not UTF-8', Buffer.from('{"owner":"bad","key":"\xff","value":1}\n', 'latin1'), 'bad', 'not JSON'],
    ['a grant and an entry', '{"grant":{},"owner":"bad"}', 'bad', 'either'],
    ['a grant without a field', '{"grant":{"owner":"bad","keys":"k","to":"x"}}', undefined, 'the "access" is missing'],
    ['a grant with another field', '{"grant":{"owner":"bad","key":"k"}}', undefined, 'there is no field "key"'],
    ['a grant of everything', grant('bad', '*', 'x', 'read'), undefined, 'would hide'],
    ['a grant to oneself', grant('bad', 'k', 'bad', 'read'), undefined, 'who owns the keys'],
    ['a grant of unknown access', grant('bad', 'k', 'x', 'all'), undefined, `'read' or 'write'`],
    [
      '8 MiB and more',
      `{"owner":"bad","key":"k","value":"${'x'.repeat(9 << 20)}"}`,
      undefined,
      'longer than 8388608 bytes',
    ],
  ])('%s', async (_, line, owner, says) => {
    const report = await engine.importState([entry('a', 'k', 1), line, entry('z', 'k', 1)])
    expect(report).toMatchObject({ owners: 2, entries: 2, grants: 0, refused: [{ line: 2, owner }] })
    expect(report.refused).toHaveLength(1)
    expect(report.refused[0].message).toContain(says)
    expect(report.refused[0].message.length).toBeLessThan(300)
    expect(await all(engine.stateOwners())).toEqual(['a', 'z'])
  })
})

describe('all of an owner or none', () => {
  test('one bad line leaves out all lines of its owner, those before it and after it', async () => {
    await engine.state('b').set('old', 1)
    const { owners, entries, refused } = await engine.importState([
      entry('a', 'k', 1),
      entry('b', 'before', 1),
      entry('b', '', 1),
      entry('b', 'after', 1),
      entry('c', 'k', 1),
    ])
    expect({ owners, entries }).toEqual({ owners: 2, entries: 2 })
    expect(refused).toEqual([{ line: 3, owner: 'b', message: expect.stringContaining("nothing of 'b' is imported") }])
    expect(await engine.state('b').list()).toEqual(['old'])
  })

  test('more than the quota: in the lines, or with what there is', async () => {
    const small = engineWith({ stateQuota: 1000 })
    await small.state('full').set('old', 'x'.repeat(600))
    const lines = [
      ...['1', '2', '3', '4', '5', '6'].map((key) => entry('many', key, 1)),
      entry('full', 'new', 'x'.repeat(200)),
      entry('fine', 'k', 1),
    ]
    const { owners, refused } = await small.importState(lines)
    expect(owners).toBe(1)
    expect(refused.map(({ line, owner }) => [line, owner])).toEqual([
      [6, 'many'],
      [7, 'full'],
    ])
    for (const { message } of refused) expect(message).toContain('stateQuota is 1000')
    expect(await all(small.stateOwners())).toEqual(['fine', 'full'])
    expect(await small.state('full').list()).toEqual(['old'])
  })

  test('an owner that comes again later is refused', async () => {
    const { owners, refused } = await engine.importState([entry('a', '1', 1), entry('b', '1', 1), entry('a', '2', 1)])
    expect(owners).toBe(2)
    expect(refused).toEqual([{ line: 3, owner: 'a', message: expect.stringContaining('stand together') }])
    expect(await engine.state('a').list()).toEqual(['1'])
  })

  test('grants stand anywhere; one of a name that is taken is refused', async () => {
    const { owners, grants, refused } = await engine.importState([
      entry('a', '1', 1),
      grant('a', 'k', 'x', 'read'),
      entry('a', '2', 1),
      grant('b', 'k', 'x', 'read'),
    ])
    expect([owners, grants]).toEqual([1, 1])
    expect(refused).toEqual([{ line: 4, owner: 'b', message: expect.stringContaining(`'a'`) }])
  })

  test('a source that fails in the middle of an owner leaves nothing of that owner', async () => {
    const reason = new Error('the disk')
    async function* lines() {
      yield entry('a', '1', 1)
      yield entry('b', '1', 1)
      throw reason
    }
    expect(await rejection(engine.importState(lines()))).toBe(reason)
    expect(await rejection(engine.importState(Readable.from(lines())))).toBe(reason)
    expect(await engine.state('b').has('1')).toBe(false)
  })

  test('a stream that is destroyed in the middle rejects', async () => {
    const stream = new Readable({ read() {} })
    stream.push(`${entry('a', '1', 1)}\n${entry('b', '1', 1)}\n`)
    const failed = rejection(engine.importState(stream))
    setTimeout(() => stream.destroy(), 20)
    expect((await failed).code).toBe('ERR_STREAM_PREMATURE_CLOSE')
    expect(await all(engine.stateOwners())).toEqual(['a'])
  })
})

test('many refusals are counted, and the first thousand are listed', async () => {
  const report = await engine.importState(Array(1500).fill('{'))
  expect(report.refused).toHaveLength(1000)
  expect(report).toMatchObject({ owners: 0, unlisted: 500 })
  expect(report.refused.at(-1).line).toBe(1000)
})

describe('sources that are none', () => {
  test.each([[undefined], [null], [5], [{}], [() => []]])('%p', async (source) => {
    expectBadArgument(await rejection(engine.importState(source)), TypeError, '"lines"')
  })

  test('an iterable of something else, and text that is not well-formed', async () => {
    expectBadArgument(await rejection(engine.importState([{ owner: 'a' }])), TypeError, '"lines"')
    expectBadArgument(await rejection(engine.importState(['\ud800'])), RangeError, 'surrogate')
  })
})

test('a closed engine neither exports nor imports, and closing stops both', async () => {
  await engine.run('for i = 1, 500 do State.set(("k%05d"):format(i), i) end', 'a')
  const stream = engine.exportState()
  const lines = stream[Symbol.asyncIterator]()
  await lines.next()
  let pulled = 0
  async function* endless() {
    for (;;) {
      pulled += 1
      if (pulled === 100) engine.close()
      yield entry(`id-${pulled}`, 'k', 1)
    }
  }
  expect((await rejection(engine.importState(endless()))).code).toBe('ERR_ENGINE_CLOSED')
  expect((await rejection(all(lines))).code).toBe('ERR_ENGINE_CLOSED')
  expect((await rejection(all(engine.exportState()))).code).toBe('ERR_ENGINE_CLOSED')
  expect((await rejection(engine.importState([]))).code).toBe('ERR_ENGINE_CLOSED')
})

test('an export goes at the pace of its reader, and ends when it is destroyed', async () => {
  await engine.run('for i = 1, 20000 do State.set(("k%05d"):format(i), i) end', 'a')
  const stream = engine.exportState()
  expect(await new Promise((resolve) => stream.once('data', resolve))).toContain('k00001')
  stream.pause()
  for (let i = 0; i < 50; i++) await new Promise(setImmediate)
  expect(stream.readableLength).toBeLessThan(100)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  stream.destroy()
  await closed
})

test('an import pulls no more than it can take', async () => {
  let pulled = 0
  function* lines() {
    for (let i = 0; i < 5000; i++) {
      pulled += 1
      yield entry('a', `k${i}`, 'x'.repeat(1000))
    }
  }
  const importing = engine.importState(lines())
  await new Promise(setImmediate)
  expect(pulled).toBeLessThan(2500)
  expect(await importing).toMatchObject({ owners: 1, entries: 5000 })
})

test('a hundred thousand keys go out and in without a stall', async () => {
  for (let id = 0; id < 10; id++) {
    await engine.run('for i = 1, 10000 do State.set("key-" .. i, { n = i, text = "some text" }) end', `id-${id}`, {
      timeout: 60_000,
    })
  }
  const other = engineWith()
  const { value: report, longest, error } = await watched(() => other.importState(engine.exportState()))
  expect(error).toBeUndefined()
  expect(report).toEqual({ owners: 10, entries: 100_000, grants: 0, refused: [] })
  // In Jest, the stream's own work for each line takes several times as long as elsewhere. All at one go takes seconds.
  expect(longest).toBeLessThan(300)
  expect(await other.state('id-7').get('key-77')).toEqual({ n: 77, text: 'some text' })
})
