// What named scripts cost: a call by the host, and by another script, against `runLua('return 1')`.
import { median, perCall, ratio, rounds, verdict } from './measure.mjs'

const CODE = 'return 1'
/** So many calls of another script by one run. */
const CALLS = 100

export async function scripts({ moonpool }) {
  const engine = new moonpool.Engine()
  engine.addScript('one', CODE, { callers: '*' })
  const caller = `local call = scripts.call for i = 1, ${CALLS} do call('one') end`
  const contestants = {
    runLua: () => engine.runLua(CODE, 'bench'),
    run: () => engine.run(CODE, 'bench'),
    callScript: () => engine.callScript('one'),
  }
  for (const inFlight of [1, 64]) {
    const measured = Object.fromEntries(
      Object.entries(contestants).map(([name, call]) => [name, () => perCall(call, { calls: 2000, inFlight })]),
    )
    measured['scripts.call'] = async () => {
      const lanes = Math.min(inFlight, 20)
      return (await perCall(() => engine.runLua(caller, 'bench'), { calls: lanes, inFlight: lanes })) / CALLS
    }
    const taken = await rounds(measured, { count: 15 })
    console.log(`\nnamed scripts, ${inFlight === 1 ? 'one after another' : 'many in flight'}, median µs per call`)
    for (const name of Object.keys(taken))
      console.log(`  ${name.padEnd(20)} ${median(taken[name]).toFixed(1).padStart(8)}`)
    for (const name of ['callScript', 'scripts.call'])
      verdict(`${name} / runLua`, ratio(taken, name, 'runLua'), { atMost: 1.3 })
  }
  await engine.close()
}
