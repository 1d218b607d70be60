// Who a script is comes from the scriptId of the call, and from nothing that the script or its name says.
'use strict'

const { LuaError, runLua } = require('..')
const { rejection } = require('./support/rejection')

beforeAll(() => runLua('State.set("secret", "of the admin")', 'admin-script'))

async function expectDenied(code, options) {
  const error = await rejection(runLua(code, 'intruder', options))
  expect(error).toBeInstanceOf(LuaError)
  expect(error).toMatchObject({ code: 'ERR_STATE_DENIED', scriptId: 'intruder' })
  expect(error.message).not.toContain('of the admin')
}

test('the secret of another script is refused', () => expectDenied('return State.get("secret")'))

test('the refusal stands when a default is given', () => expectDenied('return State.get("secret", "none")'))

test('writing _G.__SCRIPT_ID changes nothing', () =>
  expectDenied('_G.__SCRIPT_ID = "admin-script" return State.get("secret")'))

test('replacing the global script changes nothing', () =>
  expectDenied('script = { id = "admin-script", name = "admin-script" } return State.get("secret")'))

test('a chunk name grants nothing', () => expectDenied('return State.get("secret")', { name: 'admin-script' }))

test('an id that differs in case only is another script', async () => {
  expect(await rejection(runLua('return State.get("secret")', 'Admin-Script'))).toMatchObject({
    code: 'ERR_STATE_DENIED',
  })
})

test('script.id and script.name say who runs', async () => {
  expect(await runLua('return script.id, script.name', 'me')).toBe('me\tme')
  expect(await runLua('return script.id, script.name', 'me', { name: 'rule.lua' })).toBe('me\trule.lua')
})

test.each(['script.id = "admin-script"', 'script.name = "x"', 'script.other = 1', 'rawset(script, "id", "x")'])(
  'script is read-only: %s',
  async (code) => {
    expect(await rejection(runLua(code, 'me'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
  },
)
