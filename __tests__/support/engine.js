// Engines for the tests of one file: closed after each test, whatever became of it.
'use strict'

const { Engine } = require('../..')
const { FOREVER, HOLDING, holdingAfter } = require('./constants')
const { rejection } = require('./rejection')

const engines = []

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close({ timeout: 0 })))
})

function engineWith(options) {
  const engine = new Engine(options)
  engines.push(engine)
  return engine
}

/** An engine with these functions of the host's, or groups of them, by name. */
function engineExposing(functions, options) {
  const engine = engineWith(options)
  for (const [name, what] of Object.entries(functions)) engine.expose(name, what)
  return engine
}

/** An engine with these modules: their source, by name. */
function engineWithModules(modules, options) {
  const engine = engineWith(options)
  for (const [name, source] of Object.entries(modules)) engine.addModule(name, source)
  return engine
}

const valuesOf = async (engine, code, options) => (await engine.run(code, 'x', options)).values

/** Waits, turn by turn of the event loop, until something is so. */
async function until(isSo) {
  while (!(await isSo())) await new Promise(setImmediate)
}

function isIdle(engine) {
  const { queued, running, suspended } = engine.stats()
  return queued + running + suspended === 0
}

/** Holds a thread of an engine until the function that it returns is called. */
function hold(engine, code = HOLDING) {
  const controller = new AbortController()
  const held = rejection(engine.runLua(code, 'holder', { signal: controller.signal, timeout: FOREVER }))
  return () => {
    controller.abort()
    return held
  }
}

/** As `hold`, for an engine without other runs: resolves when the thread is held. */
async function held(engine) {
  let holds
  const begun = new Promise((resolve) => {
    holds = resolve
  })
  engine.expose('holds', () => holds())
  const release = hold(engine, holdingAfter('host.holds()'))
  await begun
  await until(() => engine.stats().running === 1)
  return release
}

module.exports = { engineExposing, engineWith, engineWithModules, held, hold, isIdle, until, valuesOf }
