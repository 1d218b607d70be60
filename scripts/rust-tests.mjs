// Runs the Rust tests: all of them as cargo does, or those that are chosen, in the programs that have any.
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { build } from './cargo.mjs'
import { prepareRedis } from './redis.mjs'
import { capture, pipe, root } from './run.mjs'

const CARGO_TEST = ['test', '--workspace', '--locked', '--no-fail-fast']

/** Every Rust test, those of the documentation included. Resolves with the exit code and the totals. */
export async function allRustTests() {
  await prepareRedis()
  const { exitCode } = await buildTests()
  return exitCode === 0 ? follow('cargo', [...CARGO_TEST, '--quiet']) : { exitCode, passed: 0, failed: 0 }
}

/**
 * The tests that the selection chooses. Which ones there are is known only when all programs are built; each program
 * that has one is then run directly, in the folder and with the variable that cargo would give it.
 */
export async function chosenRustTests(selection) {
  await prepareRedis()
  const { exitCode, stdout } = await buildTests('--message-format=json-render-diagnostics')
  if (exitCode !== 0) return { exitCode, passed: 0, failed: 0 }
  const results = []
  for (const program of programsIn(stdout)) {
    const chosen = selection.rustTests(program)
    if (chosen.length > 0) results.push(await runProgram(program, chosen))
  }
  results.push(await documentationTests(selection))
  return total(results)
}

/** With a word about how far it is: it takes minutes the first time, and `--quiet` says nothing meanwhile. */
function buildTests(...options) {
  return build('test: building the Rust tests', 'cargo', [...CARGO_TEST, '--no-run', ...options])
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

function runProgram({ file, executable, folder, tests }, chosen) {
  console.log(`\n${file}`)
  const names = chosen.length === tests.length ? [] : ['--exact', ...chosen]
  return follow(executable, ['--quiet', ...names], { cwd: folder, env: { CARGO_MANIFEST_DIR: folder } })
}

/** Silent when none is chosen: rustdoc cannot say beforehand. */
function documentationTests({ patterns }) {
  return follow('cargo', [...CARGO_TEST, '--quiet', '--doc', '--', ...patterns], {
    isShown: ({ passed, failed }) => passed + failed > 0,
  })
}

/** Runs tests, and counts them by what they print. */
async function follow(command, args, { isShown, ...options } = {}) {
  let text = ''
  const exitCode = await pipe(
    command,
    args,
    (piece) => {
      text += piece
      if (!isShown) process.stdout.write(piece)
    },
    options,
  )
  const results = [...stripVTControlCharacters(text).matchAll(/^test result: .*? (\d+) passed; (\d+) failed/gm)]
  const sum = (group) => results.reduce((total, result) => total + Number(result[group]), 0)
  const counted = { exitCode, passed: sum(1), failed: sum(2) }
  if (isShown && (exitCode !== 0 || isShown(counted))) process.stdout.write(text)
  return counted
}

/** A program that failed without naming a test (it crashed) counts as one failure. */
function total(results) {
  const failed = results.reduce((sum, { exitCode, failed }) => sum + (failed || Number(exitCode !== 0)), 0)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  return { exitCode: failed === 0 ? 0 : 1, passed, failed }
}
