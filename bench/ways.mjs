// What calls cost that are given more than source and an id, beside one that is not: 64 in flight.
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const IN_FLIGHT = 64
const CODE = 'return 1'

export async function ways({ moonpool }) {
  const engine = new moonpool.Engine()
  engine.expose('one', () => 1)
  const contexts = await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      const context = engine.createContext('bench')
      await context.run('function one() return 1 end')
      return context
    }),
  )
  let turn = 0
  const contestants = {
    runLua: () => engine.runLua(CODE, 'bench'),
    'runLua with a timeout': () => engine.runLua(CODE, 'bench', { timeout: 500 }),
    'run with two arguments': () => engine.run('return ...', 'bench', { args: [1, 'two'] }),
    'a call in a context': () => contexts[turn++ % IN_FLIGHT].call('one'),
    'a call of the host in it': () => engine.runLua('return host.one()', 'bench'),
  }
  const measured = Object.fromEntries(
    Object.entries(contestants).map(([name, call]) => [
      name,
      () => perCall(call, { calls: 4000, inFlight: IN_FLIGHT }),
    ]),
  )
  const taken = await rounds(measured, { count: 15 })
  console.log(`\nways to call, ${IN_FLIGHT} in flight, median µs per call`)
  for (const name of Object.keys(taken))
    console.log(`  ${name.padEnd(24)} ${median(taken[name]).toFixed(1).padStart(8)}`)
  for (const [name, atMost] of Object.entries(WANTED))
    verdict(`${name} / runLua`, ratio(taken, name, 'runLua'), { atMost })
  await engine.close()
}

const WANTED = {
  'runLua with a timeout': 1.5,
  'run with two arguments': 1.5,
  'a call in a context': 1.5,
  'a call of the host in it': 2.5,
}
