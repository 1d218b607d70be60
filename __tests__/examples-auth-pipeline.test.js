// The example of a pipeline of logins: its steps decide, and whatever goes wrong in them denies.
'use strict'

const { once } = require('node:events')
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { ROOT, runNode, runProgram } = require('./support/child')

const UNDECIDED = 'the login could not be decided'

let folder
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-pipeline-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const servers = []
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections()
})

/** A server on this machine. Resolves with its origin. */
async function serve(listener) {
  const server = http.createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return `http://127.0.0.1:${server.address().port}`
}

/** One login of ada for each tenant, whose steps are given by name, and what the two logs have of it. */
async function logins(tenants, event = { user: 'ada' }, settings = {}) {
  for (const [tenant, steps] of Object.entries(tenants)) {
    mkdirSync(path.join(folder, tenant))
    for (const [name, source] of Object.entries(steps)) writeFileSync(path.join(folder, tenant, name), source)
  }
  const { exitCode, stdout, stderr } = await runProgram(`
    const { Pipeline } = require('./examples/auth-pipeline/pipeline')
    const seen = {}
    const log = {
      tenant: (tenant, text) => seen[tenant].told.push(text),
      own: (tenant, error) => seen[tenant].own.push(error.message),
    }
    const groups = async (user) => {
      if (user === 'ada') throw new Error('the password is hunter2')
    }
    async function main() {
      const pipeline = new Pipeline({ groups, log, settings: new Map(Object.entries(${JSON.stringify(settings)})) })
      await pipeline.load(${JSON.stringify(folder)})
      await Promise.all(${JSON.stringify(Object.keys(tenants))}.map(async (tenant) => {
        seen[tenant] = { told: [], own: [] }
        seen[tenant].answer = await pipeline.login(tenant, ${JSON.stringify(event)})
      }))
      await pipeline.close()
      console.log(JSON.stringify(seen))
    }
    main()`)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('the tenants of the example: limits, second factors, claims, and logins that are denied', async () => {
  const { exitCode, stdout, stderr } = await runNode([path.join(ROOT, 'examples/auth-pipeline')])
  expect(exitCode).toBe(0)
  expect(stdout.trimEnd().split('\n')).toEqual([
    'acme ada allow {"groups":"staff sales","tenant":"acme"}',
    'acme ada mfa ',
    'acme ada allow {"groups":"staff sales","tenant":"acme"}',
    '  acme: "10-rate-limit.lua: too many logins"',
    'acme ada deny too many logins',
    '  acme: "30-claims.lua: ERR_HOST_FUNCTION: 30-claims.lua:2: host.directory.groups failed"',
    `acme bob deny ${UNDECIDED}`,
    expect.stringMatching(/^ {2}acme: "30-claims.lua: ERR_LUA_TIMEOUT: .*timeout of 750 ms"$/),
    `acme zoe deny ${UNDECIDED}`,
    '  globex: "10-blocked.lua: blocked"',
    'globex eve deny blocked',
    expect.stringMatching(/^ {2}initech: "10-endless.lua: ERR_LUA_TIMEOUT: .*cpuTimeout of 100 ms"$/),
    `initech ada deny ${UNDECIDED}`,
    expect.stringMatching(/^ {2}umbrella: "10-admin.lua: ERR_HOST_FUNCTION: 10-admin.lua:2: a claim of this name/),
    `umbrella ada deny ${UNDECIDED}`,
    '  hooli: "10-risk.lua: info: asked {\\"known\\":true,\\"score\\":10}"',
    'hooli ada allow {}',
    '  hooli: "10-risk.lua: info: asked {\\"known\\":true,\\"score\\":90}"',
    '  hooli: "10-risk.lua: too risky"',
    'hooli eve deny too risky',
    'nobody ada deny unknown tenant',
  ])
  expect(stderr).toBe('acme: cannot reach ldap://reader:hunter2@10.0.0.7\n')
})

test('steps run in the order of their names, each with a copy of the event, until one denies', async () => {
  const { acme } = await logins({
    acme: {
      '1.lua': 'local event = ... event.user = "root" leaked = true host.api.setClaim("one", (...).ip == nil)',
      '2.lua': 'host.api.deny((...).user .. " " .. tostring(leaked)) host.api.deny("again") error("and more")',
      '3.lua': 'host.api.deny("late") error("it ran")',
    },
  })
  expect(acme.answer).toEqual({ outcome: 'deny', reason: 'ada nil' })
  expect(acme.told).toEqual(['2.lua: ERR_LUA_RUNTIME: 2.lua:1: and more'])
})

test('a step that fails in any way denies, whatever others allowed, and tells no secrets', async () => {
  const broken = {
    syntax: ['host.api.setClaim(', /ERR_LUA_SYNTAX/],
    error: ['error({ message = "no" })', /ERR_LUA_RUNTIME: no$/],
    memory: ['local s = "x" while true do s = s .. s end', /ERR_LUA_MEMORY/],
    claim: ['host.api.setClaim("__proto__", true)', /cannot be set$/],
    value: ['host.api.setClaim("big", 1 << 60)', /claim 'big'$/],
    many: ['for i = 1, 21 do host.api.setClaim("c" .. i, i) end', /claim 'c20'$/],
    lookup: ['host.directory.groups()', /: host.directory.groups failed$/],
    raised: ['local _, e = pcall(host.directory.groups) error(e.message)', /: host.directory.groups failed$/],
  }
  const tenants = Object.entries(broken).map(([tenant, [source]]) => [
    tenant,
    { '1.lua': 'host.api.setClaim("admin", true)', '2.lua': source },
  ])
  const seen = await logins(Object.fromEntries(tenants))
  for (const [tenant, [, told]] of Object.entries(broken)) {
    const isOurs = tenant === 'lookup'
    expect([tenant, seen[tenant]]).toEqual([
      tenant,
      {
        answer: { outcome: 'deny', reason: UNDECIDED },
        told: [expect.stringMatching(told)],
        own: isOurs ? ['the password is hunter2'] : [],
      },
    ])
    expect(seen[tenant].told.join()).not.toContain('hunter2')
  }
})

test('a tenant without steps, and one whose step has nothing to say, allow', async () => {
  const seen = await logins({
    none: {},
    quiet: { '1.lua': '' },
    caught: { '1.lua': 'pcall(host.api.setClaim, "sub", "x")' },
  })
  for (const tenant of ['none', 'quiet', 'caught']) {
    expect(seen[tenant]).toEqual({ answer: { outcome: 'allow', claims: {} }, told: [], own: [] })
  }
})

const GET = 'local function get(path) return function() return host.fetch(host.secret("URL") .. path).body end end '

test('steps fetch from what their tenant has listed, at once, with its secrets, and log in their order', async () => {
  const waiting = []
  // It answers none before it has been asked twice.
  const origin = await serve((request, response) => {
    const { authorization, 'x-forwarded-for': client } = request.headers
    waiting.push(() => response.end(`${request.url} ${authorization} ${client}`))
    if (waiting.length === 2) for (const answers of waiting.splice(0)) answers()
  })
  const ask = `local function ask(path)
    return function()
      local headers = { authorization = host.secret("KEY"), ["x-forwarded-for"] = "10.0.0.1" }
      return host.fetch(host.secret("URL") .. path, { headers = headers }).body
    end
  end
  local one, two = parallel(ask("/one"), ask("/two"))
  log.info(one) log.warn(two)`
  const settings = { acme: { origins: [origin], secrets: { URL: origin, KEY: 'acme-key' } } }
  const steps = { '1.lua': ask, '2.lua': 'log.error("last")' }
  const { acme, other } = await logins(
    { acme: steps, other: { '1.lua': 'log.info(host.secret("KEY"))' } },
    {},
    settings,
  )
  expect(acme).toEqual({
    answer: { outcome: 'allow', claims: {} },
    told: ['1.lua: info: /one acme-key undefined', '1.lua: warn: /two acme-key undefined', '2.lua: error: last'],
    own: [],
  })
  expect(other.told).toEqual([expect.stringMatching(/ERR_LUA_RUNTIME/)])
})

test('a step cannot fetch from anywhere else, nor without end', async () => {
  let asked = 0
  const other = await serve((_request, response) => {
    asked += 1
    response.end('secret')
  })
  const origin = await serve((request, response) => {
    if (request.url === '/large') response.end('x'.repeat(100_000))
    else response.writeHead(302, { location: other }).end('elsewhere')
  })
  const { host } = new URL(origin)
  const refused = [
    other,
    `http://${host}@${new URL(other).host}/`,
    `https://${host}/`,
    `blob:${origin}/x`,
    'file:///etc/hosts',
  ]
  const code = (url, options = '') => `select(2, pcall(host.fetch, ${JSON.stringify(url)}${options})).code`
  const tenants = {
    refused: { '1.lua': `log.info(table.concat({ ${refused.map((url) => code(url)).join(', ')} }, " "))` },
    none: { '1.lua': `log.info(${code(origin)})` },
    odd: {
      '1.lua':
        'local function c(...) return select(2, pcall(host.fetch, ...)).code end log.info(c() .. c({}) .. c("x"))',
    },
    redirect: {
      '1.lua': 'local answer = host.fetch(host.secret("URL")) log.info(answer.status .. " " .. answer.body)',
    },
    many: { '1.lua': 'for i = 1, 3 do host.fetch(host.secret("URL")) end', '2.lua': `${GET} get("/")() get("/")()` },
    large: { '1.lua': `${GET} get("/large")()` },
  }
  const open = { origins: [origin], secrets: { URL: origin } }
  const { none: _, ...others } = tenants
  const seen = await logins(tenants, {}, Object.fromEntries(Object.keys(others).map((tenant) => [tenant, open])))
  const told = Object.fromEntries(Object.entries(seen).map(([tenant, { told }]) => [tenant, told]))
  expect(told).toEqual({
    refused: [`1.lua: info: ${refused.map(() => 'NOT_LISTED').join(' ')}`],
    none: ['1.lua: info: NOT_LISTED'],
    odd: ['1.lua: info: BAD_FETCHBAD_FETCHBAD_FETCH'],
    redirect: ['1.lua: info: 302 elsewhere'],
    many: [expect.stringMatching(/^2.lua: ERR_HOST_FUNCTION: .*too many fetches$/)],
    large: [expect.stringMatching(/: the answer is too large$/)],
  })
  expect(asked).toBe(0)
})

test('a service that never answers denies when the time of a step is over, and is told so', async () => {
  let closed
  const isClosed = new Promise((resolve) => {
    closed = resolve
  })
  const origin = await serve((_request, response) => response.once('close', closed))
  const settings = { acme: { origins: [origin], secrets: { URL: origin } } }
  const { acme } = await logins(
    { acme: { '1.lua': `${GET} parallel(get("/"), function() sleep(60) end)` } },
    {},
    settings,
  )
  expect(acme.answer).toEqual({ outcome: 'deny', reason: UNDECIDED })
  expect(acme.told).toEqual([expect.stringMatching(/ERR_LUA_TIMEOUT: .*timeout of 750 ms$/)])
  await isClosed
})
