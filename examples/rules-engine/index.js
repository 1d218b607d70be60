// A rules engine: scripts decide about orders, and look customers and stock up in the host's database meanwhile.
//
//   node examples/rules-engine
//
// A script that waits for a lookup holds no thread, so that all orders are decided at once. The rules are modules, one
// for each file of rules/.
'use strict'

const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { Engine, HostError, LuaError } = require('moonpool')

const ORDERS = 300
/** How long the database takes for one lookup, in ms. */
const LATENCY = 20

const CUSTOMERS = new Map([
  ['ada', { name: 'Ada', level: 'gold', blocked: false }],
  ['bob', { name: 'Bob', level: 'basic', blocked: false }],
  ['eve', { name: 'Eve', level: 'basic', blocked: true }],
])
const STOCK = new Map([
  ['tea', { left: 1000, price: 2.5 }],
  ['cake', { left: 3, price: 4 }],
])

let lookups = 0

/** A lookup ends early when its run does: `signal` is that of the run. Rules see what a HostError says, and of others nothing. */
async function lookUp(table, key, signal) {
  lookups += 1
  await wait(LATENCY, undefined, { signal })
  if (!table.has(key)) throw new HostError(`there is no '${key}'`, { code: 'NOT_FOUND' })
  return table.get(key)
}

function makeEngine() {
  const engine = new Engine({ defaults: { timeout: 2000, cpuTimeout: 100 } })
  engine.expose('customers', { get: ({ signal }, id) => lookUp(CUSTOMERS, id, signal) })
  engine.expose('stock', { get: ({ signal }, item) => lookUp(STOCK, item, signal) })
  return engine
}

async function decide(engine, rule, order) {
  try {
    const { value } = await engine.run(rule, 'shop', { args: [order] })
    return value
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
    return { accept: false, reason: `${error.code}: ${error.message}` }
  }
}

function show({ customer, item, count }, { accept, reason, total }) {
  console.log(`${customer}, ${count} ${item}: ${accept ? `accepted for ${total.toFixed(2)}` : `refused: ${reason}`}`)
}

async function main() {
  const engine = makeEngine()
  await engine.addModules(path.join(__dirname, 'rules'))
  const rule = engine.compile('return require("order")(...)', { name: 'main.lua' })

  const orders = [
    { customer: 'ada', item: 'tea', count: 10 },
    { customer: 'bob', item: 'tea', count: 10 },
    { customer: 'bob', item: 'cake', count: 5 },
    { customer: 'eve', item: 'tea', count: 1 },
    { customer: 'zoe', item: 'tea', count: 1 },
  ]
  for (const order of orders) show(order, await decide(engine, rule, order))

  lookups = 0
  const start = performance.now()
  const many = Array.from({ length: ORDERS }, () => decide(engine, rule, orders[0]))
  const accepted = (await Promise.all(many)).filter(({ accept }) => accept).length
  const elapsed = performance.now() - start
  console.log(`${accepted} of ${ORDERS} orders accepted, with ${lookups} lookups of ${LATENCY} ms each`)
  console.log(`one after the other: ${lookups * LATENCY} ms or more; here: ${elapsed.toFixed(0)} ms`)
  await engine.close()
}

main()
