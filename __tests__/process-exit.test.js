// The end of the process beside busy scripts: it never waits for them, whichever way it ends.
'use strict'

const { spawn } = require('node:child_process')
const { ROOT, runProgram } = require('./support/child')
const { HOLDING } = require('./support/constants')

/** Of every script here, in ms: far more than any end may take. */
const TIMEOUT = 20_000
/** What an end may take on a machine that does other things too, in ms. It takes some 20. */
const PROMPT = 1500

const SCRIPTS = {
  'endless loops': 'while true do end',
  'a gsub callback that never returns': `string.gsub('x', 'x', function() while true do end end)`,
  'a sort comparator that never returns': 'table.sort({ 3, 2, 1 }, function() while true do end end)',
  'a __tostring that never returns': 'print(setmetatable({}, { __tostring = function() while true do end end }))',
  'one of our own functions': HOLDING,
  'a slow pattern': `return (('a'):rep(200000)):find('.-.-.-b')`,
}
// Only a kill gets the worker thread back.
const STUCK = HOLDING

/** What all programs have: `busy` fills all slots and a queue; after `now()` the process is to end. */
const SETUP = `
  const { Engine, runLua } = require('moonpool')
  function busy(run, code) {
    for (let i = 0; i < 100; i++) run(code, 'id-' + i, { timeout: ${TIMEOUT} }).catch(() => {})
  }
  const now = () => require('node:fs').writeSync(1, 'ends at ' + Date.now() + '\\n')
  // Late enough for scripts to be in their loops.
  const soon = (then) => setTimeout(then, 100)
`

/** Runs a program after {@link SETUP}: how it ended, and how long after its \`now()\`. */
function end(source, { env = {}, args = [] } = {}) {
  const child = spawn(process.execPath, [...args, '--eval', SETUP + source], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  let ended
  child.stdout.on('data', (piece) => {
    stdout += piece
  })
  child.stderr.on('data', (piece) => {
    stderr += piece
  })
  child.once('exit', () => {
    ended = Date.now()
  })
  return new Promise((resolve) => {
    child.once('close', (exitCode, signal) => {
      const begun = Number(/ends at (\d+)/.exec(stdout)?.[1])
      resolve({ exitCode, signal, stdout, stderr, took: ended - begun })
    })
  })
}

describe.each(['1', '2', '4'])('process.exit() with UV_THREADPOOL_SIZE=%s', (threads) => {
  test.each(Object.entries(SCRIPTS))('keeps its code and does not wait for %s', async (_, code) => {
    const { exitCode, signal, took } = await end(
      `busy(runLua, ${JSON.stringify(code)})
       soon(() => { now(); process.exit(42) })`,
      { env: { UV_THREADPOOL_SIZE: threads } },
    )
    expect({ exitCode, signal }).toEqual({ exitCode: 42, signal: null })
    expect(took).toBeLessThan(PROMPT)
  })
})

test.each([
  [
    'several busy engines',
    'for (let i = 0; i < 5; i++) { const e = new Engine(); busy((...a) => e.runLua(...a), code) }',
  ],
  [
    'an engine that is being closed',
    'const e = new Engine(); busy((...a) => e.runLua(...a), code); soon(() => e.close())',
  ],
  ['an engine that nobody refers to', 'busy((...a) => new Engine().runLua(...a), code)'],
  ['runs that were begun in the same tick', 'busy(runLua, code); now(); process.exit(42)'],
  ['an engine of a second copy of the module', 'again()'],
])('process.exit() does not wait for %s', async (_, source) => {
  const { exitCode, took } = await end(`
    const code = ${JSON.stringify(STUCK)}
    function again() {
      for (const file of Object.keys(require.cache)) delete require.cache[file]
      busy(runLua, code)
      busy(require('moonpool').runLua, code)
    }
    ${source}
    soon(() => soon(() => { now(); process.exit(42) }))`)
  expect(exitCode).toBe(42)
  expect(took).toBeLessThan(PROMPT)
})

test('process.exitCode and listeners of exit have their say', async () => {
  const { exitCode, stdout, took } = await end(`
    process.on('exit', (code) => { console.log('heard', code); process.exitCode = 7 })
    process.exitCode = 3
    busy(runLua, ${JSON.stringify(STUCK)})
    soon(() => { now(); process.exit() })`)
  expect({ exitCode, heard: /heard \d+/.exec(stdout)?.[0] }).toEqual({ exitCode: 7, heard: 'heard 3' })
  expect(took).toBeLessThan(PROMPT)
})

test.each([
  ['an uncaught exception', `throw new Error('from user code')`],
  ['an unhandled rejection', `Promise.reject(new Error('from user code'))`],
])('%s ends the process at once, with its stack on stderr', async (_, source) => {
  const { exitCode, stderr, took } = await end(`
    busy(runLua, ${JSON.stringify(STUCK)})
    soon(function userCode() { now(); ${source} })`)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('Error: from user code')
  expect(stderr).toMatch(/at .*userCode/)
  expect(took).toBeLessThan(PROMPT)
})

test('an exception in a handler of uncaughtException ends the process with code 7 beside endless loops', async () => {
  const { exitCode, stderr, took } = await end(`
    process.on('uncaughtException', () => { throw new Error('from the handler') })
    busy(runLua, 'while true do end')
    soon(() => { now(); throw new Error('from user code') })`)
  expect(exitCode).toBe(7)
  expect(stderr).toContain('Error: from the handler')
  expect(took).toBeLessThan(PROMPT)
})

test('an exception that is handled leaves the scripts alone', async () => {
  const { exitCode, stdout } = await end(`
    process.on('uncaughtException', (error) => console.log('handled:', error.message))
    const spin = 'local stop = os.clock() + 0.2 while os.clock() < stop do end return "finished"'
    runLua(spin, 'x').then(console.log)
    setTimeout(() => { throw new Error('from user code') }, 20)`)
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'handled: from user code\nfinished\n' })
})

