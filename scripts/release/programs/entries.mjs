// Every entry of the package, both ways in: the same objects by import and by require, and clear words where a peer is missing.
import assert from 'node:assert'
import { createRequire } from 'node:module'
import battery from '../battery.cjs'

const require = createRequire(import.meta.url)

const imported = await import('moonpool')
const required = require('moonpool')
assert.deepEqual(
  Object.keys(required).sort(),
  Object.keys(imported)
    .filter((name) => !/^(default|module\.exports)$/.test(name))
    .sort(),
)
for (const name of Object.keys(required)) assert.equal(imported[name], required[name], name)
assert.equal(imported.default, required)

const { createTester } = await import('moonpool/testing')
assert.equal(createTester, require('moonpool/testing').createTester)
const tester = createTester()
assert.equal((await tester.run('return 6 * 7', 'a')).value, 42)
await tester.close()

// Nothing of these is installed here.
for (const [entry, peer] of [
  ['moonpool/prometheus', 'prom-client'],
  ['moonpool/opentelemetry', '@opentelemetry/api'],
  ['moonpool/bullmq', 'bullmq'],
]) {
  // Not by import: Node.js 20 ends when a module throws that an imported one requires, whoever catches it.
  assert.throws(() => require(entry), new RegExp(`${entry} needs the package ${peer}`))
}
assert.equal(require('moonpool/package.json').name, 'moonpool')
await assert.rejects(() => import('moonpool/lib/engine.js'), {
  code: /ERR_PACKAGE_PATH_NOT_EXPORTED|ERR_MODULE_NOT_FOUND/,
})

const { checks, failures } = await battery(imported)
for (const failure of failures) console.log(`failed: ${failure}`)
// The entries, as one check.
console.log(`battery: ${checks + 1} checks, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
