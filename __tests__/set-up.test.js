// The first command in a clone: how far cargo is, in one line; and what is missing, with a command that can be copied.
'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { ROOT, runNode } = require('./support/child')
const { folderWith } = require('./support/files')

const SCRIPTS = pathToFileURL(path.join(ROOT, 'scripts/')).href
const run = (source, options) => runNode(['--input-type=module', '--eval', source], options)

/** Two crates; the second one fails to compile where its source is not right. */
function crates(source) {
  const manifest = (name, rest = '') => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n${rest}`
  return folderWith({
    'Cargo.toml': '[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n',
    'one/Cargo.toml': manifest('one'),
    'one/src/lib.rs': 'pub fn one() { let unused = 1; }\n',
    'two/Cargo.toml': manifest('two', '[dependencies]\none = { path = "../one" }\n'),
    'two/src/lib.rs': source,
  })
}

/** Builds the crates of a folder, with real cargo. */
const buildIn = (folder, options = '{}') =>
  run(`import { build } from '${SCRIPTS}cargo.mjs'
    const args = ['build', '--manifest-path', ${JSON.stringify(path.join(folder, 'Cargo.toml'))}]
    const { exitCode } = await build('building', 'cargo', args, ${options})
    console.log(exitCode)`)

describe('a build', () => {
  test('says when it begins and that it is done, without the lines of cargo, but with warnings', async () => {
    const folder = crates('pub fn two() { one::one() }\n')
    const first = await buildIn(folder)
    expect(first.stdout).toBe('0\n')
    expect(first.stderr).toMatch(/^building\n(building: .*\n)*building: done, \d+ s\nwarning: unused variable/)
    expect(first.stderr).not.toMatch(/Compiling|Finished|Building/)
    // Now there is nothing to build. Cargo shows the warnings of what is there once more.
    expect((await buildIn(folder)).stderr).toMatch(/^warning: /)
  })

  test('that fails shows all that cargo has said', async () => {
    const { stdout, stderr } = await buildIn(crates('pub fn two() { one::none() }\n'))
    expect(stdout).toBe('101\n')
    expect(stderr).toMatch(/^building\n(building: .*\n)*building: failed, \d+ s\n/)
    expect(stderr).toMatch(/Compiling one .*.*Compiling two .*.*error\[E0425\].*.*none.*could not compile `two`/s)
    expect(stderr).not.toMatch(/Building \[/)
  })

  test('is one line on a terminal, written anew, and never longer than the terminal is wide', async () => {
    const stream = '{ isTTY: true, columns: 30, write: (text) => process.stderr.write(text) }'
    const { stderr } = await buildIn(crates('pub fn two() {}\n'), `{ stream: ${stream} }`)
    const [line] = stderr.split('\n')
    const states = line.split('\r\x1b[K').slice(1)
    expect(line.startsWith('\r')).toBe(true)
    expect(states).toContainEqual(expect.stringMatching(/^building: \d of 2 steps/))
    expect(states.at(-1)).toMatch(/^building: done, \d+ s$/)
    expect(Math.max(...states.map(({ length }) => length))).toBeLessThan(30)
  })

  test('says how far it is while one step takes long', async () => {
    const cargo = `
      process.stderr.write('   Compiling mlua v0.11.0\\n    Building [=====>    ] 12/57: mlua, syn      \\r')
      setTimeout(() => {}, 600)`
    const { stderr } = await run(`import { build } from '${SCRIPTS}cargo.mjs'
      await build('building', process.execPath, ['--eval', ${JSON.stringify(cargo)}], { pause: 50 })`)
    const lines = stderr.split('\n').filter((line) => /^building: 12 of 57 steps \(mlua, syn\), \d+ s$/.test(line))
    expect(lines.length).toBeGreaterThan(3)
  })
})

test('where Rust and a compiler are missing, each has a sentence that ends with the command', async () => {
  const empty = folderWith({})
  // Not as root: there the compiler would be installed.
  const source = `process.getuid = () => 1000
    const { missingTools } = await import('${SCRIPTS}tools.mjs')
    Object.defineProperty(process, 'platform', { value: 'linux' })
    console.log(JSON.stringify(await missingTools()))`
  const { stdout } = await run(source, { env: { PATH: empty, HOME: empty, CARGO_HOME: empty } })
  expect(JSON.parse(stdout)).toEqual([
    expect.stringMatching(/^cargo \(Rust 1\.\d+ or later\) is missing: run: curl .* \| sh$/),
    expect.stringMatching(/^A C compiler is missing: run: sudo apt-get install build-essential \(.*\)$/),
  ])
})
