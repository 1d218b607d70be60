// npm test: set-up, the Rust tests, the Jest tests, and one line with the totals of both.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { pipe, root, run, tool } from './run.mjs'
import { setup } from './setup.mjs'

const REPORT = path.join(root, 'target/jest.json')

async function rustTests() {
  console.log('test: Rust')
  let text = ''
  const exitCode = await pipe('cargo', ['test', '--workspace', '--locked', '--no-fail-fast', '--quiet'], (piece) => {
    text += piece
    process.stdout.write(piece)
  })
  const results = [...stripVTControlCharacters(text).matchAll(/^test result: .*? (\d+) passed; (\d+) failed/gm)]
  const sum = (group) => results.reduce((total, result) => total + Number(result[group]), 0)
  return { exitCode, passed: sum(1), failed: sum(2) }
}

async function jestTests() {
  console.log('test: Jest')
  mkdirSync(path.dirname(REPORT), { recursive: true })
  rmSync(REPORT, { force: true })
  const exitCode = await run(...tool('jest/bin/jest.js', '--json', '--outputFile', REPORT))
  if (!existsSync(REPORT)) return { exitCode, passed: 0, failed: 0 }
  const report = JSON.parse(readFileSync(REPORT, 'utf8'))
  // A test file that does not load counts as a failed test.
  return { exitCode, passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites }
}

await setup()
const results = [await rustTests(), await jestTests()]
const passed = results.reduce((total, result) => total + result.passed, 0)
// A runner that failed without naming a test (it did not compile, it crashed) counts as one failure.
const failed = results.reduce((total, { exitCode, failed }) => total + (failed || Number(exitCode !== 0)), 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && results.every((result) => result.passed > 0) ? 0 : 1
