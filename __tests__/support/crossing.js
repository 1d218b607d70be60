// One engine for the tests of one file, and what values are on either side of their way into Lua and out of it.
'use strict'

const { Engine } = require('../..')
const { rejection } = require('./rejection')

const engine = new Engine()

afterAll(() => engine.close({ timeout: 0 }))

/** What Lua makes of values that go in. */
async function told(code, ...args) {
  return (await engine.run(code, 'x', { args })).value
}

/** What JavaScript makes of values that come out. */
async function given(expression, options) {
  return (await engine.run(`return ${expression}`, 'x', options)).value
}

/** The same value after its way through Lua. */
async function returned(value, options = {}) {
  return (await engine.run('return ...', 'x', { ...options, args: [value] })).value
}

const refusedIn = (value) => rejection(engine.run('return ...', 'x', { args: [value] }))
const refusedOut = (expression, options) => rejection(engine.run(`return ${expression}`, 'x', options))

const bytes = (text) => new Uint8Array(Buffer.from(text, 'latin1'))

module.exports = { bytes, engine, given, refusedIn, refusedOut, returned, told }
