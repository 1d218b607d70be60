// The libraries for what Lua lacks say what Node.js says.
'use strict'

const { createHash, createHmac } = require('node:crypto')
const { Engine } = require('..')

let engine

beforeEach(() => {
  engine = new Engine()
})

afterEach(() => engine.close())

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
const ALL = 'local all = {} for i = 0, 255 do all[i + 1] = string.char(i) end all = table.concat(all)'

test.each(['md5', 'sha1', 'sha256', 'sha512'])('crypto: %s, and its HMAC', async (name) => {
  const code = `${ALL} return hex.encode(crypto.${name}(all)), hex.encode(crypto.hmac('${name}', all, all .. 'x'))`
  const hash = createHash(name).update(BYTES).digest('hex')
  const mac = createHmac(name, BYTES).update(BYTES).update('x').digest('hex')
  expect(await engine.runLua(code, 'x')).toBe(`${hash}\t${mac}`)
})

test('crypto: two runs get different random bytes and ids', async () => {
  const code = 'return hex.encode(crypto.random(16)), crypto.uuid(), crypto.uuid7()'
  const [one, other] = await Promise.all([engine.runLua(code, 'x'), engine.runLua(code, 'x')])
  for (const [i, value] of one.split('\t').entries()) expect(other.split('\t')[i]).not.toBe(value)
})

test('base64 and hex', async () => {
  const code = `${ALL} return base64.encode(all), base64.encode(all, 'url'), hex.encode(all)`
  const encoded = ['base64', 'base64url', 'hex'].map((encoding) => BYTES.toString(encoding))
  expect(await engine.runLua(code, 'x')).toBe(encoded.join('\t'))
})

test('url', async () => {
  const input = 'HTTPS://ann@Exämple.com:8080/a b/../ü?q=1 2&q=ß#x y'
  const { value } = await engine.run(`return url.parse(${JSON.stringify(input)})`, 'x')
  const { href, hostname, pathname, search, hash } = new URL(input)
  expect(value).toEqual({
    ...{ href, scheme: 'https', username: 'ann', host: hostname, port: 8080, path: pathname },
    ...{ query: search.slice(1), fragment: hash.slice(1) },
  })
  const text = 'a&b=ü 1+1/~*'
  expect(await engine.runLua(`return url.encode(${JSON.stringify(text)})`, 'x')).toBe(encodeURIComponent(text))
  const query = new URLSearchParams([['k k', text]]).toString()
  expect(await engine.runLua(`return url.query{['k k'] = ${JSON.stringify(text)}}`, 'x')).toBe(query)
})

/** Numbers that come again: mulberry32. */
function numbers(seed) {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % below
  }
}

// What the crate `url` and versions of Node.js read differently is left out: file URLs with drives or several slashes in a row,
// and dots and backslashes in URLs of other schemes than those of the web.
const DIFFERS = /^(foo|a\+b):.*(\.\.|\\)/
const PARTS = [
  ['http://', 'https://', 'HTTP:', 'ftp://', 'ws:/', 'wss:\\\\', 'http:////', 'foo://', 'foo:///', 'a+b://'],
  ['', '', 'u@', 'u:p@', ':p@', ':@', 'u%20:p q@', 'a@b@', 'ü:ß@', "u'|@"],
  [
    ...['example.com', 'EXAMPLE.com', '', 'a b', 'a%20b', 'a%41', '[::1]', '[1:2::3:4]', '[::ffff:1.2.3.4]', '[::1'],
    ...['1.2.3.4', '0x7f.1', '256', '1.2.3.256', '08', '4294967295', '4294967296', 'ü.de', 'faß.de', 'a..b', 'a.'],
    ...['%', 'a%2fb', 'a<b', 'a|b', 'localhost', '1.2.3', '0.0.0.0x100', 'a_b', '日本', "a'b", 'a!b$&()*+,;=b', '..'],
  ],
  ['', '', ':', ':80', ':443', ':0', ':65535', ':65536', ':8 0', ':x', ':00080', ':21'],
  [
    '',
    '/',
    '/..',
    '/a/../b',
    '/./a',
    '/%2e/%2E%2e/x',
    '/a b',
    '/ü',
    '/%',
    '/%zz',
    '//',
    "/'",
    '/a:b@c',
    '/...',
    '/a/..',
  ],
  ['', '/', '/~', '/<>', '/"`', '/{}', '/a;b=c,d', '/..', '/.'],
  ['', '', '?', '?a=b&c', "?a'b", '?ü', '?a b"<>', '?a?b', '?%zz', '?`{}'],
  ['', '', '#', '#a', '#a b"<>`', '#ü', '#a#b'],
]
const RELATIVE = ['/x', 'x/../y', '../..', './z', '?q', '//h2/p', '\\\\h3', 'a b?c d#e f', '/%2e%2e/x', 'ü?ß']

