// Tests of scripts/discount.lua.
'use strict'

const { Discounts } = require('..')

const order = { customer: 'ada', currency: 'EUR', items: [{ price: 10, count: 2 }] }

let discounts

beforeEach(() => {
  discounts = new Discounts(() => 1.5)
})

afterEach(() => discounts.close())

test('an order costs what its items cost, in its currency', async () => {
  expect(await discounts.of(order, 'tenant-1')).toEqual({ number: 1, pay: 30 })
})

test('the tenth order of a customer is cheaper', async () => {
  for (let i = 1; i < 10; i++) await discounts.of(order, 'tenant-1')
  expect(await discounts.of(order, 'tenant-1')).toEqual({ number: 10, pay: 24 })
})

test('an order without items is an error of the script', async () => {
  const wrong = discounts.of({ customer: 'ada', currency: 'EUR' }, 'tenant-1')
  await expect(wrong).rejects.toMatchObject({ code: 'ERR_LUA_RUNTIME', chunk: 'discount.lua' })
})
