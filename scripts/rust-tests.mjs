// Runs the Rust tests: all of them, or those that are chosen, in the programs that have any.
import os from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { build } from './cargo.mjs'
import { prepareRedis } from './redis.mjs'
import { capture, collect, root } from './run.mjs'

const CARGO_TEST = ['test', '--workspace', '--locked', '--no-fail-fast']

/** Those that take longest, from crates/*\/tests; `moonpool_core` has the tests of its modules. */
const LONGEST = ['memory', 'state_redis', 'polls', 'moonpool_core', 'conformance', 'scheduler']

/**
 * The tests that the selection chooses, those of the documentation included. Which ones there are is known only when all
 * programs are built. A program for each core, and in it one test at a time: as many at once as cargo would run, and no
 * core waits for the last test of each program. Resolves with the exit code and the totals.
 */
export async function rustTests(selection) {
  await prepareRedis()
  const { exitCode, stdout } = await buildTests()
  if (exitCode !== 0) return { exitCode, passed: 0, failed: 0 }
  const chosen = programsIn(stdout)
    .map((program) => ({ ...program, chosen: selection.rustTests(program) }))
    .filter((program) => program.chosen.length > 0)
    .sort((one, other) => rank(one) - rank(other))
  const results = []
  const lane = async () => {
    for (let next = chosen.shift(); next; next = chosen.shift()) results.push(await runProgram(next))
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, lane))
  results.push(await documentationTests(selection))
  return total(results)
}

/** Where a program stands in line. */
function rank({ name }) {
  const place = LONGEST.indexOf(name)
  return place < 0 ? LONGEST.length : place
}

/** With a word about how far it is: it takes minutes the first time, and `--quiet` says nothing meanwhile. */
function buildTests() {
  const options = ['--no-run', '--message-format=json-render-diagnostics']
  return build('test: building the Rust tests', 'cargo', [...CARGO_TEST, ...options])
}

/** The test programs that cargo has built, with the names of their tests. */
function programsIn(messages) {
  const artifacts = messages
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  return artifacts
    .filter(({ executable, profile }) => executable && profile.test)
    .map(({ executable, manifest_path, target }) => {
      const folder = path.dirname(manifest_path)
      const file = path.relative(root, target.src_path).replaceAll('\\', '/')
      return { name: target.name, file, executable, folder, tests: testsOf(executable, folder) }
    })
}

function testsOf(executable, folder) {
  const { stdout } = capture(executable, ['--list', '--format', 'terse'], { cwd: folder })
  return [...stdout.matchAll(/^(.*): test$/gm)].map(([, name]) => name)
}

/** In the folder and with the variable that cargo would give it. What it prints is shown when it ends. */
async function runProgram({ file, executable, folder, tests, chosen }) {
  const names = chosen.length === tests.length ? [] : ['--exact', ...chosen]
  const options = { cwd: folder, env: { CARGO_MANIFEST_DIR: folder, RUST_TEST_THREADS: '1' } }
  const { exitCode, output } = await collect(executable, ['--quiet', ...names], options)
  process.stdout.write(`\n${file}${output}`)
  return { exitCode, ...countsOf(output) }
}

/** Silent when none is chosen: rustdoc cannot say beforehand. */
async function documentationTests({ patterns }) {
  const { exitCode, output } = await collect('cargo', [...CARGO_TEST, '--quiet', '--doc', '--', ...patterns])
  const counted = countsOf(output)
  if (exitCode !== 0 || counted.passed + counted.failed > 0) process.stdout.write(output)
  return { exitCode, ...counted }
}

/** How many tests passed and failed, by what they print. */
function countsOf(output) {
  const results = [...stripVTControlCharacters(output).matchAll(/^test result: .*? (\d+) passed; (\d+) failed/gm)]
  const sum = (group) => results.reduce((total, result) => total + Number(result[group]), 0)
  return { passed: sum(1), failed: sum(2) }
}

/** A program that failed without naming a test (it crashed) counts as one failure. */
function total(results) {
  const failed = results.reduce((sum, { exitCode, failed }) => sum + (failed || Number(exitCode !== 0)), 0)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  return { exitCode: failed === 0 ? 0 : 1, passed, failed }
}
