// npm run fuzz [seconds]: every fuzz target for so long (default 300), with fresh seeds, all at the same time.
import { mustSucceed, run } from './run.mjs'

const seconds = Number(process.argv[2] ?? 300)
if (!Number.isInteger(seconds) || seconds < 1) {
  console.error(`npm run fuzz takes a number of seconds from 1, and got ${process.argv[2]}`)
  process.exit(1)
}
console.log(`fuzz: ${seconds} s for each target; MOONPOOL_FUZZ_SEED=n repeats a failure`)
// The optimised build gets through many more cases. One thread per target: a target that waits for a script's timeout
// costs nothing.
const cargo = [
  'test',
  '--release',
  '--locked',
  '-p',
  'moonpool-core',
  '--test',
  'fuzz',
  '--',
  '--nocapture',
  '--test-threads=32',
]
mustSucceed(await run('cargo', cargo, { env: { MOONPOOL_FUZZ_SECONDS: String(seconds) } }))
