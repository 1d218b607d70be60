// The queue of an engine: how many wait, who is next, for how long, and who hears of it.
'use strict'

const { setMaxListeners } = require('node:events')
const { Engine, LuaError } = require('..')
const { runProgram } = require('./support/child')
const { ENDLESS, HOLDING } = require('./support/constants')
const { engineWith: newEngine, hold, until } = require('./support/engine')
const { ends, rejection } = require('./support/rejection')

const MARK = 'State.set("ran", true)'

/** An engine with one thread, and what it has emitted. */
function engineWith(options) {
  const engine = newEngine({ concurrency: 1, ...options })
  const heard = []
  for (const event of ['full', 'drain']) engine.on(event, () => heard.push(event))
  return { engine, heard }
}

const ranAs = (engine, id) => engine.runLua('return State.has("ran")', id)

describe('maxQueue', () => {
  test('0: a slot is free as soon as the run that had it has settled, however long that took', async () => {
    const { engine } = engineWith({ maxQueue: 0 })
    for (let i = 0; i < 50; i++) await engine.runLua('local t = os.clock() while os.clock() - t < 0.003 do end', 'a')
    expect(engine.stats()).toMatchObject({ completed: 50, rejected: 0 })
  })

  test('one more is refused at once, and nothing of it runs', async () => {
    const { engine } = engineWith({ maxQueue: 2 })
    const release = hold(engine)
    const waiting = [1, 2].map((i) => engine.runLua(MARK, `waits-${i}`))
    const error = await rejection(engine.runLua(MARK, 'refused'))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_QUEUE_FULL', scriptId: 'refused', output: '' })
    expect(error.message).toContain('2 runs wait (maxQueue)')
    expect(engine.stats()).toMatchObject({ queued: 2, running: 1, started: 0, rejected: 1 })
    await release()
    await Promise.all(waiting)
    expect([await ranAs(engine, 'waits-2'), await ranAs(engine, 'refused')]).toEqual(['true', 'false'])
  })

  test('the refused come out in the order of their calls, and each once', async () => {
    const { engine } = engineWith({ maxQueue: 1 })
    const release = hold(engine)
    const waits = engine.runLua('return "waited"', 'x')
    const refused = ends(Array.from({ length: 50 }, () => engine.runLua(MARK, 'x')))
    expect(new Set(await refused)).toEqual(new Set(['ERR_QUEUE_FULL']))
    expect(engine.stats().rejected).toBe(50)
    await release()
    expect(await waits).toBe('waited')
  })

  test('a place that becomes free is taken again', async () => {
    const { engine } = engineWith({ maxQueue: 1 })
    for (let round = 0; round < 20; round++) {
      const release = hold(engine)
      const waits = engine.runLua(`return ${round}`, 'x')
      expect(await rejection(engine.runLua('', 'x'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
      await release()
      expect(await waits).toBe(String(round))
    }
  })

  test('with 0, a run is taken when a thread is free, and refused when none is', async () => {
    const { engine, heard } = engineWith({ maxQueue: 0 })
    expect(await engine.runLua('return 1', 'x')).toBe('1')
    expect(heard).toEqual([])
    const release = hold(engine)
    expect(await rejection(engine.runLua(MARK, 'x'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(engine.stats()).toMatchObject({ queued: 0, running: 1 })
    await release()
    // The thread is free a moment after the promise has settled.
    await until(() => heard.length === 2)
    expect(await ranAs(engine, 'x')).toBe('false')
    expect(heard).toEqual(['full', 'drain'])
  })

  test('with 0 and more threads, each of them is used', async () => {
    const { engine } = engineWith({ concurrency: 3, maxQueue: 0 })
    const releases = [1, 2, 3].map(() => hold(engine))
    expect(await rejection(engine.runLua(MARK, 'x'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(engine.stats()).toMatchObject({ running: 3, rejected: 1 })
    await Promise.all(releases.map((release) => release()))
    await until(() => engine.stats().running === 0)
    expect(await engine.runLua('return 1', 'x')).toBe('1')
  })
})

describe('full and drain', () => {
  test('full comes with the last place, not only with the refusal', async () => {
    const { engine, heard } = engineWith({ maxQueue: 2 })
    const release = hold(engine)
    const first = engine.runLua('', 'x')
    await new Promise(setImmediate)
    expect(heard).toEqual([])
    const second = engine.runLua('', 'x')
    // Not before the call has returned.
    expect(heard).toEqual([])
    await new Promise(setImmediate)
    expect(heard).toEqual(['full'])
    await ends([engine.runLua('', 'x'), engine.runLua('', 'x')])
    expect(heard).toEqual(['full'])
    await release()
    await Promise.all([first, second])
    expect(heard).toEqual(['full', 'drain'])
  })

  test('without full there is no drain', async () => {
    const { engine, heard } = engineWith({ maxQueue: 100 })
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 99 }, (_, i) => engine.runLua(`return ${i}`, `tenant-${i % 7}`)))
    }
    expect(heard).toEqual([])
  })

  test('drain comes when the queue empties while only endless scripts run, and none settles', async () => {
    const { engine, heard } = engineWith({ maxQueue: 3 })
    const controller = new AbortController()
    const { signal } = controller
    const endless = [1, 2, 3, 4].map((i) => rejection(engine.runLua(ENDLESS, `endless-${i}`, { signal })))
    await until(() => heard.length === 2)
    expect(heard).toEqual(['full', 'drain'])
    expect(engine.stats()).toMatchObject({ queued: 0, completed: 0, failed: 0, timedOut: 0, aborted: 0, rejected: 0 })
    controller.abort()
    await Promise.all(endless)
  })

  test('drain comes when all that waited are aborted, and none of them ran', async () => {
    const { engine, heard } = engineWith({ maxQueue: 3 })
    const release = hold(engine)
    const controller = new AbortController()
    const runs = ends([1, 2, 3].map(() => engine.runLua(MARK, 'x', { signal: controller.signal })))
    controller.abort('gone')
    expect(await runs).toEqual(['gone', 'gone', 'gone'])
    await new Promise(setImmediate)
    expect(heard).toEqual(['full', 'drain'])
    expect(engine.stats()).toMatchObject({ queued: 0, running: 1 })
    await release()
    expect(await ranAs(engine, 'x')).toBe('false')
  })

  test('drain comes when all that waited have waited too long', async () => {
    const { engine, heard } = engineWith({ maxQueue: 2 })
    const release = hold(engine)
    const runs = [1, 2].map(() => engine.runLua(MARK, 'x', { queueTimeout: 5 }))
    expect(await ends(runs)).toEqual(['ERR_QUEUE_TIMEOUT', 'ERR_QUEUE_TIMEOUT'])
    await new Promise(setImmediate)
    expect(heard).toEqual(['full', 'drain'])
    await release()
  })

  test('drain comes when closing has stopped all that waited', async () => {
    const { engine, heard } = engineWith({ maxQueue: 2 })
    hold(engine)
    const runs = ends([1, 2].map(() => engine.runLua(MARK, 'x')))
    await engine.close({ timeout: 0 })
    expect(await runs).toEqual(['ERR_ENGINE_CLOSED', 'ERR_ENGINE_CLOSED'])
    await new Promise(setImmediate)
    expect(heard).toEqual(['full', 'drain'])
  })

  test.each([0, 1, 2, 7])('they strictly alternate, and end with drain (maxQueue %d)', async (maxQueue) => {
    const { engine, heard } = engineWith({ maxQueue, concurrency: 2 })
    const runs = []
    let seed = maxQueue + 1
    const random = (below) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let burst = 0; burst < 60; burst++) {
      const controller = new AbortController()
      setMaxListeners(0, controller.signal)
      for (let i = random(16); i > 0; i--) {
        const options = random(3) === 0 ? { signal: controller.signal } : { queueTimeout: 1 + random(50) }
        const code = random(10) === 0 ? 'for i = 1, 1e5 do end' : 'return 1'
        runs.push(engine.runLua(code, `tenant-${random(4)}`, options))
      }
      if (random(2)) controller.abort('stop')
      if (random(2)) await new Promise(setImmediate)
    }
    const codes = new Set(await ends(runs))
    await new Promise(setImmediate)
    expect([...codes].every((end) => ['1', '', 'stop', 'ERR_QUEUE_FULL', 'ERR_QUEUE_TIMEOUT'].includes(end))).toBe(true)
    expect(heard.length).toBeGreaterThan(0)
    expect(heard).toEqual(heard.map((_, i) => (i % 2 ? 'drain' : 'full')))
    expect(heard.at(-1)).toBe('drain')
  })

  test('a listener may call the engine', async () => {
    const { engine, heard } = engineWith({ maxQueue: 1 })
    const fromListener = new Promise((resolve) => {
      engine.once('drain', () => resolve(engine.runLua('return "from drain"', 'x')))
    })
    const release = hold(engine)
    const waits = engine.runLua('', 'x')
    await new Promise(setImmediate)
    await release()
    await waits
    expect(await fromListener).toBe('from drain')
    expect(heard.slice(0, 2)).toEqual(['full', 'drain'])
  })

  test('a listener that throws rejects no run, and is heard of as any such listener', async () => {
    const { stdout, stderr } = await runProgram(`
      const { Engine } = require('moonpool')
      const caught = []
      process.on('uncaughtException', (error) => caught.push(error.message))
      const engine = new Engine({ concurrency: 1, maxQueue: 1 })
      engine.on('full', () => { throw new Error('from full') })
      engine.on('drain', () => { throw new Error('from drain') })
      const controller = new AbortController()
      const codes = [${JSON.stringify(HOLDING)}, 'return 2', 'return 3']
      const runs = codes.map((code, i) =>
        engine.runLua(code, 'x', i === 0 ? { signal: controller.signal } : {}).catch((error) => error.code ?? error))
      controller.abort('stopped')
      Promise.all(runs)
        .then((ends) => engine.runLua('return "alive"', 'x').then((text) => [...ends, text]))
        .then((ends) => console.log(JSON.stringify({ ends, caught })))`)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      ends: ['stopped', '2', 'ERR_QUEUE_FULL', 'alive'],
      caught: ['from full', 'from drain'],
    })
  })
})

describe('queueTimeout', () => {
  test('a run that waits longer is refused, and nothing of it runs', async () => {
    const { engine } = engineWith()
    const release = hold(engine)
    const error = await rejection(engine.runLua(MARK, 'late', { queueTimeout: 12.5 }))
    expect(error).toBeInstanceOf(LuaError)
    expect(error).toMatchObject({ code: 'ERR_QUEUE_TIMEOUT', scriptId: 'late', output: '' })
    expect(error.message).toContain('12.5 ms')
    expect(error.limit).toBe('queueTimeout')
    expect(engine.stats()).toMatchObject({ queued: 0, running: 1, rejected: 1, timedOut: 0, failed: 0 })
    await release()
    expect(await ranAs(engine, 'late')).toBe('false')
  })

  test('a run that has begun in time is not stopped by it', async () => {
    const { engine } = engineWith()
    const options = { queueTimeout: 300, timeout: 700 }
    expect(await rejection(engine.runLua(ENDLESS, 'x', options))).toMatchObject({ code: 'ERR_LUA_TIMEOUT' })
  })

  test('neither is one that waits for its next slice', async () => {
    const { engine } = engineWith()
    const options = { queueTimeout: 400, timeout: 900 }
    const runs = ['a', 'b', 'c'].map((id) => engine.runLua(ENDLESS, id, options))
    expect(await ends(runs)).toEqual(Array(3).fill('ERR_LUA_TIMEOUT'))
  })

  test('only those that have waited too long go; the others keep their places', async () => {
    const { engine } = engineWith()
    const release = hold(engine)
    const order = []
    const submit = (i, queueTimeout) =>
      engine.runLua(`return ${i}`, 'x', { queueTimeout }).then(
        (text) => order.push(text),
        (error) => order.push(`${i}: ${error.code}`),
      )
    const runs = [submit(1, 60_000), submit(2, 5), submit(3), submit(4, 5), submit(5)]
    await until(() => engine.stats().rejected === 2)
    expect(engine.stats().queued).toBe(3)
    await release()
    await Promise.all(runs)
    expect(order).toEqual(['2: ERR_QUEUE_TIMEOUT', '4: ERR_QUEUE_TIMEOUT', '1', '3', '5'])
  })

  test('of a run that never waited it keeps no process alive', async () => {
    const start = performance.now()
    const { stdout, exitCode } = await runProgram(`
      const { Engine } = require('moonpool')
      new Engine().runLua('return 1', 'x', { queueTimeout: 2147483647 }).then(console.log)`)
    expect({ stdout, exitCode }).toEqual({ stdout: '1\n', exitCode: 0 })
    expect(performance.now() - start).toBeLessThan(25_000)
  })
})

describe('what other pools got wrong', () => {
  test('runs that are aborted while they wait count no more: their places are free', async () => {
    const { engine } = engineWith({ maxQueue: 3 })
    const release = hold(engine)
    for (let round = 1; round <= 5; round++) {
      const controller = new AbortController()
      const gone = ends([1, 2, 3].map(() => engine.runLua(MARK, 'x', { signal: controller.signal })))
      expect(engine.stats().queued).toBe(3)
      controller.abort(round)
      expect(engine.stats().queued).toBe(0)
      expect(await gone).toEqual([round, round, round])
    }
    const kept = [1, 2, 3].map((i) => engine.runLua(`return ${i}`, 'x'))
    expect(await rejection(engine.runLua('', 'x'))).toMatchObject({ code: 'ERR_QUEUE_FULL' })
    expect(engine.stats()).toMatchObject({ queued: 3, aborted: 15, rejected: 1 })
    await release()
    expect(await Promise.all(kept)).toEqual(['1', '2', '3'])
    expect(engine.stats()).toMatchObject({ queued: 0, running: 0, suspended: 0 })
  })

  test.each([
    ['first', 0],
    ['middle', 2],
    ['last', 4],
  ])('a run that is aborted as the %s of the queue strands no other', async (_where, which) => {
    const { engine } = engineWith()
    const release = hold(engine)
    const controllers = Array.from({ length: 5 }, () => new AbortController())
    const runs = ends(controllers.map(({ signal }, i) => engine.runLua(`return ${i}`, `tenant-${i}`, { signal })))
    controllers[which].abort('aborted')
    await release()
    expect(await runs).toEqual(['0', '1', '2', '3', '4'].map((text, i) => (i === which ? 'aborted' : text)))
  })

  test('all of one scriptId aborted: those of the others go on', async () => {
    const { engine } = engineWith()
    const release = hold(engine)
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const runs = Array.from({ length: 30 }, (_, i) =>
      engine.runLua(`return ${i}`, `tenant-${i % 3}`, i % 3 === 1 ? { signal: controller.signal } : {}),
    )
    controller.abort('aborted')
    await release()
    expect(await ends(runs)).toEqual(runs.map((_, i) => (i % 3 === 1 ? 'aborted' : String(i))))
  })

  test('the queue is known to be full again after a drain, however it came about', async () => {
    const { engine, heard } = engineWith({ maxQueue: 2 })
    const release = hold(engine)
    for (let round = 0; round < 10; round++) {
      const controller = new AbortController()
      const options = { signal: controller.signal }
      const runs = ends([1, 2, 3].map(() => engine.runLua('', 'x', options)))
      await new Promise(setImmediate)
      expect(heard.at(-1)).toBe('full')
      controller.abort('aborted')
      expect(await runs).toEqual(['aborted', 'aborted', 'ERR_QUEUE_FULL'])
      await new Promise(setImmediate)
      expect(heard.at(-1)).toBe('drain')
    }
    expect(heard).toHaveLength(20)
    await release()
  })

  test('many runs with all the ways to end: every one settles, and the numbers add up', async () => {
    const { engine } = engineWith({ concurrency: 2, maxQueue: 60 })
    const controllers = []
    const codes = ['return 1', 'error("no")', ENDLESS, 'for i = 1, 1e6 do end', 'local = 1']
    const runs = Array.from({ length: 400 }, (_, i) => {
      const controller = new AbortController()
      if (i % 3 === 0) controllers.push(controller)
      const options = { signal: controller.signal, timeout: 20 }
      if (i % 4 === 0) options.queueTimeout = 1 + (i % 30)
      return engine.runLua(codes[i % codes.length], `tenant-${i % 11}`, options)
    })
    for (const controller of controllers) {
      await new Promise(setImmediate)
      controller.abort('aborted')
    }
    await ends(runs)
    await engine.close()
    const { completed, failed, timedOut, aborted, rejected, ...stats } = engine.stats()
    expect(completed + failed + timedOut + aborted + rejected).toBe(400)
    expect(rejected).toBeGreaterThanOrEqual(300)
    expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    expect(stats.queueTime.count).toBe(stats.started)
  })
})

describe('fairness, with one thread', () => {
  /** The order in which runs settle that wait all at once, each named for its scriptId and its number there. */
  async function orderOf(ids, { abort = [] } = {}) {
    const { engine } = engineWith()
    const release = hold(engine)
    const order = []
    const counts = {}
    const controllers = {}
    const runs = ids.map((id) => {
      counts[id] = (counts[id] ?? 0) + 1
      const name = `${id}${counts[id]}`
      controllers[name] = new AbortController()
      return engine.runLua(`return "${name}"`, id, { signal: controllers[name].signal }).then(
        (text) => order.push(text),
        () => {},
      )
    })
    for (const name of abort) controllers[name].abort()
    await release()
    await Promise.all(runs)
    return order.join(' ')
  }

  test('runs of one scriptId settle in the order of their calls', async () => {
    expect(await orderOf(Array(30).fill('a'))).toBe(Array.from({ length: 30 }, (_, i) => `a${i + 1}`).join(' '))
  })

  test('scriptIds take turns, in the order of their first calls', async () => {
    expect(await orderOf([...'aaabbc'])).toBe('a1 b1 c1 a2 b2 a3')
    expect(await orderOf([...'cababa'])).toBe('c1 a1 b1 a2 b2 a3')
  })

  test('one call among a flood of another scriptId comes second', async () => {
    const order = await orderOf([...Array(500).fill('flood'), 'guest'])
    expect(order.split(' ').indexOf('guest1')).toBe(1)
  })

  test('an aborted run costs its scriptId no turn, and the others none either', async () => {
    expect(await orderOf([...'aabbcc'], { abort: ['a1', 'b2'] })).toBe('a2 b1 c1 c2')
  })

  test('runs that are short overtake endless ones', async () => {
    const { engine } = engineWith()
    const release = hold(engine, ENDLESS)
    expect(await Promise.all([1, 2, 3].map((i) => engine.runLua(`return ${i}`, 'holder')))).toEqual(['1', '2', '3'])
    expect(engine.stats().aborted).toBe(0)
    await release()
  })

  test('a scriptId with as many endless runs as it likes stops no other', async () => {
    const { engine } = engineWith()
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const greedy = Array.from({ length: 300 }, () =>
      engine.runLua(ENDLESS, 'greedy', { signal: controller.signal, timeout: 60_000 }),
    )
    for (let i = 0; i < 5; i++) expect(await engine.runLua(`return ${i}`, 'guest')).toBe(String(i))
    controller.abort('enough')
    expect(new Set(await ends(greedy))).toEqual(new Set(['enough']))
  })
})

test('no more wait than maxQueue, also when runs come back from a batch that was too long', async () => {
  const engine = new Engine({ concurrency: 1, maxQueue: 5 })
  const refused = []
  const slow = () => engine.runLua('for i = 1, 3e6 do end', 'x').catch((error) => refused.push(error.code))
  let most = 0
  for (const end = performance.now() + 400; performance.now() < end; ) {
    for (let i = 0; i < 5; i++) slow()
    most = Math.max(most, engine.stats().queued)
    await new Promise(setImmediate)
  }
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(5)
  expect(new Set(refused)).toEqual(new Set(['ERR_QUEUE_FULL']))
  await engine.close({ timeout: 0 })
})
