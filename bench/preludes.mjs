// What a prelude costs each run that begins after it: 20 modules of 10 KB, against the same modules loaded by each run, and
// against a run without any.
import { median, perCall, rounds, verdict } from './measure.mjs'

const MODULES = 20
/** In bytes of source. */
const SIZE = 10_240

/** A module as people write them: functions, some tables, some texts, comments. */
function moduleOf(number) {
  const parts = ['local M = {}\n']
  for (let i = 0, size = parts[0].length; size < SIZE - 40; i += 1) {
    const part = `
-- Rule ${i} of module ${number}: what an order of this kind costs.
M.rates${i} = { base = ${i}, limit = ${i * 10}, names = { "first ${i}", "second ${i}" } }
function M.rule${i}(order, factor)
  local total = 0
  for _, line in ipairs(order.lines) do
    if line.kind == "kind ${i}" and line.count > M.rates${i}.limit then
      total = total + line.price * line.count * (factor or M.rates${i}.base)
    else
      total = total + line.price
    end
  end
  return total
end
`
    parts.push(part)
    size += part.length
  }
  return `${parts.join('')}return M\n`
}

const names = Array.from({ length: MODULES }, (_, i) => `rules.m${i}`)
const REQUIRE = `${names.map((name, i) => `local m${i} = require("${name}")`).join('\n')}\nreturn m0.rates0.base`

export async function preludes({ moonpool }) {
  const sources = names.map((name, i) => ({ name, source: moduleOf(i) }))
  const bare = new moonpool.Engine()
  const loading = new moonpool.Engine()
  for (const { name, source } of sources) loading.addModule(name, source)
  const begun = performance.now()
  const after = new moonpool.Engine({ prelude: sources, preludeModules: names })
  const making = performance.now() - begun
  const engines = { bare: [bare, 'return 0'], 'each run loads': [loading, REQUIRE] }
  Object.assign(engines, { 'after a prelude': [after, 'return 0'], 'and requires all': [after, REQUIRE] })
  console.log(`\npreludes: ${MODULES} modules of ${SIZE / 1024} KB`)
  console.log(
    `  the image has ${(after.stats().snapshotBytes / 1024).toFixed(0)} KiB (${making.toFixed(1)} ms to make)`,
  )
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(engines).map(([name, [engine, code]]) => [
        name,
        () => perCall(() => engine.runLua(code, 'bench'), { calls: name === 'each run loads' ? 50 : 1000, inFlight }),
      ]),
    )
    const taken = await rounds(measured, { count: 15 })
    console.log(`${inFlight === 1 ? 'one after another' : 'many in flight'}, median µs per call`)
    for (const name of Object.keys(taken))
      console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
    const more = taken['after a prelude'].map((time, round) => time - taken.bare[round])
    verdict('more after a prelude', median(more), { atMost: 10, unit: 'µs' })
  }
  for (const engine of [bare, loading, after]) await engine.close()
}
