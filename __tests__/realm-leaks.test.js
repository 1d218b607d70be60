// What an engine keeps alive: nothing while it is idle, and everything that somebody waits for while runs are in flight.
'use strict'

const { cpSync, mkdtempSync, rmSync, symlinkSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { GARBAGE_COLLECTION, ROOT, runNode, runProgram } = require('./support/child')

const PROJECT = path.join(__dirname, 'support/jest-project')
const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js')

async function output(source) {
  const { exitCode, stdout, stderr } = await runProgram(GARBAGE_COLLECTION + source)
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim().split('\n')
}

describe('under Jest', () => {
  let folder
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-leak-'))
    for (let i = 0; i < 40; i++) cpSync(path.join(PROJECT, 'leak.case.js'), path.join(folder, `leak-${i}.case.js`))
    for (let i = 0; i < 5; i++)
      cpSync(path.join(PROJECT, 'leak-inside.case.js'), path.join(folder, `inside-${i}.case.js`))
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function jest(files, ...args) {
    const config = {
      rootDir: folder,
      testMatch: [`<rootDir>/${files}.case.js`],
      moduleNameMapper: { '^moonpool$': path.join(ROOT, 'index.js') },
      watchman: false,
      transform: {},
    }
    const { NODE_OPTIONS: _, JEST_WORKER_ID: __, ...env } = process.env
    const command = ['--expose-gc', JEST, '--config', JSON.stringify(config), '--runInBand', ...args]
    const outcome = await runNode(command, {
      cwd: folder,
      env: { ...env, CI: 'true', FORCE_COLOR: '0' },
      timeout: 55_000,
    })
    return { exitCode: outcome.exitCode, text: outcome.stdout + outcome.stderr }
  }

  test.each([
    ['at the top of files', 'leak-[0-4]'],
    ['inside of tests', 'inside-*'],
  ])('--detectLeaks finds none where it is required %s', async (_, files) => {
    const { exitCode, text } = await jest(files, '--detectLeaks')
    if (exitCode !== 0) throw new Error(text)
    expect(text).toMatch(/^Tests: +5 passed, 5 total$/m)
  })

  test('the heap does not grow with the number of files', async () => {
    const { exitCode, text } = await jest('leak-*', '--logHeapUsage')
    if (exitCode !== 0) throw new Error(text)
    const heaps = [...text.matchAll(/\((\d+) MB heap size\)/g)].map(([, size]) => Number(size))
    expect(heaps).toHaveLength(40)
    // The first files fill caches of Jest's. A realm that leaks takes 2.4 MB.
    expect(heaps.at(-1) - heaps[4]).toBeLessThan(25)
  })
})

describe('an engine that nobody refers to is collected', () => {
  test.each([
    ['that was never used', ''],
    ['that was used', "await engine.run('return 1', 'x')"],
    ['whose runs failed', "await engine.run('error()', 'x').catch(() => {})"],
    [
      'that has functions and contexts',
      "engine.expose('f', () => engine); await engine.createContext('x').run('host.f().x = 1').catch(() => {})",
    ],
    [
      'whose run was aborted',
      "const s = AbortSignal.timeout(20); await engine.run('while true do end', 'x', { signal: s }).catch(() => {})",
    ],
    [
      'that was closed while it ran',
      "engine.run('while true do end', 'x').catch(() => {}); await engine.close({ timeout: 10 })",
    ],
    ['that was full', "await Promise.all(Array.from({ length: 50 }, () => engine.run('', 'x').catch(() => {})))"],
    [
      'whose State the host used',
      "const s = engine.state('x'); await s.set('k', 'x'.repeat(50000)); await s.list(); for await (const e of s.entries()) break; await engine.importState(engine.exportState())",
    ],
    ['whose space is still iterated', "globalThis.it = engine.state('x').entries(); await it.next(); it = undefined"],
    ['that was closed', "await engine.run('return 1', 'x'); await engine.close()"],
  ])('%s', async (_, use) => {
    const [collected] = await output(`
      const { Engine } = require('.')
      let collected = 0
      const registry = new FinalizationRegistry(() => { collected += 1 })
      async function main() {
        for (let i = 0; i < 5; i++) {
          const engine = new Engine({ maxQueue: 2 })
          engine.on('full', () => engine.stats())
          registry.register(engine)
          ${use}
        }
      }
      main().then(() => collectGarbage(20, 10)).then(() => console.log(collected))
    `)
    expect(Number(collected)).toBe(5)
  })

  test('not while it has a run in flight: one that executes, waits, or sleeps', async () => {
    expect(
      await output(`
        const { Engine } = require('.')
        let collected = 0
        const registry = new FinalizationRegistry(() => { collected += 1 })
        const values = []
        for (const code of ['sleep(0.5) return 1', 'return host.slow()', 'for i = 1, 3e7 do end return 3']) {
          const engine = new Engine({ concurrency: 1 })
          registry.register(engine)
          engine.expose('slow', () => sleep(500, 2))
          engine.run(code, 'x').then(({ value }) => values.push(value))
          engine.createContext('x').run('sleep(0.5) return 4').then(({ value }) => values.push(value))
        }
        async function main() {
          await collectGarbage(10, 10)
          console.log(collected, values.filter((value) => value !== 3).length)
          while (values.length < 6) await sleep(10)
          await collectGarbage(20, 10)
          console.log(collected, values.sort().join())
        }
        main()
      `),
    ).toEqual(['0 0', '3 1,2,3,4,4,4'])
  })
})

/** How many of the stores in which `act` was done, one after the other, are kept when it is long done. */
async function keptStores(act, before = '', collected = 'await collectGarbage(20, 10)') {
  const [kept] = await output(`
    const { AsyncLocalStorage } = require('node:async_hooks')
    const storage = new AsyncLocalStorage()
    const all = []
    ${before}
    async function main() {
      const stores = []
      for (let i = 0; i < 5; i++)
        await (async () => {
          const store = { i }
          stores.push(new WeakRef(store))
          await storage.run(store, async () => { ${act} })
        })()
      ${collected}
      console.log(stores.filter((store) => store.deref()).length)
    }
    main()
  `)
  return Number(kept)
}

describe('no store of an AsyncLocalStorage is kept', () => {
  const MADE = "const { Engine } = require('.'); const engine = new Engine(); engine.expose('f', async () => 1)"

  test.each([
    ['in which the module was loaded first', "all.push(require('.'))"],
    ['in which runLua was called first', "await require('.').runLua('return 1', 'x')"],
    ['that leads back to an engine that was made in it', "storage.getStore().engine = new (require('.').Engine)()"],
    [
      'that leads back to an engine that was used in it',
      `${MADE}; storage.getStore().engine = engine; await engine.run('sleep(0.001) return host.f()', 'x')`,
    ],
  ])('%s', async (_, act) => {
    expect(await keptStores(act)).toBe(0)
  })

  test.each([
    ['run', "await engine.run('return host.f()', 'x')"],
    ['rest after it', "await engine.run('return 1', 'x'); await sleep(50)"],
    ['context', "all.push(engine.createContext('x')); await all.at(-1).run('return host.f()')"],
    ['timeout', "await engine.run('while true do end', 'x', { timeout: 20 }).catch(() => {})"],
    ['sleep', "await engine.run('sleep(0.01)', 'x')"],
    ['abort', "await engine.run('sleep(1)', 'x', { signal: AbortSignal.timeout(10) }).catch(() => {})"],
    ['big result', "await engine.run('return (\\'x\\'):rep(3e5)', 'x')"],
  ])('of a %s, by an engine that lives on', async (_, act) => {
    expect(await keptStores(act, MADE)).toBe(0)
  })

  test('also while an idle engine waits for a moment to build VMs', async () => {
    // Less than 20 ms, or else this proves nothing.
    const soon = 'await new Promise(setImmediate); gc(); await new Promise(setImmediate); gc()'
    const use = "await sleep(40); await engine.run('return 1', 'x')"
    expect(await keptStores(use, MADE, soon)).toBe(0)
  })
})

test('a run that goes on keeps no store of those before it', async () => {
  const [kept] = await output(`
    const { AsyncLocalStorage } = require('node:async_hooks')
    const { Engine } = require('.')
    const storage = new AsyncLocalStorage()
    const engine = new Engine({ concurrency: 1 })
    let store = {}
    const weak = new WeakRef(store)
    async function main() {
      const first = storage.run(store, () => engine.run('for i = 1, 1e6 do end', 'x'))
      store = undefined
      engine.run('while true do end', 'y', { timeout: 20000 }).catch(() => {})
      await first
    }
    main().then(() => collectGarbage(20, 10)).then(() => process.exit(console.log(weak.deref() ? 'kept' : 'collected')))
  `)
  expect(kept).toBe('collected')
})

test('vm contexts in which moonpool was used are collected', async () => {
  const [before, after] = await output(`
    const vm = require('node:vm')
    const { Engine } = require('.')
    let collected = 0
    const registry = new FinalizationRegistry(() => { collected += 1 })
    async function main() {
      for (let i = 0; i < 10; i++) {
        const realm = vm.createContext({ Engine })
        registry.register(realm)
        await vm.runInContext(\`(async () => {
          globalThis.engine = new Engine()
          engine.expose('f', () => globalThis.engine && 1)
          engine.on('full', () => globalThis)
          return engine.run('return host.f()', 'x')
        })()\`, realm)
      }
      console.log(collected)
      await collectGarbage(20, 10)
      console.log(collected)
    }
    main()
  `)
  expect(Number(before)).toBeLessThan(9)
  // Something of the last one may still be in a register or on the stack.
  expect(Number(after)).toBeGreaterThanOrEqual(9)
})

test('loading the addon again and again adds no listeners', async () => {
  const [listeners] = await output(`
    for (let i = 0; i < 20; i++) {
      for (const name of Object.keys(require.cache)) delete require.cache[name]
      require('.')
    }
    console.log(process.listenerCount('exit'))
  `)
  expect(Number(listeners)).toBe(1)
})

test('worker threads that are terminated at any moment take nothing with them', async () => {
  const [text] = await output(`
    const { Worker } = require('node:worker_threads')
    const source = \`
      const { Engine } = require(${JSON.stringify(JSON.stringify(ROOT)).slice(1, -1)})
      const { parentPort } = require('node:worker_threads')
      const engine = new Engine({ concurrency: 2 })
      engine.expose('f', () => new Promise((resolve) => setImmediate(resolve)))
      const codes = ['return 1', 'sleep(0.001)', 'host.f()', 'for i = 1, 1e5 do end']
      function next(i) { engine.run(codes[i % 4], 'x').then(() => next(i + 1)) }
      for (let i = 0; i < 8; i++) next(i)
      parentPort.postMessage('begun')
    \`
    async function main() {
      for (let i = 0; i < 12; i++) {
        const worker = new Worker(source, { eval: true })
        await new Promise((resolve) => worker.once('message', resolve))
        await sleep(i * 2)
        await worker.terminate()
      }
      console.log(await require('.').runLua('return "alive"', 'x'))
    }
    main()
  `)
  expect(text).toBe('alive')
})
