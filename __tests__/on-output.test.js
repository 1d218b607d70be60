// Output that comes as it is written.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { runLua } = require('..')
const { ENDLESS, FOREVER } = require('./support/constants')
const { engineExposing, engineWith } = require('./support/engine')
const { rejection } = require('./support/rejection')

/** What a run writes, in pieces, and what came of it. */
async function heard(engine, code, options) {
  const pieces = []
  const onOutput = (text) => pieces.push(text)
  const end = await engine.run(code, 'acme', { ...options, onOutput }).catch((error) => error)
  return { pieces, text: pieces.join(''), end }
}

test('comes while the run goes on, also when it computes and never waits', async () => {
  const engine = engineWith()
  const controller = new AbortController()
  const options = { signal: controller.signal, timeout: FOREVER, onOutput: () => controller.abort(new Error('heard')) }
  const error = await rejection(engine.run(`print("x") ${ENDLESS}`, 'acme', options))
  expect(error.message).toBe('heard')
})

test('is in no result and in no error', async () => {
  const engine = engineWith()
  const { text, end } = await heard(engine, 'print("a") io.write("b", 1) return 2')
  expect([text, end.value, end.output]).toEqual(['a\nb1', 2, ''])
  const failed = await heard(engine, 'print("a") error("no")')
  expect([failed.text, failed.end.output]).toEqual(['a\n', ''])
  let written = ''
  const onOutput = (piece) => {
    written += piece
  }
  expect(await runLua('print("a") return 1, 2', 'acme', { onOutput })).toBe('1\t2')
  expect(written).toBe('a\n')
})

test('all of it comes before the promise settles, and before a call of the host that follows it', async () => {
  const heard = []
  const engine = engineExposing({ ask: () => heard.push('asked') })
  const onOutput = (text) => heard.push(text.length)
  const code = 'io.write(("x"):rep(300000)) host.ask() io.write("yy")'
  await engine.run(code, 'acme', { onOutput }).then(() => heard.push('end'))
  expect(heard).toEqual([300_000, 'asked', 2, 'end'])
})

test('no piece is cut inside a character, however it is written', async () => {
  const engine = engineWith()
  const { pieces, text } = await heard(
    engine,
    `local text = "é€😀z" for i = 1, #text do io.write(text:sub(i, i)) sleep(0.001) end io.write("\\xE2\\x82")`,
  )
  expect(text).toBe('é€😀z\uFFFD')
  expect(pieces).toEqual(['é', '€', '😀', 'z', '\uFFFD'])
})

test('a flood of single bytes comes in few pieces, and maxOutput counts it', async () => {
  const engine = engineWith()
  const { pieces, text, end } = await heard(engine, 'while true do io.write("x") end', { maxOutput: 300_000 })
  expect(end).toMatchObject({ code: 'ERR_LUA_OUTPUT', limit: 'maxOutput', output: '' })
  expect(text).toBe('x'.repeat(300_000))
  // As many as slices, at most.
  expect(pieces.length).toBeLessThan(2000)
})

test('as much as a result may have comes whole', async () => {
  const engine = engineWith()
  const options = { maxOutput: 2 ** 27, memoryLimit: 2 ** 29 }
  const { text } = await heard(engine, 'local s = ("é"):rep(1e6) for _ = 1, 10 do io.write(s) end', options)
  expect(text.length).toBe(10_000_000)
  expect(text).toBe('é'.repeat(10_000_000))
})

test('stands in the order of the writes beside log entries', async () => {
  const engine = engineWith()
  const heard = []
  engine.on('log', ({ message }) => heard.push(`log ${message}`))
  const onOutput = (text) => heard.push(text)
  await engine.run('io.write("a", "b") log.info(1) io.write("c") log.info(2) log.info(3) io.write("d")', 'acme', {
    onOutput,
  })
  expect(heard).toEqual(['ab', 'log 1', 'c', 'log 2', 'log 3', 'd'])
})

test('is told in the async context of the call', async () => {
  const storage = new AsyncLocalStorage()
  const engine = engineWith()
  const heard = []
  const onOutput = (text) => heard.push([storage.getStore(), text])
  const run = (caller) => storage.run(caller, () => engine.run(`sleep(0.001) io.write("${caller}")`, 'x', { onOutput }))
  await Promise.all([run('a'), run('b')])
  expect(heard.sort()).toEqual([
    ['a', 'a'],
    ['b', 'b'],
  ])
})

test('a context may have it for all its runs, and a run its own', async () => {
  const engine = engineWith()
  const [all, own] = [[], []]
  const context = engine.createContext('acme', { onOutput: (text) => all.push(text) })
  await context.run('function f(x) io.write(x) end f("a")')
  await context.call('f', 'b')
  await context.run('f("c")', { onOutput: (text) => own.push(text) })
  const pool = engine.createPool('acme', { size: 1, onOutput: (text) => all.push(text) })
  await pool.run('io.write("d")')
  await pool.close()
  expect([all, own]).toEqual([['a', 'b', 'd'], ['c']])
})

test('waits until the State that it depends on is on disk, and comes before the end', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-output-'))
  try {
    const engine = engineWith({ state: { sqlite: path.join(folder, 'state.db') } })
    const heard = []
    const options = { onOutput: (text) => heard.push(text) }
    const code = 'io.write("a") State.set("k", 1) io.write("b") sleep(0.02) State.set("k", 2) io.write("c")'
    await engine.run(code, 'acme', options).then(() => heard.push('end'))
    expect(heard.join('')).toBe('abcend')
    await engine.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('nothing comes after the promise has settled', async () => {
  const engine = engineWith()
  const heard = []
  const controller = new AbortController()
  const onOutput = (text) => {
    heard.push(text)
    controller.abort()
  }
  const options = { onOutput, signal: controller.signal, timeout: FOREVER, maxOutput: 2 ** 30 }
  await rejection(engine.run('while true do print("x") end', 'acme', options))
  expect(heard.length).toBe(1)
  await engine.close()
  expect(heard.length).toBe(1)
})