test.each(['SIGTERM', 'SIGINT'])('%s ends the process at once', async (name) => {
  const { exitCode, signal, took } = await end(`
    busy(runLua, ${JSON.stringify(STUCK)})
    soon(() => { now(); process.kill(process.pid, '${name}') })`)
  expect({ exitCode, signal }).toEqual({ exitCode: null, signal: name })
  expect(took).toBeLessThan(PROMPT)
})

test('a handler of SIGTERM that closes the engine lets the runs finish', async () => {
  const { exitCode, signal, stdout } = await end(`
    const engine = new Engine()
    const spin = 'local stop = os.clock() + 0.05 while os.clock() < stop do end return "finished"'
    for (let i = 0; i < 8; i++) engine.runLua(spin, 'id-' + i).then(console.log)
    process.once('SIGTERM', async () => {
      await engine.close()
      const { code } = await engine.runLua('return 1', 'late').catch((error) => error)
      console.log(code)
    })
    process.kill(process.pid, 'SIGTERM')`)
  expect({ exitCode, signal }).toEqual({ exitCode: 0, signal: null })
  expect(stdout).toBe(`${'finished\n'.repeat(8)}ERR_ENGINE_CLOSED\n`)
})

test('a handler of SIGTERM that closes the engine stops what does not finish in time', async () => {
  const { exitCode, stdout } = await end(`
    const engine = new Engine()
    const codes = []
    for (let i = 0; i < 8; i++) {
      engine.runLua(${JSON.stringify(STUCK)}, 'id-' + i, { timeout: ${TIMEOUT} }).catch(({ code }) => codes.push(code))
    }
    process.once('SIGTERM', () => engine.close({ timeout: 50 }).then(() => console.log(codes.join())))
    soon(() => process.kill(process.pid, 'SIGTERM'))`)
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${Array(8).fill('ERR_ENGINE_CLOSED').join()}\n` })
})

describe('an idle engine', () => {
  const IDLE = {
    'that is not closed':
      'const engine = new Engine({ warmVms: 64 }); await engine.runLua("return 1", "x"); await warm(engine)',
    'that is closed': 'const engine = new Engine(); await engine.runLua("return 1", "x"); await engine.close()',
    'whose runs failed': `const engine = new Engine()
      await engine.runLua('error("x")', 'x').catch(() => {})
      await engine.runLua('while true do end', 'x', { timeout: 20 }).catch(() => {})
      await engine.runLua('return 1', 'x', { queueTimeout: 60000, signal: new AbortController().signal })`,
    'whose close had a long timeout': 'const engine = new Engine(); await engine.close({ timeout: 600000 })',
  }
  const program = (source, then) => `
    async function warm(engine) {
      while (engine.stats().vmsCreated < 64) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    async function main() { ${source}; setImmediate(() => { ${then} }) }
    main()`

  test.each(Object.entries(IDLE))('%s lets the process end by itself', async (_, source) => {
    const { exitCode, stderr, took } = await end(program(source, 'now()'))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(took).toBeLessThan(PROMPT)
  })

  test.each(Object.entries(IDLE))('%s is no active resource', async (_, source) => {
    // With a pipe as stdout, which Node counts once it has been written to.
    const { stdout } = await runProgram(
      `const { Engine } = require('moonpool')
       ${program(source, 'const found = process.getActiveResourcesInfo(); console.log(JSON.stringify(found))')}`,
    )
    expect(JSON.parse(stdout).filter((name) => name !== 'Immediate')).toEqual([])
  })
})

test.each([
  ['the function runLua', 'runLua'],
  ['a new engine', '(...args) => new Engine().runLua(...args)'],
])('a run begun in an exit listener, with %s: not waited for', async (_what, run) => {
  const { exitCode, took } = await end(`
    runLua('return 1', 'x').then(() => {
      process.on('exit', () => busy(${run}, ${JSON.stringify(STUCK)}))
      now()
      process.exit(5)
    })`)
  expect(exitCode).toBe(5)
  expect(took).toBeLessThan(PROMPT)
})
