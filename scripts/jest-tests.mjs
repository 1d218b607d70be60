// Runs the Jest tests: all of them, or the files that are chosen.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { prepareChromium, TESTS_IN_CHROMIUM } from './chromium.mjs'
import { root, run, tool } from './run.mjs'

const REPORT = path.join(root, 'target/jest.json')

/** What a test file has in it that measures time, or the memory of its process. */
const MEASURES = /performance\.now|monitorEventLoopDelay|hrtime|memoryUsage|cpuUsage|support\/stalls/

/** A file that need not be alone for that says so, and why, in a comment at its top. */
const MAY_HAVE_OTHERS = /^\/\/ Beside other tests: /m

/**
 * Every Jest test, with the addon as it is: see global-setup.mjs. Resolves with the exit code and the totals. A process for
 * each core; files that measure something come after that, one at a time.
 */
export async function allJestTests() {
  const env = { MOONPOOL_PROFILE: 'built' }
  await prepareChromium()
  const files = testFiles()
  const alone = files.filter((file) => isAlone(readFileSync(path.join(root, file), 'utf8')))
  const others = files.filter((file) => !alone.includes(file))
  const together = await jest([`--maxWorkers=${os.availableParallelism()}`, '--runTestsByPath', ...others], env)
  // Each in a process of its own: what the collector does for those before it would be measured, too.
  const fresh = ['--maxWorkers=1', '--workerIdleMemoryLimit=1MB']
  return sum(together, await jest([...fresh, '--runTestsByPath', ...alone], env))
}

const isAlone = (text) => MEASURES.test(text) && !MAY_HAVE_OTHERS.test(text)

function sum(one, other) {
  const [passed, failed] = [one.passed + other.passed, one.failed + other.failed]
  return { exitCode: one.exitCode || other.exitCode, passed, failed }
}

/**
 * Those that the selection chooses, with an addon of the profile quick. `isQuick`: a process for each core, and one for
 * all attacks of a file.
 */
export async function chosenJestTests(selection, isQuick) {
  const files = selection.jestFiles(testFiles())
  if (files.length === 0) return { exitCode: 0, passed: 0, failed: 0 }
  if (files.includes(TESTS_IN_CHROMIUM)) await prepareChromium()
  const args = [...without(selection.jestSkips(files)), '--runTestsByPath', ...files]
  const env = { MOONPOOL_PROFILE: 'quick' }
  if (!isQuick) return jest(args, env)
  return jest([`--maxWorkers=${os.availableParallelism()}`, ...args], { ...env, MOONPOOL_ATTACKS: 'together' })
}

function testFiles() {
  const names = readdirSync(path.join(root, '__tests__')).filter((name) => name.endsWith('.test.js'))
  return names.map((name) => `__tests__/${name}`)
}

/** The option that leaves tests out by name: Jest can only be told which ones to run. */
function without(names) {
  if (names.length === 0) return []
  const literal = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return ['--testNamePattern', `^(?!.*(?:${names.map(literal).join('|')}))`]
}

async function jest(args, env) {
  mkdirSync(path.dirname(REPORT), { recursive: true })
  rmSync(REPORT, { force: true })
  const options = ['--json', '--outputFile', REPORT, '--testSequencer', path.join(root, 'scripts/longest-first.cjs')]
  const command = tool('jest/bin/jest.js', ...options, ...args)
  const exitCode = await run(...command, { env })
  if (!existsSync(REPORT)) return { exitCode, passed: 0, failed: 0 }
  const report = JSON.parse(readFileSync(REPORT, 'utf8'))
  // A test file that does not load counts as a failed test.
  return { exitCode, passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites }
}
