// npm run bench: prints medians and ratios against baselines of the same run. Let nothing else run meanwhile.
import os from 'node:os'
import { setup } from '../scripts/setup.mjs'
import { load } from './build.mjs'
import { calls } from './calls.mjs'
import { lua } from './lua.mjs'

await setup()
const parts = await load()
console.log(`Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0].model.trim()}`)
await calls(parts)
await lua(parts)
