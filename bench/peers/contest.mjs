// Measures contestants side by side: each in a process of its own, which does a round when it is its turn.
import { fork } from 'node:child_process'
import path from 'node:path'
import { rounds } from '../measure.mjs'
import { FOLDER } from './places.mjs'

/** In ms: no round is longer. */
const PATIENCE = 300_000

/** A process that may end at any time: then every question to it fails, with how it ended. */
class Player {
  constructor({ player, execArgv = [] }) {
    this.child = fork(path.join(FOLDER, 'child.mjs'), [player], { execArgv, cwd: FOLDER })
    this.child.on('message', (message) => this.settle(message))
    this.child.on('error', (error) => this.settle({ failed: error.message }))
    this.child.on('exit', (code, signal) => {
      this.ended ??= `its process ended with ${signal ?? `exit code ${code}`}`
      this.settle({ failed: this.ended })
    })
  }

  settle({ answer, failed }) {
    const waiting = this.waiting
    this.waiting = undefined
    clearTimeout(this.timer)
    if (failed === undefined) waiting?.resolve(answer)
    else waiting?.reject(new Error(failed))
  }

  ask(question, about = {}) {
    if (this.ended) return Promise.reject(new Error(this.ended))
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.child.send({ ask: question, ...about })
      this.timer = setTimeout(() => this.end(`no answer within ${PATIENCE / 1000} s`), PATIENCE)
    })
  }

  end(reason) {
    this.ended = reason
    this.settle({ failed: reason })
    this.child.kill('SIGKILL')
  }

  async close() {
    if (this.ended) return
    await this.ask('close').catch(() => {})
    this.child.disconnect()
  }
}

/**
 * What one measurement gave, by contestant: `{ version, calls, rounds }`, with µs for each call in every round, or `{ failed }`
 * with the reason. One that fails does not stop the others.
 */
export async function contest(contestants, { job, inFlight }, { count, warmup, Opponent = Player }) {
  const results = {}
  const playing = {}
  for (const contestant of contestants) {
    const { name } = contestant
    const player = new Opponent(contestant)
    try {
      const { version, calls } = await player.ask('open', { job, inFlight })
      results[name] = { version, calls }
      playing[name] = player
    } catch (error) {
      results[name] = { failed: sentence(error) }
      await player.close()
    }
  }
  const turns = Object.entries(playing).map(([name, player]) => [name, () => turn(player, results[name], inFlight)])
  const taken = await rounds(Object.fromEntries(turns), { count, warmup })
  for (const [name, player] of Object.entries(playing)) {
    if (results[name].failed === undefined)
      results[name].rounds = taken[name].map((micros) => Number(micros.toPrecision(5)))
    await player.close()
  }
  return results
}

async function turn(player, result, inFlight) {
  if (result.failed !== undefined) return Number.NaN
  try {
    return await player.ask('round', { calls: result.calls, inFlight })
  } catch (error) {
    for (const key of Object.keys(result)) delete result[key]
    result.failed = sentence(error)
    return Number.NaN
  }
}

const sentence = (error) => error.message.split('\n')[0]
