// The guard on instruction counts: what it reads of callgrind and of compilers, and which changes it lets pass.
'use strict'

const { runNode } = require('./support/child')

/** What an expression about bench/guard/counts.mjs is. */
async function evaluated(expression) {
  const source = `import * as counts from './bench/guard/counts.mjs'
    console.log(JSON.stringify(${expression}))`
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test('a job that needs 5 % more or fewer instructions passes; one beyond that, new or gone does not', async () => {
  const kept = { same: 1000, more: 1000, fewer: 1000, slower: 1000, quicker: 1000, gone: 1000 }
  const counted = { same: 1000, more: 1050, fewer: 950, slower: 1051, quicker: 949, fresh: 7 }
  const { lines, bad } = await evaluated(`counts.compare(${JSON.stringify(kept)}, ${JSON.stringify(counted)})`)
  expect(bad).toEqual(['slower', 'quicker', 'gone', 'fresh'])
  expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
    'same 1,000 1,000 +0.0 % ok',
    'more 1,000 1,050 +5.0 % ok',
    'fewer 1,000 950 -5.0 % ok',
    'slower 1,000 1,051 +5.1 % MORE than ±5 %',
    'quicker 1,000 949 -5.1 % FEWER than ±5 %',
    'gone 1,000 - GONE',
    'fresh - 7 NEW',
  ])
})

test('counts are those of a toolchain, whose name has both compilers and the processor', async () => {
  const rustc = 'rustc 1.95.0 (59807616e 2026-04-14)'
  const cc = 'cc (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright (C) 2022'
  const machines = JSON.stringify([
    { rustc, cc, arch: 'x64' },
    { rustc, arch: 'x64' },
  ])
  const named = await evaluated(`${machines}.map((machine) => counts.toolchainOf(machine) ?? null)`)
  expect(named).toEqual(['rustc 1.95.0, cc 12.2.0, x64', null])
})

test('what callgrind has printed has the count, or the whole of it is said', async () => {
  const printed = '==7== Events    : Ir\n==7== Collected : 123456789\n'
  expect(await evaluated(`counts.instructionsIn(${JSON.stringify(printed)})`)).toBe(123456789)
  await expect(evaluated("counts.instructionsIn('valgrind: no such program')")).rejects.toThrow('no such program')
})

test('options that it does not know are refused', async () => {
  const { exitCode, stderr } = await runNode(['bench/guard/index.mjs', '--updat'])
  expect(stderr).toBe("bench:guard: takes --update or nothing, and got '--updat'\n")
  expect(exitCode).toBe(1)
})
