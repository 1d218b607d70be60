// The quickstart: Lua of several tenants, run side by side, each under its own identity. Started by `npm start`.
'use strict'

const { LuaError, runLua } = require('moonpool')

/** Runs one step and prints its title, what it shows, and how long it took. */
async function step(title, show) {
  console.log(`\n${title}`)
  const start = performance.now()
  await show()
  console.log(`  (${(performance.now() - start).toFixed(1)} ms)`)
}

function print(text) {
  console.log(text.replace(/^/gm, '  '))
}

/** The error of a script that is expected to fail. */
async function failureOf(promise) {
  return promise.then(
    (text) => Promise.reject(new Error(`expected a LuaError, got ${text}`)),
    (error) => (error instanceof LuaError ? error : Promise.reject(error)),
  )
}

async function tenantsSideBySide() {
  const rule = `
    local sum = 0
    for i = 1, 1000000 do sum = sum + i % 7 end
    print("I am " .. script.id)
    return sum, { tenant = script.id, limits = { 1, 2.5, true } }`
  const texts = await Promise.all(['acme', 'globex', 'initech'].map((tenant) => runLua(rule, tenant)))
  for (const text of texts) print(text)
}

async function stateOfTheirOwn() {
  const countTo = (n) => `
    State.set("counter", 0)
    for i = 1, ${n} do State.set("counter", State.get("counter") + 1) end`
  await Promise.all([runLua(countTo(1000), 'acme'), runLua(countTo(500), 'globex')])
  for (const tenant of ['acme', 'globex']) {
    print(`${tenant}: counter = ${await runLua('return State.get("counter")', tenant)}`)
  }
}

async function noWayIn() {
  await runLua('State.set("secret", "the recipe")', 'acme')
  const error = await failureOf(runLua('_G.__SCRIPT_ID = "acme" return State.get("secret")', 'globex'))
  print(`${error.code}: ${error.message}`)
}

async function stoppedInTime() {
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, 5)
  const error = await failureOf(runLua('while true do pcall(error) end', 'initech', { timeout: 200 }))
  clearInterval(timer)
  print(`${error.code}: ${error.message}`)
  print(`meanwhile, the event loop ticked ${ticks} times`)
}

async function errorsThatHelp() {
  const code = `
    local function price(order)
      return order.amount * order.item.price
    end
    print("two orders")
    return price { amount = 2, item = { price = 10 } } + price { amount = 1 }`
  const error = await failureOf(runLua(code, 'acme', { name: 'pricing.lua' }))
  print(`${error.code} in ${error.chunk}, line ${error.line}: ${error.message}`)
  print(error.luaStack)
  print(`output so far: ${JSON.stringify(error.output)}`)
}

async function manyAtOnce() {
  const calls = Array.from({ length: 1000 }, (_, i) => runLua('return script.id', `tenant-${i}`))
  const own = (await Promise.all(calls)).filter((text, i) => text === `tenant-${i}`)
  print(`${own.length} of ${calls.length} calls got their own answer`)
}

async function main() {
  await step(
    'Three tenants run the same rule at once; each call returns what it printed, then its values:',
    tenantsSideBySide,
  )
  await step('Two scripts count at once in keys of the same name, in a State of their own each:', stateOfTheirOwn)
  await step('A script that claims to be another still gets no key of it:', noWayIn)
  await step('An endless loop that catches every error is stopped all the same:', stoppedInTime)
  await step('An error says where it happened, and how the script came there:', errorsThatHelp)
  await step('1000 calls of 1000 tenants, each in a new VM:', manyAtOnce)
}

main()
