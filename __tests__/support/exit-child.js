// A process with thousands of runs that write State to SQLite, which ends as it is told: `node exit-child.js HOW FILE`.
// Each run that has written says so on stdout.
'use strict'

const { writeSync } = require('node:fs')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { Engine } = require('../..')

const CODES = [
  'State.set("k" .. ..., true)',
  'State.set("k" .. ..., true) host.slow(...)',
  'sleep(0.002) State.set("k" .. ..., true)',
  'for i = 1, 20000 do State.get("k" .. i % 10, 0) end State.set("k" .. ..., true)',
  'while true do State.incr("n") end',
]

/** Begins runs without end; `then` is called when some of them have written. */
function begin(file, then) {
  const engine = new Engine({ state: { sqlite: file }, maxQueue: 5000 })
  engine.expose('slow', (_context, n) => new Promise((resolve) => setTimeout(resolve, n % 5)))
  engine.expose('exit', () => process.exit(42))
  let [made, written] = [0, 0]
  const more = () => {
    made += 1
    const n = made
    const timeout = n % 5 === 4 ? 20 : 20_000
    engine.run(CODES[n % 5], 'x', { args: [n], timeout }).then(
      () => {
        writeSync(1, `${n}\n`)
        written += 1
        if (written === 20) setImmediate(then, engine)
        more()
      },
      // A closed engine refuses at once: to go on would leave no turn to anything else.
      ({ code }) => code !== 'ERR_ENGINE_CLOSED' && more(),
    )
  }
  for (let i = 0; i < 1000; i++) more()
}

const ENDS = {
  exit: () => process.exit(42),
  throw: () => {
    throw new Error('of the host')
  },
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  'exit in a host function': (engine) => void engine.run('host.exit()', 'y').catch(() => {}),
  'exit when the engine is closed': (engine) => void engine.close({ timeout: 50 }).then(() => process.exit(42)),
}

function inWorker(how, file) {
  const worker = new Worker(__filename, { workerData: { how, file } })
  worker.on('error', () => {})
  if (how === 'terminate') worker.once('message', () => worker.terminate())
  worker.once('exit', () => {
    // The file is free again, in this very process.
    const engine = new Engine({ state: { sqlite: file } })
    engine.run('return 1', 'x').then(() => engine.close())
  })
}

const { how, file } = isMainThread ? { how: process.argv[2], file: process.argv[3] } : workerData
if (isMainThread && how.startsWith('worker: ')) inWorker(how.slice('worker: '.length), file)
else begin(file, how === 'terminate' ? () => parentPort.postMessage('busy') : ENDS[how])
