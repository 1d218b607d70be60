// The example of a pipeline of logins: its steps decide, and whatever goes wrong in them denies.
'use strict'

const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, runNode, runProgram } = require('./support/child')

const UNDECIDED = 'the login could not be decided'

let folder
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-pipeline-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One login of ada for each tenant, whose steps are given by name, and what the two logs have of it. */
async function logins(tenants, event = { user: 'ada' }) {
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
      const pipeline = new Pipeline({ groups, log })
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
