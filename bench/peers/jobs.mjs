// The jobs that all contestants do, in Lua and in JavaScript, and what comes of them.

const ORDER = {
  id: 4711,
  customer: 'ann@example.com',
  country: 'DE',
  currency: 'EUR',
  total: 129.5,
  items: 3,
  express: true,
  coupon: 'SPRING',
  weight: 2.25,
  note: 'Leave it at the door',
}

/** fib(27), without a cache: 635,621 calls of a function. */
const FIB = { n: 27, value: 196418 }

/**
 * Each makes the source of its script: a chunk in Lua, the body of a function in JavaScript. `given` is the expression by which
 * the script gets its value, and `give` makes the expression that it returns.
 */
export const JOBS = {
  trivial: {
    lua: () => 'return 1',
    javascript: () => 'return 1',
    expected: 1,
  },
  value: {
    lua: (given, give) => `local order = ${given}
      order.total, order.express = order.total * 2, false
      return ${give('order')}`,
    javascript: (given, give) => `const order = ${given}
      order.total *= 2
      order.express = false
      return ${give('order')}`,
    given: ORDER,
    expected: { ...ORDER, total: 259, express: false },
  },
  cpu: {
    lua: () => `local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
      return fib(${FIB.n})`,
    javascript: () => `function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
      return fib(${FIB.n})`,
    expected: FIB.value,
  },
}

/** What is measured: a job, how many calls of it are in flight at once, and how its figures are written. */
export const MEASURED = [
  { key: 'trivial', part: 'trivial', job: 'trivial', inFlight: 1, unit: 'µs', title: '`return 1`, one after another' },
  { key: 'trivial-64', part: 'trivial', job: 'trivial', inFlight: 64, unit: 'µs', title: '`return 1`, 64 in flight' },
  { key: 'value', part: 'value', job: 'value', inFlight: 1, unit: 'µs', title: 'an object of 10 fields in and out' },
  { key: 'cpu', part: 'cpu', job: 'cpu', inFlight: 1, unit: 'ms', title: '`fib(27)`' },
]

export const PARTS = [...new Set(MEASURED.map(({ part }) => part))]
