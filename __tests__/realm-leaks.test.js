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
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function jest(...args) {
    const config = {
      rootDir: folder,
      testMatch: ['<rootDir>/*.case.js'],
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

  test('--detectLeaks finds none', async () => {
    const { exitCode, text } = await jest('--detectLeaks', '--testPathPatterns', 'leak-[0-4]\\.case')
    if (exitCode !== 0) throw new Error(text)
    expect(text).toMatch(/^Tests: +5 passed, 5 total$/m)
  })

  test('the heap does not grow with the number of files', async () => {
    const { exitCode, text } = await jest('--logHeapUsage')
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
