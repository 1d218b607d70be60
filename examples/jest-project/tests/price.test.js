// Tests of price.js: values from Lua are of the test's own realm, functions of the host may be mocks, and fake timers
// do not stop moonpool.
'use strict'

const { LuaError } = require('moonpool')
const { Prices } = require('../price')

let rateOf
let prices

beforeEach(() => {
  rateOf = jest.fn(async () => 2)
  prices = new Prices(rateOf)
})

afterEach(() => prices.close())

test('a price is count, price and rate', async () => {
  expect(await prices.of({ count: 3, price: 5, currency: 'EUR' })).toBe(30)
  expect(rateOf).toHaveBeenCalledWith('EUR')
})

test('an order without a price is an error of the script', async () => {
  const failure = prices.of({ count: 3, currency: 'EUR' })
  await expect(failure).rejects.toBeInstanceOf(LuaError)
  await expect(failure).rejects.toMatchObject({ code: 'ERR_LUA_RUNTIME', chunk: 'price.lua', line: 3 })
})

test('what the mock rejects with is the cause', async () => {
  const cause = new Error('no rates today')
  rateOf.mockRejectedValue(cause)
  const failure = prices.of({ count: 3, price: 5, currency: 'EUR' })
  await expect(failure).rejects.toMatchObject({ code: 'ERR_HOST_FUNCTION', cause })
})

test('a script runs while timers are fake', async () => {
  jest.useFakeTimers()
  try {
    expect(await prices.of({ count: 1, price: 1, currency: 'EUR' })).toBe(2)
  } finally {
    jest.useRealTimers()
  }
})
