// Grants from the host: what they let scripts do, what is refused, and how they are taken back.
'use strict'

const { engineWith } = require('./support/engine')
const { expectBadArgument, rejection } = require('./support/rejection')

let engine
beforeEach(() => {
  engine = engineWith()
})

const lua = async (code, id) => (await engine.run(code, id)).value
const GRANT = { owner: 'acme', keys: 'shared/*', to: 'globex', access: 'read' }

test('a grant lets another script read, and with access "write" change, until it is revoked', async () => {
  await engine.state('acme').set('shared/rate', 5)
  expect(await engine.grant(GRANT)).toBeUndefined()
  expect(await lua('return State.get("shared/rate")', 'globex')).toBe(5)
  const denied = await rejection(lua('State.set("shared/rate", 6)', 'globex'))
  expect(denied.code).toBe('ERR_STATE_DENIED')
  await engine.grant({ ...GRANT, access: 'write' })
  await lua('State.set("shared/rate", 6)', 'globex')
  expect(await engine.state('acme').get('shared/rate')).toBe(6)
  expect(await engine.revoke(GRANT)).toBe(true)
  expect(await engine.revoke(GRANT)).toBe(false)
  expect((await rejection(lua('return State.get("shared/rate")', 'globex'))).code).toBe('ERR_STATE_DENIED')
})

test('the host addresses the space of the id itself, whatever was granted to it', async () => {
  await engine.state('acme').set('shared/rate', 5)
  await engine.grant({ ...GRANT, to: '*', access: 'write' })
  await engine.state('globex').set('shared/rate', 'own')
  expect(await engine.state('acme').get('shared/rate')).toBe(5)
  expect(await engine.state('globex').list()).toEqual(['shared/rate'])
})

test('grants gives all of them, sorted', async () => {
  expect(await engine.grants()).toEqual([])
  const second = { owner: 'acme', keys: 'one', to: '*', access: 'write' }
  const third = { owner: 'zeta', keys: 'z*', to: 'acme', access: 'read' }
  for (const grant of [third, second, GRANT]) await engine.grant(grant)
  expect(await engine.grants()).toEqual([second, GRANT, third])
  await engine.revoke({ owner: 'acme', keys: 'one', to: '*' })
  expect(await engine.grants()).toEqual([GRANT, third])
})

test('two owners cannot grant the same name to the same scripts', async () => {
  await engine.grant(GRANT)
  const error = await rejection(engine.grant({ ...GRANT, owner: 'initech' }))
  expect(error.code).toBe('ERR_STATE_DENIED')
  expect(error.message).toContain(`'acme'`)
})

describe('is refused', () => {
  test.each([
    ['a grant to oneself', { to: 'acme' }, RangeError, `who owns the keys`],
    ['of everything', { keys: '*' }, RangeError, `'*', which would hide`],
    ['of an empty pattern', { keys: '' }, RangeError, '"grant.keys"'],
    ['of a pattern that is too long', { keys: 'k'.repeat(513) }, RangeError, '513 bytes'],
    ['of no string', { keys: ['a'] }, TypeError, '"grant.keys"'],
    ['unknown access', { access: 'admin' }, RangeError, `'read', 'write'`],
    ['access of a wrong type', { access: 1 }, TypeError, '"grant.access"'],
    ['no access', { access: undefined }, TypeError, '"grant.access" property is missing'],
    ['no owner', { owner: undefined }, TypeError, '"grant.owner" property is missing'],
    ['no grantee', { to: undefined }, TypeError, '"grant.to" property is missing'],
    ['an empty id', { to: '' }, RangeError, '"grant.to"'],
    ['a control character', { owner: 'a\n' }, RangeError, '"grant.owner"'],
    ['an unknown option', { acess: 'read' }, TypeError, `did you mean 'access'?`],
  ])('%s', async (_, wrong, ErrorClass, says) => {
    expectBadArgument(await rejection(engine.grant({ ...GRANT, ...wrong })), ErrorClass, says)
    expect(await engine.grants()).toEqual([])
  })

  test.each([[undefined], [null], ['acme'], [[]]])('%p instead of an object', async (grant) => {
    expectBadArgument(await rejection(engine.grant(grant)), TypeError)
    expectBadArgument(await rejection(engine.revoke(grant)), TypeError)
  })

  test('everything, once the engine is closed', async () => {
    await engine.close()
    for (const call of [engine.grant(GRANT), engine.revoke(GRANT), engine.grants()]) {
      expect((await rejection(call)).code).toBe('ERR_ENGINE_CLOSED')
    }
  })
})
