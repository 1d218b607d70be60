// npm run bench:peers [-- part … | --draw]: moonpool beside other ways to run scripts. Let nothing else run meanwhile.
import { setup } from '../../scripts/setup.mjs'
import { contest } from './contest.mjs'
import { CONTESTANTS } from './contestants.mjs'
import { install, installPackages } from './install.mjs'
import { MEASURED, PARTS } from './jobs.mjs'
import { writePage } from './page.mjs'
import { draw } from './picture.mjs'
import { figure, machine, readResults, summaryOf, writeResults } from './results.mjs'

const ROUNDS = { count: 11, warmup: 1 }

const args = process.argv.slice(2)
const unknown = args.filter((arg) => !PARTS.includes(arg) && !(arg === '--draw' && args.length === 1))
if (unknown.length > 0) {
  console.error(
    `npm run bench:peers knows no part '${unknown.join("', '")}' (known parts: ${PARTS.join(', ')}; alone: --draw)`,
  )
  process.exit(1)
}

/** Measures parts, and prints what they came to. */
async function measure(parts) {
  await setup()
  const missing = await install()
  const measured = {}
  for (const one of MEASURED.filter(({ part }) => parts.includes(part))) {
    const there = CONTESTANTS.filter(({ player }) => missing[player] === undefined)
    const taken = await contest(there, one, ROUNDS)
    for (const { name, player } of CONTESTANTS) if (missing[player]) taken[name] = { failed: missing[player] }
    measured[one.key] = taken
    show(one, summaryOf(one, taken))
  }
  return { date: new Date().toISOString().slice(0, 10), rounds: ROUNDS.count, machine: machine(), measured }
}

function show({ title, unit }, rows) {
  console.log(`\n${title}: median ${unit} of a call, quarters, and how many times as long as moonpool`)
  for (const { contestant, failed, low, median, high, times } of rows) {
    const figures =
      failed ??
      [
        `${figure(median).padStart(10)}   ${figure(low)} to ${figure(high)}`.padEnd(34),
        times && `× ${figure(times)}`,
      ].join('')
    console.log(`  ${contestant.name.padEnd(24)} ${figures}`)
  }
}

/** Draws and writes all that is made of the results. */
async function publish(results) {
  await draw(results)
  writePage(results)
  console.log('\nwritten: docs/performance.svg, docs/performance.md')
}

if (args[0] === '--draw') {
  await installPackages()
  await publish(readResults())
} else {
  const results = await measure(args.length > 0 ? args : PARTS)
  if (args.length > 0) console.log('\nThis was a part, so nothing was written: what is published is of one run.')
  else {
    writeResults(results)
    await publish(results)
  }
}
