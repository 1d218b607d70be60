// Worker threads of Node.js that come and go while scripts run, and the process around them.
// Beside other tests: the processes that it looks at have seconds to end their workers.
'use strict'

const { runProgram } = require('./support/child')
const { PROLOGUE } = require('./support/worker')

/** For the programs: runs `source` in a worker thread, and resolves with its exit code. */
const SETUP = `
  const { Worker } = require('node:worker_threads')
  const prologue = ${JSON.stringify(`${PROLOGUE}
    function busy() {
      for (let i = 0; i < 10; i++) runLua('while true do end', 'id-' + i, { timeout: 20000 }).catch(() => {})
    }
    const spin = 'local stop = os.clock() + 0.1 while os.clock() < stop do end return "finished"'
  `)}
  const start = (source) => new Worker(prologue + source, { eval: true })
  const ended = (worker) => new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  const said = (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  const inWorker = (source) => ended(start(source))
  const load = () => require('moonpool')
  const spin = 'local stop = os.clock() + 0.3 while os.clock() < stop do end return "finished"'
`

/** What a program with an async body prints; it must end by itself, with code 0 and nothing on stderr. */
async function output(body, options) {
  const { exitCode, stdout, stderr } = await runProgram(`${SETUP} async function main() { ${body} } main()`, options)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

test.each(['1', '4'])(
  'terminate() a hundred times beside endless loops ends each promptly, and the process lives (UV_THREADPOOL_SIZE=%s)',
  async (threads) => {
    const text = await output(
      `let slowest = 0
       for (let round = 0; round < 100; round++) {
         const worker = start('busy(); setTimeout(() => parentPort.postMessage("busy"), ' + round % 30 + ')')
         await said(worker)
         const begun = performance.now()
         await worker.terminate()
         slowest = Math.max(slowest, performance.now() - begun)
       }
       console.log(slowest, await load().runLua('return "alive"', 'x'))`,
      { env: { UV_THREADPOOL_SIZE: threads } },
    )
    const [slowest, alive] = text.trim().split(' ')
    expect(alive).toBe('alive')
    expect(Number(slowest)).toBeLessThan(2000)
  },
)

test('terminate() beside many engines, short runs, refusals and ahead-built VMs ends promptly', async () => {
  const text = await output(`
    const kinds = [
      'for (let i = 0; i < 20; i++) new Engine().runLua("while true do end", "x", { timeout: 20000 }).catch(() => {})',
      'const again = () => runLua("return 1", "x").then(again, again); for (let i = 0; i < 50; i++) again()',
      'const engine = new Engine({ maxQueue: 0 }); ' +
        'const again = () => engine.runLua("return 1", "x").then(again, () => setTimeout(again)); again(); again(); again()',
      'new Engine({ warmVms: 1000 }); setTimeout(() => {}, 60000)',
      'busy(); setTimeout(() => { while (true) {} })',
      'const engine = new Engine(); engine.runLua("while true do end", "x", { timeout: 20000 }).catch(() => {}); ' +
        'engine.close({ timeout: 60000 })',
    ]
    let slowest = 0
    for (let round = 0; round < 36; round++) {
      const worker = start(kinds[round % kinds.length] + '; parentPort.postMessage("ready")')
      await said(worker)
      await new Promise((resolve) => setTimeout(resolve, round))
      const begun = performance.now()
      await worker.terminate()
      slowest = Math.max(slowest, performance.now() - begun)
    }
    console.log(slowest)`)
  expect(Number(text)).toBeLessThan(2000)
})

test('loaded in a worker only, it lets the worker and the process end', async () => {
  expect(await output(`console.log(await inWorker('runLua(spin, "x").then(() => {})'))`)).toBe('0\n')
})

test('loaded in several workers at once, which also end at once', async () => {
  const text = await output(`
    const workers = Array.from({ length: 8 }, (_, n) =>
      start('runLua("return ' + n + '", "x").then((text) => parentPort.postMessage(text))'))
    const ends = workers.map(ended)
    console.log((await Promise.all(workers.map(said))).join(), (await Promise.all(ends)).join())`)
  expect(text).toBe('0,1,2,3,4,5,6,7 0,0,0,0,0,0,0,0\n')
})

test('main, then a worker that ends, then main again', async () => {
  const text = await output(`
    const { runLua } = load()
    console.log(await runLua('State.set("k", 1) return "first"', 'x'))
    console.log(await inWorker('busy(); runLua("return 1", "x").then(() => process.exit(5))'))
    console.log(await runLua(spin, 'x'), await runLua('return State.get("k")', 'x'))`)
  expect(text).toBe('first\n5\nfinished 1\n')
})

// The watchdog's thread is started by the first worker, and outlives it.
test('workers first, which end beside busy scripts, then main', async () => {
  const text = await output(`
    for (let i = 0; i < 5; i++) await inWorker('busy(); runLua("return 1", "x").then(() => process.exit())')
    // The deadlines of those scripts pass, or would have.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { runLua } = load()
    console.log(await runLua('return "main"', 'x'))
    const { code } = await runLua('while true do end', 'x', { timeout: 20 }).catch((error) => error)
    console.log(code, await inWorker('runLua("return 1", "x").then(() => {})'))`)
  expect(text).toBe('main\nERR_LUA_TIMEOUT 0\n')
})

test('process.exit() in a worker ends only that worker, and scripts of main go on', async () => {
  const text = await output(`
    const { runLua } = load()
    const runs = ['a', 'b', 'c'].map((id) => runLua(spin, id))
    console.log(await inWorker('busy(); runLua("return 1", "x").then(() => process.exit(6))'))
    console.log((await Promise.all(runs)).join())`)
  expect(text).toBe('6\nfinished,finished,finished\n')
})

test('an exception in a worker ends only that worker, and scripts of main go on', async () => {
  const text = await output(`
    const { runLua } = load()
    const runs = ['a', 'b', 'c'].map((id) => runLua(spin, id))
    const source = 'busy(); setTimeout(() => { throw new Error("from the worker") }, 20)'
    console.log(await inWorker(source).catch((error) => error.message))
    console.log((await Promise.all(runs)).join())`)
  expect(text).toBe('from the worker\nfinished,finished,finished\n')
})

test('a worker that is terminated leaves the scripts of another worker alone', async () => {
  const text = await output(`
    const other = start('Promise.all([1, 2, 3].map((n) => runLua(spin, "id-" + n))).then((all) => parentPort.postMessage(all))')
    const runs = said(other)
    const worker = start('busy(); runLua("return 1", "x").then(() => parentPort.postMessage("busy"))')
    await said(worker)
    await worker.terminate()
    console.log((await runs).join())`)
  expect(text).toBe('finished,finished,finished\n')
})

test('process.exit() in main beside workers with endless loops keeps its code and ends', async () => {
  const { exitCode, stdout } = await runProgram(`${SETUP}
    const workers = [1, 2, 3].map(() => start('busy(); runLua("return 1", "x").then(() => parentPort.postMessage("busy"))'))
    Promise.all(workers.map(said)).then(() => {
      console.log(Date.now())
      process.exit(42)
    })`)
  expect(exitCode).toBe(42)
  expect(Date.now() - Number(stdout)).toBeLessThan(2000)
})
