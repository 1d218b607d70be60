// Runs scripts/discount.lua for an order.
'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { Engine } = require('moonpool')

class Discounts {
  #engine = new Engine({ defaults: { timeout: 1000 } })
  #script

  /** `rateOf` gives the rate of a currency: what scripts call as host.rate. */
  constructor(rateOf) {
    const file = path.join(__dirname, 'scripts/discount.lua')
    this.#script = this.#engine.compile(readFileSync(file), { name: 'discount.lua' })
    this.#engine.expose('rate', (_run, currency) => rateOf(currency))
  }

  /** What an order costs: `{ number, pay }`. Each tenant has a State of its own. */
  async of(order, tenant) {
    const { value } = await this.#engine.run(this.#script, tenant, { args: [order] })
    return value
  }

  close() {
    return this.#engine.close()
  }
}

async function main() {
  const discounts = new Discounts(async (currency) => (currency === 'EUR' ? 1.5 : 1))
  const order = { customer: 'ada', currency: 'EUR', items: [{ price: 10, count: 2 }] }
  console.log(await discounts.of(order, 'tenant-1'))
  await discounts.close()
}

if (require.main === module) main()

module.exports = { Discounts }
