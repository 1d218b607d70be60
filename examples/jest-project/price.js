// What the project tests: a price that a script computes. Its function for rates can be replaced by a mock.
'use strict'

const { Engine } = require('moonpool')

const SOURCE = `
  local order = ...
  return order.count * order.price * host.rate(order.currency)`

class Prices {
  #engine = new Engine({ defaults: { timeout: 1000 } })
  #script = this.#engine.compile(SOURCE, { name: 'price.lua' })

  constructor(rateOf) {
    this.#engine.expose('rate', (_context, currency) => rateOf(currency))
  }

  async of(order) {
    const { value } = await this.#engine.run(this.#script, 'prices', { args: [order] })
    return value
  }

  close() {
    return this.#engine.close()
  }
}

module.exports = { Prices }
