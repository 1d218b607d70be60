// The battery as an ES module, for bundlers: what it imports from moonpool is in the bundle or beside it.
import assert from 'node:assert'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as moonpool from 'moonpool'
import { createTester } from 'moonpool/testing'

const tester = createTester()
assert.equal((await tester.run('return 6 * 7', 'a')).value, 42)
await tester.close()

// It stays outside of the bundle: rollup takes no CommonJS.
const file = path.resolve('battery.cjs')
const { checks, failures } = await createRequire(file)(file)(moonpool)
for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`battery: ${checks} checks, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
