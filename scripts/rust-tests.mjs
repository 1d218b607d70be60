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
 * programs are built. A program for each core, and in it one test at a time: with few cores, none of them waits for the last
 * test of each program. Resolves with the exit code and the totals.
 */
export async function rustTests(selection) {
  await prepareRedis()
  const { exitCode, stdout } = await buildTests()
  if (exitCode !== 0) return { exitCode, passed: 0, failed: 0 }
  const chosen = programsIn(stdout)
    .map((program) => ({ ...program, chosen: selection.rustTests(program) }))
    .filter((program) => program.chosen.length > 0 || !program.isGood)
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
      return { name: target.name, file, executable, folder, ...testsOf(executable, folder) }
    })
}

/** The names of its tests, and whether it could say them. */
function testsOf(executable, folder) {
  const { exitCode, stdout } = capture(...commandOf(executable, '--list', '--format', 'terse'), { cwd: folder })
  return { isGood: exitCode === 0, tests: [...stdout.matchAll(/^(.*): test$/gm)].map(([, name]) => name) }
}

/** What runs a program, by an emulator where one is named. */
function commandOf(...command) {
  const [first, ...rest] = [process.env.MOONPOOL_TEST_RUNNER, ...command].filter(Boolean)
  return [first, rest]
}

/** How often it is said what still runs, in ms. */
const OFTEN = 60_000

/** In the folder and with the variable that cargo would give it. All that it prints is shown where it fails. */
async function runProgram({ file, executable, folder, isGood, tests, chosen }) {
  if (!isGood) {
    console.log(`${file}: it cannot say which tests it has`)
    return { exitCode: 1, passed: 0, failed: 0 }
  }
  const start = performance.now()
  const seconds = () => Math.round((performance.now() - start) / 1000)
  const timer = setInterval(() => console.log(`${file}: still runs (${seconds()} s)`), OFTEN)
  const names = chosen.length === tests.length ? [] : ['--exact', ...chosen]
  const options = { cwd: folder, env: { CARGO_MANIFEST_DIR: folder, RUST_TEST_THREADS: '1' } }
  const { exitCode, output } = await collect(...commandOf(executable, ...names), options)
  clearInterval(timer)
  const { passed, failed } = countsOf(output)
  if (exitCode !== 0) process.stdout.write(output)
  const end = exitCode === 0 || failed > 0 ? '' : '; it ended before its tests did'
  console.log(`${file}: ${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${end} (${seconds()} s)`)
  return { exitCode, passed, failed }
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
