// How packages are tried before a release: the registry, what is said of each environment, and the table of README.md.
'use strict'

const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { ROOT, runNode } = require('./support/child')
const { folderWith } = require('./support/files')

/** What a program that imports from scripts/release prints as JSON; `lines` is what it printed before. */
async function said(source) {
  const { stdout, stderr } = await runNode(['--input-type=module', '--eval', source])
  if (stdout === '') throw new Error(stderr)
  const lines = stdout.trim().split('\n')
  return { answer: JSON.parse(lines.pop()), lines }
}

test('the registry has the tarballs of a folder, what their package.json says, and nothing else', async () => {
  const manifest = { name: '@scope/pack', version: '1.2.3', os: ['linux'], libc: ['glibc'] }
  const folder = folderWith({ 'package/package.json': JSON.stringify(manifest) })
  execFileSync('tar', ['-czf', 'pack.tgz', 'package'], { cwd: folder })
  const { answer } = await said(`
    import { createHash } from 'node:crypto'
    import { serve } from './scripts/release/trial/registry.mjs'
    const { url, close } = await serve(${JSON.stringify(folder)})
    const packument = await (await fetch(url + '@scope%2fpack')).json()
    const { dist, ...manifest } = packument.versions['1.2.3']
    const bytes = Buffer.from(await (await fetch(dist.tarball)).arrayBuffer())
    const fits = dist.integrity === 'sha512-' + createHash('sha512').update(bytes).digest('base64')
    const others = [['GET', 'unknown'], ['GET', '..%2fetc%2fpasswd'], ['PUT', '@scope%2fpack']]
    const statuses = await Promise.all(others.map(async ([method, path]) => (await fetch(url + path, { method })).status))
    await close()
    console.log(JSON.stringify({ url, manifest, latest: packument['dist-tags'].latest, bytes: bytes.toString('hex'), fits, statuses }))`)
  expect(answer).toMatchObject({ manifest, latest: '1.2.3', fits: true, statuses: [404, 404, 404] })
  expect(answer.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect(answer.bytes).toBe(readFileSync(path.join(folder, 'pack.tgz'), 'hex'))
})

test('what came of an environment: it ran, was looked at, cannot be had, or failed, which stops nothing', async () => {
  const { answer, lines } = await said(`
    import { Missing } from './scripts/release/toolbox.mjs'
    import { outcomeOf } from './scripts/release/trial/outcome.mjs'
    const all = [
      async () => ({ checks: 3, version: '1.2' }),
      async () => ({ checked: 'its format' }),
      async () => { throw new Missing('no such tool') },
      async () => { throw new Error('it is broken\\nin detail') },
      async () => { throw undefined },
      async () => ({ checks: 0 }),
    ]
    const results = []
    for (const run of all) results.push(await outcomeOf({ name: 'n', group: 'g', what: 'Node.js', run }, { folder: '/' }))
    console.log(JSON.stringify(results.map(({ what, outcome, checks, why }) => [what, outcome, checks ?? why])))`)
  expect(answer).toEqual([
    ['Node.js 1.2', 'ran', 3],
    ['Node.js', 'checked', 'its format'],
    ['Node.js', 'not tried', 'no such tool'],
    ['Node.js', 'failed', 'it is broken'],
    ['Node.js', 'failed', 'undefined'],
    ['Node.js', 'failed', 'no check ran'],
  ])
  expect(lines[3]).toMatch(/^n: FAILED: .*it is broken/)
})

test('a battery that did not run, or failed, is no success', async () => {
  const { answer } = await said(`
    import { checksIn } from './scripts/release/trial/project.mjs'
    const tried = ['battery: 3 checks, 0 failed\\nx battery: 4 checks, 0 failed', '', 'battery: 3 checks, 1 failed', 'battery: 3']
    console.log(JSON.stringify(tried.map((output) => { try { return checksIn(output) } catch (error) { return error.message.split(':')[0] } })))`)
  const bad = 'the battery has not passed'
  expect(answer).toEqual([7, bad, bad, bad])
})

test('the table has a row for each group, and says why something did not run', async () => {
  const results = [
    { group: 'Linux', what: 'Node.js 20', outcome: 'ran', checks: 1 },
    { group: 'macOS', what: 'arm64', outcome: 'checked', why: 'its format' },
    { group: 'macOS', what: 'x64', outcome: 'checked', why: 'its format' },
    { group: 'Linux', what: 'Node.js 22 with musl', outcome: 'ran', checks: 1 },
    { group: 'Linux', what: 'Bun 1', outcome: 'ran', checks: 1 },
    { group: 'Tests', what: 'Jest 30 (threads)', outcome: 'ran', checks: 1 },
    { group: 'Tests', what: 'Jest 30 (jsdom)', outcome: 'ran', checks: 1 },
    { group: 'Linux', what: 'Deno 2', outcome: 'not tried', why: 'no network' },
  ]
  const { answer } = await said(`
    import { tableOf } from './scripts/release/trial/record.mjs'
    console.log(JSON.stringify(tableOf(${JSON.stringify(results)}).split('\\n')))`)
  expect(answer.slice(2)).toEqual([
    '| Linux | Node.js 20, 22 with musl, Bun 1; not tried: Deno 2 (no network) |',
    '| macOS | not run, only checked: arm64, x64 (its format) |',
    '| Tests | Jest 30 (threads, jsdom) |',
  ])
})

test('an unknown environment is refused, with the names of all', async () => {
  const { exitCode, stderr } = await runNode([path.join(ROOT, 'scripts/release/test.mjs'), 'nodejs'])
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/there is no 'nodejs', only --built, .*node-20/)])
})
