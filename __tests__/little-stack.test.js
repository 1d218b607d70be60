// What the host throws where moonpool calls it, also when no stack is left, never reaches beyond that call.
'use strict'

const { runProgram } = require('./support/child')

/** Does something wherever a recursion that has ended for want of stack comes back to: ever more stack is left. */
const EVERYWHERE = `
  const { Engine } = require('moonpool')
  function everywhere(act) {
    let left
    function dive() {
      try {
        dive()
      } catch {
        if (left-- % 7 === 0 && left > 0) try { act() } catch {}
        throw 0
      }
    }
    for (let i = 0; i < 5; i++) {
      left = 1500
      const pad = (n) => (n > 0 ? pad(n - 1) : dive())
      try { pad(i) } catch {}
    }
  }
`

test('an exception that cannot become text is read by nobody', async () => {
  const { exitCode, stdout } = await runProgram(`
    const { Engine } = require('moonpool')
    const engine = new Engine()
    const never = { toString() { throw never } }
    engine.listenerCount = () => { throw never }
    engine.run('log.info("x") return 1', 'a').then(({ value }) => console.log('resolved', value))
  `)
  expect([exitCode, stdout]).toEqual([0, 'resolved 1\n'])
})

test('runs may be stopped where hardly any stack is left', async () => {
  const { exitCode, stdout } = await runProgram(`
    ${EVERYWHERE}
    const engine = new Engine()
    everywhere(() => {
      let abort
      const addEventListener = (_, listener) => { abort = listener }
      const signal = { aborted: false, reason: 'enough', addEventListener, removeEventListener() {} }
      engine.run('sleep(1)', 'a', { signal }).catch(() => {})
      abort?.()
    })
    engine.run('return 2', 'b').then(({ value }) => console.log('resolved', value))
  `)
  expect([exitCode, stdout]).toEqual([0, 'resolved 2\n'])
})

test('runs that are stopped where hardly any stack is left settle, and their engine closes', async () => {
  const { exitCode, stdout } = await runProgram(`
    ${EVERYWHERE}
    const engine = new Engine()
    const runs = []
    everywhere(() => {
      let abort
      const addEventListener = (_, listener) => { abort = listener }
      const signal = { aborted: false, reason: 'enough', addEventListener, removeEventListener() {} }
      runs.push(engine.run('sleep(0.2)', 'a', { signal }))
      abort?.()
    })
    Promise.allSettled(runs).then(async () => {
      await engine.close()
      console.log(runs.length > 10, engine.stats().queued, engine.stats().running, 'closed')
    })
  `)
  expect([exitCode, stdout]).toEqual([0, 'true 0 0 closed\n'])
})

test('engines may be made where hardly any stack is left', async () => {
  const { exitCode, stdout } = await runProgram(`
    ${EVERYWHERE}
    everywhere(() => new Engine())
    new Engine().run('return 3', 'a').then(({ value }) => console.log('resolved', value))
  `)
  expect([exitCode, stdout]).toEqual([0, 'resolved 3\n'])
})
