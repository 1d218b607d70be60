// The memory that an export and an import take: a page, and the entries of one owner, however many there are.
// Beside other tests: the memory that it measures is that of processes of its own.
'use strict'

const { runProgram } = require('./support/child')

/** Sends so many entries of so many owners from one engine to another. Prints MiB: of the first State, and what grew. */
async function transfer(owners, each) {
  const { stdout, stderr } = await runProgram(`
    const { Engine } = require('.')
    const { setTimeout: sleep } = require('node:timers/promises')
    const rss = () => process.memoryUsage.rss() / 2 ** 20
    async function main() {
      let begin = rss()
      const from = new Engine({ stateQuota: 2 ** 40 })
      const code = 'local n = ... for i = 1, n do State.set(("key-%07d"):format(i), { n = i, text = "some text" }) end'
      for (let id = 0; id < ${owners}; id++) await from.run(code, 'id-' + id, { args: [${each}], timeout: 120_000 })
      const state = rss() - begin

      begin = rss()
      let lines = 0
      let peak = 0
      for await (const line of from.exportState()) if (++lines % 10_000 === 0) peak = Math.max(peak, rss() - begin)
      const exporting = peak

      begin = rss()
      peak = 0
      const to = new Engine({ stateQuota: 2 ** 40 })
      const timer = setInterval(() => { peak = Math.max(peak, rss() - begin) }, 20)
      const report = await to.importState(from.exportState())
      clearInterval(timer)
      console.log(JSON.stringify({ lines, report, state, exporting, importing: peak }))
    }
    main()
  `)
  if (stderr) throw new Error(stderr)
  return JSON.parse(stdout)
}

test.each([
  ['a hundred thousand entries', 100],
  ['a million entries', 1000],
])('%s', async (_, owners) => {
  const { lines, report, state, exporting, importing } = await transfer(owners, 1000)
  expect(lines).toBe(owners * 1000)
  expect(report).toEqual({ owners, entries: lines, grants: 0, refused: [] })
  expect(exporting).toBeLessThan(100)
  // What is imported has to be somewhere.
  expect(importing).toBeLessThan(1.2 * state + 100)
})
