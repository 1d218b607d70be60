// npm run bench [part …]: prints figures, and ratios against baselines of the same run. Let nothing else run meanwhile.
import os from 'node:os'
import { setup } from '../scripts/setup.mjs'
import { load } from './build.mjs'
import { calls } from './calls.mjs'
import { contexts } from './contexts.mjs'
import { games } from './games.mjs'
import { libraries } from './libraries.mjs'
import { logs } from './logs.mjs'
import { lua } from './lua.mjs'
import { memory } from './memory.mjs'
import { overhead } from './overhead.mjs'
import { preludes } from './preludes.mjs'
import { scaling } from './scaling.mjs'
import { scheduling } from './scheduling.mjs'
import { scripts } from './scripts.mjs'
import { shared } from './shared.mjs'
import { state } from './state.mjs'
import { tenants } from './tenants.mjs'
import { values } from './values.mjs'
import { waiting } from './waiting.mjs'
import { ways } from './ways.mjs'

const PARTS = {
  calls,
  ways,
  overhead,
  scheduling,
  tenants,
  contexts,
  games,
  waiting,
  scaling,
  scripts,
  preludes,
  state,
  shared,
  logs,
  libraries,
  values,
  memory,
  lua,
}

const known = Object.keys(PARTS)
const chosen = process.argv.length > 2 ? process.argv.slice(2) : known
const unknown = chosen.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`npm run bench knows no part '${unknown.join("', '")}' (known parts: ${known.join(', ')})`)
  process.exit(1)
}
await setup()
const subjects = await load()
console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0].model.trim()}`)
for (const name of chosen) await PARTS[name](subjects)
