// How moonpool bears on the life of the process.
// Beside other tests: what it measures is a process of its own.
'use strict'

const { GARBAGE_COLLECTION, runProgram } = require('./support/child')

test('loading it, without a run, keeps no process alive', async () => {
  expect(await runProgram(`require('moonpool')`)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

test('an idle engine keeps no process alive', async () => {
  const { exitCode, stdout } = await runProgram(`
    require('moonpool').runLua('return "done"', 'x').then(console.log)`)
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'done\n' })
})

test('a run in flight keeps the process alive until it has settled', async () => {
  const { exitCode, stdout } = await runProgram(`
    const spin = 'local stop = os.clock() + 0.3 while os.clock() < stop do end return "finished"'
    for (let i = 0; i < 6; i++) require('moonpool').runLua(spin, 'x').then(console.log)`)
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'finished\n'.repeat(6) })
})

test('a failed run that nobody handles ends the process with its error on stderr', async () => {
  const { exitCode, stderr } = await runProgram(`require('moonpool').runLua('error("unheard")', 'x')`)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('LuaError: x:1: unheard')
})

test('scripts print into their result, never to the process’s own streams', async () => {
  const { stdout, stderr } = await runProgram(`
    require('moonpool').runLua('print("hidden") io.write("hidden") warn("@on") warn("hidden")', 'x')`)
  expect(stdout + stderr).toBe('')
})

test('an engine that nobody refers to any more is freed', async () => {
  const { stdout, stderr } = await runProgram(
    `${GARBAGE_COLLECTION}
    const { Engine } = require('./lib/engine.js')
    async function useFreshEngine() {
      const engine = new Engine()
      await engine.runLua('State.set("k", 1)', 'x')
      return new WeakRef(engine)
    }
    async function main() {
      const engines = []
      for (let i = 0; i < 20; i++) engines.push(await useFreshEngine())
      await collectGarbage(5, 10)
      console.log(engines.filter((engine) => engine.deref()).length)
    }
    main()`,
  )
  expect(stderr).toBe('')
  // The last one may still be referred to from the stack.
  expect(Number(stdout)).toBeLessThan(3)
})

test('the native part of an engine that nobody refers to any more is freed, with its State', async () => {
  const { stdout, stderr } = await runProgram(
    `${GARBAGE_COLLECTION}
    const { Engine } = require('moonpool')
    const fill = 'for i = 1, 1000 do State.set("k" .. i, ("x"):rep(4000)) end'
    async function round() {
      for (let i = 0; i < 20; i++) await new Engine().runLua(fill, 'x')
      await collectGarbage(5, 10)
      return process.memoryUsage.rss()
    }
    async function main() {
      await round()
      await round()
      const before = await round()
      console.log(((await round()) - before) / 2 ** 20)
    }
    main()`,
  )
  expect(stderr).toBe('')
  // Each of a round's 20 engines held 4 MB.
  expect(Number(stdout)).toBeLessThan(40)
})
