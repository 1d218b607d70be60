// Runs the Lua examples of the documents as scripts through the built package: each must print what it says it does.
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import { root } from '../run.mjs'

/** Resolves with whether every example runs, and prints exactly what stands behind its `-->`. */
export async function checkLua(examples) {
  const moonpool = createRequire(import.meta.url)(root)
  let good = true
  for (const example of examples) good = (await runs(example, moonpool)) && good
  return good
}

async function runs({ code, place }, moonpool) {
  const engine = engineOfDocuments(moonpool)
  try {
    const said = [...code.matchAll(/--> (.*)$/gm)].map(([, shown]) => shown)
    const { output } = await engine.run(code, 'docs')
    const printed = output.split('\n').slice(0, -1)
    if (isDeepStrictEqual(printed, said)) return true
    console.error(
      `${place}: this example says that it prints\n  ${said.join('\n  ')}\nand it prints\n  ${printed.join('\n  ')}`,
    )
  } catch (error) {
    console.error(`${place}: this example fails\n${error.message}`)
  } finally {
    await engine.close()
  }
  return false
}

/** With the host functions, the module, the named scripts and the dictionary that the pages assume. */
function engineOfDocuments({ Engine, HostError }) {
  const engine = new Engine()
  const prices = new Map([['tea', 2.5]])
  engine.expose('price', async (_context, item) => {
    if (prices.has(item)) return prices.get(item)
    throw new HostError(`no price for ${item}`, { code: 'NO_PRICE', details: { item } })
  })
  engine.expose('stock', { count: () => 3 })
  engine.sharedDict('cats', { maxItems: 1000 })
  engine.addScript('double', 'return ..., ...', { callers: ['docs'] })
  engine.addScript('fail', 'error("no")', { callers: '*' })
  engine.addModule('tax', 'local tax = {} function tax.with(price) return price * 1.25 end return tax')
  return engine
}