test('url: thousands of URLs have the parts that they have in Node.js, and are built of them again', async () => {
  const below = numbers(1)
  const pick = (choices) => choices[below(choices.length)]
  const inputs = Array.from({ length: 4000 }, (_, i) => {
    const input = PARTS.map(pick).join('')
    return i % 4 === 0 ? { input: pick(RELATIVE), base: input } : { input }
  }).filter(({ input, base = '' }) => !DIFFERS.test(base + input))
  const code = `local all = {}
    for i, x in ipairs(...) do
      local u = url.parse(x.input, x.base)
      all[i] = u and { u.href, u.scheme, u.username or '', u.password or '', u.host, tostring(u.port or ''), u.path,
        u.query or '', u.fragment or '', url.build(u) } or {}
    end
    return all`
  const { value } = await engine.run(code, 'x', { args: [inputs], timeout: 60_000 })
  const expected = inputs.map(({ input, base }) => {
    if (!URL.canParse(input, base)) return []
    const { href, protocol, username, password, hostname, port, pathname, search, hash } = new URL(input, base)
    return [
      href,
      protocol.slice(0, -1),
      username,
      password,
      hostname,
      port,
      pathname,
      search.slice(1),
      hash.slice(1),
      href,
    ]
  })
  expect(expected.filter(({ length }) => length > 0).length).toBeGreaterThan(1000)
  const differing = inputs.flatMap((input, i) => {
    const ours = Object.values(value[i])
    return ours.join(' ') === expected[i].join(' ') ? [] : [{ ...input, ours, expected: expected[i] }]
  })
  expect(differing).toEqual([])
})

test('url: a query of many values refers to none of them meanwhile, as there is room for a million references only', async () => {
  const COUNT = 60_000
  const peak = async (call) => {
    const code = `local t = {} for i = 1, ${COUNT} do t[i .. ''] = '' end ${call}`
    return (await engine.run(code, 'x', { timeout: 60_000 })).stats.peakMemory
  }
  const alone = await peak('')
  const written = await peak('url.query(t)')
  // A key and its text take 78 bytes, and a reference would take 35 more.
  expect((written - alone) / COUNT).toBeLessThan(100)
})

test('time', async () => {
  const before = Date.now()
  const now = Number(await engine.runLua('return ("%.3f"):format(time.now())', 'x')) * 1000
  expect(Math.round(now)).toBeGreaterThanOrEqual(before)
  expect(Math.round(now)).toBeLessThanOrEqual(Date.now())
  for (const ms of [0, -1, 951782400000, 1715934600250, 253402300799999, -62135596800000])
    expect(await engine.runLua(`return time.iso(${ms / 1000})`, 'x')).toBe(new Date(ms).toISOString())
})

test('regex: what its syntax lacks is refused by name', async () => {
  for (const [pattern, what] of Object.entries({
    ...{ '(?=a)': 'look-around', '(?!a)': 'look-around', '(?<=a)b': 'look-around', '(?<!a)b': 'look-around' },
    ...{ '(a)\\1': 'back references', '(?<n>a)\\k<n>': 'back references' },
  })) {
    const code = 'local ok, e = pcall(regex.find, "", ...) return e.code, e.message'
    const { values } = await engine.run(code, 'x', { args: [pattern] })
    expect(values).toEqual(['ERR_LUA_RUNTIME', expect.stringMatching(`^regex: ${what}.* (is|are) not supported`)])
  }
})

test('regex: a replacement may call a host function, and a context keeps what it has compiled', async () => {
  engine.expose('double', async (_, text) => text + text)
  const context = engine.createContext('x')
  for (let i = 0; i < 3; i++) {
    const { value } = await context.run(String.raw`return (regex.gsub('a-b', [[\w]], host.double))`)
    expect(value).toBe('aa-bb')
  }
  await context.close()
})
