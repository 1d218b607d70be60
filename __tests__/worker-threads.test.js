// Worker threads: each has its own engine, and ends promptly beside busy scripts.
// Beside other tests: what it measures may take seconds.
'use strict'

const { HOLDING } = require('./support/constants')
const { message, startWorker } = require('./support/worker')

test('several workers run scripts at once, each with its own State', async () => {
  const workers = [1, 2, 3].map((n) =>
    startWorker(
      `runLua("State.set('n', ${n}) return State.get('n')", 'same-id').then((text) => parentPort.postMessage(text))`,
    ),
  )
  expect(await Promise.all(workers.map(message))).toEqual(['1', '2', '3'])
  await Promise.all(workers.map((worker) => worker.terminate()))
})

test('terminate() beside endless scripts does not wait for their timeouts', async () => {
  for (let round = 0; round < 5; round++) {
    const worker = startWorker(`
      for (let i = 0; i < 10; i++) runLua('while true do end', 'spinner-' + i, { timeout: 60000 }).catch(() => {})
      runLua('return "ready"', 'short').then((text) => parentPort.postMessage(text))`)
    expect(await message(worker)).toBe('ready')
    const begun = performance.now()
    await worker.terminate()
    expect(performance.now() - begun).toBeLessThan(2000)
  }
})

test('terminate() beside scripts that are suspended anywhere, or hold their threads, does not wait for their timeouts', async () => {
  for (let round = 0; round < 3; round++) {
    const worker = startWorker(`
      runLua('return "ready"', 'short').then((text) => {
        const stuck = ['string.gsub("x", "x", function() while true do end end)', ${JSON.stringify(HOLDING)}]
        for (let i = 0; i < 10; i++) runLua(stuck[i % 2], 'stuck-' + i, { timeout: 60000 }).catch(() => {})
        // Also long after the scripts were asked to leave.
        setTimeout(() => parentPort.postMessage(text), ${round * 100})
      })`)
    expect(await message(worker)).toBe('ready')
    const begun = performance.now()
    await worker.terminate()
    expect(performance.now() - begun).toBeLessThan(5000)
  }
})
