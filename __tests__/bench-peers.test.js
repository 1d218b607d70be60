// The programs that publish figures: what they make of what was measured, and what they say where something is missing.
'use strict'

const { runNode } = require('./support/child')

/** What a program that imports from bench/ prints as JSON. */
async function said(source) {
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** Results in which moonpool takes 1, 2 and 3 µs in three rounds, wasmoon twice that, and fengari could not be had. */
const RESULTS = {
  date: '2026-01-31',
  rounds: 3,
  machine: { cpu: 'CPU | X', cores: 2, memory: '8 GiB', system: 'Linux 6.1, x64', node: '24.1.0', v8: '13.6' },
  measured: {
    trivial: {
      moonpool: { version: '1.2.3', calls: 64, rounds: [1, 2, 3] },
      wasmoon: { version: '4.5.6', calls: 64, rounds: [2, 4, 6] },
      fengari: { failed: 'npm did not install fengari' },
    },
    cpu: { moonpool: { version: '1.2.3', calls: 1, rounds: [10_000, 20_000, 1_234_000] } },
  },
}

test('a summary has the median, the quarters, and how many times as long as moonpool', async () => {
  const summaries = await said(`
    import { summariesOf } from './bench/peers/results.mjs'
    const summaries = summariesOf(${JSON.stringify(RESULTS)})
    console.log(JSON.stringify(summaries.map(({ measured, rows }) =>
      [measured.key, ...rows.map(({ contestant, low, median, high, times, failed }) => [contestant.name, failed ?? [low, median, high, times]])])))`)
  expect(summaries).toEqual([
    ['trivial', ['moonpool', [1, 2, 3, null]], ['wasmoon', [2, 4, 6, 2]], ['fengari', 'npm did not install fengari']],
    ['cpu', ['moonpool', [10, 20, 1234, null]]],
  ])
})

test('figures have three digits that count', async () => {
  const figures = await said(`
    import { figure } from './bench/peers/results.mjs'
    console.log(JSON.stringify([0.12345, 1, 1.2, 12.345, 99.96, 123.4, 1234.5, 1234567].map(figure)))`)
  expect(figures).toEqual(['0.123', '1.00', '1.20', '12.3', '100', '123', '1,230', '1,230,000'])
})

test('the page has the machine, each figure, and who could not take part and why', async () => {
  const part = await said(`
    import { partOf } from './bench/peers/page.mjs'
    console.log(JSON.stringify(partOf(${JSON.stringify(RESULTS)})))`)
  const lines = part.split('\n')
  expect(lines[0]).toBe(
    'Measured on 2026-01-31: CPU | X, 2 cores, 8 GiB of memory, Linux 6.1, x64, Node.js 24.1.0 (V8 13.6).',
  )
  expect(lines).toContain('| moonpool | **2.00**<br>1.00 to 3.00 | **20.0**<br>10.0 to 1,230 |')
  expect(lines).toContain('| wasmoon | **4.00**<br>2.00 to 6.00 | - |')
  expect(lines).toContain('| fengari | - | - |')
  expect(lines).toContain('- fengari: npm did not install fengari')
  expect(part).toMatch(/^\| wasmoon \| 4\.5\.6 \| Lua 5\.4/m)
})

test('the published page and picture are of the results, and others are found', async () => {
  const problems = await said(`
    import { problemsOf, read } from './bench/peers/page.mjs'
    const { results, page, picture } = read()
    const others = structuredClone(results)
    others.date = 'another'
    console.log(JSON.stringify([problemsOf({ results, page, picture }), problemsOf({ results: others, page, picture })]))`)
  const again = 'run npm run bench:peers -- --draw'
  expect(problems).toEqual([
    [],
    [
      `docs/performance.md has other figures than bench/peers/results.json: ${again}`,
      `docs/performance.svg is not drawn of bench/peers/results.json: ${again}`,
    ],
  ])
})

test('a contestant that cannot begin, or ends in the middle, is named with the reason, and stops nobody', async () => {
  const results = await said(`
    import { contest } from './bench/peers/contest.mjs'
    const turns = []
    class Opponent {
      constructor({ name }) { this.name = name; this.asked = 0 }
      async ask(question) {
        if (question === 'open' && this.name === 'absent') throw new Error('it is not there\\nat a place')
        if (question === 'open') return { version: '1', calls: 2 }
        turns.push(this.name)
        this.asked += 1
        if (this.name === 'mortal' && this.asked === 2) throw new Error('its process ended with SIGSEGV')
        return this.asked
      }
      async close() { turns.push('close ' + this.name) }
    }
    const contestants = ['good', 'absent', 'mortal'].map((name) => ({ name }))
    const results = await contest(contestants, { job: 'trivial', inFlight: 1 }, { count: 3, warmup: 1, Opponent })
    console.log(JSON.stringify({ results, turns }))`)
  expect(results).toEqual({
    results: {
      good: { version: '1', calls: 2, rounds: [2, 3, 4] },
      absent: { failed: 'it is not there' },
      mortal: { failed: 'its process ended with SIGSEGV' },
    },
    turns: ['close absent', 'good', 'mortal', 'good', 'mortal', 'good', 'good', 'close good', 'close mortal'],
  })
})

test('a real contestant does its job, and one whose process dies is told of', async () => {
  const results = await said(`
    import { contest } from './bench/peers/contest.mjs'
    const contestants = [{ name: 'ours', player: 'moonpool' }, { name: 'none', player: 'no-such-player' }]
    const results = await contest(contestants, { job: 'value', inFlight: 1 }, { count: 1, warmup: 0 })
    console.log(JSON.stringify(results))`)
  expect(results.ours).toEqual({ version: expect.any(String), calls: expect.any(Number), rounds: [expect.any(Number)] })
  expect(results.none).toEqual({ failed: 'its process ended with exit code 1' })
})

test('the packages of the peers come from no fixed address, and are none of the package', () => {
  const { packages } = require('../bench/peers/package-lock.json')
  expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([])
  const { dependencies, devDependencies } = require('../package.json')
  const heavy = ['wasmoon', 'fengari', 'isolated-vm', 'quickjs-emscripten', 'vega']
  expect(heavy.filter((name) => name in { ...dependencies, ...devDependencies })).toEqual([])
})
