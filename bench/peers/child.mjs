// A process of one contestant: `child.mjs PLAYER`. It opens a job when it is asked to, and measures rounds of it.
import { isDeepStrictEqual } from 'node:util'
import { perCall } from '../measure.mjs'
import { JOBS } from './jobs.mjs'

/** What a round takes about, in ms, where a single call is not longer. */
const ROUND = 150

const { open } = await import(`./players/${process.argv[2]}.mjs`)
let playing

const ANSWERS = {
  /** Opens a job, and finds how many calls a round has: `{ version, calls }`. */
  async open({ job: name, inFlight }) {
    const job = JOBS[name]
    playing = await open({ job })
    const given = await playing.call()
    if (!isDeepStrictEqual({ ...Object(given) }, { ...Object(job.expected) }) || typeof given !== typeof job.expected) {
      throw new Error(`the job '${name}' has given ${JSON.stringify(given)} instead of ${JSON.stringify(job.expected)}`)
    }
    return { version: playing.version, calls: await callsOf(playing.call, inFlight) }
  },
  /** µs for each call of a round. */
  round: ({ calls, inFlight }) => perCall(playing.call, { calls, inFlight }),
  close: async () => {
    await playing?.close()
    playing = undefined
  },
}

/** Doubles the calls until they take long enough, while code warms up. */
async function callsOf(call, inFlight) {
  for (let calls = inFlight; ; calls *= 2) {
    const micros = (await perCall(call, { calls, inFlight })) * calls
    if (micros / 1000 >= ROUND / 2) return calls
  }
}

// Whoever asked has gone, perhaps in the middle: what was opened goes, too.
process.on('disconnect', () => ANSWERS.close())

const tell = (message) => process.connected && process.send(message)

process.on('message', async ({ ask, ...about }) => {
  try {
    tell({ answer: await ANSWERS[ask](about) })
  } catch (error) {
    tell({ failed: error.message ?? String(error) })
  }
})
