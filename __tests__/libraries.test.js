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

test('time', async () => {
  const before = Date.now()
  const now = Number(await engine.runLua('return ("%.3f"):format(time.now())', 'x')) * 1000
  expect(Math.round(now)).toBeGreaterThanOrEqual(before)
  expect(Math.round(now)).toBeLessThanOrEqual(Date.now())
  for (const ms of [0, -1, 951782400000, 1715934600250, 253402300799999, -62135596800000])
    expect(await engine.runLua(`return time.iso(${ms / 1000})`, 'x')).toBe(new Date(ms).toISOString())
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
