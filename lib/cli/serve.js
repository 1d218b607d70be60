// moonpool serve: a playground in the browser, for this machine alone.
'use strict'

const { knownNames } = require('./known-names')
const { ENGINE_OPTIONS, asUsage, engineOf } = require('./engine')
const { INTERRUPTED, onInterrupt } = require('./interrupt')
const { bold, dim } = require('./paint')
const { openInBrowser } = require('./serve/browser')
const { NotBuilt, loadPage } = require('./serve/page')
const { Runs } = require('./serve/runs')
const { startServer } = require('./serve/server')
const { fail, say } = require('./terminal')
const { UsageError } = require('./usage')
const { checkLabel } = require('../options')

const FAILED = 1

/** Where it listens, if nothing is said: always the same place, so that the page finds what was typed there. */
const PORT = 5454

/** For so long runs are waited for at the end, in ms. */
const PATIENCE = 1000

/** Resolves with the exit code, when Ctrl-C has ended it. */
async function run(_, options) {
  let playground
  try {
    playground = await start(options)
  } catch (error) {
    const why = error instanceof NotBuilt ? error.message : whyNoPort(error, options.port ?? PORT)
    if (why === undefined) throw error
    fail(why)
    return FAILED
  }
  say(`The playground is at ${bold(playground.address)}\n${dim('Ctrl-C ends it.')}\n`)
  if (options.open ?? process.stdout.isTTY) openInBrowser(playground.address)
  await new Promise(onInterrupt)
  await playground.close()
  return INTERRUPTED
}

/** Starts a playground. Resolves with its `address`, its `engine` and `close()`. */
async function start({ port = PORT, id = 'main', ...options }) {
  asUsage(() => checkLabel(id, 'The "scriptId" argument'))
  const page = loadPage()
  const { engine, modules, limits } = await engineOf(options, (entry) => runs.hear(entry))
  const runs = new Runs(engine, limits)
  try {
    const known = await knownNames(engine)
    for (const { name, source } of modules) engine.addModule(name, source)
    // Wrong limits are wrong from the beginning.
    await asUsage(() => engine.createContext(id, limits)).close()
    const names = { known, modules: options.modules === undefined ? undefined : modules.map(({ name }) => name) }
    const server = await startServer({ engine, runs, page, names, port, defaults: { id, limits } })
    const close = async () => {
      runs.close()
      server.close()
      await engine.close({ timeout: PATIENCE })
    }
    return { address: server.address, engine, close }
  } catch (error) {
    runs.close()
    await engine.close({ timeout: 0 })
    throw error
  }
}

/** Why it cannot listen, if that is it. */
function whyNoPort({ code, syscall }, port) {
  if (syscall !== 'listen') return undefined
  if (code === 'EADDRINUSE')
    return `the port ${port} is in use: choose another one with --port, or let one be found with --port 0`
  return `the port ${port} cannot be used (${code}): choose another one with --port`
}

function readPort(text, option) {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new UsageError(`${option} must be a port, from 0 to 65535. Received '${text}'`)
}

module.exports = {
  usage: '[options]',
  about: `Opens a page in your browser in which you write scripts, run them, and see what they do. It is for this machine alone, and
only for who has its address, which has a key in it. Scripts see nothing of your files. Ctrl-C ends it.`,
  operands: [0, 0],
  options: {
    port: { value: 'PORT', read: readPort, help: `where it listens, on 127.0.0.1; 0 finds a free one: ${PORT}` },
    open: {
      help: 'open the page, also where the output is no terminal; --no-open only prints its address',
      isNegatable: true,
    },
    ...ENGINE_OPTIONS,
    id: { value: 'ID', help: "who runs the scripts at first, and whose State they see: 'main'" },
  },
  exitCodes: {
    1: 'it cannot listen on the port, or the page is not built',
    2: 'the command is wrong',
    130: 'Ctrl-C has ended it',
  },
  run,
  start,
}
