// npm run bench:guard [-- --update]: counts the instructions of five jobs of the core, and compares them with counts.json.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from '../../scripts/cargo.mjs'
import { installProgram } from '../../scripts/debian.mjs'
import { ask, collect, hostTriple, mustSucceed, root } from '../../scripts/run.mjs'
import { findTools } from '../../scripts/setup.mjs'
import { median } from '../measure.mjs'
import { compare, instructionsIn, toolchainOf } from './counts.mjs'

const FILE = path.join(root, 'bench/guard/counts.json')
/** Named, so that what the release build of the addon has compiled is used again: that names it, too. */
const TARGET = hostTriple()
const PROGRAM = path.join(root, `target/${TARGET}/release/examples/guard`)
/** What callgrind writes about each job, for `callgrind_annotate`. */
const PROFILES = path.join(root, 'target/guard')

// Where libc copies memory by one instruction that repeats, callgrind counts it once for each byte: 15 000 of `copy`.
/** How many rounds are counted of each job: of short ones many, so that what differs between two processes is little. */
const ROUNDS = { copy: 400, loop: 8, tables: 8, json: 8, values: 8 }
/** Rounds before those, in which caches fill. */
const WARM_UP = 1
/** Each process hashes by a key of its own, which no job may choose. That moves a count by a percent: the middle one of so many counts. */
const TIMES = 9

/**
 * The instructions of one round: those of a process that makes more rounds, less those of one that only warms up. Not
 * with callgrind's switch for one function: it follows calls, and scripts run on stacks of their own, which it takes for returns.
 */
async function perRound(job) {
  const counts = []
  for (let i = 0; i < TIMES; i++) {
    const [short, long] = [await instructions(job, WARM_UP), await instructions(job, WARM_UP + ROUNDS[job])]
    counts.push(Math.round((long - short) / ROUNDS[job]))
  }
  return median(counts)
}

async function instructions(job, rounds) {
  const profile = path.join(PROFILES, `${job}.callgrind`)
  const options = ['--tool=callgrind', `--callgrind-out-file=${profile}`]
  const { exitCode, output } = await collect('valgrind', [...options, PROGRAM, job, String(rounds)])
  if (exitCode !== 0) throw new Error(`the job '${job}' has failed:\n${output}`)
  return instructionsIn(output)
}

function fail(sentence) {
  console.error(`bench:guard: ${sentence}`)
  process.exit(1)
}

const args = process.argv.slice(2)
const updates = args.includes('--update')
const unknown = args.filter((arg) => arg !== '--update')
if (unknown.length > 0) fail(`takes --update or nothing, and got '${unknown.join(' ')}'`)

await findTools()
const toolchain = toolchainOf({ rustc: ask('rustc', ['-V']), cc: ask('cc', ['--version']), arch: process.arch })
if (toolchain === undefined) fail('found no rustc or no cc that says its version')
const kept = JSON.parse(readFileSync(FILE, 'utf8'))
if (!updates && kept.toolchain !== toolchain) {
  const line = `SKIPPED: counts.json is of ${kept.toolchain}, and here is ${toolchain}, which counts otherwise`
  console.log(process.env.GITHUB_ACTIONS ? `::warning::bench:guard ${line}` : `bench:guard ${line}`)
  process.exit(0)
}
const isThere = await installProgram('valgrind', 'what counts instructions')
if (!isThere) fail('needs valgrind (run: sudo apt-get install valgrind)')
const cargo = ['build', '--release', '--locked', '--target', TARGET, '-p', 'moonpool-core', '--example', 'guard']
const built = await build('bench:guard: building the jobs', 'cargo', cargo)
mustSucceed(built.exitCode)

mkdirSync(PROFILES, { recursive: true })
const counted = {}
for (const job of Object.keys(ROUNDS)) counted[job] = await perRound(job)
const { lines, bad } = compare(kept.instructions, counted)
console.log(`instructions of a round, kept and now (${toolchain})`)
for (const line of lines) console.log(line)
if (updates) {
  writeFileSync(FILE, `${JSON.stringify({ toolchain, instructions: counted }, null, 2)}\n`)
  console.log(`written: ${FILE}`)
} else if (bad.length > 0) {
  const sentence = `${bad.join(', ')} changed. Mend it, or where it has to be so: npm run bench:guard -- --update, and commit counts.json.`
  fail(`${sentence} Where they go: callgrind_annotate target/guard/JOB.callgrind`)
}
