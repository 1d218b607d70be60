// Many scripts at once: each sees its own identity and its own data.
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { runLua } = require('..')

const numbers = (count) => Array.from({ length: count }, (_, i) => i)

test('three ids at once each see their own data', async () => {
  const ids = ['red', 'green', 'blue']
  await Promise.all(ids.map((id) => runLua(`State.set("color", "${id}!")`, id)))
  const texts = await Promise.all(ids.map((id) => runLua('return script.id, State.get("color")', id)))
  expect(texts).toEqual(['red\tred!', 'green\tgreen!', 'blue\tblue!'])
})

test('100 quick calls with 100 ids each get their own answer', async () => {
  const texts = await Promise.all(numbers(100).map((i) => runLua(`return script.id, ${i} * ${i}`, `quick-${i}`)))
  expect(texts).toEqual(numbers(100).map((i) => `quick-${i}\t${i * i}`))
})

test('the globals of one call are gone in the next', async () => {
  await runLua('leftover = 1; string.leftover = 1; _G.print = nil', 'globals')
  expect(await runLua('print(leftover, string.leftover)', 'globals')).toBe('nil\tnil\n')
})

test('calls interleaved with timers keep their data apart', async () => {
  const visits = numbers(30).map(async (i) => {
    const id = `visitor-${i % 3}`
    await sleep(i % 7)
    await runLua(`State.set("step-${i}", script.id)`, id)
    await sleep(i % 5)
    return runLua(`return State.get("step-${i}")`, id)
  })
  expect(await Promise.all(visits)).toEqual(numbers(30).map((i) => `visitor-${i % 3}`))
  expect(await runLua('return #State.list("step-")', 'visitor-1')).toBe('10')
})

test('two scripts that set counter 1000 times concurrently stay apart', async () => {
  const count = `
    State.set("counter", 0)
    for i = 1, 1000 do State.set("counter", State.get("counter") + 1) end`
  await Promise.all([runLua(count, 'counter-a'), runLua(count, 'counter-b')])
  await runLua('State.set("counter", State.get("counter") + 1)', 'counter-b')
  expect(await runLua('return State.get("counter")', 'counter-a')).toBe('1000')
  expect(await runLua('return State.get("counter")', 'counter-b')).toBe('1001')
})

test('1000 results of 100 KB in flight at once arrive whole and unmixed', async () => {
  const word = (i) => `<${i}>`.padEnd(10, '.')
  const calls = numbers(1000).map((i) => runLua(`return ("${word(i)}"):rep(10240)`, `bulk-${i}`))
  const texts = await Promise.all(calls)
  const damaged = numbers(1000).filter((i) => texts[i] !== word(i).repeat(10_240))
  expect(damaged).toEqual([])
})
