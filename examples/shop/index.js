// A shop whose stock and orders are in a SQLite file: start it again, and it goes on where it was.
//   node examples/shop [file]
'use strict'

const os = require('node:os')
const path = require('node:path')
const { Engine } = require('moonpool')

/** Fills the shelves, once: `add` does nothing when the key is there. */
const OPEN = `
  State.add('stock/tea', 5)
  State.add('stock/cake', 2)`

/** Takes from the stock, and writes an order down. The customers' scripts know nothing of this key. */
const BUY = `
  local customer, item, n = ...
  local left = State.update('stock/' .. item, function(stock)
    if (stock or 0) < n then error({ refused = 'only ' .. (stock or 0) .. ' left' }) end
    return stock - n
  end)
  local number = State.incr('orders')
  State.set(('order/%06d'):format(number), { customer = customer, item = item, n = n })
  return number, left`

/** What a customer's own script may read: the stock, as the shop has granted it. */
const LOOK = `
  local shelves = {}
  for _, key in ipairs(State.list('stock/')) do
    shelves[#shelves + 1] = key:sub(7) .. ' ' .. State.get(key)
  end
  return table.concat(shelves, ', ')`

async function buy(engine, customer, item, n) {
  try {
    const { values } = await engine.run(BUY, 'shop', { args: [customer, item, n] })
    // When this is printed, the order is on disk.
    console.log(`order ${values[0]}: ${n} ${item} for ${customer}, ${values[1]} left`)
  } catch (error) {
    if (!error.luaValue?.refused) throw error
    console.log(`no ${item} for ${customer}: ${error.luaValue.refused}`)
  }
}

async function main(file) {
  const engine = new Engine({ state: { sqlite: file } })
  try {
    await engine.runLua(OPEN, 'shop')
    await engine.grant({ owner: 'shop', keys: 'stock/*', to: '*', access: 'read' })
    const { entries } = await engine.state('shop').size()
    console.log(`${entries} entries in ${path.basename(file)}`)
    await buy(engine, 'ada', 'tea', 2)
    await buy(engine, 'bob', 'cake', 2)
    console.log(`eve sees: ${await engine.runLua(LOOK, 'eve')}`)
  } finally {
    await engine.close()
  }
}

main(process.argv[2] ?? path.join(os.tmpdir(), 'moonpool-shop.db'))
