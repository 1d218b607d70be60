// npm test [-- pattern …] and npm run test:quick: set-up, Rust tests, Jest tests, and one line with the totals of both.
import { allJestTests, chosenJestTests } from './jest-tests.mjs'
import { LEFT_OUT } from './quick.mjs'
import { rustTests } from './rust-tests.mjs'
import { Selection, staleEntries } from './selection.mjs'
import { setup, setupTools } from './setup.mjs'

const isQuick = process.argv[2] === '--quick'
const patterns = process.argv.slice(isQuick ? 3 : 2)
const isPart = isQuick || patterns.length > 0

/** Everything, with the addon that users get. */
async function testAll() {
  await setup('release')
  console.log('test: Rust')
  const rust = await rustTests(new Selection([]))
  console.log('test: Jest')
  const jest = await allJestTests()
  return { rust, jest }
}

/** What is chosen, with the addon that is built in seconds: Jest does that, when it has something to run. */
async function testPart() {
  const selection = new Selection(patterns, isQuick ? LEFT_OUT : [])
  await setupTools()
  console.log('test: Rust')
  const rust = await rustTests(selection)
  console.log('test: Jest')
  const jest = await chosenJestTests(selection, isQuick)
  for (const { file, tests, why } of selection.whatIsLeftOut()) {
    console.log(`left out: ${file}${tests ? `, ${tests.join(', ')}` : ''} (${why})`)
  }
  return { rust, jest }
}

/** Says which language has run nothing. That is wrong where everything was to be run, or when it is so for both. */
function hasRunNothing({ rust, jest }) {
  const silent = Object.entries({ Rust: rust, Jest: jest }).filter(([, { passed, failed }]) => passed + failed === 0)
  const what = patterns.length > 0 ? ` that matches ${patterns.map((pattern) => `'${pattern}'`).join(' or ')}` : ''
  for (const [name] of silent) console.error(`test: no ${name} test was run${what}`)
  return silent.length > (isPart ? 1 : 0)
}

/** A list that leaves out what is no longer there has been forgotten. */
function reportStale() {
  const stale = isQuick ? staleEntries(LEFT_OUT) : []
  for (const { file } of stale)
    console.error(`test: scripts/quick.mjs leaves out something of ${file} that is not there`)
  return stale.length
}

const results = await (isPart ? testPart() : testAll())
const counted = Object.values(results)
const passed = counted.reduce((total, result) => total + result.passed, 0)
// A runner that failed without naming a test (it did not compile, it crashed) counts as one failure.
const broken = counted.reduce((total, { exitCode, failed }) => total + (failed || Number(exitCode !== 0)), 0)
const failed = broken + reportStale()
if (failed > 0 || hasRunNothing(results)) process.exitCode = 1
console.log(`${passed} passed, ${failed} failed`)
