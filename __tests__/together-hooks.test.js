// Named scripts and timers, and a host that does the worst in its hooks: closes, aborts, cancels, replaces, calls back.
'use strict'

const diagnostics = require('node:diagnostics_channel')
const { engineWith, isIdle, until } = require('./support/engine')
const { FOREVER } = require('./support/constants')
const { ends } = require('./support/rejection')

const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']

/** What a host may do in a hook; `at` is what it has at hand. */
const DEEDS = {
  'closes the engine': ({ engine }) => void engine.close(),
  'closes it at once': ({ engine }) => void engine.close({ timeout: 0 }),
  'aborts the call': ({ controller }) => controller.abort(),
  'cancels all timers': ({ engine }) => void engine.cancelTimers(),
  'cancels each timer': ({ engine }) => engine.timers().forEach(({ id }) => void engine.cancelTimer(id)),
  'removes the script': ({ engine }) => void engine.removeScript('inner'),
  'replaces the script': ({ addInner }) => addInner('return "other"'),
  'calls the script': ({ engine }) => void engine.callScript('plain').catch(() => {}),
}

/** Those that end every run. */
const STOPS = ['closes it at once', 'aborts the call']

/** Where; each returns what takes the hook away, if that is not the engine's. */
const HOOKS = {
  'a listener of log': ({ engine, deed }) => void engine.on('log', deed),
  'a logger': ({ hooks, deed }) => void Object.assign(hooks, { logger: deed }),
  'onOutput of a script': ({ hooks, deed }) => void Object.assign(hooks, { onOutput: deed }),
  'a host function': ({ hooks, deed }) => void Object.assign(hooks, { host: deed }),
  'the function for limits': ({ hooks, deed }) => void Object.assign(hooks, { perId: deed }),
  'the beginning of a run': ({ deed }) => subscribed('tracing:moonpool.run:start', deed),
  'the end of its call': ({ deed }) => subscribed('tracing:moonpool.run:end', deed),
  'its end': ({ deed }) => subscribed('moonpool.run.settled', deed),
}

function subscribed(channel, deed) {
  diagnostics.subscribe(channel, deed)
  return () => diagnostics.unsubscribe(channel, deed)
}

/** An engine whose scripts and timers pass by all hooks. */
function engineWithHooks(hooks) {
  const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, () => hooks.logger?.()]))
  const perId = () => {
    hooks.perId?.()
    return {}
  }
  const engine = engineWith({ logger, perId, concurrency: 2 })
  engine.expose('hook', () => void hooks.host?.())
  const onOutput = () => hooks.onOutput?.()
  const addInner = (code) => engine.addScript('inner', code, { callers: '*', replace: true, onOutput, scriptId: 'i' })
  addInner(`
    log.info("inner") print("written") host.hook()
    timer.at(0, function() log.warn("timer") host.hook() pcall(scripts.call, "plain") error("fails") end)
    return scripts.call("plain")`)
  engine.addScript('plain', 'log.info("plain") return 1', { callers: '*' })
  engine.addScript('outer', 'return scripts.call("inner")', { callers: '*' })
  engine.addScript('long', 'log.info("long") host.hook() sleep(600)', { callers: '*', timeout: FOREVER })
  return { engine, addInner }
}

describe.each(Object.keys(HOOKS))('in %s', (hook) => {
  test.each(Object.keys(DEEDS))('a host that %s breaks nothing', async (name) => {
    const hooks = {}
    const { engine, addInner } = engineWithHooks(hooks)
    const controller = new AbortController()
    let times = 0
    const deed = () => {
      times += 1
      if (times <= 10) DEEDS[name]({ engine, addInner, controller })
    }
    const unhook = HOOKS[hook]({ engine, hooks, deed })
    const code = 'timer.at(0, "plain") timer.every(600, "plain") return scripts.call("outer")'
    const options = { signal: controller.signal, timeout: 5000 }
    try {
      const runs = ['a', 'b'].map((id) => engine.run(code, id, options))
      // What waits for a script that does not end has to be stopped with it.
      const long = STOPS.includes(name) ? 'return scripts.call("long")' : 'return 1'
      runs.push(engine.run(long, 'c', { ...options, timeout: FOREVER }))
      await ends(runs)
      await until(() => isIdle(engine))
      engine.cancelTimers()
      await engine.close({ timeout: 5000 })
      expect(times).toBeGreaterThan(0)
    } finally {
      unhook?.()
    }
    expect(engine.timers()).toEqual([])
    const stats = engine.stats()
    expect(stats).toMatchObject({ queued: 0, running: 0, suspended: 0 })
    // Each that has begun has ended once.
    const ended = ENDS.reduce((sum, end) => sum + stats[end], 0)
    expect(ended).toBeGreaterThanOrEqual(stats.started)
    expect(ended - stats.rejected - stats.aborted).toBeLessThanOrEqual(stats.started)
  })
})
